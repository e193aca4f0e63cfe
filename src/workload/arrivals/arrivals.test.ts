import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { NamedStream } from '../../engine/random-stream.ts'
import { type Nanos, SECOND } from '../../units.ts'
import type { ArrivalSpec } from '../specs.ts'
import { arrivalTimes } from './index.ts'

/** All arrivals before `until`, in seconds after the start, which is 3 s. */
function times(spec: ArrivalSpec, until: number, seed = '1'): number[] {
  const start: Nanos = 3 * SECOND
  const arrivals = arrivalTimes(spec, start, new NamedStream(seed, 'arrivals'))
  const list: number[] = []
  for (let before = start; ; ) {
    before = arrivals.next(list.length, before)
    if (before >= start + until * SECOND) return list
    list.push((before - start) / SECOND)
  }
}

/**
 * Time-rescaling: a Poisson process of expected number m(t) is a process of rate 1 in m(t), so gaps of m are exponential with mean 1 and
 * deviation 1. Both are judged by a 99.9 % interval: 3.29 / sqrt(n) for the mean, 3.29 sqrt(8 / n) for the variance.
 */
function expectUnitPoisson(list: readonly number[], expectedNumber: (t: number) => number): void {
  const rescaled = list.map(expectedNumber)
  const gaps = rescaled.map((m, index) => m - (rescaled[index - 1] ?? 0))
  const n = gaps.length
  const mean = gaps.reduce((sum, gap) => sum + gap, 0) / n
  const variance = gaps.reduce((sum, gap) => sum + (gap - 1) * (gap - 1), 0) / n
  expect(Math.abs(mean - 1)).toBeLessThan(3.29 / Math.sqrt(n))
  expect(Math.abs(variance - 1)).toBeLessThan(3.29 * Math.sqrt(8 / n))
  expect(3.29 / Math.sqrt(n), 'the interval would show an error of 2 %').toBeLessThan(0.02)
}

describe('stages', () => {
  const stages: ArrivalSpec = {
    kind: 'stages',
    stages: [
      { length: 10 * SECOND, fromPerSecond: 0, toPerSecond: 2000 },
      { length: 5 * SECOND, fromPerSecond: 2000, toPerSecond: 2000 },
      { length: 5 * SECOND, fromPerSecond: 0, toPerSecond: 0 },
      { length: 20 * SECOND, fromPerSecond: 500, toPerSecond: 100 },
    ],
  }

  /** The area below the rate, piece by piece; at the end it stays at 100/s. */
  function area(t: number): number {
    if (t <= 10) return 100 * t * t
    if (t <= 15) return 10_000 + 2000 * (t - 10)
    if (t <= 20) return 20_000
    if (t <= 40) return 20_000 + 500 * (t - 20) - 10 * (t - 20) * (t - 20)
    return 26_000 + 100 * (t - 40)
  }

  test('the number sent follows the area below the rate', () => {
    expectUnitPoisson(times(stages, 100), area)
  })

  test('nothing is sent while the rate is 0, and never again where the last rate is 0', () => {
    expect(times(stages, 100).filter((t) => t > 15 && t < 20)).toEqual([])
    const ends = times({ kind: 'stages', stages: [{ length: 10 * SECOND, fromPerSecond: 1000, toPerSecond: 0 }] }, 1000)
    expect(ends.length).toBeGreaterThan(4500)
    expect(ends.at(-1)).toBeLessThanOrEqual(10)
  })

  /** The slow model: the expected number is searched by halving, instead of the root of a quadratic. */
  test('inverts the expected number of any stages, like a search by halving', () => {
    const rate = fc.integer({ min: 0, max: 50 })
    const stage = fc.record({ seconds: fc.integer({ min: 1, max: 8 }), fromPerSecond: rate, toPerSecond: rate })
    fc.assert(
      fc.property(fc.array(stage, { minLength: 1, maxLength: 4 }), fc.integer({ min: 1, max: 20 }), (list, last) => {
        const all = [...list, { seconds: 1, fromPerSecond: last, toPerSecond: last }]
        const spec: ArrivalSpec = { kind: 'stages', stages: all.map(({ seconds, ...rates }) => ({ ...rates, length: seconds * SECOND })) }
        const number = (t: number): number => {
          let [from, sum] = [0, 0]
          for (const { seconds, fromPerSecond, toPerSecond } of all) {
            const d = Math.min(seconds, t - from)
            if (d <= 0) return sum
            sum += fromPerSecond * d + ((toPerSecond - fromPerSecond) * d * d) / (2 * seconds)
            from += seconds
          }
          return sum + last * Math.max(0, t - from)
        }
        const stream = new NamedStream('7', 'arrivals')
        let before = 0
        for (const time of times(spec, 40, '7').slice(0, 50)) {
          const target = number(before) - Math.log(1 - stream.uniform())
          let [low, high] = [before, 1000]
          for (let round = 0; round < 60; round++) {
            const middle = (low + high) / 2
            if (number(middle) < target) low = middle
            else high = middle
          }
          expect(Math.abs(time - low)).toBeLessThan(1e-5)
          before = time
        }
      }),
    )
  })
})

