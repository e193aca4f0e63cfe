import { log } from '../../engine/elementary.ts'
import type { RandomStream } from '../../engine/random-stream.ts'
import { type Nanos, SECOND } from '../../units.ts'
import type { ArrivalTimes } from './arrival-times.ts'

export interface MmppPhase {
  readonly ratePerSecond: number
  /** How long the phase lasts on average. */
  readonly mean: Nanos
}

/**
 * A Markov-modulated Poisson process of two phases, such as calm and burst, each of an exponential length. It starts in either with the share of time that the phase
 * has in the long run.
 *
 * Source: W. Fischer and K. Meier-Hellstern, The Markov-modulated Poisson process (MMPP) cookbook, Performance Evaluation 18 (1993).
 */
export function mmppArrivals(phases: readonly [MmppPhase, MmppPhase], start: Nanos, stream: RandomStream): ArrivalTimes {
  let phase: 0 | 1 = stream.uniform() * (phases[0].mean + phases[1].mean) < phases[0].mean ? 0 : 1
  let phaseEnd = start + exponential(phases[phase].mean, stream)
  return {
    next(_index, before) {
      for (let from = before; ; from = phaseEnd, phase = phase === 0 ? 1 : 0, phaseEnd = from + exponential(phases[phase].mean, stream)) {
        const { ratePerSecond } = phases[phase]
        // Gaps have no memory: one that reaches past the end of the phase is drawn again from there.
        const time = ratePerSecond === 0 ? Number.POSITIVE_INFINITY : from + exponential(SECOND / ratePerSecond, stream)
        if (time < phaseEnd) return time
      }
    },
  }
}

function exponential(mean: number, stream: RandomStream): Nanos {
  return Math.round(-log(1 - stream.uniform()) * mean)
}
