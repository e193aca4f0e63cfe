import type { ScalingBehavior } from '../../../api/objects/index.ts'
import { type Nanos, SECOND } from '../../../units.ts'
import type { ScalingHistory } from './scaling-history.ts'
import { type ScaleEvents, scaleDownLimit, scaleUpLimit } from './scaling-rules.ts'

/** Source: `--horizontal-pod-autoscaler-downscale-stabilization`, v1.36.2 default. */
export const DOWNSCALE_STABILIZATION = 300 * SECOND

/** Without a behaviour: at most twice the replicas, but four at any rate. Source: horizontal.go (scaleUpLimitFactor, scaleUpLimitMinimum). */
export const SCALE_UP_FACTOR = 2
export const SCALE_UP_MINIMUM = 4

export interface Limited {
  readonly replicas: number
  readonly reason: 'DesiredWithinRange' | 'TooFewReplicas' | 'TooManyReplicas' | 'ScaleUpLimit' | 'ScaleDownLimit'
}

export interface Range {
  readonly min: number
  readonly max: number
}

export interface Stabilized {
  readonly replicas: number
  /** What AbleToScale says. */
  readonly reason: 'ReadyForNewScale' | 'ScaleUpStabilized' | 'ScaleDownStabilized'
}

/**
 * Without a behaviour: the most that was recommended within the window. The recommendation is noted.
 *
 * Source: Kubernetes pkg/controller/podautoscaler/horizontal.go (stabilizeRecommendation).
 */
export function stabilized(desired: number, history: ScalingHistory, now: Nanos, window: Nanos = DOWNSCALE_STABILIZATION): Stabilized {
  const cutoff = now - window
  let replicas = desired
  for (const past of history.recommendations) if (past.at >= cutoff) replicas = Math.max(replicas, past.replicas)
  history.recommend({ replicas: desired, at: now }, ({ at }) => at < cutoff)
  return { replicas, reason: replicas === desired ? 'ReadyForNewScale' : 'ScaleDownStabilized' }
}

/**
 * With a behaviour: as near to the present replicas as all recommendations within the windows allow; each direction has its own. The
 * recommendation is noted.
 *
 * Source: Kubernetes pkg/controller/podautoscaler/horizontal.go (stabilizeRecommendationWithBehaviors).
 */
export function stabilizedByBehavior(
  current: number,
  desired: number,
  windows: { readonly up: Nanos; readonly down: Nanos },
  history: ScalingHistory,
  now: Nanos,
): Stabilized {
  const upCutoff = now - windows.up
  const downCutoff = now - windows.down
  let least = desired
  let most = desired
  for (const past of history.recommendations) {
    if (past.at > upCutoff) least = Math.min(least, past.replicas)
    if (past.at > downCutoff) most = Math.max(most, past.replicas)
  }
  history.recommend({ replicas: desired, at: now }, ({ at }) => at < upCutoff && at < downCutoff)
  const replicas = Math.min(Math.max(current, least), most)
  if (replicas === desired) return { replicas, reason: 'ReadyForNewScale' }
  return { replicas, reason: desired >= current ? 'ScaleUpStabilized' : 'ScaleDownStabilized' }
}

/** Without a behaviour. Source: horizontal.go (convertDesiredReplicasWithRules). */
export function limited(current: number, desired: number, { min, max }: Range): Limited {
  const upLimit = Math.max(SCALE_UP_FACTOR * current, SCALE_UP_MINIMUM)
  if (desired < min) return { replicas: min, reason: 'TooFewReplicas' }
  if (desired > Math.min(max, upLimit))
    return max > upLimit ? { replicas: upLimit, reason: 'ScaleUpLimit' } : { replicas: max, reason: 'TooManyReplicas' }
  return { replicas: desired, reason: 'DesiredWithinRange' }
}

/** With a behaviour. Source: horizontal.go (convertDesiredReplicasWithBehaviorRate). */
export function limitedByBehavior(
  current: number,
  desired: number,
  { min, max }: Range,
  behavior: ScalingBehavior,
  events: ScaleEvents,
  now: Nanos,
): Limited {
  if (desired > current) {
    const limit = Math.max(current, scaleUpLimit(current, behavior.scaleUp, events, now))
    if (desired > Math.min(max, limit))
      return max > limit ? { replicas: limit, reason: 'ScaleUpLimit' } : { replicas: max, reason: 'TooManyReplicas' }
  } else if (desired < current) {
    const limit = Math.min(current, scaleDownLimit(current, behavior.scaleDown, events, now))
    if (desired < Math.max(min, limit))
      return min < limit ? { replicas: limit, reason: 'ScaleDownLimit' } : { replicas: min, reason: 'TooFewReplicas' }
  }
  return { replicas: desired, reason: 'DesiredWithinRange' }
}
