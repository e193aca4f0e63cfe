import type { KubernetesObject } from './meta.ts'

/** Amounts by resource name, as the API server writes them: exact, to be read with `parseQuantity`. */
export type Quantities = Readonly<Record<string, string>>

/** Bounds and defaults for one type of object. */
export interface LimitRangeItem {
  readonly type: 'Container' | 'Pod' | 'PersistentVolumeClaim'
  readonly min: Quantities
  readonly max: Quantities
  /** Limits of a container that has none. */
  readonly default: Quantities
  /** Requests of a container that has none. */
  readonly defaultRequest: Quantities
  readonly maxLimitRequestRatio: Quantities
}

/** `v1`: what every container and pod of a namespace gets, and must keep to. */
export interface LimitRange extends KubernetesObject {
  readonly kind: 'LimitRange'
  readonly spec: { readonly limits: readonly LimitRangeItem[] }
}

export type QuotaScope = 'BestEffort' | 'NotBestEffort' | 'Terminating' | 'NotTerminating' | 'PriorityClass' | 'CrossNamespacePodAffinity'

/** Which pods a quota is about. */
export interface ScopeRequirement {
  readonly scopeName: QuotaScope
  readonly operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist'
  readonly values: readonly string[]
}

/** `v1`: how much of each resource a namespace may hold. */
export interface ResourceQuota extends KubernetesObject {
  readonly kind: 'ResourceQuota'
  readonly spec: {
    readonly hard: Quantities
    /** `scopes` and `scopeSelector` together: all must hold. */
    readonly scopes: readonly ScopeRequirement[]
  }
  /** Empty until the controller has seen the quota. */
  readonly status: { readonly hard: Quantities; readonly used: Quantities }
}
