import type { KubernetesObject, StringMap } from './meta.ts'
import type { Protocol } from './pod.ts'

export interface ServicePort {
  readonly name: string
  readonly protocol: Protocol
  readonly port: number
  /** A port number, or the name of a container port. */
  readonly targetPort: number | string
  /** 0 when the Service has none. */
  readonly nodePort: number
}

export interface ServiceSpec {
  readonly type: 'ClusterIP' | 'NodePort' | 'LoadBalancer' | 'ExternalName'
  /** Dotted IPv4; `None` for a headless Service; empty until the API server has allocated one. */
  readonly clusterIP: string
  readonly ports: readonly ServicePort[]
  /** null: endpoints are managed by somebody else. */
  readonly selector: StringMap | null
  readonly publishNotReadyAddresses: boolean
  /** Of type ExternalName: the name that it stands for. */
  readonly externalName?: string
  /** Absent: Cluster. */
  readonly internalTrafficPolicy?: 'Cluster' | 'Local'
  /** Absent: Cluster. */
  readonly externalTrafficPolicy?: 'Cluster' | 'Local'
  /** `sessionAffinity: ClientIP` with its `timeoutSeconds`; absent: no affinity. */
  readonly affinitySeconds?: number
  /** Absent: endpoints get no hints. */
  readonly trafficDistribution?: TrafficDistribution
}

export type TrafficDistribution = 'PreferClose' | 'PreferSameZone' | 'PreferSameNode'

export interface Service extends KubernetesObject {
  readonly kind: 'Service'
  readonly spec: ServiceSpec
}

export interface EndpointConditions {
  readonly ready: boolean
  readonly serving: boolean
  readonly terminating: boolean
}

export interface Endpoint {
  readonly address: string
  readonly conditions: EndpointConditions
  readonly nodeName: string
  readonly zone: string
  /** Who shall use the endpoint; absent: anybody. */
  readonly hints?: { readonly zones: readonly string[]; readonly nodes: readonly string[] }
  /** Name and uid of the pod behind the address. */
  readonly podName: string
  readonly podUid: string
}

export interface EndpointPort {
  readonly name: string
  readonly protocol: Protocol
  readonly port: number
}

/** Up to 100 endpoints of one Service. The Service's name is in the label `kubernetes.io/service-name`. */
export interface EndpointSlice extends KubernetesObject {
  readonly kind: 'EndpointSlice'
  readonly endpoints: readonly Endpoint[]
  readonly ports: readonly EndpointPort[]
}

export const SERVICE_NAME_LABEL = 'kubernetes.io/service-name'
/** On EndpointSlices of Services without an address: kube-proxy does not watch them. */
export const HEADLESS_LABEL = 'service.kubernetes.io/headless'
