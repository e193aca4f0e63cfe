import type { LabelSelector } from '../labels.ts'
import type { KubernetesObject } from './meta.ts'
import type { Protocol } from './pod.ts'

/** Addresses in CIDR form. */
export interface IpBlock {
  readonly cidr: string
  readonly except: readonly string[]
}

/**
 * One kind of peer. An `ipBlock` stands alone. Without a `namespaceSelector` the pods of the policy's own namespace are meant, without a
 * `podSelector` all pods of the namespaces.
 */
export interface NetworkPolicyPeer {
  readonly podSelector: LabelSelector | null
  readonly namespaceSelector: LabelSelector | null
  readonly ipBlock: IpBlock | null
}

export interface NetworkPolicyPort {
  readonly protocol: Protocol
  /** A port number, the name of a container's port, or null: every port. */
  readonly port: number | string | null
  /** The last of a range that `port` begins; null: that one port. */
  readonly endPort: number | null
}

/** What one rule lets through. An empty list of peers is everybody, one of ports every port. */
export interface NetworkPolicyRule {
  readonly peers: readonly NetworkPolicyPeer[]
  readonly ports: readonly NetworkPolicyPort[]
}

/** `networking.k8s.io/v1`: which connections some pods of its namespace may have, in the directions that it is about. */
export interface NetworkPolicy extends KubernetesObject {
  readonly kind: 'NetworkPolicy'
  readonly spec: {
    readonly podSelector: LabelSelector
    readonly policyTypes: readonly ('Ingress' | 'Egress')[]
    readonly ingress: readonly NetworkPolicyRule[]
    readonly egress: readonly NetworkPolicyRule[]
  }
}
