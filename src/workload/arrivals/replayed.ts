import type { Nanos } from '../../units.ts'
import type { ArrivalTimes } from './arrival-times.ts'

/** The given times after the start, ascending; then no more. */
export function replayedArrivals(times: readonly Nanos[], start: Nanos): ArrivalTimes {
  return { next: (index) => (index < times.length ? start + times[index]! : Number.POSITIVE_INFINITY) }
}
