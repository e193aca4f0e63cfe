import { describe, expect, test } from 'vitest'
import { mix32 } from './mix.ts'
import { pick, rulesEvaluated, ruleThreshold, statisticRules, walk } from './statistic-cascade.ts'

/** A counter through the mixer: evenly spread 31-bit draws, the same every time. */
function draws(seed: number): () => number {
  let counter = Math.imul(seed, 0x10001)
  return () => mix32(counter++) >>> 1
}

describe('ruleThreshold', () => {
  test.each([
    // iptables -S prints what the kernel keeps: 0.50000000000, 0.33333333349, 0.25000000000, 0.20000000019
    [2, 0, 0x40000000],
    [3, 0, 715827883],
    [4, 0, 0x20000000],
    [5, 0, 429496730],
    [3, 1, 0x40000000],
    [3, 2, 0x80000000],
  ])('of %i endpoints, rule %i matches below %i of 2^31', (count, index, expected) => {
    expect(ruleThreshold(count, index)).toBe(expected)
  })

  test('is what ten printed decimals become in 31 bits, for up to 10,000 endpoints', () => {
    for (let left = 1; left <= 10_000; left += 1) {
      // toFixed rounds the exact binary value, as printf does.
      expect(ruleThreshold(left + 3, 3)).toBe(Math.round(Number((1 / left).toFixed(10)) * 0x80000000))
    }
  })
})

test('a draw below the threshold takes the rule, a draw that is equal to it goes on to the next', () => {
  const threshold = ruleThreshold(3, 0)
  expect(walk(3, () => threshold - 1)).toBe(0)
  const draws = [threshold, 0]
  expect(walk(3, () => draws.shift()!)).toBe(1)
})

test.each([1, 2, 3, 5, 7, 10, 50, 100, 1000, 5000])(
  'every one of %i endpoints gets 1/n to 1e-9 in exact fixed-point arithmetic',
  (count) => {
    // Shares as integers over 2^128, so that nothing is rounded but the last division by 2^31 a rule.
    const scale = 1n << 128n
    let left = scale
    for (let index = 0; index < count; index += 1) {
      const share = (left * BigInt(ruleThreshold(count, index))) >> 31n
      left -= share
      const error = share * BigInt(count) - scale
      const absolute = Number(error < 0n ? -error : error) / Number(scale) / count
      expect(absolute).toBeLessThan(1e-9)
    }
    expect(left).toBe(0n)
  },
)

/** Pearson's statistic of two samples of equal size over the same cells. */
function chiSquareTwoSamples(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, count, cell) => {
    const difference = count - b[cell]!
    return sum + (difference * difference) / (count + b[cell]!)
  }, 0)
}

// Limits: 99.99 % points of chi-square with count - 1 degrees of freedom.
test.each([
  [2, 15.2],
  [3, 18.4],
  [7, 27.9],
  [10, 33.7],
])('walking the cascade and picking directly give the same shares of %i endpoints', (count, limit) => {
  const draw = draws(count)
  const walked = new Array<number>(count).fill(0)
  const picked = new Array<number>(count).fill(0)
  for (let connection = 0; connection < 100_000; connection += 1) {
    walked[walk(count, draw)]! += 1
    picked[pick(count, draw() / 0x80000000)]! += 1
  }
  expect(chiSquareTwoSamples(walked, picked)).toBeLessThan(limit)
})

test('draws once a statistic rule, and never for the last one', () => {
  for (let count = 1; count <= 6; count += 1) {
    for (let target = 0; target < count; target += 1) {
      let drawn = 0
      // Refuse every rule before the target, accept the target.
      const index = walk(count, () => {
        drawn += 1
        return drawn <= target ? 0x7fffffff : 0
      })
      expect(index).toBe(target)
      expect(drawn).toBe(statisticRules(count, index))
      expect(rulesEvaluated(index)).toBe(target + 1)
    }
  }
})

test('a mean of (n + 1) / 2 rules is evaluated', () => {
  const draw = draws(99)
  let rules = 0
  for (let connection = 0; connection < 100_000; connection += 1) rules += rulesEvaluated(walk(9, draw))
  // Standard error of the mean: sqrt(80 / 12 / 100,000) = 0.0082
  expect(Math.abs(rules / 100_000 - 5)).toBeLessThan(0.033)
})

test('picks the last endpoint for the greatest uniform below 1', () => {
  expect(pick(3, 1 - Number.EPSILON / 2)).toBe(2)
  expect(pick(1, 0)).toBe(0)
})
