import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Histogram } from './histogram.ts'

/** The definition: the sample of rank ceil(q * n), at least the first. */
function trueQuantile(sorted: readonly number[], q: number): number {
  return sorted[Math.max(1, Math.ceil(q * sorted.length - 1e-9 * sorted.length)) - 1]!
}

/** 2^bits, exactly. */
const powerOfTwo = (bits: number) => Number(1n << BigInt(bits))

const QUANTILES = [0, 0.001, 0.1, 0.25, 0.5, 0.9, 0.99, 0.999, 1]

describe('Histogram', () => {
  test('knows nothing before the first value', () => {
    const histogram = new Histogram()
    expect([histogram.count, histogram.min, histogram.max, histogram.mean, histogram.quantile(0.5)]).toEqual([0, null, null, null, null])
  })

  test('small values are exact', () => {
    const histogram = new Histogram()
    for (let value = 0; value < 256; value++) histogram.record(value)
    expect([0.25, 0.5, 0.75, 1].map((q) => histogram.quantile(q))).toEqual([63, 127, 191, 255])
  })

  test('the median of two is the first, as rank ceil(q * n) says', () => {
    const histogram = new Histogram()
    histogram.record(10)
    histogram.record(20)
    expect(histogram.quantile(0.5)).toBe(10)
    expect(histogram.quantile(0.51)).toBe(20)
  })

  test('quantiles are within 1/256 of the true sample, over all magnitudes', () => {
    const magnitude = fc.integer({ min: 0, max: 52 }).chain((bits) => fc.integer({ min: 0, max: powerOfTwo(bits) }))
    fc.assert(
      fc.property(fc.array(magnitude, { minLength: 1, maxLength: 300 }), (values) => {
        const histogram = new Histogram()
        for (const value of values) histogram.record(value)
        const sorted = [...values].sort((a, b) => a - b)
        for (const q of QUANTILES) {
          const truth = trueQuantile(sorted, q)
          expect(Math.abs(histogram.quantile(q)! - truth)).toBeLessThanOrEqual(truth / 256)
        }
        expect(histogram.quantile(0)).toBe(sorted[0])
        expect(histogram.max).toBe(sorted.at(-1))
      }),
      { numRuns: 300 },
    )
  })

  test('every edge of a doubling is within the error', () => {
    for (let bits = 0; bits < 53; bits++) {
      for (const value of [powerOfTwo(bits) - 1, powerOfTwo(bits), powerOfTwo(bits) + 1]) {
        const histogram = new Histogram()
        histogram.record(0)
        histogram.record(value)
        histogram.record(Number.MAX_SAFE_INTEGER)
        expect(Math.abs(histogram.quantile(0.5)! - value), `${value}`).toBeLessThanOrEqual(value / 256)
      }
    }
  })

  test('merging is the same as recording everything in one', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(1e9)), fc.array(fc.nat(1e5)), (left, right) => {
        const [a, b, both] = [new Histogram(), new Histogram(), new Histogram()]
        for (const value of left) a.record(value)
        for (const value of right) b.record(value)
        for (const value of [...left, ...right]) both.record(value)
        a.merge(b)
        const facts = (h: Histogram) => [h.count, h.sum, h.min, h.max, ...QUANTILES.map((q) => h.quantile(q))]
        expect(facts(a)).toEqual(facts(both))
      }),
    )
  })

  test('after clear() nothing of the past is left', () => {
    const histogram = new Histogram()
    for (let value = 1; value < 1e9; value *= 3) histogram.record(value)
    histogram.clear()
    expect(histogram.quantile(0.5)).toBeNull()
    histogram.record(7)
    expect([histogram.count, histogram.sum, histogram.quantile(0.5), histogram.max]).toEqual([1, 7, 7, 7])
  })

  test('a value that is no time is a bug', () => {
    expect(() => new Histogram().record(-1)).toThrow('Cannot record -1')
    expect(() => new Histogram().record(Number.NaN)).toThrow('Cannot record NaN')
  })

  test('buckets hold every value, and give the same quantiles', () => {
    const magnitude = fc.integer({ min: 0, max: 52 }).chain((bits) => fc.integer({ min: 0, max: powerOfTwo(bits) }))
    fc.assert(
      fc.property(fc.array(magnitude, { minLength: 1, maxLength: 200 }), (values) => {
        const histogram = new Histogram()
        for (const value of values) histogram.record(value)
        const buckets = [...histogram.buckets()]
        for (const { from, to, middle, count } of buckets) {
          expect(count).toBe(values.filter((value) => value >= from && value <= to).length)
          expect(middle).toBeGreaterThanOrEqual(from)
          expect(middle).toBeLessThanOrEqual(to)
          expect(to - from).toBeLessThanOrEqual(from / 128)
        }
        expect(buckets.reduce((sum, { count }) => sum + count, 0)).toBe(values.length)
        expect([buckets[0]!.from, buckets.at(-1)!.to]).toEqual([Math.min(...values), Math.max(...values)])
        let seen = 0
        for (const { middle, count } of buckets) {
          seen += count
          // The last of the bucket's ranks; the very last is the maximum itself.
          if (seen < values.length) expect(histogram.quantile(seen / values.length)).toBe(middle)
        }
      }),
    )
  })

  test('has no buckets before the first value', () => {
    expect([...new Histogram().buckets()]).toEqual([])
  })
})
