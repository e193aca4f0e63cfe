import { mean as meanOf, sampleStandardDeviation } from 'simple-statistics'
import { sqrt } from '../../engine/elementary.ts'
import type { RandomStream } from '../../engine/random-stream.ts'
import { type BootstrapMeans, bootstrapInterval, bootstrapMeans } from './bootstrap.ts'
import { type Normality, shapiroWilk } from './shapiro-wilk.ts'
import { signedRank } from './signed-rank.ts'
import { halfWidthOfMean, studentQuantile, studentUpperTail } from './student-t.ts'

/** The confidence of intervals, and of what is said of the absence of a difference. */
export const CONFIDENCE = 0.95

/** Below this p of Shapiro and Wilk differences are not taken for normal. */
export const NORMALITY_LEVEL = 0.05

/**
 * How a mean difference was judged.
 *
 * - `identical`: every difference is 0; there is nothing to judge.
 * - `single`: one pair, which says nothing about another seed.
 * - `t`: the paired t-test, differences being near enough to normal (or too few to tell).
 * - `signed-rank`: p by Wilcoxon as normality fails, and the interval by the bootstrap, widened to the t-interval where that is wider.
 * - `constant`: the same difference in every pair; p by Wilcoxon, the interval has no width.
 */
export type PairedMethod = 'identical' | 'single' | 't' | 'signed-rank' | 'constant'

/** What paired differences say of their mean. */
export interface Paired {
  readonly count: number
  readonly mean: number
  readonly method: PairedMethod
  /** Of the 95 % interval; null with one pair. */
  readonly low: number | null
  readonly high: number | null
  /** The mean is nearer to 0 than this, by two one-sided tests at 5 % each: the farther end of the 90 % interval. null with one pair. */
  readonly bound: number | null
  /** That the mean is above 0, below 0, or either, by chance alone; null where there is no test. */
  readonly pGreater: number | null
  readonly pLess: number | null
  readonly pTwoSided: number | null
  /** null where it was not tested. */
  readonly normality: Normality | null
}

/** At least one difference. The stream is drawn from only where normality fails. */
export function paired(differences: readonly number[], stream: () => RandomStream): Paired {
  const count = differences.length
  const first = differences[0]!
  const none = { low: null, high: null, bound: null, pGreater: null, pLess: null, pTwoSided: null, normality: null }
  if (differences.every((difference) => difference === 0))
    return { ...none, count, mean: 0, method: 'identical', ...(count > 1 ? { low: 0, high: 0, bound: 0 } : {}) }
  if (count === 1) return { ...none, count, mean: first, method: 'single' }
  if (differences.every((difference) => difference === first))
    return {
      ...byRank(differences),
      count,
      mean: first,
      method: 'constant',
      low: first,
      high: first,
      bound: Math.abs(first),
      normality: null,
    }
  const mean = meanOf([...differences])
  const normality = shapiroWilk(differences)
  if (normality === null || normality.p >= NORMALITY_LEVEL) return { ...byT(differences, mean), count, mean, method: 't', normality }
  const resampled = bootstrapMeans(differences, stream())
  const near = widened(differences, mean, resampled, 2 * CONFIDENCE - 1)
  const bound = Math.max(Math.abs(near.low), Math.abs(near.high))
  return {
    ...byRank(differences),
    ...widened(differences, mean, resampled, CONFIDENCE),
    count,
    mean,
    method: 'signed-rank',
    bound,
    normality,
  }
}

/**
 * The bootstrap's interval and the t-interval together. With a dozen differences whose tails are heavy the bootstrap alone covers 87 % instead of
 * 95 %, and the t-interval alone 91 % where they are skewed; together they cover 96 % and 93 %.
 */
function widened(differences: readonly number[], mean: number, resampled: BootstrapMeans, confidence: number): Interval {
  const { low, high } = bootstrapInterval(resampled, confidence)
  const half = halfWidthOfMean(sampleStandardDeviation([...differences]), differences.length, confidence)
  return { low: Math.min(low, mean - half), high: Math.max(high, mean + half) }
}

interface Interval {
  readonly low: number
  readonly high: number
}

function byT(differences: readonly number[], mean: number): Pick<Paired, 'low' | 'high' | 'bound' | 'pGreater' | 'pLess' | 'pTwoSided'> {
  const degrees = differences.length - 1
  const error = sampleStandardDeviation([...differences]) / sqrt(differences.length)
  const half = studentQuantile(1 - (1 - CONFIDENCE) / 2, degrees) * error
  const pGreater = studentUpperTail(mean / error, degrees)
  const pLess = studentUpperTail(-mean / error, degrees)
  const bound = Math.abs(mean) + studentQuantile(CONFIDENCE, degrees) * error
  return { low: mean - half, high: mean + half, bound, pGreater, pLess, pTwoSided: Math.min(1, 2 * Math.min(pGreater, pLess)) }
}

function byRank(differences: readonly number[]): Pick<Paired, 'pGreater' | 'pLess' | 'pTwoSided'> {
  const { pGreater, pLess, pTwoSided } = signedRank(differences)
  return { pGreater, pLess, pTwoSided }
}
