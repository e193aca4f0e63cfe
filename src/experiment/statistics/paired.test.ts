import { describe, expect, test } from 'vitest'
import { NamedStream, type RandomStream } from '../../engine/random-stream.ts'
import { normalQuantile } from './normal.ts'
import { paired } from './paired.ts'

const fresh = (): RandomStream => new NamedStream('0', 'paired')
const draws = new NamedStream('0', 'samples')
const normal = (): number => normalQuantile(draws.uniform())
const exponential = (): number => -Math.log(1 - draws.uniform())

describe('the mean of paired differences', () => {
  test('is judged by the t-test where differences are near to normal', () => {
    const a = [10.1, 12.3, 9.8, 11.5, 10.9, 13.2]
    const b = [10.9, 12.9, 10.1, 11.3, 12.0, 13.9]
    const found = paired(
      b.map((value, index) => value - a[index]!),
      fresh,
    )
    // Recorded from SciPy 1.17.1, ttest_rel: p 0.030442724809415306, 95 % 0.0771717 to 1.0228287, 90 % up to 0.9206447.
    expect(found).toMatchObject({ count: 6, method: 't' })
    expect(found.mean).toBeCloseTo(0.55, 12)
    expect(found.pTwoSided).toBeCloseTo(0.030442724809415306, 10)
    expect(found.pGreater).toBeCloseTo(0.030442724809415306 / 2, 10)
    expect(found.pLess).toBeCloseTo(1 - 0.030442724809415306 / 2, 10)
    expect(found.low).toBeCloseTo(0.07717130169200781, 10)
    expect(found.high).toBeCloseTo(1.0228286983079924, 10)
    expect(found.bound).toBeCloseTo(0.9206447646140954, 10)
  })

  test('two pairs have an interval as wide as it must be', () => {
    // Mean 2, s = √2, half = 12.706 · √2 / √2.
    expect(paired([1, 3], fresh)).toMatchObject({ count: 2, mean: 2, method: 't', normality: null })
    expect(paired([1, 3], fresh).high).toBeCloseTo(2 + 12.706204736, 6)
  })

  test('one pair says nothing about another seed', () => {
    expect(paired([5], fresh)).toMatchObject({ count: 1, mean: 5, method: 'single', low: null, pTwoSided: null })
  })

  test('no difference at all is told as such', () => {
    expect(paired([0, 0, 0, 0], fresh)).toMatchObject({ method: 'identical', mean: 0, low: 0, high: 0, bound: 0, pTwoSided: null })
    expect(paired([0], fresh)).toMatchObject({ method: 'identical', low: null })
  })

  test('the same difference in every pair has an interval without width, and p by its sign', () => {
    expect(paired([2, 2, 2, 2, 2, 2], fresh)).toMatchObject({ method: 'constant', mean: 2, low: 2, high: 2, bound: 2, pTwoSided: 2 / 64 })
  })

  test('where normality fails, ranks judge, and the interval is not narrower than the t-interval', () => {
    const differences = [0, 0, 0.1, 0.2, 0.1, 0.3, 0.2, 0.4, 9, 0.1, 0.3, 0.2]
    const found = paired(differences, fresh)
    expect(found.method).toBe('signed-rank')
    expect(found.normality!.p).toBeLessThan(0.05)
    expect(found.pTwoSided).toBe(2 / 1024)
    // s = 2.5527, half = 2.201 · s / √12 = 1.6209.
    expect(found.low!).toBeLessThanOrEqual(found.mean - 1.6208)
    expect(found.high!).toBeGreaterThan(found.mean + 1.7)
  })

  test('turned around, everything is turned around', () => {
    const differences = [0.5, 1.5, 2, -0.3, 1.1, 0.7]
    const there = paired(differences, fresh)
    const back = paired(
      differences.map((difference) => -difference),
      fresh,
    )
    expect(back.mean).toBeCloseTo(-there.mean, 12)
    expect(back.low).toBeCloseTo(-there.high!, 12)
    expect(back.pGreater).toBeCloseTo(there.pLess!, 12)
    expect(back.bound).toBeCloseTo(there.bound!, 12)
  })
})

/**
 * A share of 0.95 is met within 3.3 standard errors: 3.3 · √(0.95 · 0.05 / 3000) = 0.013 with 3,000 samples, and 0.023 with the 1,000 of those that
 * are resampled, each 10,000 times.
 */
describe('over thousands of samples', () => {
  function shares(draw: () => number, mean: number, count: number, samples = 3000) {
    let [covered, rejected, within] = [0, 0, 0]
    for (let sample = 0; sample < samples; sample++) {
      const values = Array.from({ length: count }, draw)
      const { low, high, pTwoSided, bound } = paired(values, () => draws)
      if (low! <= mean && mean <= high!) covered++
      if (pTwoSided! <= 0.05) rejected++
      if (bound! > Math.abs(mean)) within++
    }
    return { covered: covered / samples, rejected: rejected / samples, within: within / samples }
  }

  test('the 95 % interval of normal differences covers their mean in 95 %, and a test of none finds one in 5 %', () => {
    for (const count of [5, 12]) {
      const { covered, rejected } = shares(normal, 0, count)
      expect(Math.abs(covered - 0.95)).toBeLessThan(0.013)
      expect(Math.abs(rejected - 0.05)).toBeLessThan(0.013)
    }
  })

  test('heavy tails to both sides do not make it find more than 5 %', () => {
    const { covered, rejected } = shares(() => Math.exp(1.2 * normal()) - Math.exp(1.2 * normal()), 0, 12, 1000)
    expect(covered).toBeGreaterThan(0.95 - 0.023)
    expect(rejected).toBeLessThan(0.05 + 0.023)
  })

  test('with a dozen differences that are as skewed as an exponential distribution it covers about 93 %, which the manual says', () => {
    const { covered } = shares(exponential, 1, 12, 1000)
    expect(covered).toBeGreaterThan(0.91)
    expect(covered).toBeLessThan(0.95)
  })

  test('what is said to be an upper bound of the difference is none in at most 5 %', () => {
    const { within } = shares(() => normal() + 0.4, 0.4, 12)
    expect(within).toBeGreaterThan(0.95 - 0.013)
  })
})
