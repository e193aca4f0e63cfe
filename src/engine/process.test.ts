import { describe, expect, test } from 'vitest'
import { MILLISECOND, SECOND } from '../units.ts'
import { Completion, firstOf, Signal, type Wait, type Waitable } from './process.ts'
import { Simulation } from './simulation.ts'

type Body<T = void> = Generator<Wait, T, unknown>

function start() {
  const sim = new Simulation({ seed: '0' })
  const log: string[] = []
  return { sim, log, say: (text: string) => log.push(`${sim.now} ${text}`) }
}

describe('a process', () => {
  test('starts as an event, waits for delays, and is done when its body returns', () => {
    const { sim, log, say } = start()
    function* body(): Body<string> {
      say('begins')
      yield sim.delay(2 * SECOND)
      say('goes on')
      yield sim.delay(0)
      return 'result'
    }
    const process = sim.spawn(body())
    function* watcher(): Body {
      say(`gets ${yield process}`)
      say(`gets again ${yield process}`)
    }
    sim.spawn(watcher())
    say('spawned')
    sim.run(SECOND)
    expect(process.done).toBe(false)
    sim.run(5 * SECOND)
    expect(process.done).toBe(true)
    expect(log).toEqual(['0 spawned', '0 begins', '2000000000 goes on', '2000000000 gets result', '2000000000 gets again result'])
  })

  test('is resumed in scheduling order among other events at the same time', () => {
    const { sim, log, say } = start()
    const signal = new Signal<number>(sim)
    function* body(name: string): Body {
      say(`${name} got ${yield signal}`)
    }
    sim.spawn(body('first'))
    sim.spawn(body('second'))
    sim.after(10, () => {
      sim.after(0, () => say('scheduled before'))
      signal.fire(7)
      sim.after(0, () => say('scheduled after'))
      say('the call returns')
    })
    sim.run(10)
    expect(log).toEqual(['10 the call returns', '10 scheduled before', '10 first got 7', '10 second got 7', '10 scheduled after'])
  })

  test('is resumed by an event even if a foreign waitable wakes it at once, in subscribe or in a call', () => {
    const { sim, log, say } = start()
    let wake: ((value: unknown) => void) | null = null
    const atOnce: Waitable = {
      subscribe: (resume) => {
        resume('at once')
        return () => {}
      },
    }
    const byCall: Waitable = {
      subscribe: (resume) => {
        wake = resume
        return () => {}
      },
    }
    function* body(): Body {
      say(`${yield atOnce}`)
      say(`${yield byCall}`)
      say(`${yield firstOf(byCall, atOnce)}`)
    }
    sim.spawn(body())
    sim.after(3, () => {
      wake?.('by call')
      say('the call returns')
    })
    sim.run(10)
    expect(log).toEqual(['0 at once', '3 the call returns', '3 by call', '3 1'])
  })

  test('lets its exception out of run, and is then done', () => {
    const { sim } = start()
    function* body(): Body {
      yield sim.delay(4)
      throw new Error('boom')
    }
    const process = sim.spawn(body())
    expect(() => sim.run(10)).toThrow('boom')
    expect([sim.now, process.done, sim.pending]).toEqual([4, true, 0])
  })

  test('reaches its steps through yield*, with the value of the inner one', () => {
    const { sim, log, say } = start()
    function* inner(): Body<number> {
      yield sim.delay(5)
      return 3
    }
    function* outer(): Body {
      say(`inner gave ${yield* inner()}`)
    }
    sim.spawn(outer())
    sim.run(10)
    expect(log).toEqual(['5 inner gave 3'])
  })

  test('gives what it returned to those who ask only when it is done, and nothing when it threw', () => {
    const { sim, log, say } = start()
    function* returns(): Body<string> {
      yield sim.delay(1)
      return 'result'
    }
    function* throws(): Body<string> {
      yield sim.delay(2)
      throw new Error('broken')
    }
    const good = sim.spawn(returns())
    const bad = sim.spawn(throws())
    expect(() => sim.run(5)).toThrow('broken')
    expect([good.done, bad.done]).toEqual([true, true])
    function* watcher(): Body {
      say(`gets ${yield good}`)
      say(`never gets ${yield bad}`)
    }
    sim.spawn(watcher())
    sim.run(9)
    expect([log, sim.pending]).toEqual([['2 gets result'], 0])
  })

  test('a thousand processes come and go without leaving anything behind', () => {
    const { sim } = start()
    let finished = 0
    function* body(n: number): Body {
      yield sim.delay(n % 7)
      if (n < 1000) sim.spawn(body(n + 100))
      finished++
    }
    for (let n = 0; n < 100; n++) sim.spawn(body(n))
    sim.run(SECOND)
    expect([finished, sim.pending]).toEqual([1100, 0])
  })
})

