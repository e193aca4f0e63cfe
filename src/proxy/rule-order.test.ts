import fc from 'fast-check'
import { expect, test } from 'vitest'
import { rulePosition } from './rule-order.ts'

test('is a permutation for every number of rules', () => {
  const check = (key: number, count: number): void => {
    const seen = new Uint8Array(count)
    for (let index = 0; index < count; index += 1) seen[rulePosition(key, index, count)]! += 1
    expect(seen.every((times) => times === 1)).toBe(true)
  }
  for (let count = 1; count <= 300; count += 1) check(count * 7919, count)
  fc.assert(fc.property(fc.integer(), fc.integer({ min: 300, max: 60_000 }), check), { numRuns: 30 })
})

test('gives the same place for the same key, and another order for another key', () => {
  const order = (key: number): number[] => Array.from({ length: 100 }, (_, index) => rulePosition(key, index, 100))
  expect(order(5)).toEqual(order(5))
  expect(order(5)).not.toEqual(order(6))
})

/** Pearson's statistic of `counts` against equal shares. */
function chiSquare(counts: readonly number[]): number {
  const expected = counts.reduce((sum, count) => sum + count, 0) / counts.length
  return counts.reduce((sum, count) => sum + (count - expected) * (count - expected), 0) / expected
}

/** The 99.99 % point for `freedom` degrees of freedom, by Wilson and Hilferty: f (1 - 2 / 9f + 3.719 sqrt(2 / 9f)) cubed. */
function chiSquareLimit(freedom: number): number {
  const term = 1 - 2 / (9 * freedom) + 3.719 * Math.sqrt(2 / (9 * freedom))
  return freedom * term * term * term
}

test.each([2, 3, 5, 7, 12, 16, 33, 100])('every place is equally likely over the keys, with %i rules', (count) => {
  const keys = 400 * count
  for (const index of [0, 1, count >> 1, count - 1]) {
    const counts = new Array<number>(count).fill(0)
    for (let key = 0; key < keys; key += 1) counts[rulePosition(key, index, count)]! += 1
    expect(chiSquare(counts)).toBeLessThan(chiSquareLimit(count - 1))
  }
})

test.each([2, 3, 4, 5, 9, 16])('every pair of places is equally likely for two neighbours, with %i rules', (count) => {
  const pairs = new Map<number, number>()
  const keys = 600 * count * count
  for (let key = 0; key < keys; key += 1) {
    const pair = rulePosition(key, 0, count) * count + rulePosition(key, 1, count)
    pairs.set(pair, (pairs.get(pair) ?? 0) + 1)
  }
  expect(pairs.size).toBe(count * (count - 1))
  expect(chiSquare([...pairs.values()])).toBeLessThan(chiSquareLimit(pairs.size - 1 || 1))
})

test('keys that differ in high bits only give different orders', () => {
  const places = new Set<number>()
  for (let bit = 0; bit < 32; bit += 1) places.add(rulePosition(1 << bit, 4711, 50_000))
  expect(places.size).toBeGreaterThan(30)
})

test('refuses a rule that is not one of count', () => {
  expect(() => rulePosition(1, 5, 5)).toThrow('the rule is one of count')
  expect(() => rulePosition(1, 0, 0)).toThrow('the rule is one of count')
  expect(() => rulePosition(1, -1, 5)).toThrow('the rule is one of count')
})

test('takes up to 2^30 rules', () => {
  expect(rulePosition(1, 12345, 0x40000000)).toBeLessThan(0x40000000)
  expect(() => rulePosition(1, 12345, 0x40000001)).toThrow('the rule is one of count')
})

// Recorded from this code. Any other shuffle would do as well, but a run must give the same bytes in the next version too.
test('gives the places that it has always given', () => {
  expect(Array.from({ length: 12 }, (_, index) => rulePosition(42, index, 12))).toEqual([7, 10, 1, 6, 3, 4, 0, 5, 9, 11, 8, 2])
  expect([0, 1, 25_000, 49_999].map((index) => rulePosition(-7, index, 50_000))).toEqual([20199, 31984, 48898, 4349])
})
