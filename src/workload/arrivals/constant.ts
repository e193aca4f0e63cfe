import { type Nanos, SECOND } from '../../units.ts'
import type { ArrivalTimes } from './arrival-times.ts'

/** Request k, from 0, goes out k / rate after the start: no drift. */
export function constantArrivals(ratePerSecond: number, start: Nanos): ArrivalTimes {
  return { next: (index) => start + Math.round((index * SECOND) / ratePerSecond) }
}
