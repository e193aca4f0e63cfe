import { log, sqrt } from '../../engine/elementary.ts'
import type { RandomStream } from '../../engine/random-stream.ts'
import { type Nanos, SECOND } from '../../units.ts'
import type { ArrivalTimes } from './arrival-times.ts'

/** A stretch of time through which the rate changes evenly: `from` to `to`, in requests a second. A jump is two stretches that do not meet. */
export interface RateStage {
  readonly length: Nanos
  readonly fromPerSecond: number
  readonly toPerSecond: number
}

/**
 * A Poisson process whose rate follows stages, one after the other from the start; the last rate stays.
 *
 * The expected number of requests since the last one, as a function of time, is inverted at a standard exponential draw: exact, and one draw an
 * arrival. In a stage with rate r now and slope s, the number after d seconds is r d + s d² / 2.
 *
 * Source: E. Çinlar, Introduction to Stochastic Processes (1975), section 4.7.
 */
export function stagedArrivals(stages: readonly RateStage[], start: Nanos, stream: RandomStream): ArrivalTimes {
  let stage = 0
  let stageStart = start
  const restPerSecond = stages.at(-1)!.toPerSecond
  return {
    next(_index, before) {
      let mass = -log(1 - stream.uniform())
      let from = before
      for (; stage < stages.length; stage++) {
        const { length, fromPerSecond, toPerSecond } = stages[stage]!
        const slope = ((toPerSecond - fromPerSecond) * SECOND) / length
        const rate = fromPerSecond + (slope * (from - stageStart)) / SECOND
        const left = (stageStart + length - from) / SECOND
        const massLeft = rate * left + (slope * left * left) / 2
        if (mass < massLeft) return from + Math.min(Math.round(secondsFor(mass, rate, slope) * SECOND), stageStart + length - from)
        mass -= massLeft
        stageStart += length
        from = stageStart
      }
      return restPerSecond === 0 ? Number.POSITIVE_INFINITY : from + Math.round((mass * SECOND) / restPerSecond)
    },
  }
}

/** The smaller root of rate d + slope d² / 2 = mass, in the form that loses no digits when the slope is near 0. */
function secondsFor(mass: number, rate: number, slope: number): number {
  return (2 * mass) / (rate + sqrt(Math.max(0, rate * rate + 2 * slope * mass)))
}
