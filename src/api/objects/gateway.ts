import type { Condition, KubernetesObject } from './meta.ts'

/** `gateway.networking.k8s.io/v1`: which controller the Gateways of a class belong to. */
export interface GatewayClass extends KubernetesObject {
  readonly kind: 'GatewayClass'
  readonly spec: { readonly controllerName: string }
  readonly status: { readonly conditions: readonly Condition[] }
}

/** A place where a Gateway takes requests. */
export interface GatewayListener {
  readonly name: string
  /** Empty: any host. `*.` at the start stands for one label or more. */
  readonly hostname: string
  readonly port: number
  readonly protocol: string
  /** From which namespaces routes may attach. */
  readonly from: 'Same' | 'All' | 'Selector'
}

/** `gateway.networking.k8s.io/v1`: where requests come in. */
export interface Gateway extends KubernetesObject {
  readonly kind: 'Gateway'
  readonly spec: { readonly gatewayClassName: string; readonly listeners: readonly GatewayListener[] }
  readonly status: {
    readonly conditions: readonly Condition[]
    readonly listeners: readonly { readonly name: string; readonly attachedRoutes: number }[]
  }
}

/** What a route attaches to. */
export interface ParentReference {
  readonly kind: string
  readonly namespace: string
  readonly name: string
  /** The listener; empty: every one that takes the route. */
  readonly sectionName: string
  /** null: any. */
  readonly port: number | null
}

/** One way for a request to be a rule's: all that is said must hold. */
export interface HttpRouteMatch {
  readonly pathType: 'Exact' | 'PathPrefix' | 'RegularExpression'
  readonly path: string
  readonly headers: readonly { readonly type: 'Exact' | 'RegularExpression'; readonly name: string; readonly value: string }[]
  /** Names of parameters that must be there. */
  readonly queryParams: readonly string[]
  /** Empty: any. */
  readonly method: string
}

/** Where a share of a rule's requests goes. */
export interface HttpBackendRef {
  readonly kind: string
  readonly namespace: string
  readonly name: string
  readonly port: number
  readonly weight: number
}

export interface HttpRouteRule {
  /** At least one. */
  readonly matches: readonly HttpRouteMatch[]
  /** Types of filters. */
  readonly filters: readonly string[]
  readonly backendRefs: readonly HttpBackendRef[]
}

/** `gateway.networking.k8s.io/v1`: which requests of a Gateway go to which Services. */
export interface HTTPRoute extends KubernetesObject {
  readonly kind: 'HTTPRoute'
  readonly spec: {
    readonly parentRefs: readonly ParentReference[]
    readonly hostnames: readonly string[]
    readonly rules: readonly HttpRouteRule[]
  }
  readonly status: {
    readonly parents: readonly {
      readonly parent: string
      readonly controllerName: string
      readonly conditions: readonly Condition[]
    }[]
  }
}
