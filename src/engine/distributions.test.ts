import { createRequire } from 'node:module'
import { describe, expect, test } from 'vitest'
import { MICROSECOND, MILLISECOND } from '../units.ts'
import { type DistributionSpec, distribution, SAMPLE_MAX } from './distributions.ts'
import { NamedStream, ReseedableStream } from './random-stream.ts'

interface Inverse {
  inv(p: number, ...parameters: number[]): number
}
/** The oracle for quantiles, independent of our code. */
const jStat: Record<'normal' | 'lognormal' | 'gamma' | 'exponential' | 'pareto', Inverse> = createRequire(import.meta.url)('jstat')

const DRAWS = 400_000
/** The 0.9995 quantile of the standard normal: a two-sided 99.9 % interval. */
const Z = 3.2905
const MS = MILLISECOND
const LOG_SD = Math.log(60 / 8) / 2.3263478740408408

/** Kind, mean by theory, quantile function by theory. */
const cases: [string, DistributionSpec, number, (p: number) => number][] = [
  ['uniform', { kind: 'uniform', min: 2 * MS, max: 10 * MS }, 6 * MS, (p) => (2 + 8 * p) * MS],
  ['exponential', { kind: 'exponential', mean: 3 * MS }, 3 * MS, (p) => jStat.exponential.inv(p, 1 / 3) * MS],
  ['normal', { kind: 'normal', mean: 40 * MS, sd: 5 * MS }, 40 * MS, (p) => jStat.normal.inv(p, 40, 5) * MS],
  // mean of max(0, X): 1 Φ(1/2) + 2 φ(1/2) = 0.6914625 + 0.7041307
  ['normal, cut at 0', { kind: 'normal', mean: MS, sd: 2 * MS }, 1.3955932 * MS, (p) => Math.max(0, jStat.normal.inv(p, 1, 2)) * MS],
  // -1 Φ(-1) + φ(1) = -0.1586553 + 0.2419707
  ['normal, mostly cut', { kind: 'normal', mean: -MS, sd: MS }, 0.0833155 * MS, (p) => Math.max(0, jStat.normal.inv(p, -1, 1)) * MS],
  [
    'lognormal',
    { kind: 'lognormal', p50: 8 * MS, p99: 60 * MS },
    8 * MS * Math.exp(LOG_SD ** 2 / 2),
    (p) => jStat.lognormal.inv(p, Math.log(8 * MS), LOG_SD),
  ],
  ['gamma, shape 4', { kind: 'gamma', shape: 4, mean: 8 * MS }, 8 * MS, (p) => jStat.gamma.inv(p, 4, 2) * MS],
  ['gamma, shape 1', { kind: 'gamma', shape: 1, mean: 8 * MS }, 8 * MS, (p) => jStat.exponential.inv(p, 1 / 8) * MS],
  ['gamma, shape 0.4', { kind: 'gamma', shape: 0.4, mean: 8 * MS }, 8 * MS, (p) => jStat.gamma.inv(p, 0.4, 20) * MS],
  ['pareto', { kind: 'pareto', min: 2 * MS, alpha: 3.5 }, (3.5 / 2.5) * 2 * MS, (p) => jStat.pareto.inv(p, 2, 3.5) * MS],
  // quantiles 0, 1/4, 1/2, 3/4, 1 are 1, 2, 4, 4, 10 ms: mean (1.5 + 3 + 4 + 7) / 4
  [
    'empirical',
    { kind: 'empirical', values: [4 * MS, 10 * MS, 1 * MS, 4 * MS, 2 * MS] },
    3.875 * MS,
    (p) => (p < 0.25 ? 1 + 4 * p : p < 0.5 ? 2 + 8 * (p - 0.25) : p < 0.75 ? 4 : 4 + 24 * (p - 0.75)) * MS,
  ],
]

