import type { RandomStream } from '../../engine/random-stream.ts'
import type { Nanos } from '../../units.ts'
import type { ArrivalSpec } from '../specs.ts'
import type { ArrivalTimes } from './arrival-times.ts'
import { constantArrivals } from './constant.ts'
import { diurnalArrivals } from './diurnal.ts'
import { mmppArrivals } from './mmpp.ts'
import { poissonArrivals } from './poisson.ts'
import { replayedArrivals } from './replayed.ts'
import { stagedArrivals } from './stages.ts'

export type { ArrivalTimes } from './arrival-times.ts'

/** Adds a kind of arrivals: a file beside this one, a form in the spec and a line here. */
export function arrivalTimes(spec: ArrivalSpec, start: Nanos, stream: RandomStream): ArrivalTimes {
  switch (spec.kind) {
    case 'constant':
      return constantArrivals(spec.ratePerSecond, start)
    case 'poisson':
      return poissonArrivals(spec.ratePerSecond, stream)
    case 'stages':
      return stagedArrivals(spec.stages, start, stream)
    case 'diurnal':
      return diurnalArrivals(spec, start, stream)
    case 'mmpp':
      return mmppArrivals(spec.phases, start, stream)
    case 'replay':
      return replayedArrivals(spec.times, start)
  }
}
