import type { MetricComparison } from '../../experiment/comparison/comparison.ts'
import type { ThresholdUnit } from '../../scenario/threshold-metrics.ts'
import { formatCount, formatMilliseconds, formatPercent, threeDigits } from '../format.ts'

const NOTHING = '–'

/** A value of a metric as people read it. */
export function formatValue(value: number | null, unit: ThresholdUnit): string {
  if (value === null) return NOTHING
  switch (unit) {
    case 'milliseconds':
      return formatMilliseconds(value)
    case 'fraction':
      return formatPercent(value)
    case 'ratio':
      return threeDigits(value)
    case 'perSecond':
      return `${threeDigits(value)}/s`
    case 'count':
      // Means of counts are seldom whole.
      return Number.isInteger(value) ? formatCount(value) : threeDigits(value)
  }
}

/** The size of a change: differences of rates are points, which are not a share of the rate. */
export function formatSize(size: number | null, unit: ThresholdUnit): string {
  if (size === null) return NOTHING
  const positive = Math.abs(size)
  if (unit !== 'fraction') return positive < 0.005 && positive > 0 && unit !== 'milliseconds' ? '<0.01' : formatValue(positive, unit)
  return formatPercent(positive).replace(' %', ' pp')
}

/** With its sign, `+8.13 ms`. */
export function formatDifference(difference: number | null, unit: ThresholdUnit): string {
  if (difference === null) return NOTHING
  return `${difference > 0 ? '+' : difference < 0 ? '−' : ''}${formatSize(difference, unit)}`
}

/** `[+1.2 ms, +3.4 ms]`; empty without an interval. */
export function formatInterval({ low, high, unit }: Pick<MetricComparison, 'low' | 'high' | 'unit'>): string {
  return low === null || high === null ? '' : `[${formatDifference(low, unit)}, ${formatDifference(high, unit)}]`
}

/** The change as a share of A, `+12 %`; empty where A is 0. */
export function formatRelative(relative: number | null): string {
  if (relative === null) return ''
  const percent = Math.abs(relative) * 100
  const digits = percent === 0 ? '0' : percent < 0.1 ? '<0.1' : percent < 9.95 ? percent.toFixed(1) : percent.toFixed(0)
  return `${relative > 0 ? '+' : relative < 0 ? '−' : ''}${digits} %`
}

/** A p value: with two digits, and not smaller than anybody should believe. */
export function formatP(p: number | null): string {
  if (p === null) return NOTHING
  if (p < 0.0001) return '<0.0001'
  return p >= 0.995 ? '1' : p < 0.001 ? p.toFixed(4) : p < 0.1 ? p.toFixed(3) : p.toFixed(2)
}

/** Half of the 95 % interval: a difference smaller than about this could have been missed. */
export function halfWidthOf({ low, high }: Pick<MetricComparison, 'low' | 'high'>): number | null {
  return low === null || high === null ? null : (high - low) / 2
}

/** A simulated moment in seconds, with the digits that it needs, at most to the microsecond. */
export function formatMoment(seconds: number): string {
  return `${Number(seconds.toFixed(6))} s`
}
