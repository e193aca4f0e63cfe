import type { ProxyEndpoint } from './endpoint.ts'
import type { ProxyConfig } from './proxy-config.ts'
import { type ServicePort, usesClusterEndpoints, usesLocalEndpoints } from './service-port.ts'

/** Which endpoints serve what, seen from one node. Each list keeps the order of the given endpoints. */
export interface EndpointCategories {
  /** For traffic under policy Cluster. */
  readonly cluster: readonly ProxyEndpoint[]
  /** For traffic under policy Local. */
  readonly local: readonly ProxyEndpoint[]
  /** All that some rule on this node leads to. */
  readonly allReachable: readonly ProxyEndpoint[]
  /** Whether there are usable endpoints anywhere: without, packets are rejected; with some elsewhere only, dropped. */
  readonly hasAny: boolean
}

const ZONE_LABEL = 'topology.kubernetes.io/zone'

const isServingTerminating = (endpoint: ProxyEndpoint) => endpoint.serving && endpoint.terminating

/**
 * Sorts a Service port's endpoints by what may reach them.
 *
 * Ready endpoints serve, restricted to this node's or this zone's hints where every ready endpoint has one and some match; where no endpoint
 * is ready, those that are terminating and still serving take over. Under policy Local the same is decided among this node's endpoints alone.
 *
 * Source: kubernetes v1.36.2 pkg/proxy/topology.go CategorizeEndpoints.
 */
export function categorizeEndpoints(
  endpoints: readonly ProxyEndpoint[],
  servicePort: ServicePort,
  config: Pick<ProxyConfig, 'nodeName' | 'topologyLabels'>,
): EndpointCategories {
  const usesCluster = usesClusterEndpoints(servicePort)
  const cluster = usesCluster ? clusterEndpoints(endpoints, config) : []
  if (!usesLocalEndpoints(servicePort)) return { cluster, local: [], allReachable: cluster, hasAny: cluster.length > 0 }

  const local = readyElseTerminating(endpoints.filter(({ isLocal }) => isLocal))
  const hasAny = endpoints.some((endpoint) => endpoint.ready || isServingTerminating(endpoint))
  if (!usesCluster) return { cluster, local, allReachable: local, hasAny }
  // Local endpoints may lack in the cluster's list: terminating ones, and those whose hints are for others.
  const reachable = new Set([...cluster, ...local])
  return { cluster, local, allReachable: endpoints.filter((endpoint) => reachable.has(endpoint)), hasAny }
}

function clusterEndpoints(endpoints: readonly ProxyEndpoint[], config: Pick<ProxyConfig, 'nodeName' | 'topologyLabels'>): ProxyEndpoint[] {
  const ready = endpoints.filter((endpoint) => endpoint.ready)
  if (ready.length === 0) return endpoints.filter(isServingTerminating)
  const zone = config.topologyLabels[ZONE_LABEL] ?? ''
  return hinted(ready, ({ nodeHints }) => nodeHints, config.nodeName) ?? hinted(ready, ({ zoneHints }) => zoneHints, zone) ?? ready
}

/** The endpoints hinted for `place`; null when hints do not count: one is missing, or none is for `place`. */
function hinted(
  ready: readonly ProxyEndpoint[],
  hintsOf: (endpoint: ProxyEndpoint) => readonly string[],
  place: string,
): ProxyEndpoint[] | null {
  if (ready.some((endpoint) => hintsOf(endpoint).length === 0)) return null
  const here = ready.filter((endpoint) => hintsOf(endpoint).includes(place))
  return here.length === 0 ? null : here
}

function readyElseTerminating(endpoints: readonly ProxyEndpoint[]): ProxyEndpoint[] {
  const ready = endpoints.filter((endpoint) => endpoint.ready)
  return ready.length > 0 ? ready : endpoints.filter(isServingTerminating)
}