/** What of these samples lies outside a 99.9 % interval about theory. */
function complaints(samples: Float64Array, mean: number, quantile: (p: number) => number): string[] {
  const list: string[] = []
  const average = samples.reduce((sum, x) => sum + x, 0) / samples.length
  const variance = samples.reduce((sum, x) => sum + (x - average) ** 2, 0) / (samples.length - 1)
  const halfWidth = Z * Math.sqrt(variance / samples.length)
  if (Math.abs(average - mean) > halfWidth) list.push(`mean ${average} not ${mean} ± ${halfWidth}`)
  for (const p of [0.1, 0.3, 0.45, 0.9, 0.99, 0.999]) {
    const x = quantile(p)
    if (x <= 0) continue // the part that is cut to 0 is seen by the other quantiles
    const below = samples.reduce((count, sample) => count + (sample < x ? 1 : 0), 0) / samples.length
    if (Math.abs(below - p) > Z * Math.sqrt((p * (1 - p)) / samples.length)) list.push(`quantile ${p}: ${below} below ${x}`)
  }
  return list
}

describe.each(cases)('%s', (name, spec, mean, quantile) => {
  const rng = new NamedStream('2', name)
  const { sample, ...rest } = distribution(spec)
  const samples = Float64Array.from({ length: DRAWS }, () => sample(rng))

  test('has the mean and the quantiles of theory, and says its mean', () => {
    expect(rest.spec).toBe(spec)
    expect(Math.abs(rest.mean / mean - 1)).toBeLessThan(1e-6)
    expect(complaints(samples, mean, quantile)).toEqual([])
  })

  test('would be caught if it were 2 % longer', () => {
    const longer = samples.map((x) => x * 1.02)
    expect(complaints(longer, mean, quantile)).not.toEqual([])
  })

  test('gives whole nanoseconds from 0, the same for the same seed of a request', () => {
    expect(samples.every((x) => Number.isInteger(x) && x >= 0)).toBe(true)
    const own = new ReseedableStream(7)
    const first = [sample(own), sample(own)]
    own.reseed(7)
    expect([sample(own), sample(own)]).toEqual(first)
  })
})

test('a constant, a deviation of 0, p50 = p99, min = max and a single value are constants', () => {
  const rng = new NamedStream('1', 'constants')
  const value = 5 * MICROSECOND
  const specs: DistributionSpec[] = [
    { kind: 'constant', value },
    { kind: 'normal', mean: value, sd: 0 },
    { kind: 'lognormal', p50: value, p99: value },
    { kind: 'uniform', min: value, max: value },
    { kind: 'empirical', values: [value] },
  ]
  for (const spec of specs) {
    const { mean, sample } = distribution(spec)
    expect([mean, sample(rng), sample(rng)]).toEqual([value, value, value])
  }
})

test('a Pareto tail without a mean says Infinity and is cut at 2^52 ns', () => {
  const { mean, sample } = distribution({ kind: 'pareto', min: MILLISECOND, alpha: 0.1 })
  const rng = new NamedStream('1', 'tail')
  const samples = Array.from({ length: 1000 }, () => sample(rng))
  expect(mean).toBe(Number.POSITIVE_INFINITY)
  expect(Math.max(...samples)).toBe(SAMPLE_MAX)
  expect(Math.min(...samples)).toBeGreaterThanOrEqual(MILLISECOND)
})

test('parameters out of range are refused', () => {
  const specs: DistributionSpec[] = [
    { kind: 'constant', value: -1 },
    { kind: 'uniform', min: 2, max: 1 },
    { kind: 'exponential', mean: -1 },
    { kind: 'normal', mean: 1, sd: -1 },
    { kind: 'lognormal', p50: 2, p99: 1 },
    { kind: 'gamma', shape: 0, mean: 1 },
    { kind: 'pareto', min: 1, alpha: 0 },
    { kind: 'empirical', values: [] },
    { kind: 'empirical', values: [1, -1] },
  ]
  for (const spec of specs) expect(() => distribution(spec)).toThrow('istribution needs')
})
