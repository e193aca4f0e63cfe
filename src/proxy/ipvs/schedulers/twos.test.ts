import fc from 'fast-check'
import { expect, test } from 'vitest'
import { mix32 } from '../../mix.ts'
import { UDP } from '../../protocol.ts'
import { VirtualService } from '../virtual-service.ts'

const PACKET = { protocol: UDP, sourceAddress: 1, sourcePort: 1, destinationAddress: 1, destinationPort: 1 }

/** A service whose draws are those of `draws`, one after the other, and what n each was asked with. */
function scripted(draws: readonly number[]): { service: VirtualService; asked: number[] } {
  const asked: number[] = []
  const below = (n: number): number => {
    asked.push(n)
    return draws[asked.length - 1]! % n
  }
  return { service: new VirtualService({ scheduler: 'twos', below }), asked }
}

/** The short list is walked, the long one has its weights summed in a tree: each grows through removals, edits and overload. */
test.each([8, 60])('twos agrees with a slow model on any weights, loads and draws, up to %i backends', (maxLength) => {
  const change = {
    removed: fc.nat(5).map((die) => die === 0),
    edited: fc.option(fc.nat(5)),
    upper: fc.option(fc.integer({ min: 1, max: 9 })),
  }
  const backend = fc.record({ weight: fc.nat(5), active: fc.nat(4), inactive: fc.nat(4), ...change })
  fc.assert(
    fc.property(fc.array(backend, { maxLength, size: 'max' }), fc.nat(1000), fc.nat(1000), (backends, one, two) => {
      const { service, asked } = scripted([one, two])
      for (const [index, { weight, active, inactive, removed, edited, upper }] of backends.entries()) {
        const destination = service.add(index, 80, weight)
        if (edited !== null) service.setWeight(destination, edited)
        if (upper !== null) service.setThresholds(destination, { upper, lower: 0 })
        for (let i = 0; i < active; i += 1) service.bind(destination, true)
        for (let i = 0; i < inactive; i += 1) service.bind(destination, false)
        if (removed) service.remove(destination)
      }
      const weightOf = ({ weight, edited, active, inactive, removed, upper }: (typeof backends)[number]): number =>
        removed || (upper !== null && active + inactive >= upper) ? 0 : (edited ?? weight)
      // Tickets 0..W: ticket 0 belongs to the newest, then each has as many as it weighs.
      const tickets: number[] = []
      for (let index = backends.length - 1; index >= 0; index -= 1) {
        const weight = weightOf(backends[index]!)
        if (weight > 0 && tickets.length === 0) tickets.push(index)
        for (let i = 0; i < weight; i += 1) tickets.push(index)
      }
      const picked = service.pick(PACKET, 0)
      if (tickets.length === 0) {
        expect(picked).toBe(-1)
        expect(asked).toEqual([])
        return
      }
      const ratio = (index: number): number => (256 * backends[index]!.active + backends[index]!.inactive) / weightOf(backends[index]!)
      const first = tickets[one % tickets.length]!
      const second = tickets[two % tickets.length]!
      expect(asked).toEqual([tickets.length, tickets.length])
      expect(service.destinations.address(picked)).toBe(ratio(second) < ratio(first) ? second : first)
    }),
    { numRuns: 1000 },
  )
})

test('over all pairs of draws the newest is picked by exactly (w + 1) / (W + 1) when loads are equal', () => {
  const weights = [3, 1, 2]
  const counts = [0, 0, 0]
  for (let one = 0; one <= 6; one += 1) {
    for (let two = 0; two <= 6; two += 1) {
      const { service } = scripted([one, two])
      weights.forEach((weight, index) => {
        service.add(index, 80, weight)
      })
      counts[service.destinations.address(service.pick(PACKET, 0))]! += 1
    }
  }
  // The second draw never wins a tie, so each first draw counts 7 times: shares 3/7, 1/7 and (2 + 1)/7.
  expect(counts).toEqual([21, 7, 21])
})

test.each([2, 3, 9])('twos over a seeded stream gives the newest of %i idle destinations twice the share of any other', (count) => {
  const PICKS = 300_000
  let draws = 0
  const below = (n: number): number => {
    draws += 1
    return Math.floor(((mix32(draws) >>> 0) / 0x1_0000_0000) * n)
  }
  const service = new VirtualService({ scheduler: 'twos', below })
  for (let index = 0; index < count; index += 1) service.add(index, 80, 1)
  const counts = new Array<number>(count).fill(0)
  for (let pick = 0; pick < PICKS; pick += 1) counts[service.destinations.address(service.pick(PACKET, 0))]! += 1
  for (const [index, picked] of counts.entries()) {
    const share = (index === count - 1 ? 2 : 1) / (count + 1)
    // 99.9 % of the binomial distribution.
    const halfWidth = 3.29 * Math.sqrt((share * (1 - share)) / PICKS)
    expect(halfWidth / share).toBeLessThan(0.02)
    expect(Math.abs(picked / PICKS - share)).toBeLessThan(halfWidth)
  }
})

test('a service with twos and no stream to draw from is an error of ours', () => {
  const service = new VirtualService({ scheduler: 'twos' })
  service.add(1, 80, 1)
  expect(() => service.pick(PACKET, 0)).toThrow('random stream')
})
