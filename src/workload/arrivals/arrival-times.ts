import type { Nanos } from '../../units.ts'

/** When the requests of an open-loop traffic are sent: a function that each kind of arrivals makes once a traffic, with a stream of its own. */
export interface ArrivalTimes {
  /**
   * The time of arrival `index`, counted from 0 and asked for in order, given that of the one before (the start for the first): not before it.
   * Infinity when there are no more.
   */
  next(index: number, before: Nanos): Nanos
}
