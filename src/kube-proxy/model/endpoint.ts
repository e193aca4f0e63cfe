import { addressFamily, canonicalAddress, joinHostPort } from './ip-address.ts'
import type { ProxyConfig } from './proxy-config.ts'
import { isWatched, type ServiceProtocol, servicePortName } from './service-port.ts'

/**
 * One endpoint of a Service port as kube-proxy keeps it.
 *
 * Source: kubernetes v1.36.2 pkg/proxy/endpoint.go BaseEndpointInfo.
 */
export interface ProxyEndpoint {
  readonly address: string
  readonly port: number
  /** `ip:port`, IPv6 in brackets: the name it is sorted and hashed by. */
  readonly endpoint: string
  /** Whether it runs on this node. */
  readonly isLocal: boolean
  readonly ready: boolean
  readonly serving: boolean
  readonly terminating: boolean
  /** Zones that shall use it; empty: no hint. */
  readonly zoneHints: readonly string[]
  /** Nodes that shall use it; empty: no hint. */
  readonly nodeHints: readonly string[]
}

interface RawEndpoint {
  readonly addresses?: readonly string[]
  readonly conditions?: { readonly ready?: boolean; readonly serving?: boolean; readonly terminating?: boolean }
  readonly nodeName?: string
  readonly hints?: { readonly forZones?: readonly { readonly name: string }[]; readonly forNodes?: readonly { readonly name: string }[] }
}

interface RawEndpointSlice {
  readonly metadata: { readonly name?: string; readonly namespace?: string; readonly labels?: Readonly<Record<string, string>> }
  readonly addressType?: string
  readonly endpoints?: readonly RawEndpoint[] | null
  readonly ports?: readonly { readonly name?: string; readonly protocol?: ServiceProtocol; readonly port?: number | null }[] | null
}

/** Names a Service port's endpoints: one port name may stand in slices under two protocols. */
export function endpointsKey(name: string, protocol: ServiceProtocol): string {
  return `${name}/${protocol}`
}

/**
 * The endpoints of raw EndpointSlices by {@link endpointsKey}, each list sorted by `ip:port` as text. Slices are read in the order of their
 * names; of an endpoint that appears twice the first stays, unless a later one is local.
 *
 * Source: kubernetes v1.36.2 pkg/proxy/endpointslicecache.go.
 */
export function readEndpoints(
  slices: readonly unknown[],
  config: Pick<ProxyConfig, 'ipFamily' | 'nodeName'>,
): Map<string, ProxyEndpoint[]> {
  const found = new Map<string, Map<string, ProxyEndpoint>>()
  const inOrder = [...(slices as readonly RawEndpointSlice[])].sort((a, b) => compare(a.metadata.name ?? '', b.metadata.name ?? ''))
  for (const slice of inOrder) {
    const service = slice.metadata.labels?.['kubernetes.io/service-name']
    if (service === undefined || service === '' || slice.addressType !== config.ipFamily || !isWatched(slice.metadata.labels)) continue
    for (const { name, protocol = 'TCP', port } of slice.ports ?? []) {
      if (name === undefined || name === null || port === undefined || port === null || port === 0) continue
      const key = endpointsKey(servicePortName(slice.metadata.namespace ?? 'default', service, name), protocol)
      const endpoints = found.get(key) ?? new Map<string, ProxyEndpoint>()
      found.set(key, endpoints)
      for (const raw of slice.endpoints ?? []) add(endpoints, raw, port, config)
    }
  }
  return new Map([...found].map(([key, endpoints]) => [key, [...endpoints.values()].sort((a, b) => compare(a.endpoint, b.endpoint))]))
}

function add(
  endpoints: Map<string, ProxyEndpoint>,
  raw: RawEndpoint,
  port: number,
  config: Pick<ProxyConfig, 'ipFamily' | 'nodeName'>,
): void {
  const text = raw.addresses?.[0]
  if (text === undefined || addressFamily(text) !== config.ipFamily) return
  const address = canonicalAddress(text)!
  const endpoint = joinHostPort(address, port)
  const isLocal = raw.nodeName !== undefined && raw.nodeName === config.nodeName
  if (endpoints.has(endpoint) && !isLocal) return
  endpoints.set(endpoint, {
    address,
    port,
    endpoint,
    isLocal,
    // A condition that is not given reads: ready and serving yes, terminating no.
    ready: raw.conditions?.ready ?? true,
    serving: raw.conditions?.serving ?? true,
    terminating: raw.conditions?.terminating ?? false,
    zoneHints: (raw.hints?.forZones ?? []).map(({ name }) => name),
    nodeHints: (raw.hints?.forNodes ?? []).map(({ name }) => name),
  })
}

/** Order of code units, as bytes of ASCII compare. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
