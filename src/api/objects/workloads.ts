import type { LabelSelector } from '../labels.ts'
import type { Condition, IntOrString, KubernetesObject } from './meta.ts'
import type { PodTemplate } from './pod.ts'

export interface DeploymentSpec {
  readonly replicas: number
  readonly selector: LabelSelector
  readonly template: PodTemplate
  readonly strategy: DeploymentStrategy
  readonly minReadySeconds: number
  readonly revisionHistoryLimit: number
  readonly progressDeadlineSeconds: number
  readonly paused: boolean
}

export interface DeploymentStrategy {
  readonly type: 'RollingUpdate' | 'Recreate'
  readonly maxSurge: IntOrString
  readonly maxUnavailable: IntOrString
}

export interface DeploymentStatus {
  readonly observedGeneration: number
  readonly replicas: number
  readonly updatedReplicas: number
  readonly readyReplicas: number
  readonly availableReplicas: number
  readonly unavailableReplicas: number
  /** Pods that are being deleted; absent up to 1.34. */
  readonly terminatingReplicas?: number
  /** How often a template's hash has met the ReplicaSet of another template; absent for never. */
  readonly collisionCount?: number
  readonly conditions: readonly Condition[]
}

export interface Deployment extends KubernetesObject {
  readonly kind: 'Deployment'
  readonly spec: DeploymentSpec
  readonly status: DeploymentStatus
}

export interface ReplicaSetSpec {
  readonly replicas: number
  readonly selector: LabelSelector
  readonly template: PodTemplate
  readonly minReadySeconds: number
}

export interface ReplicaSetStatus {
  readonly observedGeneration: number
  readonly replicas: number
  readonly readyReplicas: number
  readonly availableReplicas: number
  readonly terminatingReplicas: number
}

export interface ReplicaSet extends KubernetesObject {
  readonly kind: 'ReplicaSet'
  readonly spec: ReplicaSetSpec
  readonly status: ReplicaSetStatus
}
