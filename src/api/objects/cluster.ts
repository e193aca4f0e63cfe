import type { Nanos } from '../../units.ts'
import type { Condition, KubernetesObject } from './meta.ts'
import type { Resources, TaintEffect } from './pod.ts'

export interface Taint {
  readonly key: string
  readonly value: string
  readonly effect: TaintEffect
}

export interface NodeImage {
  readonly names: readonly string[]
  readonly sizeBytes: number
}

export interface Node extends KubernetesObject {
  readonly kind: 'Node'
  readonly spec: {
    readonly podCIDR: string
    readonly unschedulable: boolean
    readonly taints: readonly Taint[]
  }
  readonly status: {
    readonly allocatable: Resources & { readonly pods: number }
    readonly conditions: readonly Condition[]
    readonly internalIP: string
    /** Images that are on the node, each under all its names. */
    readonly images?: readonly NodeImage[]
  }
}

/** A node's heartbeat: `coordination.k8s.io/v1` in the namespace `kube-node-lease`. */
export interface Lease extends KubernetesObject {
  readonly kind: 'Lease'
  readonly holder: string
  readonly renewTime: Nanos
  readonly durationSeconds: number
  /** When the holder got it, and how often it has changed hands: of leases that are competed for. */
  readonly acquireTime?: Nanos
  readonly transitions?: number
}

export interface Namespace extends KubernetesObject {
  readonly kind: 'Namespace'
  /** Active when not given. A namespace that is Terminating takes no new objects and goes once it is empty. */
  readonly status?: { readonly phase: 'Active' | 'Terminating' }
}

export interface ServiceAccount extends KubernetesObject {
  readonly kind: 'ServiceAccount'
}

/** A valid object of a kind that the model keeps but does not act on, such as a ConfigMap. */
export interface OpaqueObject extends KubernetesObject {
  readonly content: unknown
}
