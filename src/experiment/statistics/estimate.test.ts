import { describe, expect, test } from 'vitest'
import { estimate } from './estimate.ts'
import { quantileOf } from './nearest-rank.ts'
import { upperBoundOfNone } from './none-seen.ts'

describe('statistics of replications', () => {
  test('the interval of a mean is the t-interval', () => {
    // 1, 2, 3, 4: mean 2.5, s² = 5/3, half = 3.182 · √(5/12) = 2.054.
    const { mean, low, high } = estimate([1, 2, 3, 4])
    expect(mean).toBe(2.5)
    expect(high - mean).toBeCloseTo(2.054, 3)
    expect(mean - low).toBeCloseTo(2.054, 3)
  })

  test('an interval of counts does not go below zero', () => {
    expect(estimate([0, 0, 9]).low).toBe(0)
  })

  test('one replication has no interval, and none counts as none', () => {
    expect(estimate([7])).toEqual({ mean: 7, low: 7, high: 7 })
    expect(estimate([])).toEqual({ mean: 0, low: 0, high: 0 })
  })

  test('none of n is the rule of three: (1 − bound)^n = 0.05, about 3/n', () => {
    expect(upperBoundOfNone(29)).toBeCloseTo(0.0981, 4)
    expect(upperBoundOfNone(30_000) * 30_000).toBeCloseTo(2.996, 2)
    expect(upperBoundOfNone(0)).toBe(1)
  })

  test('a quantile is the smallest value with that share up to it', () => {
    expect(quantileOf([1, 2, 3, 4], 0.5)).toBe(2)
    expect(quantileOf([1, 2, 3, 4], 0.99)).toBe(4)
    expect(quantileOf([], 0.5)).toBeNull()
  })
})
