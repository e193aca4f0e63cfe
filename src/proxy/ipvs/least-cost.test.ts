/** The tournament tree against the kernel's scan, after every change of a random history. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Destination, DestinationList } from './destination-list.ts'
import { LeastCost, type Ranking, scanLeastCost } from './least-cost.ts'

const perWeight: Ranking = { cost: (list, d) => list.overhead(d), weight: (list, d) => list.weight(d) }
const plain: Ranking = { cost: (list, d) => list.overhead(d), weight: (list, d) => Math.min(list.weight(d), 1) }
const room: Ranking = { cost: () => 1, weight: (list, d) => (list.active(d) > list.weight(d) ? 0 : list.weight(d)) }

// Few weights and few connections: many ties, and ratios that only exact arithmetic tells apart.
const change = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('add' as const), backend: fc.nat(40), weight: fc.nat(3) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('remove' as const), backend: fc.nat(40), weight: fc.constant(0) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('edit' as const), backend: fc.nat(40), weight: fc.nat(3) }) },
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('connect' as const), backend: fc.nat(40), weight: fc.constant(0) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('close' as const), backend: fc.nat(40), weight: fc.constant(0) }) },
)

test.each([
  ['overhead per weight', perWeight],
  ['overhead', plain],
  ['weight with room', room],
])('finds the destination that a scan finds, ties included: %s', (_name, ranking) => {
  fc.assert(
    fc.property(fc.array(change, { maxLength: 250, size: 'max' }), fc.constantFrom(0, 3, 16), (changes, scanMax) => {
      const list = new DestinationList(256)
      const least = new LeastCost(list, ranking, scanMax)
      const find = (backend: number): Destination => list.find(backend, 80)
      for (const { kind, backend, weight } of changes) {
        const known = find(backend)
        const configured = known >= 0 && list.available(known)
        if (kind === 'add' && !configured) least.added(list.link(backend, 80, weight))
        if (kind === 'remove' && configured) {
          list.unlink(known)
          least.removed(known)
          list.release(known)
        }
        if (kind === 'edit' && configured) {
          list.setWeight(known, weight)
          least.changed(known)
        }
        if (kind === 'connect') {
          // Alternately where the scheduler would put it, and anywhere.
          const destination = backend % 2 === 0 ? least.best() : known
          if (destination >= 0) {
            list.hold(destination)
            list.count(destination, 1, 0)
            least.changed(destination)
          }
        }
        if (kind === 'close' && known >= 0 && list.active(known) > 0) {
          // A connection of a removed destination may end, too: it is in no tree any more.
          list.count(known, -1, 0)
          least.changed(known)
          list.unhold(known)
        }
        expect(least.best()).toBe(scanLeastCost(list, ranking))
      }
    }),
    { numRuns: 300 },
  )
})

test('keeps up with 5,000 destinations that are added at the head one by one, quiesced and removed', () => {
  const list = new DestinationList(256)
  const least = new LeastCost(list, perWeight)
  for (let backend = 0; backend < 5000; backend += 1) {
    least.added(list.link(backend, 80, 1))
    if (backend % 50 === 0) expect(least.best()).toBe(scanLeastCost(list, perWeight))
  }
  for (let backend = 4999; backend >= 0; backend -= 1) {
    const destination = list.find(backend, 80)
    expect(least.best()).toBe(destination) // the newest is first
    list.setWeight(destination, 0)
    least.changed(destination)
    if (backend % 3 === 0) {
      list.unlink(destination)
      least.removed(destination)
      list.release(destination)
    }
  }
  expect(least.best()).toBe(-1)
})

test('compares ratios exactly where floating-point division would not', () => {
  // 6004799503160661 / 3 and its neighbours need more digits than a double's quotient keeps; here with weights in range:
  // 40961 connections of weight 65535 against 40960 of weight 65533 and so on must order by the cross product.
  const list = new DestinationList(256)
  const least = new LeastCost(list, perWeight, 0)
  const pairs: [number, number][] = [
    [65535, 4095937],
    [65533, 4095812],
    [65521, 4095062],
    [65519, 4094937],
  ]
  for (const [backend, [weight, active]] of pairs.entries()) {
    const destination = list.link(backend, 80, weight)
    list.count(destination, active, 0)
    least.added(destination)
  }
  let best = pairs[3]!
  for (const pair of [pairs[2]!, pairs[1]!, pairs[0]!])
    if (BigInt(best[1]) * BigInt(pair[0]) > BigInt(pair[1]) * BigInt(best[0])) best = pair
  expect(list.active(least.best())).toBe(best[1])
})
