import type { Nanos } from '../../units.ts'
import type { LabelSelector } from '../labels.ts'
import type { Condition, IntOrString, KubernetesObject } from './meta.ts'

/** `policy/v1`: how many pods of a selection may be evicted at once. */
export interface PodDisruptionBudget extends KubernetesObject {
  readonly kind: 'PodDisruptionBudget'
  readonly spec: {
    /** One of the two is given; the other is null. */
    readonly minAvailable: IntOrString | null
    readonly maxUnavailable: IntOrString | null
    readonly selector: LabelSelector
    readonly unhealthyPodEvictionPolicy: 'IfHealthyBudget' | 'AlwaysAllow'
  }
  readonly status: PodDisruptionBudgetStatus
}

export interface PodDisruptionBudgetStatus {
  readonly observedGeneration: number
  readonly disruptionsAllowed: number
  readonly currentHealthy: number
  readonly desiredHealthy: number
  readonly expectedPods: number
  /** Pods whose eviction has been granted and is not seen yet, by name: when it was granted. */
  readonly disruptedPods: Readonly<Record<string, Nanos>>
  readonly conditions: readonly Condition[]
}
