import { describe, expect, test } from 'vitest'
import { BackOff } from './back-off.ts'

const SEEDS = Array.from({ length: 4000 }, (_, index) => Math.imul(index + 1, 0x9e37_79b1))

describe('BackOff', () => {
  // Uniform on 0..m: mean m / 2, standard deviation m / √12; of 4000 draws the mean is within 4 × m / √12 / √4000 = 0.018 m.
  test.each([
    [1, 100],
    [2, 200],
    [3, 400],
    [4, 500],
    [5, 500],
    [60, 500],
  ])('before retry %i it is uniform up to %i', (number, most) => {
    const backOff = new BackOff({ base: 100, max: 500 })
    const waits = SEEDS.map((seed) => backOff.wait(seed, number))
    expect(Math.min(...waits)).toBe(0)
    expect(Math.max(...waits)).toBe(most)
    const mean = waits.reduce((sum, wait) => sum + wait, 0) / waits.length
    expect(Math.abs(mean - most / 2)).toBeLessThan(0.018 * most)
  })

  test('the waits of one request have nothing to do with each other', () => {
    const backOff = new BackOff({ base: 1000, max: 1000 })
    const pairs = SEEDS.map((seed) => [backOff.wait(seed, 1) - 500, backOff.wait(seed, 2) - 500] as const)
    // Of independent pairs the correlation is within 4 / √4000 = 0.063.
    const covariance = pairs.reduce((sum, [first, second]) => sum + first * second, 0) / pairs.length
    expect(Math.abs(covariance / ((1000 * 1000) / 12))).toBeLessThan(0.063)
  })

  test('without a base there is none', () => {
    expect(new BackOff({ base: 0, max: 0 }).wait(7, 1)).toBe(0)
  })
})
