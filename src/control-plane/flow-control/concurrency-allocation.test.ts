import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type AllocationItem, allocate } from './concurrency-allocation.ts'
import { concurrencyLimits, maxSeatsOfRequest, PRIORITY_LEVELS } from './priority-levels.ts'

const item: fc.Arbitrary<AllocationItem> = fc
  .tuple(fc.integer({ min: 0, max: 100 }), fc.integer({ min: 0, max: 100 }), fc.integer({ min: 0, max: 600 }))
  .map(([lower, more, room]) => ({ lowerBound: lower, target: lower + more, upperBound: lower + room }))

describe('dividing seats', () => {
  test('the parts add up, stay within their bounds, and follow one proportion', () => {
    fc.assert(
      fc.property(fc.array(item, { minLength: 1, maxLength: 9 }), fc.double({ min: 0, max: 1, noNaN: true }), (items, where) => {
        const low = items.reduce((sum, { lowerBound }) => sum + lowerBound, 0)
        const high = items.reduce((sum, { upperBound }) => sum + upperBound, 0)
        const sum = low + where * (high - low)
        const parts = allocate(sum, items)!
        expect(parts.reduce((all, part) => all + part, 0)).toBeCloseTo(sum, 5)
        // The slow model: halve the interval of the proportion until it is found.
        let [below, above] = [0, 1e7]
        const at = (p: number): number[] =>
          items.map(({ lowerBound, upperBound, target }) => Math.max(lowerBound, Math.min(upperBound, p * Math.max(target, 0.001))))
        for (let i = 0; i < 200; i++) {
          const p = (below + above) / 2
          if (at(p).reduce((all, part) => all + part, 0) < sum) below = p
          else above = p
        }
        for (const [index, part] of at(above).entries()) expect(parts[index]).toBeCloseTo(part, 4)
      }),
    )
  })

  test('bounds that leave no solution give none', () => {
    const items = [{ target: 5, lowerBound: 3, upperBound: 8 }]
    expect(allocate(2, items)).toBeNull()
    expect(allocate(9, items)).toBeNull()
    expect(allocate(8, items)).toEqual([8])
    expect(allocate(3, items)).toEqual([3])
  })

  test('the case of two classes that is plain by hand', () => {
    // p × 10 and p × 30 add up to 60 at p = 1.5, but the second may have 20 at most: the first gets the rest.
    const items = [
      { target: 10, lowerBound: 0, upperBound: 100 },
      { target: 30, lowerBound: 0, upperBound: 20 },
    ]
    expect(allocate(60, items)).toEqual([40, 20])
  })
})

describe('the levels of Kubernetes 1.36 on 600 seats', () => {
  const limits = concurrencyLimits(PRIORITY_LEVELS, 600)

  test.each([
    // nominal = ⌈600 × shares / 245⌉; min = nominal - round(nominal × lendable %); a request takes at most min(⌈15 %⌉, nominal / hand)
    ['exempt', 0, 0, null],
    ['system', 74, 50, 12],
    ['node-high', 98, 73, 15],
    ['leader-election', 25, 25, 4],
    ['workload-high', 98, 49, 15],
    ['workload-low', 245, 24, 37],
    ['global-default', 49, 24, 8],
    ['catch-all', 13, 13, null],
  ])('%s: nominal %i, at least %i, one request at most %s', (name, nominal, min, maxSeats) => {
    const index = PRIORITY_LEVELS.findIndex((level) => level.name === name)
    expect(limits[index]).toEqual({ nominal, min, max: nominal + 600 })
    expect(maxSeatsOfRequest(PRIORITY_LEVELS[index]!, nominal)).toBe(maxSeats)
  })
})
