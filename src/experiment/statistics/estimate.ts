import { mean as meanOf, sampleStandardDeviation } from 'simple-statistics'
import { halfWidthOfMean } from './student-t.ts'

/** An estimate from independent replications. */
export interface Estimate {
  readonly mean: number
  /** Of the 95 % t-interval of the mean; the mean itself with one replication. Not below 0, as counts are not. */
  readonly low: number
  readonly high: number
}

/** The mean of counts with its interval; 0 without values. */
export function estimate(values: readonly number[]): Estimate {
  if (values.length === 0) return { mean: 0, low: 0, high: 0 }
  const mean = meanOf([...values])
  if (values.length < 2) return { mean, low: mean, high: mean }
  const half = halfWidthOfMean(sampleStandardDeviation([...values]), values.length, 0.95)
  return { mean, low: Math.max(0, mean - half), high: mean + half }
}
