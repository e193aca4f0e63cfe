import type { KubernetesObject } from './meta.ts'

/** Where an Ingress sends requests: a port of a Service of its own namespace, by number or by name. */
export interface IngressBackend {
  readonly service: string
  readonly port: number | string
}

export interface IngressRuleSpec {
  /** Empty: any host. `*.` at the start stands for exactly one label. */
  readonly host: string
  readonly paths: readonly {
    readonly path: string
    readonly pathType: 'Exact' | 'Prefix' | 'ImplementationSpecific'
    readonly backend: IngressBackend
  }[]
}

/** `networking.k8s.io/v1`: which Service answers requests for a host and a path. What happens with it is its controller's business. */
export interface Ingress extends KubernetesObject {
  readonly kind: 'Ingress'
  readonly spec: {
    /** Name of the IngressClass; empty: none, until admission fills in the default one. */
    readonly ingressClassName: string
    /** What answers where no rule does; null: the controller's own default. */
    readonly defaultBackend: IngressBackend | null
    readonly rules: readonly IngressRuleSpec[]
    /** The hosts of each entry; an entry without any is for all hosts of the Ingress. */
    readonly tls?: readonly { readonly hosts: readonly string[] }[]
  }
}

/** `networking.k8s.io/v1`: which controller the Ingresses of a class belong to. */
export interface IngressClass extends KubernetesObject {
  readonly kind: 'IngressClass'
  readonly spec: { readonly controller: string }
}

/** An IngressClass with this annotation `true` is for Ingresses that name no class. */
export const DEFAULT_CLASS_ANNOTATION = 'ingressclass.kubernetes.io/is-default-class'
