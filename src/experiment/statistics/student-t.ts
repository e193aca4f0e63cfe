import { gammaln } from 'simple-statistics'
import { exp, log, sqrt } from '../../engine/elementary.ts'
import { invert } from './invert.ts'

/** The share of Student's t distribution above t, t ≥ 0. `degrees` of freedom is above 0. Source: Abramowitz and Stegun, 26.7.1. */
export function studentUpperTail(t: number, degrees: number): number {
  if (t < 0) return 1 - studentUpperTail(-t, degrees)
  return incompleteBeta(degrees / (degrees + t * t), degrees / 2, 0.5) / 2
}

/** What the share `p` of the distribution does not exceed; 0 < p < 1. */
export function studentQuantile(p: number, degrees: number): number {
  if (p === 0.5) return 0
  if (p < 0.5) return -studentQuantile(1 - p, degrees)
  // With one degree, 1e9 is passed by a third of 1e-9.
  return invert((t) => -studentUpperTail(t, degrees), -(1 - p), { low: 0, high: 1e9 })
}

/** The regularised incomplete beta function I_x(a, b). */
export function incompleteBeta(x: number, a: number, b: number): number {
  if (x <= 0) return 0
  if (x >= 1) return 1
  // The fraction converges fast below the mean of the distribution, and the function is symmetric about swapping its sides.
  if (x > (a + 1) / (a + b + 2)) return 1 - incompleteBeta(1 - x, b, a)
  const front = exp(gammaln(a + b) - gammaln(a) - gammaln(b) + a * log(x) + b * log(1 - x))
  return (front * betaFraction(x, a, b)) / a
}

/** Lentz's way through the continued fraction of Abramowitz and Stegun, 26.5.8. */
function betaFraction(x: number, a: number, b: number): number {
  let numerator = 1
  let denominator = away(1 - ((a + b) * x) / (a + 1))
  denominator = 1 / denominator
  let fraction = denominator
  for (let m = 1; m <= TERMS_MAX; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m))
    denominator = 1 / away(1 + even * denominator)
    numerator = away(1 + even / numerator)
    fraction *= denominator * numerator
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1))
    denominator = 1 / away(1 + odd * denominator)
    numerator = away(1 + odd / numerator)
    const change = denominator * numerator
    fraction *= change
    if (Math.abs(change - 1) < 1e-16) break
  }
  return fraction
}

/** Terms grow with the root of the larger parameter: a thousand are enough for a million degrees. */
const TERMS_MAX = 2000

/** Lentz divides by these: none may be 0. */
function away(value: number): number {
  return Math.abs(value) < 1e-300 ? 1e-300 : value
}

/** Half of a t-interval of a mean at that confidence, from the standard deviation of `count` values. */
export function halfWidthOfMean(deviation: number, count: number, confidence: number): number {
  return (studentQuantile(1 - (1 - confidence) / 2, count - 1) * deviation) / sqrt(count)
}
