import type { KubernetesObject } from './meta.ts'

/** `scheduling.k8s.io/v1`: a name for a priority. */
export interface PriorityClass extends KubernetesObject {
  readonly kind: 'PriorityClass'
  readonly value: number
  /** Of pods that name no class. */
  readonly globalDefault: boolean
  readonly preemptionPolicy: 'Never' | 'PreemptLowerPriority'
}
