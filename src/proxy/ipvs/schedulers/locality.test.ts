/**
 * What the kernel's traces are too short to show: the caches of lblc and lblcr age.
 *
 * A round lasts 15,360 ticks of 4 ms, 61.44 s. Every 30th, so every 1,843.2 s, all addresses are looked through: what was last
 * asked for at 0 is forgotten by the 47th such check, 86,630.4 s later, and not after 24 h sharp.
 */
import { describe, expect, test } from 'vitest'
import { HOUR, MILLISECOND, type Nanos } from '../../../units.ts'
import { TCP } from '../../protocol.ts'
import { TICK } from '../kernel-timer.ts'
import { VirtualService, type VirtualServiceOptions } from '../virtual-service.ts'

const ROUND: Nanos = 15_360 * TICK
const FORGOTTEN: Nanos = 47 * 30 * ROUND

/** Destinations A and B, added in this order. */
function service(
  scheduler: 'lblc' | 'lblcr',
  options: Partial<VirtualServiceOptions> = {},
): {
  service: VirtualService
  a: number
  b: number
  pick: (address: number, now: Nanos) => number
} {
  const made = new VirtualService({ ...options, scheduler })
  const a = made.add(1, 80, 1)
  const b = made.add(2, 80, 1)
  const pick = (address: number, now: Nanos): number =>
    made.pick({ protocol: TCP, sourceAddress: 7, sourcePort: 1, destinationAddress: address, destinationPort: 80 }, now)
  return { service: made, a, b, pick }
}

describe.each(['lblc', 'lblcr'] as const)('%s', (scheduler) => {
  test('forgets an address at the first full check 24 hours after it was asked for, and with it a removed destination', () => {
    const { service: made, a, b, pick } = service(scheduler)
    expect(pick(100, 0)).toBe(b)
    made.remove(b)
    expect(made.destinations.references(b)).toBe(1)
    expect(pick(200, FORGOTTEN - 1)).toBe(a)
    expect(made.destinations.references(b)).toBe(1)
    expect(pick(200, FORGOTTEN)).toBe(a)
    expect(made.destinations.references(b)).toBe(0)
    // The slot is free: the next destination takes it.
    expect(made.add(3, 80, 1)).toBe(b)
  })

  test('counts its rounds from when the service was created', () => {
    const createdAt = 100 * ROUND
    const { service: made, b, pick } = service(scheduler, { createdAt })
    pick(100, createdAt)
    made.remove(b)
    pick(200, createdAt + FORGOTTEN - 1)
    expect(made.destinations.references(b)).toBe(1)
    pick(200, createdAt + FORGOTTEN)
    expect(made.destinations.references(b)).toBe(0)
  })

  test('forgets after 6 minutes while it knows more than 16,384 addresses, and no more than a third above the surplus', () => {
    const { service: made, b, pick } = service(scheduler)
    for (let address = 0; address < 16_384 + 300; address += 1) pick(address * 40_503, MILLISECOND)
    expect(made.destinations.references(b)).toBe(16_684)
    // The sixth round is the first at which they are 6 minutes old.
    pick(0, 6 * ROUND - 1)
    expect(made.destinations.references(b)).toBe(16_684)
    pick(0, 6 * ROUND)
    // 400 and what else the last bucket holds, 16 on average.
    expect(made.destinations.references(b)).toBeLessThanOrEqual(16_284)
    expect(made.destinations.references(b)).toBeGreaterThan(16_224)
    const left = made.destinations.references(b)
    pick(0, 20 * ROUND)
    expect(made.destinations.references(b)).toBe(left)
  })

  test('knows at most 24,576 addresses on kernels of 2026, and serves the others without keeping them', () => {
    const { service: made, b, pick } = service(scheduler, { overhead: 'total' })
    for (let address = 0; address < 24_600; address += 1) expect(pick(address, 0)).toBe(b)
    expect(made.destinations.references(b)).toBe(24_576)
    const before = service(scheduler)
    for (let address = 0; address < 24_600; address += 1) before.pick(address, 0)
    expect(before.service.destinations.references(before.b)).toBe(24_600)
  })

  test('keeps an address that is asked for', () => {
    const { service: made, b, pick } = service(scheduler)
    for (let hour = 0; hour < 100; hour += 1) expect(pick(100, hour * HOUR)).toBe(b)
    expect(made.destinations.references(b)).toBe(1)
  })

  test('counts each destination of an address once', () => {
    const { service: made, a, b, pick } = service(scheduler)
    pick(100, 0)
    // B becomes overloaded while A is idle, then A while B is idle, and so on.
    for (let turn = 0; turn < 6; turn += 1) {
      const [loaded, idle] = turn % 2 === 0 ? [b, a] : [a, b]
      made.bind(loaded, true)
      made.bind(loaded, true)
      expect(pick(100, turn)).toBe(idle)
      made.unbind(loaded, true)
      made.unbind(loaded, true)
    }
    expect(made.destinations.references(a) + made.destinations.references(b)).toBe(scheduler === 'lblc' ? 1 : 2)
  })
})

