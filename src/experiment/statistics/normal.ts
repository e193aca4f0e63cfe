import { exp } from '../../engine/elementary.ts'
import { invert } from './invert.ts'

const ROOT_OF_TWO_PI = 2.5066282746310002

/** From here on the tail is a continued fraction: the series would lose its digits by subtraction from one half. */
const TAIL_FROM = 3

/** The share of the standard normal distribution above x, with 13 digits also where it is tiny. */
export function normalUpperTail(x: number): number {
  if (x < 0) return 1 - normalUpperTail(-x)
  return x < TAIL_FROM ? 0.5 - density(x) * oddSeries(x) : density(x) / millsFraction(x)
}

export function normalCdf(x: number): number {
  return normalUpperTail(-x)
}

/** What the share `p` of the standard normal distribution does not exceed; 0 and 1 give the infinities. */
export function normalQuantile(p: number): number {
  if (p <= 0) return Number.NEGATIVE_INFINITY
  if (p >= 1) return Number.POSITIVE_INFINITY
  if (p === 0.5) return 0
  // The tail keeps its digits above the median only.
  return p < 0.5 ? -upperQuantile(p) : upperQuantile(1 - p)
}

function upperQuantile(tail: number): number {
  return invert((x) => -normalUpperTail(x), -tail, { low: 0, high: 40 })
}

function density(x: number): number {
  return exp((-x * x) / 2) / ROOT_OF_TWO_PI
}

/** x + x³/3 + x⁵/(3·5) + …: times the density it is the share between 0 and x. Source: G. Marsaglia, J. Stat. Soft. 11 (2004). */
function oddSeries(x: number): number {
  let term = x
  let sum = x
  for (let odd = 3; term > sum * 1e-17; odd += 2) {
    term *= (x * x) / odd
    sum += term
  }
  return sum
}

/** x + 1/(x + 2/(x + 3/(x + …))), the density over the tail. Source: Abramowitz and Stegun, 26.2.14. */
function millsFraction(x: number): number {
  // Terms that are needed fall with the square of x: 200 are enough from 3 on.
  let fraction = x
  for (let term = 200; term >= 1; term--) fraction = x + term / fraction
  return fraction
}
