import { categorizeEndpoints } from '../../../src/kube-proxy/model/categorize.ts'
import type { ProxyEndpoint } from '../../../src/kube-proxy/model/endpoint.ts'
import type { ServicePort } from '../../../src/kube-proxy/model/service-port.ts'
import { type Case, casesIn, type Outcome, Tally } from './outcome.ts'

/** Which endpoints CategorizeEndpoints of kube-proxy v1.36.2 gives for each policy, under topology hints and terminating endpoints. */
export function check(file: unknown): Outcome {
  const tally = new Tally()
  for (const row of casesIn(file)) {
    tally.attempt(row.id, () => {
      const { cluster, local, allReachable, hasAny } = categorizeEndpoints(
        row.endpoints.map((endpoint: Case) => endpointOf(endpoint, row.preferSameTrafficDistribution)),
        servicePortOf(row.service),
        { nodeName: row.nodeName, topologyLabels: row.nodeLabels ?? {} },
      )
      const got = {
        clusterEndpoints: names(cluster),
        localEndpoints: names(local),
        allEndpoints: names(allReachable),
        hasAnyEndpoints: hasAny,
      }
      const { clusterEndpoints, localEndpoints, allEndpoints, hasAnyEndpoints } = row.expected
      const expected = {
        clusterEndpoints: sorted(clusterEndpoints),
        localEndpoints: sorted(localEndpoints),
        allEndpoints: sorted(allEndpoints),
        hasAnyEndpoints,
      }
      tally.same(row.id, got, expected)
    })
  }
  return tally
}

function names(endpoints: readonly ProxyEndpoint[]): string[] {
  return sorted(endpoints.map(({ endpoint }) => endpoint))
}

function sorted(list: readonly string[] | null): string[] {
  return [...(list ?? [])].sort()
}

/** Without the feature PreferSameTrafficDistribution, hints for nodes are not read. */
function endpointOf(raw: Case, readsNodeHints: boolean): ProxyEndpoint {
  const colon = raw.endpoint.lastIndexOf(':')
  return {
    address: raw.endpoint.slice(0, colon),
    port: Number(raw.endpoint.slice(colon + 1)),
    endpoint: raw.endpoint,
    isLocal: raw.isLocal ?? false,
    ready: raw.ready ?? false,
    serving: raw.serving ?? false,
    terminating: raw.terminating ?? false,
    zoneHints: raw.zoneHints ?? [],
    nodeHints: readsNodeHints ? (raw.nodeHints ?? []) : [],
  }
}

function servicePortOf({ externalPolicyLocal, internalPolicyLocal, nodePort }: Case): ServicePort {
  return {
    servicePortName: 'ns/svc:port',
    namespace: 'ns',
    name: 'svc',
    portName: 'port',
    protocol: 'TCP',
    clusterIP: '10.0.0.1',
    port: 80,
    nodePort,
    externalIPs: [],
    loadBalancerVIPs: [],
    loadBalancerSourceRanges: [],
    sessionAffinityClientIPSeconds: null,
    externalPolicyLocal,
    internalPolicyLocal,
    healthCheckNodePort: 0,
  }
}
