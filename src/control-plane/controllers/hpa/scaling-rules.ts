import type { ScalingRules } from '../../../api/objects/index.ts'
import { type Nanos, SECOND } from '../../../units.ts'
import type { ScaleEvent } from './scaling-history.ts'

/** What was scaled before, both ways. */
export interface ScaleEvents {
  readonly scaleUps: readonly ScaleEvent[]
  readonly scaleDowns: readonly ScaleEvent[]
}

/**
 * The most replicas that the policies allow now. Each policy counts from the replicas at the beginning of its period.
 *
 * Source: Kubernetes pkg/controller/podautoscaler/horizontal.go (calculateScaleUpLimitWithScalingRules).
 */
export function scaleUpLimit(current: number, rules: ScalingRules, events: ScaleEvents, now: Nanos): number {
  if (rules.selectPolicy === 'Disabled') return current
  const limits = rules.policies.map(({ type, value, periodSeconds }) => {
    const start = atPeriodStart(current, events, now - periodSeconds * SECOND)
    return type === 'Pods' ? start + value : Math.ceil(start * (1 + value / 100))
  })
  return rules.selectPolicy === 'Min' ? Math.min(...limits) : Math.max(...limits)
}

/** The fewest replicas that the policies allow now; may be below 0. Source: as above (calculateScaleDownLimitWithBehaviors). */
export function scaleDownLimit(current: number, rules: ScalingRules, events: ScaleEvents, now: Nanos): number {
  if (rules.selectPolicy === 'Disabled') return current
  const limits = rules.policies.map(({ type, value, periodSeconds }) => {
    const start = atPeriodStart(current, events, now - periodSeconds * SECOND)
    // + 0: a share of nothing is 0, not -0.
    return type === 'Pods' ? start - value : Math.trunc(start * (1 - value / 100)) + 0
  })
  return rules.selectPolicy === 'Min' ? Math.max(...limits) : Math.min(...limits)
}

function atPeriodStart(current: number, { scaleUps, scaleDowns }: ScaleEvents, cutoff: Nanos): number {
  return current - changesSince(scaleUps, cutoff) + changesSince(scaleDowns, cutoff)
}

function changesSince(events: readonly ScaleEvent[], cutoff: Nanos): number {
  let sum = 0
  for (const { change, at } of events) if (at > cutoff) sum += change
  return sum
}
