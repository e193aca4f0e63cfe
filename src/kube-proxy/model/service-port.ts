import { addressFamily, canonicalAddress, formatNetwork, type IpFamily, parseNetwork } from './ip-address.ts'
import type { ProxyConfig } from './proxy-config.ts'

export type ServiceProtocol = 'TCP' | 'UDP' | 'SCTP'

/**
 * One port of one Service as kube-proxy keeps it, for one IP family.
 *
 * Source: kubernetes v1.36.2 pkg/proxy/serviceport.go BaseServicePortInfo.
 */
export interface ServicePort {
  /** `namespace/name:port`; `namespace/name` when the port has no name. */
  readonly servicePortName: string
  readonly namespace: string
  readonly name: string
  readonly portName: string
  readonly protocol: ServiceProtocol
  readonly clusterIP: string
  readonly port: number
  /** 0 when there is none. */
  readonly nodePort: number
  readonly externalIPs: readonly string[]
  /** Ingress addresses of the load balancer that packets still carry when they reach the node (ipMode VIP). */
  readonly loadBalancerVIPs: readonly string[]
  /** Networks allowed to reach the load balancer's addresses; empty: all. */
  readonly loadBalancerSourceRanges: readonly string[]
  /** Seconds a client stays with its endpoint; null without session affinity. */
  readonly sessionAffinityClientIPSeconds: number | null
  readonly externalPolicyLocal: boolean
  readonly internalPolicyLocal: boolean
  /** 0 when there is none. */
  readonly healthCheckNodePort: number
}

/** The fields of a Service that are read. */
interface RawService {
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly labels?: Readonly<Record<string, string>> }
  readonly spec: {
    readonly type?: string
    readonly clusterIP?: string
    readonly clusterIPs?: readonly string[]
    readonly ipFamilies?: readonly string[]
    readonly ports?: readonly {
      readonly name?: string
      readonly protocol?: ServiceProtocol
      readonly port: number
      readonly nodePort?: number
    }[]
    readonly externalIPs?: readonly string[]
    readonly loadBalancerSourceRanges?: readonly string[]
    readonly sessionAffinity?: string
    readonly sessionAffinityConfig?: { readonly clientIP?: { readonly timeoutSeconds?: number } }
    readonly externalTrafficPolicy?: string
    readonly internalTrafficPolicy?: string
    readonly healthCheckNodePort?: number
  }
  readonly status?: { readonly loadBalancer?: { readonly ingress?: readonly { readonly ip?: string; readonly ipMode?: string }[] } }
}

/** Objects with one of these labels are another proxy's, or headless: kube-proxy does not watch them. Source: v1.36.2 cmd/kube-proxy/app. */
const UNWATCHED_LABELS = ['service.kubernetes.io/service-proxy-name', 'service.kubernetes.io/headless']

/** Source: Kubernetes API, spec.sessionAffinityConfig.clientIP.timeoutSeconds. */
export const DEFAULT_AFFINITY_SECONDS = 10_800

export function isWatched(labels: Readonly<Record<string, string>> | undefined): boolean {
  return labels === undefined || !UNWATCHED_LABELS.some((label) => Object.hasOwn(labels, label))
}

export function servicePortName(namespace: string, name: string, portName: string): string {
  return portName === '' ? `${namespace}/${name}` : `${namespace}/${name}:${portName}`
}

/** The Service ports of raw Kubernetes objects, in the objects' order. Headless, ExternalName and other-family Services have none. */
export function readServicePorts(services: readonly unknown[], config: Pick<ProxyConfig, 'ipFamily'>): ServicePort[] {
  return (services as readonly RawService[]).flatMap((service) => portsOf(service, config.ipFamily))
}

function portsOf(service: RawService, family: IpFamily): ServicePort[] {
  const { metadata, spec } = service
  const clusterIP = clusterIPOf(spec, family)
  if (clusterIP === null || spec.type === 'ExternalName' || !isWatched(metadata.labels)) return []
  const type = spec.type ?? 'ClusterIP'
  const reachable = type === 'LoadBalancer' || type === 'NodePort' || (type === 'ClusterIP' && (spec.externalIPs ?? []).length > 0)
  const externalPolicyLocal = reachable && spec.externalTrafficPolicy === 'Local'
  const namespace = metadata.namespace ?? 'default'
  const common = {
    namespace,
    name: metadata.name,
    clusterIP,
    externalIPs: addressesOf(spec.externalIPs ?? [], family),
    loadBalancerVIPs: addressesOf(
      (service.status?.loadBalancer?.ingress ?? []).filter(({ ipMode }) => (ipMode ?? 'VIP') === 'VIP').map(({ ip }) => ip ?? ''),
      family,
    ),
    loadBalancerSourceRanges: networksOf(spec.loadBalancerSourceRanges ?? [], family),
    sessionAffinityClientIPSeconds:
      spec.sessionAffinity === 'ClientIP' ? (spec.sessionAffinityConfig?.clientIP?.timeoutSeconds ?? DEFAULT_AFFINITY_SECONDS) : null,
    externalPolicyLocal,
    internalPolicyLocal: spec.internalTrafficPolicy === 'Local',
    healthCheckNodePort: type === 'LoadBalancer' && externalPolicyLocal ? (spec.healthCheckNodePort ?? 0) : 0,
  }
  return (spec.ports ?? []).map(({ name = '', protocol = 'TCP', port, nodePort = 0 }) => ({
    ...common,
    servicePortName: servicePortName(namespace, metadata.name, name),
    portName: name,
    protocol,
    port,
    nodePort,
  }))
}

function clusterIPOf(spec: RawService['spec'], family: IpFamily): string | null {
  const primary = spec.clusterIP ?? ''
  if (primary === '' || primary === 'None') return null
  const families = spec.ipFamilies ?? []
  const text = families.length === 0 ? primary : (spec.clusterIPs?.[families.indexOf(family)] ?? '')
  return addressFamily(text) === family ? canonicalAddress(text) : null
}

function addressesOf(addresses: readonly string[], family: IpFamily): string[] {
  return addresses.filter((address) => addressFamily(address) === family).map((address) => canonicalAddress(address)!)
}

/** Source ranges may be padded with spaces: the API server's check lets them pass. */
function networksOf(networks: readonly string[], family: IpFamily): string[] {
  return networks
    .map((network) => parseNetwork(network.trim()))
    .filter((network) => network !== null && network.family === family)
    .map((network) => formatNetwork(network!))
}

/** Whether anything but the cluster IP leads to the Service port. */
export function externallyAccessible(port: ServicePort): boolean {
  return port.nodePort !== 0 || port.loadBalancerVIPs.length > 0 || port.externalIPs.length > 0
}

/**
 * Whether endpoints of the whole cluster may serve it: internal policy Cluster, or any way in from outside (under external policy Local
 * too, since the node's own pods and processes are let through to all endpoints).
 */
export function usesClusterEndpoints(port: ServicePort): boolean {
  return !port.internalPolicyLocal || externallyAccessible(port)
}

/** Whether some way in is restricted to this node's endpoints. */
export function usesLocalEndpoints(port: ServicePort): boolean {
  return port.internalPolicyLocal || (port.externalPolicyLocal && externallyAccessible(port))
}
