import fc from 'fast-check'
import { Heap } from 'heap-js'
import { describe, expect, test } from 'vitest'
import { type EventKey, EventQueue, NONE } from './event-queue.ts'

/** The obvious queue: a heap of objects ordered by (time, order of pushing), cancelled by a mark. */
class ReferenceQueue {
  readonly #heap = new Heap<ReferenceEvent>((x, y) => x.time - y.time || x.order - y.order)
  #order = 0

  push(time: number, a: number): ReferenceEvent {
    const event = { time, a, order: this.#order++, waiting: true }
    this.#heap.push(event)
    return event
  }

  popUntil(limit: number): ReferenceEvent | null {
    for (let first = this.#heap.peek(); first !== undefined; first = this.#heap.peek()) {
      if (first.waiting && first.time > limit) return null
      this.#heap.pop()
      if (!first.waiting) continue
      first.waiting = false
      return first
    }
    return null
  }

  cancel(event: ReferenceEvent): boolean {
    const was = event.waiting
    event.waiting = false
    return was
  }
}

interface ReferenceEvent {
  readonly time: number
  readonly a: number
  readonly order: number
  waiting: boolean
}

/** What is done to both queues. Pops move `now` to the popped time; a pop that finds nothing moves it to its limit. */
type Command =
  | { do: 'push'; delay: number; count: number }
  | { do: 'pop'; within: number; count: number }
  | { do: 'cancel'; of: number }
  | { do: 'cancel-latest'; back: number }

/** Plays the commands on both queues and states after each that the answers are the same; at the end, everything left is popped. */
function playOnBoth(commands: readonly Command[]): number {
  const queue = new EventQueue(1)
  const reference = new ReferenceQueue()
  const keys: EventKey[] = []
  const events: ReferenceEvent[] = []
  let now = 0
  let size = 0
  let popped = 0

  const cancel = (index: number) => {
    const slot = queue.slotOf(keys[index]!)
    if (slot !== NONE) queue.cancelSlot(slot)
    const was = reference.cancel(events[index]!)
    if (was) size--
    expect(slot !== NONE).toBe(was)
  }
  const pop = (limit: number): boolean => {
    const slot = queue.popUntil(limit)
    const expected = reference.popUntil(limit)
    if (expected === null) {
      expect(slot).toBe(NONE)
      now = limit
      return false
    }
    size--
    popped++
    expect([queue.timeAt(slot), queue.aAt(slot), queue.bAt(slot), queue.handlerAt(slot)]).toEqual([
      expected.time,
      expected.a,
      ~expected.a,
      7,
    ])
    now = expected.time
    return true
  }

  for (const command of commands) {
    switch (command.do) {
      case 'push':
        for (let i = 0; i < command.count; i++) {
          const time = Math.min(Number.MAX_SAFE_INTEGER, now + command.delay)
          events.push(reference.push(time, keys.length))
          keys.push(queue.push(time, 7, keys.length, ~keys.length))
          size++
        }
        break
      case 'pop':
        for (let i = 0; i < command.count && pop(Math.min(Number.MAX_SAFE_INTEGER, now + command.within)); i++);
        break
      case 'cancel':
        if (keys.length > 0) cancel(command.of % keys.length)
        break
      case 'cancel-latest':
        if (keys.length > 0) cancel(Math.max(0, keys.length - 1 - command.back))
    }
    expect(queue.size).toBe(size)
  }
  while (pop(Number.MAX_SAFE_INTEGER));
  expect(queue.size).toBe(0)
  for (let index = 0; index < keys.length; index++) expect(queue.slotOf(keys[index]!)).toBe(NONE)
  return popped
}

/** Delays of every magnitude: now, ties among a few, about the borders of buckets of each level, and up to the end of time. */
const delays = fc.oneof(
  { weight: 2, arbitrary: fc.constant(0) },
  { weight: 4, arbitrary: fc.integer({ min: 0, max: 4 }) },
  { weight: 4, arbitrary: fc.integer({ min: 0, max: 2000 }) },
  { weight: 2, arbitrary: fc.integer({ min: 0, max: 1 << 20 }) },
  {
    weight: 2,
    arbitrary: fc.tuple(fc.integer({ min: 0, max: 52 }), fc.integer({ min: -2, max: 2 })).map(([bit, off]) => Math.max(0, 2 ** bit + off)),
  },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }).map((time) => Math.floor(time / 64)) },
)
const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ do: fc.constant('push' as const), delay: delays, count: fc.constant(1) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('push' as const), delay: delays, count: fc.integer({ min: 2, max: 40 }) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('pop' as const), within: delays, count: fc.constant(1) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('pop' as const), within: delays, count: fc.integer({ min: 2, max: 30 }) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('cancel' as const), of: fc.nat() }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('cancel-latest' as const), back: fc.integer({ min: 0, max: 3 }) }) },
)

