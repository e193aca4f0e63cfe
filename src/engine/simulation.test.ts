import fc from 'fast-check'
import { Heap } from 'heap-js'
import { describe, expect, test } from 'vitest'
import { InvariantError } from '../invariant.ts'
import { MILLISECOND, SECOND } from '../units.ts'
import { NO_TIMER, Simulation, TIME_MAX } from './simulation.ts'

/** What an event does when it runs: schedule others, and cancel the timer that was given so many ago. */
interface Deed {
  readonly schedule: readonly number[]
  readonly cancelBack: number | null
}

/** Plays deeds, one an event, on the simulation. The log is (time, event) in order, and what each cancel answered. */
function playOnSimulation(deeds: readonly Deed[], stops: readonly number[]): string[] {
  const sim = new Simulation({ seed: '0' })
  const log: string[] = []
  const timers: number[] = []
  let scheduled = 0
  const run = (id: number) => {
    log.push(`${sim.now} runs ${id}`)
    const deed = deeds[id % deeds.length]!
    for (const delay of deed.schedule) {
      if (scheduled < LIMIT) schedule(delay)
    }
    if (deed.cancelBack !== null) log.push(`cancels ${sim.cancel(timers[Math.max(0, timers.length - 1 - deed.cancelBack)]!)}`)
  }
  const handler = sim.handler(run)
  // every third event is a closure: both forms share one order
  const schedule = (delay: number) => {
    const id = scheduled++
    timers.push(id % 3 === 0 ? sim.after(delay, () => run(id)) : sim.schedule(delay, handler, id))
  }
  for (let i = 0; i < 5; i++) schedule(i)
  for (const stop of stops) {
    sim.run(sim.now + stop)
    log.push(`${sim.now} stopped with ${sim.pending}`)
    schedule(stop >> 1)
  }
  return log
}

/** The same, on a heap of objects with marks for the cancelled. */
function playOnHeap(deeds: readonly Deed[], stops: readonly number[]): string[] {
  interface Entry {
    time: number
    id: number
    waiting: boolean
  }
  const heap = new Heap<Entry>((x, y) => x.time - y.time || x.id - y.id)
  const log: string[] = []
  const entries: Entry[] = []
  let now = 0
  const schedule = (delay: number) => {
    const entry = { time: now + delay, id: entries.length, waiting: true }
    entries.push(entry)
    heap.push(entry)
  }
  for (let i = 0; i < 5; i++) schedule(i)
  for (const stop of stops) {
    const until = now + stop
    for (let first = heap.peek(); first !== undefined && first.time <= until; first = heap.peek()) {
      heap.pop()
      if (!first.waiting) continue
      first.waiting = false
      now = first.time
      log.push(`${now} runs ${first.id}`)
      const deed = deeds[first.id % deeds.length]!
      for (const delay of deed.schedule) {
        if (entries.length < LIMIT) schedule(delay)
      }
      if (deed.cancelBack !== null) {
        const entry = entries[Math.max(0, entries.length - 1 - deed.cancelBack)]!
        log.push(`cancels ${entry.waiting}`)
        entry.waiting = false
      }
    }
    now = until
    log.push(`${now} stopped with ${entries.filter((entry) => entry.waiting).length}`)
    schedule(stop >> 1)
  }
  return log
}

const LIMIT = 400
const delays = fc.oneof(
  fc.constant(0),
  fc.integer({ min: 0, max: 5 }),
  fc.integer({ min: 0, max: 3000 }),
  fc.integer({ min: 0, max: 1 << 30 }),
)
const deeds = fc.array(
  fc.record({ schedule: fc.array(delays, { maxLength: 3 }), cancelBack: fc.option(fc.integer({ min: 0, max: 12 })) }),
  { minLength: 1, maxLength: 30 },
)

test('events that schedule and cancel others run as on a heap of objects, over several calls of run', () => {
  let events = 0
  fc.assert(
    fc.property(deeds, fc.array(delays, { minLength: 1, maxLength: 20 }), (script, stops) => {
      const log = playOnSimulation(script, stops)
      expect(log).toEqual(playOnHeap(script, stops))
      events += log.length
    }),
    { numRuns: 500, seed: 4 },
  )
  expect(events).toBeGreaterThan(10_000)
})

