import type { LabelSelector } from '../labels.ts'
import type { KubernetesObject } from './meta.ts'

/** What may be done to which resources; `*` stands for everything. */
export interface PolicyRule {
  readonly verbs: readonly string[]
  readonly apiGroups: readonly string[]
  /** `pods`, `pods/status`, or a subresource of every resource: one that begins with `*` and a slash. */
  readonly resources: readonly string[]
  /** Empty allows every name. */
  readonly resourceNames: readonly string[]
}

/** `rbac.authorization.k8s.io/v1`: rules within one namespace. */
export interface Role extends KubernetesObject {
  readonly kind: 'Role'
  readonly rules: readonly PolicyRule[]
}

/** Rules for the whole cluster, or for a namespace where a RoleBinding refers to them. */
export interface ClusterRole extends KubernetesObject {
  readonly kind: 'ClusterRole'
  readonly rules: readonly PolicyRule[]
  /** Its rules are those of all ClusterRoles that one of the selectors matches; a controller keeps them so. */
  readonly aggregationRule: { readonly clusterRoleSelectors: readonly LabelSelector[] } | null
}

/** To whom a role is given. */
export interface Subject {
  readonly kind: 'User' | 'Group' | 'ServiceAccount'
  readonly name: string
  /** Of a ServiceAccount. */
  readonly namespace: string
}

export interface RoleRef {
  readonly kind: 'Role' | 'ClusterRole'
  readonly name: string
}

export interface RoleBinding extends KubernetesObject {
  readonly kind: 'RoleBinding'
  readonly subjects: readonly Subject[]
  readonly roleRef: RoleRef
}

export interface ClusterRoleBinding extends KubernetesObject {
  readonly kind: 'ClusterRoleBinding'
  readonly subjects: readonly Subject[]
  readonly roleRef: RoleRef
}
