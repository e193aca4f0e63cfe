import { cos, log } from '../../engine/elementary.ts'
import type { RandomStream } from '../../engine/random-stream.ts'
import { type Nanos, SECOND } from '../../units.ts'
import type { ArrivalTimes } from './arrival-times.ts'

export interface DiurnalRate {
  readonly meanPerSecond: number
  /** Share of the mean by which the rate rises and falls, 0 to 1. */
  readonly swing: number
  readonly period: Nanos
  /** When the rate is highest, from the start. */
  readonly peak: Nanos
}

/**
 * A Poisson process whose rate is mean (1 + swing cos(2π (t − peak) / period)), t from the start.
 *
 * By thinning: candidates come at the highest rate, and each stays with probability rate / highest rate.
 *
 * Source: P. A. W. Lewis and G. S. Shedler, Simulation of nonhomogeneous Poisson processes by thinning (1979).
 */
export function diurnalArrivals({ meanPerSecond, swing, period, peak }: DiurnalRate, start: Nanos, stream: RandomStream): ArrivalTimes {
  const highest = meanPerSecond * (1 + swing)
  return {
    next(_index, before) {
      for (let time = before; ; ) {
        time += Math.round((-log(1 - stream.uniform()) * SECOND) / highest)
        const rate = meanPerSecond * (1 + swing * cos((2 * Math.PI * (time - start - peak)) / period))
        if (stream.uniform() * highest < rate) return time
      }
    },
  }
}
