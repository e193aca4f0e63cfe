import fc from 'fast-check'
import { type ProxyState, readProxyState } from '../../../kube-proxy/model/proxy-state.ts'

/** Clusters for round trips: what a node of them is programmed with is read back. */

const HERE = 'here'

const endpoint = fc.record({
  last: fc.integer({ min: 1, max: 250 }),
  node: fc.constantFrom(HERE, 'there'),
  ready: fc.boolean(),
})

const service = fc.record({
  namespace: fc.constantFrom('shop', 'kube-system', 'a'),
  portName: fc.constantFrom('http', '', 'p-80'),
  protocol: fc.constantFrom('TCP', 'UDP', 'SCTP'),
  port: fc.integer({ min: 1, max: 29_999 }),
  targetPort: fc.integer({ min: 1, max: 65_535 }),
  form: fc.constantFrom('ClusterIP', 'NodePort', 'LoadBalancer', 'external'),
  internalLocal: fc.boolean(),
  externalLocal: fc.boolean(),
  affinity: fc.constantFrom(null, 1, 10_800, 86_400),
  ranges: fc.constantFrom<readonly string[]>([], ['203.0.113.0/25'], ['203.0.113.0/25', '198.51.100.0/24']),
  endpoints: fc.uniqueArray(endpoint, { maxLength: 5, selector: ({ last }) => last }),
})

export type DrawnService = typeof service extends fc.Arbitrary<infer T> ? T : never

export const cluster: fc.Arbitrary<readonly DrawnService[]> = fc.array(service, { maxLength: 6 })

/** What the node `here` sees. Endpoints of different Services have different addresses, so that IPVS's can be told apart. */
export function stateOf(services: readonly DrawnService[]): ProxyState {
  return readProxyState({
    config: { ipFamily: 'IPv4', nodeName: HERE, nodeIP: '192.168.0.2', localDetectorCIDR: '10.0.0.0/8', serviceCIDRs: ['172.30.0.0/16'] },
    nodeIPs: ['192.168.0.2', '192.168.1.2'],
    services: services.map((drawn, index) => ({
      metadata: { name: `svc-${index}`, namespace: drawn.namespace },
      spec: {
        type: drawn.form === 'external' ? 'ClusterIP' : drawn.form,
        clusterIP: `172.30.0.${index + 1}`,
        ports: [
          {
            ...{ name: drawn.portName, protocol: drawn.protocol, port: drawn.port },
            ...(drawn.form === 'NodePort' || drawn.form === 'LoadBalancer' ? { nodePort: 30_000 + index } : {}),
          },
        ],
        ...(drawn.form === 'external' ? { externalIPs: [`198.18.0.${index + 1}`] } : {}),
        ...(drawn.form === 'LoadBalancer' ? { loadBalancerSourceRanges: drawn.ranges, healthCheckNodePort: 32_000 + index } : {}),
        ...(drawn.affinity === null
          ? {}
          : { sessionAffinity: 'ClientIP', sessionAffinityConfig: { clientIP: { timeoutSeconds: drawn.affinity } } }),
        internalTrafficPolicy: drawn.internalLocal ? 'Local' : 'Cluster',
        externalTrafficPolicy: drawn.externalLocal ? 'Local' : 'Cluster',
      },
      ...(drawn.form === 'LoadBalancer' ? { status: { loadBalancer: { ingress: [{ ip: `198.51.100.${index + 1}` }] } } } : {}),
    })),
    endpointSlices: services.map((drawn, index) => ({
      metadata: { name: `svc-${index}-1`, namespace: drawn.namespace, labels: { 'kubernetes.io/service-name': `svc-${index}` } },
      addressType: 'IPv4',
      ports: [{ name: drawn.portName, protocol: drawn.protocol, port: drawn.targetPort }],
      endpoints: drawn.endpoints.map(({ last, node, ready }) => ({
        addresses: [`10.64.${index}.${last}`],
        conditions: { ready },
        nodeName: node,
      })),
    })),
  })
}