describe('the event queue against a heap of objects', () => {
  test('pops, cancels and counts the same, whatever is done to both', () => {
    fc.assert(
      fc.property(fc.array(command, { maxLength: 400, size: 'max' }), (commands) => {
        playOnBoth(commands)
      }),
      { numRuns: 400, seed: 1 },
    )
  })

  test('keeps the order of pushing among many equal times', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 300 }), (times) => {
        const queue = new EventQueue(1)
        times.forEach((time, index) => {
          queue.push(time * 1000, 0, index, 0)
        })
        const expected = times.map((_, index) => index).sort((x, y) => times[x]! - times[y]! || x - y)
        expect(times.map(() => queue.aAt(queue.popUntil(20_000)))).toEqual(expected)
      }),
      { seed: 2 },
    )
  })

  test('a limit in the middle of a sparse or crowded bucket lets earlier pushes in front of it', () => {
    // the limit falls before, inside and after buckets of each level, then events are pushed between the limit and what waits
    const limits = fc.array(fc.tuple(delays, fc.integer({ min: 1, max: 30 }), delays), { maxLength: 30 })
    fc.assert(
      fc.property(limits, (steps) => {
        playOnBoth(
          steps.flatMap(([delay, count, within]): Command[] => [
            { do: 'push', delay: delay + within, count },
            { do: 'pop', within, count: 100 },
            { do: 'push', delay: Math.floor(delay / 2), count: 2 },
            { do: 'pop', within: 0, count: 1 },
          ]),
        )
      }),
      { numRuns: 1000, seed: 3 },
    )
  })

  test('a thousand events that wait at a time and are replaced at random come out the same', () => {
    let state = 12345
    const next = (n: number) => {
      state = (Math.imul(state, 1103515245) + 12345) | 0
      return (state >>> 8) % n
    }
    const commands: Command[] = [{ do: 'push', delay: 1000, count: 1000 }]
    for (let i = 0; i < 20_000; i++) {
      commands.push({ do: 'push', delay: next(3) === 0 ? next(100) : next(1 << 22), count: 1 })
      if (next(4) === 0) commands.push({ do: 'cancel-latest', back: next(500) })
      else commands.push({ do: 'pop', within: 1 << 22, count: 1 })
    }
    expect(playOnBoth(commands)).toBeGreaterThan(10_000)
  })
})

describe('a key', () => {
  test('of a popped or cancelled event stays stale when its slot is used again', () => {
    const queue = new EventQueue()
    const stale: EventKey[] = []
    for (let i = 0; i < 1000; i++) {
      const key = queue.push(i, 0, 0, 0)
      if (i % 2 === 0) queue.popUntil(i)
      else queue.cancelSlot(queue.slotOf(key))
      stale.push(key)
    }
    const live = queue.push(1000, 0, 0, 0)
    expect(new Set(stale).size).toBe(1000)
    expect(stale.every((key) => queue.slotOf(key) === NONE)).toBe(true)
    expect(queue.slotOf(live)).not.toBe(NONE)
  })

  test('that was never given names nothing', () => {
    const queue = new EventQueue()
    expect(queue.slotOf(-1)).toBe(NONE)
    expect(queue.slotOf(3)).toBe(NONE)
    expect(queue.slotOf(Number.MAX_SAFE_INTEGER)).toBe(NONE)
  })
})

test('the end of time is as good as any other', () => {
  const queue = new EventQueue()
  queue.push(Number.MAX_SAFE_INTEGER, 0, 2, 0)
  queue.push(Number.MAX_SAFE_INTEGER, 0, 3, 0)
  queue.push(Number.MAX_SAFE_INTEGER - 1, 0, 1, 0)
  expect(queue.popUntil(Number.MAX_SAFE_INTEGER - 2)).toBe(NONE)
  expect([1, 2, 3].map(() => queue.aAt(queue.popUntil(Number.MAX_SAFE_INTEGER)))).toEqual([1, 2, 3])
})