describe('run', () => {
  test('runs what is due at its end and leaves what is due a nanosecond later', () => {
    const sim = new Simulation({ seed: '0' })
    const ran: number[] = []
    const note = sim.handler((a, b) => ran.push(a, b, sim.now))
    sim.schedule(11, note, 2, -2)
    sim.schedule(10, note, 1, -1)
    sim.run(10)
    expect([ran, sim.now, sim.pending, sim.eventsExecuted]).toEqual([[1, -1, 10], 10, 1, 1])
    sim.run(11)
    expect([ran, sim.now, sim.pending, sim.eventsExecuted]).toEqual([[1, -1, 10, 2, -2, 11], 11, 0, 2])
    sim.run(TIME_MAX)
    expect(sim.now).toBe(TIME_MAX)
  })

  test('lets an exception of a handler out, at the time of its event, and can go on', () => {
    const sim = new Simulation({ seed: '0' })
    sim.after(5, () => {
      throw new Error('boom')
    })
    sim.after(6, () => {})
    expect(() => sim.run(10)).toThrow('boom')
    expect([sim.now, sim.pending]).toEqual([5, 1])
    sim.run(10)
    expect([sim.now, sim.pending]).toEqual([10, 0])
  })

  test('refuses the past, fractions, an unknown handler, wide arguments and a call from within an event', () => {
    const sim = new Simulation({ seed: '0' })
    const handler = sim.handler(() => sim.run(2))
    sim.schedule(1, handler)
    expect(() => sim.run(1)).toThrow(InvariantError)
    expect(() => sim.run(0)).toThrow('Cannot run until 0 ns')
    for (const delay of [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, TIME_MAX])
      expect(() => sim.schedule(delay, handler)).toThrow('A delay of')
    expect(() => sim.schedule(1, 99)).toThrow('Handler 99 is not registered')
    expect(() => sim.schedule(1, handler, 2 ** 31)).toThrow('32-bit')
    expect(() => sim.schedule(1, handler, 0, 0.5)).toThrow('32-bit')
  })
})

describe('a timer', () => {
  test('is cancelled once, also as a closure, and not while or after it runs', () => {
    const sim = new Simulation({ seed: '0' })
    const answers: boolean[] = []
    const handler = sim.handler(() => answers.push(sim.cancel(running)))
    const running = sim.schedule(1, handler)
    const cancelled = sim.after(1, () => answers.push(true))
    answers.push(sim.cancel(cancelled), sim.cancel(cancelled), sim.cancel(NO_TIMER))
    sim.run(SECOND)
    answers.push(sim.cancel(running))
    expect(answers).toEqual([true, false, false, false, false])
  })

  test('never cancels another event, however often its place is used again', () => {
    const sim = new Simulation({ seed: '0' })
    let ran = 0
    const handler = sim.handler(() => ran++)
    const stale = sim.schedule(0, handler)
    sim.run(0)
    for (let i = 0; i < 5000; i++) {
      const timer = i % 2 === 0 ? sim.schedule(1, handler) : sim.after(1, () => ran++)
      expect(sim.cancel(stale)).toBe(false)
      if (i % 3 === 0) expect(sim.cancel(timer)).toBe(true)
      sim.run(sim.now + 1)
    }
    expect(ran).toBe(1 + 5000 - 1667)
  })
})

test('a stream depends on the seed and its name, not on the draws of another stream or the order of first use', () => {
  const draw = (seed: string, disturb: boolean) => {
    const sim = new Simulation({ seed })
    if (disturb) sim.rng('other').uniform()
    const stream = sim.rng('link/1/loss')
    expect(sim.rng('link/1/loss')).toBe(stream)
    return [stream.uniform(), stream.int32(), stream.below(10)]
  }
  expect(draw('42', true)).toEqual(draw('42', false))
  expect(draw('43', false)).not.toEqual(draw('42', false))
})

test('two simulations in one program do not meet', () => {
  const one = new Simulation({ seed: '1' })
  const other = new Simulation({ seed: '1' })
  one.rng('x').uniform()
  one.after(MILLISECOND, () => {})
  one.run(SECOND)
  expect([other.now, other.pending, other.eventsExecuted]).toEqual([0, 0, 0])
  expect(other.rng('x').uniform()).toBe(new Simulation({ seed: '1' }).rng('x').uniform())
})