test('diurnal: the number sent follows the area below a cosine with its peak where it is said to be', () => {
  const [mean, swing, period, peak] = [2000, 0.8, 24, 14]
  const list = times({ kind: 'diurnal', meanPerSecond: mean, swing, period: period * SECOND, peak: peak * SECOND }, 60)
  const angle = (t: number) => (2 * Math.PI * (t - peak)) / period
  expectUnitPoisson(list, (t) => mean * (t + ((swing * period) / (2 * Math.PI)) * (Math.sin(angle(t)) - Math.sin(angle(0)))))
  const within = (from: number, to: number) => list.filter((t) => t >= from && t < to).length
  expect(within(13, 15)).toBeGreaterThan(7 * within(1, 3))
})

describe('mmpp', () => {
  const [calm, burst, calmMean, burstMean] = [50, 900, 2, 0.5]
  const spec: ArrivalSpec = {
    kind: 'mmpp',
    phases: [
      { ratePerSecond: calm, mean: calmMean * SECOND },
      { ratePerSecond: burst, mean: burstMean * SECOND },
    ],
  }

  /**
   * Mean rate: the rates weighted with the share of time of their phase, (50 * 2 + 900 * 0.5) / 2.5 = 220/s. Index of dispersion of counts over long
   * windows: 1 + 2 (r1 - r2)² s1 s2 / ((s1 + s2)² (r1 s2 + r2 s1)) with r the rates and s the rates of leaving a phase (Fischer and
   * Meier-Hellstern, equation 18) = 1 + 2 * 850² * 0.5 * 2 / (2.5² * (50 * 2 + 900 * 0.5)) = 421.4.
   */
  test('mean rate and index of dispersion are those of theory', () => {
    const window = 100
    const windows = 400
    const counts: number[] = []
    for (let seed = 0; seed < 20; seed++) {
      const bins = new Array<number>(windows / 20).fill(0)
      for (const t of times(spec, (window * windows) / 20, String(seed))) bins[Math.floor(t / window)]!++
      counts.push(...bins)
    }
    const mean = counts.reduce((sum, count) => sum + count, 0) / counts.length
    const variance = counts.reduce((sum, count) => sum + (count - mean) * (count - mean), 0) / (counts.length - 1)
    const [leaveCalm, leaveBurst] = [1 / calmMean, 1 / burstMean]
    const dispersion =
      1 +
      (2 * (calm - burst) * (calm - burst) * leaveCalm * leaveBurst) /
        ((leaveCalm + leaveBurst) * (leaveCalm + leaveBurst) * (calm * leaveBurst + burst * leaveCalm))
    expect(dispersion).toBeCloseTo(421.36, 1)
    expect(Math.abs(mean - 220 * window)).toBeLessThan(3.29 * Math.sqrt(variance / counts.length))
    // A variance of 400 nearly normal counts has a deviation of sqrt(2 / 399) = 7 %.
    expect(Math.abs(variance / mean / dispersion - 1)).toBeLessThan(3.29 * 0.0708)
  })

  test('a phase of rate 0 is silent', () => {
    const quiet: ArrivalSpec = { kind: 'mmpp', phases: [{ ratePerSecond: 0, mean: SECOND }, spec.phases[1]] }
    const list = times(quiet, 1000)
    // A third of the time at 900/s.
    expect(list.length / 1000 / 300).toBeGreaterThan(0.85)
    expect(list.length / 1000 / 300).toBeLessThan(1.15)
  })
})

test('replay: the given times after the start, then nothing', () => {
  expect(times({ kind: 'replay', times: [0, 0, 1.5 * SECOND, 7 * SECOND] }, 100)).toEqual([0, 0, 1.5, 7])
})