test.each(['lblc', 'lblcr'] as const)(
  '%s may choose the overloaded destination again, when the idle one has many inactive connections',
  (scheduler) => {
    const { service: made, a, b, pick } = service(scheduler)
    pick(100, 0)
    for (let connection = 0; connection < 1000; connection += 1) made.bind(a, false)
    made.bind(b, true)
    made.bind(b, true)
    // 2 * 256 against 1,000.
    for (let turn = 0; turn < 5; turn += 1) expect(pick(100, turn)).toBe(b)
    // Its two connections and the cache.
    expect(made.destinations.references(b)).toBe(3)
  },
)

test('lblcr takes the most loaded destination out of a set that has not changed for 24 hours', () => {
  const { service: made, a, b, pick } = service('lblcr')
  pick(100, 0)
  made.bind(b, true)
  made.bind(b, true)
  expect(pick(100, 0)).toBe(a)
  expect([made.destinations.references(a), made.destinations.references(b)]).toEqual([1, 3])
  for (let hour = 1; hour <= 24; hour += 1) pick(100, hour * HOUR)
  expect(made.destinations.references(b)).toBe(3)
  // A tick later than the 24 hours: the kernel counts in ticks.
  pick(100, 24 * HOUR + TICK - 1)
  expect(made.destinations.references(b)).toBe(3)
  pick(100, 24 * HOUR + TICK)
  expect([made.destinations.references(a), made.destinations.references(b)]).toEqual([1, 2])
})

test('lblc before 2026 counts an address again at each change of its destination, and so forgets an idle one after 6 minutes', () => {
  for (const [overhead, references] of [
    ['classic', 0],
    ['total', 1],
  ] as const) {
    const { service: made, a, b, pick } = service('lblc', { overhead })
    const removed = made.add(3, 80, 1)
    expect(pick(200, 0)).toBe(removed)
    made.remove(removed)
    for (let turn = 0; turn <= 16_384; turn += 1) {
      expect(pick(100, 0)).toBe(turn % 2 === 0 ? b : a)
      made.setWeight(turn % 2 === 0 ? a : b, 1)
      made.setWeight(turn % 2 === 0 ? b : a, 0)
    }
    pick(100, 7 * ROUND)
    expect(made.destinations.references(removed)).toBe(references)
  }
})

test('lblc counts an address once, however often it chooses the overloaded destination again', () => {
  const { service: made, a, b, pick } = service('lblc')
  pick(100, 0)
  pick(200, 0)
  for (let connection = 0; connection < 1000; connection += 1) made.bind(a, false)
  made.bind(b, true)
  made.bind(b, true)
  for (let turn = 0; turn <= 16_384; turn += 1) pick(100, 0)
  pick(100, 7 * ROUND)
  // Two connections and both addresses: nothing has been swept.
  expect(made.destinations.references(b)).toBe(4)
})

test.each(['lblc', 'lblcr'] as const)('%s forgets at a full check what was last asked for 24 hours before it to the tick', (scheduler) => {
  const { service: made, b, pick } = service(scheduler)
  const exactly = FORGOTTEN - 24 * HOUR
  pick(100, exactly)
  pick(200, exactly + TICK)
  pick(300, FORGOTTEN)
  // 200 and 300.
  expect(made.destinations.references(b)).toBe(2)
})

/** A set of both destinations; A joined last, B holds two connections. */
function setOfBoth(): ReturnType<typeof service> {
  const both = service('lblcr')
  both.pick(100, 0)
  both.service.bind(both.b, true)
  both.service.bind(both.b, true)
  expect(both.pick(100, 0)).toBe(both.a)
  return both
}

test('lblcr takes the member that joined last, of two with the same load', () => {
  const { service: made, a, pick } = setOfBoth()
  made.bind(a, true)
  made.bind(a, true)
  expect(pick(100, 0)).toBe(a)
})

test('lblcr measures the most loaded member by its weight', () => {
  const { service: made, a, b, pick } = setOfBoth()
  made.setWeight(b, 2)
  made.bind(b, true)
  made.bind(a, true)
  made.bind(a, true)
  // 2 connections at weight 1 are more than 3 at weight 2.
  for (let hour = 1; hour <= 24; hour += 1) pick(100, hour * HOUR)
  pick(100, 24 * HOUR + TICK)
  expect([made.destinations.references(a), made.destinations.references(b)]).toEqual([2, 4])
})

test('lblcr leaves a set alone whose members are all drained', () => {
  const { service: made, a, b, pick } = setOfBoth()
  for (let hour = 1; hour <= 24; hour += 1) pick(100, hour * HOUR)
  for (const destination of [a, b]) made.setWeight(destination, 0)
  expect(pick(100, 24 * HOUR + TICK)).toBe(-1)
  for (const destination of [a, b]) made.setWeight(destination, 1)
  pick(100, 24 * HOUR + TICK)
  // Now B goes, and its two connections stay.
  expect([made.destinations.references(a), made.destinations.references(b)]).toEqual([1, 2])
})
