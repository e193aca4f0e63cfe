import { distribution } from '../../engine/distributions.ts'
import type { RandomStream } from '../../engine/random-stream.ts'
import { SECOND } from '../../units.ts'
import type { ArrivalTimes } from './arrival-times.ts'

/** Gaps are exponential, the first counted from the start. */
export function poissonArrivals(ratePerSecond: number, stream: RandomStream): ArrivalTimes {
  const gap = distribution({ kind: 'exponential', mean: SECOND / ratePerSecond })
  return { next: (_index, before) => before + gap.sample(stream) }
}
