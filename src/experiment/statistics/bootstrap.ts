import { mean, quantileSorted } from 'simple-statistics'
import { sqrt } from '../../engine/elementary.ts'
import type { RandomStream } from '../../engine/random-stream.ts'
import { normalCdf, normalQuantile } from './normal.ts'

/** Resamples: the ends of a 95 % interval then move by about a hundredth of its width from one stream to another. */
const RESAMPLES = 10_000

/** Means of resamples, ascending, with what is needed to read intervals of any confidence from them. */
export interface BootstrapMeans {
  readonly means: readonly number[]
  /** How far the estimate lies from the median of the resamples, in normal deviates. */
  readonly bias: number
  /** How fast the standard error grows with the mean, from leaving out one value after the other. */
  readonly acceleration: number
}

/** Draws as many values with replacement as there are, 10,000 times. At least two values, not all equal. */
export function bootstrapMeans(values: readonly number[], stream: RandomStream): BootstrapMeans {
  const estimate = mean([...values])
  const means = new Float64Array(RESAMPLES)
  for (let resample = 0; resample < RESAMPLES; resample++) {
    let sum = 0
    for (let draw = 0; draw < values.length; draw++) sum += values[stream.below(values.length)]!
    means[resample] = sum / values.length
  }
  means.sort()
  // Those that are equal count half. A resample of whole counts often is.
  const share = means.reduce((count, one) => count + (one < estimate ? 1 : one === estimate ? 0.5 : 0), 0) / RESAMPLES
  return { means: [...means], bias: normalQuantile(share), acceleration: accelerationOf(values, estimate) }
}

/**
 * The interval of the mean, bias-corrected and accelerated.
 *
 * Source: B. Efron, Better bootstrap confidence intervals, J. Amer. Statist. Assoc. 82 (1987).
 */
export function bootstrapInterval(
  { means, bias, acceleration }: BootstrapMeans,
  confidence: number,
): { readonly low: number; readonly high: number } {
  const end = (share: number): number => {
    const shifted = bias + normalQuantile(share)
    return quantileSorted(means as number[], normalCdf(bias + shifted / (1 - acceleration * shifted)))
  }
  return { low: end((1 - confidence) / 2), high: end(1 - (1 - confidence) / 2) }
}

/** A sixth of the skewness of the mean, by the jackknife: without value i the mean moves by (mean − xᵢ)/(n − 1). */
function accelerationOf(values: readonly number[], estimate: number): number {
  let squares = 0
  let cubes = 0
  for (const value of values) {
    const influence = value - estimate
    squares += influence * influence
    cubes += influence * influence * influence
  }
  return squares === 0 ? 0 : cubes / (6 * squares * sqrt(squares))
}
