import type { ScalingBehavior, ScalingRules } from '../../../api/objects/index.ts'
import { type Nanos, SECOND } from '../../../units.ts'

/** How many replicas were asked for at a time, before any limit. */
export interface Recommendation {
  readonly replicas: number
  readonly at: Nanos
}

/** By how many replicas was scaled at a time, up or down; always more than 0. */
export interface ScaleEvent {
  readonly change: number
  readonly at: Nanos
}

/**
 * What the controller remembers of one autoscaler, in memory only. Entries that are too old are replaced, so a list stays as short as the
 * longest window asks for.
 *
 * Source: Kubernetes pkg/controller/podautoscaler/horizontal.go (recordInitialRecommendation, storeScaleEvent).
 */
export class ScalingHistory {
  readonly recommendations: Recommendation[]
  readonly scaleUps: ScaleEvent[]
  readonly scaleDowns: ScaleEvent[]

  constructor(recommendations: readonly Recommendation[], scaleUps: readonly ScaleEvent[] = [], scaleDowns: readonly ScaleEvent[] = []) {
    this.recommendations = [...recommendations]
    this.scaleUps = [...scaleUps]
    this.scaleDowns = [...scaleDowns]
  }

  /** Notes a recommendation in place of the last that `isOld`, or at the end. */
  recommend(recommendation: Recommendation, isOld: (past: Recommendation) => boolean): void {
    replaceLast(this.recommendations, recommendation, isOld)
  }

  /** Notes that the replicas were changed. Without a behaviour nobody asks for it. */
  scaled(behavior: ScalingBehavior | null, before: number, after: number, now: Nanos): void {
    if (behavior === null || before === after) return
    const [events, rules] = after > before ? [this.scaleUps, behavior.scaleUp] : [this.scaleDowns, behavior.scaleDown]
    const cutoff = now - longestPeriod(rules)
    replaceLast(events, { change: Math.abs(after - before), at: now }, ({ at }) => at < cutoff)
  }
}

function replaceLast<T>(list: T[], entry: T, isOld: (past: T) => boolean): void {
  const place = list.findLastIndex(isOld)
  if (place < 0) list.push(entry)
  else list[place] = entry
}

function longestPeriod({ policies }: ScalingRules): Nanos {
  return Math.max(0, ...policies.map((policy) => policy.periodSeconds)) * SECOND
}
