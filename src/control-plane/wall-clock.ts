import { MILLISECOND, type Nanos, SECOND } from '../units.ts'

/**
 * The wall date at the start of a run, for what follows the calendar (CronJobs): 2026-01-01T00:00:00Z, a Thursday.
 * *Assumption*: a constant, so that a run depends on nothing but its scenario and seed.
 */
export const EPOCH_UNIX_MS = 1_767_225_600_000

/** Milliseconds since 1970 at a simulated time, rounded down. */
export function unixMsOf(now: Nanos): number {
  return EPOCH_UNIX_MS + Math.floor(now / MILLISECOND)
}

/** The simulated time of a wall date. */
export function nanosOf(unixMs: number): Nanos {
  return (unixMs - EPOCH_UNIX_MS) * MILLISECOND
}

/**
 * A time as an object keeps it: whole seconds, rounded down. What a controller counts from such a time is up to a second early.
 *
 * Source: Kubernetes apimachinery/pkg/apis/meta/v1/time.go (MarshalJSON, RFC 3339 without fractions); seen in recorded back-offs, which
 * end on a whole second.
 */
export function wholeSecond(time: Nanos): Nanos {
  return Math.floor(time / SECOND) * SECOND
}
