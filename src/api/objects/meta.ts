import type { Nanos } from '../../units.ts'

/** Label or annotation keys and values, in the order they were written. Never mutated. */
export type StringMap = Readonly<Record<string, string>>

/** Who owns an object, so that garbage collection can follow. */
export interface OwnerReference {
  readonly kind: string
  readonly name: string
  readonly uid: string
  /** The one owner that manages the object, as against mere co-owners. */
  readonly controller: boolean
  /** Foreground deletion of the owner waits for this object. Absent: it does not. */
  readonly blockOwnerDeletion?: boolean
}

/**
 * What every object carries. Objects are immutable values: an update makes a new object that shares what did not change.
 *
 * Times are simulated time; `null` stands for "not set".
 */
export interface ObjectMeta {
  readonly name: string
  /** Empty for a cluster-scoped kind. */
  readonly namespace: string
  /** Given by the API server at creation; empty before. */
  readonly uid: string
  readonly labels: StringMap
  readonly annotations: StringMap
  /** The etcd revision of the last write; 0 before the first. */
  readonly resourceVersion: number
  /** Counts changes of the desired state (spec). */
  readonly generation: number
  readonly creationTimestamp: Nanos
  readonly deletionTimestamp: Nanos | null
  readonly deletionGracePeriodSeconds: number | null
  readonly ownerReferences: readonly OwnerReference[]
  readonly finalizers: readonly string[]
}

/** What all kinds have in common. */
export interface KubernetesObject {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: ObjectMeta
}

/** `True`, `False` or `Unknown`, as the API spells it. */
export type ConditionStatus = 'True' | 'False' | 'Unknown'

/** One line of a `status.conditions` list. */
export interface Condition {
  readonly type: string
  readonly status: ConditionStatus
  readonly reason: string
  /** For people; not every condition has one. */
  readonly message?: string
  readonly lastTransitionTime: Nanos
  /** Of a Deployment's Progressing only: the last sign of progress, which its deadline counts from. */
  readonly lastUpdateTime?: Nanos
  /** Of a node's Ready only: when its kubelet last said so, by the node's clock. */
  readonly lastHeartbeatTime?: Nanos
}

/** A count or a percentage such as `"25%"`. */
export type IntOrString = number | string
