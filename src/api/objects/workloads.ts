import type { LabelSelector } from '../labels.ts'
import type { Condition, IntOrString, KubernetesObject, StringMap } from './meta.ts'
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

export interface ReplicationControllerSpec {
  readonly replicas: number
  /** Equality only: what came before label selectors. */
  readonly selector: StringMap
  readonly template: PodTemplate
  readonly minReadySeconds: number
}

/** The forerunner of the ReplicaSet: `v1`. */
export interface ReplicationController extends KubernetesObject {
  readonly kind: 'ReplicationController'
  readonly spec: ReplicationControllerSpec
  readonly status: ReplicaSetStatus
}

export interface StatefulSetSpec {
  readonly replicas: number
  readonly selector: LabelSelector
  readonly template: PodTemplate
  readonly podManagementPolicy: 'OrderedReady' | 'Parallel'
  readonly updateStrategy: {
    readonly type: 'RollingUpdate' | 'OnDelete'
    /** Pods with a lower ordinal keep the current revision. */
    readonly partition: number
  }
  readonly minReadySeconds: number
  readonly revisionHistoryLimit: number
  readonly ordinals: { readonly start: number }
}

export interface StatefulSetStatus {
  readonly observedGeneration: number
  readonly replicas: number
  readonly readyReplicas: number
  readonly availableReplicas: number
  readonly currentReplicas: number
  readonly updatedReplicas: number
  /** Names of ControllerRevisions. */
  readonly currentRevision: string
  readonly updateRevision: string
}

export interface StatefulSet extends KubernetesObject {
  readonly kind: 'StatefulSet'
  readonly spec: StatefulSetSpec
  readonly status: StatefulSetStatus
}

export interface DaemonSetSpec {
  readonly selector: LabelSelector
  readonly template: PodTemplate
  readonly updateStrategy: {
    readonly type: 'RollingUpdate' | 'OnDelete'
    readonly maxUnavailable: IntOrString
    readonly maxSurge: IntOrString
  }
  readonly minReadySeconds: number
  readonly revisionHistoryLimit: number
}

export interface DaemonSetStatus {
  readonly observedGeneration: number
  readonly currentNumberScheduled: number
  readonly desiredNumberScheduled: number
  readonly numberMisscheduled: number
  readonly numberReady: number
  readonly numberAvailable: number
  readonly numberUnavailable: number
  readonly updatedNumberScheduled: number
}

export interface DaemonSet extends KubernetesObject {
  readonly kind: 'DaemonSet'
  readonly spec: DaemonSetSpec
  readonly status: DaemonSetStatus
}

/** A pod template that a StatefulSet or DaemonSet has, or had. */
export interface ControllerRevision extends KubernetesObject {
  readonly kind: 'ControllerRevision'
  /** Counts up; the highest is the newest. */
  readonly revision: number
  readonly data: PodTemplate
}
