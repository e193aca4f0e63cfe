import { describe, expect, test } from 'vitest'
import { invert } from './invert.ts'
import { normalCdf, normalQuantile, normalUpperTail } from './normal.ts'

/** Both agree to 13 digits: |got − wanted| is below 1e-13 of what is wanted. */
function close(got: number, wanted: number, digits = 1e-13): void {
  expect(Math.abs(got - wanted)).toBeLessThanOrEqual(Math.abs(wanted) * digits + 1e-300)
}

describe('the standard normal distribution', () => {
  // Recorded from SciPy 1.17.1, norm.sf.
  test.each([
    [-8, 0.9999999999999993],
    [-3, 0.9986501019683699],
    [-1, 0.8413447460685429],
    [0, 0.5],
    [0.5, 0.3085375387259869],
    [1, 0.15865525393145707],
    [1.959963984540054, 0.025],
    [2.999, 0.0013543365337271057],
    [3, 0.0013498980316300933],
    [3.001, 0.0013454728250849653],
    [5, 2.866515718791933e-7],
    [8, 6.22096057427174e-16],
    [20, 2.7536241186061556e-89],
    [37, 5.7255712225239266e-300],
  ])('above %f lies %e', (x, tail) => {
    close(normalUpperTail(x), tail, 2e-13)
    close(normalCdf(-x), tail, 2e-13)
  })

  // norm.ppf.
  test.each([
    [1e-300, -37.0470962993612],
    [1e-10, -6.361340902404056],
    [0.001, -3.090232306167813],
    [0.025, -1.9599639845400545],
    [0.2, -0.8416212335729142],
    [0.5, 0],
    [0.7, 0.5244005127080407],
    [0.975, 1.959963984540054],
    [0.999, 3.090232306167813],
  ])('the quantile of %e is %f', (p, x) => {
    close(normalQuantile(p), x, 1e-12)
  })

  test('all and nothing lie at the infinities', () => {
    expect(normalQuantile(0)).toBe(Number.NEGATIVE_INFINITY)
    expect(normalQuantile(1)).toBe(Number.POSITIVE_INFINITY)
  })
})

test('halving ends between two neighbouring numbers', () => {
  const root = invert((x) => x * x, 2, { low: 0, high: 2 })
  expect(root).toBe(Math.SQRT2)
})
