import { MILLISECOND } from '../units.ts'
import type { Histogram } from './histogram.ts'
import type { QuantileSummary } from './summaries.ts'

/** A histogram of nanoseconds, in milliseconds. */
export function summaryInMilliseconds(histogram: Histogram): QuantileSummary {
  return {
    count: histogram.count,
    mean: toMilliseconds(histogram.mean),
    p50: toMilliseconds(histogram.quantile(0.5)),
    p90: toMilliseconds(histogram.quantile(0.9)),
    p99: toMilliseconds(histogram.quantile(0.99)),
    max: toMilliseconds(histogram.max),
  }
}

export function toMilliseconds(value: number | null): number | null {
  return value === null ? null : value / MILLISECOND
}