describe('kill', () => {
  test('cancels the wait, runs finally blocks at once, and resumes those who wait with undefined', () => {
    const { sim, log, say } = start()
    function* body(): Body<string> {
      try {
        yield sim.delay(SECOND)
        say('never')
      } finally {
        say('cleans up')
      }
      return 'never'
    }
    const process = sim.spawn(body())
    function* watcher(): Body {
      say(`gets ${yield process}`)
    }
    sim.spawn(watcher())
    sim.run(10)
    process.kill()
    say(`done ${process.done}`)
    process.kill()
    expect(sim.pending).toBe(1)
    sim.run(2 * SECOND)
    expect(log).toEqual(['10 cleans up', '10 done true', '10 gets undefined'])
  })

  test('leaves a signal, a completion, a process or a first-of, also between the firing and the resumption', () => {
    const { sim, log, say } = start()
    const signal = new Signal(sim)
    const completion = new Completion<number>(sim)
    const sleeper = sim.spawn(
      (function* (): Body {
        yield sim.delay(20)
      })(),
    )
    function* body(wait: Wait): Body {
      yield wait
      say('never')
    }
    const waits = [signal, completion, sleeper, firstOf(signal, completion, sleeper, sim.delay(15))]
    const early = waits.map((wait) => sim.spawn(body(wait)))
    const late = waits.map((wait) => sim.spawn(body(wait)))
    sim.run(10)
    for (const process of early) process.kill()
    signal.fire()
    completion.resolve(1)
    for (const process of late) process.kill()
    sim.run(10)
    expect([log, sim.pending]).toEqual([[], 1]) // only the sleeper waits
  })

  test('before the first step runs nothing', () => {
    const { sim, log, say } = start()
    function* body(): Body {
      say('never')
      yield sim.delay(1)
    }
    sim.spawn(body()).kill()
    sim.run(SECOND)
    expect([log, sim.pending]).toEqual([[], 0])
  })

  test('honours a wait inside a finally block, which a second kill ends', () => {
    const { sim, log, say } = start()
    function* body(name: string): Body {
      try {
        yield sim.delay(SECOND)
      } finally {
        yield sim.delay(5)
        say(`${name} has drained`)
      }
    }
    const patient = sim.spawn(body('patient'))
    const hasty = sim.spawn(body('hasty'))
    sim.run(10)
    patient.kill()
    hasty.kill()
    expect([patient.done, hasty.done]).toEqual([false, false])
    sim.run(12)
    hasty.kill()
    expect([patient.done, hasty.done]).toEqual([false, true])
    sim.run(SECOND)
    expect([log, patient.done]).toEqual([['15 patient has drained'], true])
  })

  test('of the process by itself ends it at its next wait', () => {
    const { sim, log, say } = start()
    function* body(): Body {
      try {
        yield sim.delay(1)
        process.kill()
        say('still here')
        yield sim.delay(1)
        say('never')
      } finally {
        say('cleans up')
      }
    }
    const process = sim.spawn(body())
    sim.run(SECOND)
    expect([log, process.done, sim.pending]).toEqual([['1 still here', '1 cleans up'], true, 0])
  })
})

describe('a signal', () => {
  test('wakes those who wait now and not those who come later', () => {
    const { sim, log, say } = start()
    const signal = new Signal<string>(sim)
    function* body(): Body {
      for (;;) say(`woken by ${yield signal}`)
    }
    sim.spawn(body())
    signal.fire('nobody')
    sim.run(1)
    signal.fire('one')
    signal.fire('lost: the process waits again only in its own event')
    sim.run(2)
    signal.fire('two')
    sim.run(3)
    expect(log).toEqual(['1 woken by one', '2 woken by two'])
  })

  test('calls a plain subscriber by an event, once, unless it has left', () => {
    const { sim, log, say } = start()
    const signal = new Signal<number>(sim)
    signal.subscribe((value) => say(`stays ${value}`))
    const leave = signal.subscribe((value) => say(`leaves ${value}`))
    signal.fire(1)
    leave()
    expect(log).toEqual([])
    signal.fire(2)
    sim.run(0)
    expect(log).toEqual(['0 stays 1'])
  })
})

test('a completion gives its value to those who wait and, at once, to those who come later; it settles once', () => {
  const { sim, log, say } = start()
  const completion = new Completion<string>(sim)
  function* body(name: string): Body {
    say(`${name} ${yield completion}`)
  }
  sim.spawn(body('early'))
  sim.run(5)
  expect(completion.settled).toBe(false)
  completion.resolve('value')
  expect(completion.settled).toBe(true)
  sim.run(8)
  sim.spawn(body('late'))
  sim.run(9)
  expect(log).toEqual(['5 early value', '8 late value'])
  expect(() => completion.resolve('again')).toThrow('twice')
})

describe('firstOf', () => {
  test('gives the index of the first and leaves the others', () => {
    const { sim, log, say } = start()
    const signal = new Signal(sim)
    function* body(): Body {
      say(`${yield firstOf(signal, sim.delay(10 * MILLISECOND))}`)
      say(`${yield firstOf(signal, sim.delay(10 * MILLISECOND))}`)
    }
    sim.spawn(body())
    sim.run(MILLISECOND)
    signal.fire()
    sim.run(2 * MILLISECOND)
    expect(sim.pending).toBe(1) // the first delay was taken back
    sim.run(SECOND)
    expect([log, sim.pending]).toEqual([['1000000 0', '11000000 1'], 0])
  })

  test('of several at the same time takes the first in scheduling order', () => {
    const { sim, log, say } = start()
    const one = new Signal(sim)
    const other = new Signal(sim)
    function* body(): Body {
      say(`${yield firstOf(one, other, one)}`)
    }
    sim.spawn(body())
    sim.run(0)
    other.fire()
    one.fire()
    sim.run(0)
    expect([log, sim.pending]).toEqual([['0 1'], 0])
  })
})
