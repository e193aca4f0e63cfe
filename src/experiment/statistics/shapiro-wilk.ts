import { mean } from 'simple-statistics'
import { exp, log, sqrt } from '../../engine/elementary.ts'
import { normalQuantile, normalUpperTail } from './normal.ts'

export interface Normality {
  /** 1 for values that lie like those of a normal distribution; smaller otherwise. */
  readonly w: number
  /** How likely a W this small is for a normal distribution. */
  readonly p: number
}

/** With three values W says next to nothing; above 5,000 its approximation has not been checked by its author. */
const COUNT_MIN = 4
const COUNT_MAX = 5000

/**
 * The test of Shapiro and Wilk whether values come from a normal distribution; null where it cannot tell: with fewer than 4 values, more than
 * 5,000, or when all are equal. With few values it finds gross departures only.
 *
 * Source: P. Royston, Remark AS R94: a remark on algorithm AS 181, Appl. Statist. 44 (1995).
 */
export function shapiroWilk(values: readonly number[]): Normality | null {
  const count = values.length
  if (count < COUNT_MIN || count > COUNT_MAX) return null
  const ascending = [...values].sort((a, b) => a - b)
  const range = ascending[count - 1]! - ascending[0]!
  if (!(range > 0)) return null
  // Of the order of 1, so that no square is lost.
  const scaled = ascending.map((value) => (value - ascending[0]!) / range)
  const middle = mean(scaled)
  const squares = scaled.reduce((sum, value) => sum + (value - middle) * (value - middle), 0)
  const spread = weights(count).reduce((sum, weight, place) => sum + weight * (scaled[count - 1 - place]! - scaled[place]!), 0)
  const w = Math.min(1, (spread * spread) / squares)
  return { w, p: probability(w, count) }
}

/** Of the differences between the largest and the smallest, the second of both sides, and so on. */
function weights(count: number): readonly number[] {
  const half = Math.floor(count / 2)
  const scores = Array.from({ length: half }, (_, place) => -normalQuantile((place + 1 - 0.375) / (count + 0.25)))
  const squares = 2 * scores.reduce((sum, score) => sum + score * score, 0)
  const root = 1 / sqrt(count)
  const first = polynomial([0, 0.221157, -0.147981, -2.07119, 4.434685, -2.706056], root) + scores[0]! / sqrt(squares)
  if (count <= 5) {
    const rest = sqrt((squares - 2 * scores[0]! * scores[0]!) / (1 - 2 * first * first))
    return [first, ...scores.slice(1).map((score) => score / rest)]
  }
  const second = polynomial([0, 0.042981, -0.293762, -1.752461, 5.682633, -3.582633], root) + scores[1]! / sqrt(squares)
  const rest = sqrt((squares - 2 * scores[0]! * scores[0]! - 2 * scores[1]! * scores[1]!) / (1 - 2 * first * first - 2 * second * second))
  return [first, second, ...scores.slice(2).map((score) => score / rest)]
}

/** log(1 − W), transformed by the number of values, is about normal. */
function probability(w: number, count: number): number {
  if (w === 1) return 1
  const y = log(1 - w)
  if (count <= 11) {
    const limit = -2.273 + 0.459 * count
    if (y >= limit) return 0
    const mean = polynomial([0.544, -0.39978, 0.025054, -0.0006714], count)
    const deviation = exp(polynomial([1.3822, -0.77857, 0.062767, -0.0020322], count))
    return normalUpperTail((-log(limit - y) - mean) / deviation)
  }
  const size = log(count)
  const mean = polynomial([-1.5861, -0.31082, -0.083751, 0.0038915], size)
  const deviation = exp(polynomial([-0.4803, -0.082676, 0.0030302], size))
  return normalUpperTail((y - mean) / deviation)
}

/** The coefficient of the lowest power first. */
function polynomial(coefficients: readonly number[], x: number): number {
  return coefficients.reduceRight((sum, coefficient) => sum * x + coefficient, 0)
}
