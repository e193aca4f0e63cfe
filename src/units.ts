/**
 * Simulated time: an integer number of nanoseconds in a `number`.
 *
 * Exact up to 2^53 ns, which is 104 days.
 */
export type Nanos = number

export const NANOSECOND: Nanos = 1
export const MICROSECOND: Nanos = 1_000
export const MILLISECOND: Nanos = 1_000_000
export const SECOND: Nanos = 1_000_000_000
export const MINUTE: Nanos = 60 * SECOND
export const HOUR: Nanos = 60 * MINUTE

/** Seconds, as a possibly fractional number, to whole nanoseconds. */
export function seconds(value: number): Nanos {
  return Math.round(value * SECOND)
}

/** Milliseconds, as a possibly fractional number, to whole nanoseconds. */
export function milliseconds(value: number): Nanos {
  return Math.round(value * MILLISECOND)
}
