/** What the kernel's traces are too short to show: the caches of lblc and lblcr age. */
import { describe, expect, test } from 'vitest'
import { HOUR, MINUTE, type Nanos } from '../../../units.ts'
import { TCP } from '../../protocol.ts'
import { VirtualService } from '../virtual-service.ts'

/** Destinations A and B, added in this order. */
function service(scheduler: 'lblc' | 'lblcr'): {
  service: VirtualService
  a: number
  b: number
  pick: (address: number, now: Nanos) => number
} {
  const made = new VirtualService({ scheduler })
  const a = made.add(1, 80, 1)
  const b = made.add(2, 80, 1)
  const pick = (address: number, now: Nanos): number =>
    made.pick({ protocol: TCP, sourceAddress: 7, sourcePort: 1, destinationAddress: address, destinationPort: 80 }, now)
  return { service: made, a, b, pick }
}

describe.each(['lblc', 'lblcr'] as const)('%s', (scheduler) => {
  test('forgets an address that nobody asked for in 24 hours, and with it a removed destination', () => {
    const { service: made, a, b, pick } = service(scheduler)
    expect(pick(100, 0)).toBe(b)
    made.remove(b)
    expect(made.destinations.references(b)).toBe(1)
    expect(pick(200, 24 * HOUR)).toBe(a)
    expect(made.destinations.references(b)).toBe(1)
    expect(pick(200, 24 * HOUR + MINUTE)).toBe(a)
    expect(made.destinations.references(b)).toBe(0)
    // The slot is free: the next destination takes it.
    expect(made.add(3, 80, 1)).toBe(b)
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
  pick(100, 24 * HOUR + 1)
  expect([made.destinations.references(a), made.destinations.references(b)]).toEqual([1, 2])
})
