import type { ThresholdUnit } from '../../scenario/threshold-metrics.ts'

/**
 * What one more in the last digit is, of a value as it is shown to people, in the unit of its metric (times in ms, rates as fractions). A test holds
 * it to how comparisons are written.
 */
export function lastShown(value: number, unit: ThresholdUnit): number {
  const size = Math.abs(value)
  switch (unit) {
    case 'milliseconds':
      return Math.min(thirdDigit(size), SECOND_IN_MS)
    case 'fraction':
      return size * 100 < 0.9995 || size * 100 >= 99.995 ? 1e-5 : 1e-4
    default:
      return size >= 99.95 ? 1 : size >= 9.995 ? 0.1 : 0.01
  }
}

/** Times of minutes are written in whole seconds. */
const SECOND_IN_MS = 1000
/** 0.01 µs is the least that is written. */
const SHORTEST_IN_MS = 1e-5

/** The place of the third digit that counts. */
function thirdDigit(value: number): number {
  let place = SHORTEST_IN_MS
  while (value >= 999.5 * place) place *= 10
  return place
}
