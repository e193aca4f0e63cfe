import { type ProxyState, readProxyState } from '../../../src/kube-proxy/model/proxy-state.ts'
import { build, countRules, type IptablesRules, isLargeCluster, partialSync, print } from '../../../src/kube-proxy/rules/iptables/index.ts'
import { type Case, casesIn, type Outcome, Tally } from './outcome.ts'

/**
 * How many rules and chains kube-proxy v1.36.2 hands to iptables-restore for so many Services with so many endpoints each, in a full sync
 * and in the partial one after an endpoint is added to the first Service; and how many bytes that is.
 */
export function check(file: unknown): Outcome {
  const tally = new Tally()
  for (const row of casesIn(file)) {
    tally.attempt(row.id, () => {
      const before = stateOf(row, 0)
      const full = build(before)
      tally.same(row.id, counted(full, before, row.expected), row.expected, 'full sync')
      const { afterOneEndpointAdded: expected } = row
      if (expected === undefined) return
      const after = stateOf(row, 1)
      tally.same(row.id, counted(partialSync(before, after, full), after, expected), expected, 'partial sync')
    })
  }
  return tally
}

/** The figures that the recording gives. */
function counted(rules: IptablesRules, state: ProxyState, expected: Case): Case {
  const figures: Case = { ...countRules(rules), largeClusterMode: isLargeCluster(state) }
  if ('bytes' in expected) figures.bytes = print(rules).length
  return Object.fromEntries(Object.keys(expected).map((name) => [name, figures[name]]))
}

/** The Services that the recording was made with; `added` endpoints more at the first. */
function stateOf(row: Case, added: number): ProxyState {
  const indexes = Array.from({ length: row.services }, (_, index) => index)
  return readProxyState({
    config: { localDetectorCIDR: '10.0.0.0/8', masqueradeRandomFully: false },
    nodeIPs: ['192.168.0.2'],
    services: indexes.map((index) => serviceOf(row, index)),
    endpointSlices: indexes.map((index) => sliceOf(index, row.endpointsPerService, index === 0 ? added : 0)),
  })
}

function serviceOf({ type, services, externalIPs, loadBalancerIP, loadBalancerSourceRanges }: Case, index: number): unknown {
  const nodePort = type === 'ClusterIP' ? {} : { nodePort: 30_000 + index }
  const balanced = {
    healthCheckNodePort: 32_000 + services + index,
    externalIPs,
    loadBalancerSourceRanges,
  }
  return {
    metadata: { namespace: 'namespace', name: `svc${index}` },
    spec: {
      type,
      clusterIP: address('10.0.0.1', index),
      ports: [{ name: '8080', protocol: 'TCP', port: 80 + index, ...nodePort }],
      ...(type === 'LoadBalancer' ? balanced : {}),
    },
    status: type === 'LoadBalancer' ? { loadBalancer: { ingress: [{ ip: loadBalancerIP }] } } : {},
  }
}

/** The address of the added endpoint is not recorded, but its length is, in the bytes: ten letters, however many endpoints there are. */
const ADDED = '172.16.9.1'

function sliceOf(index: number, endpoints: number, added: number): unknown {
  const recorded = Array.from({ length: endpoints }, (_, at) => address('172.16.0.1', at))
  return {
    metadata: { namespace: 'namespace', name: `svc${index}`, labels: { 'kubernetes.io/service-name': `svc${index}` } },
    addressType: 'IPv4',
    ports: [{ name: '8080', protocol: 'TCP', port: 8080 }],
    endpoints: [...recorded, ...new Array<string>(added).fill(ADDED)].map((endpoint) => ({ addresses: [endpoint] })),
  }
}

/** The address so many behind `first`. */
function address(first: string, offset: number): string {
  const [a, b, c, d] = first.split('.').map(Number) as [number, number, number, number]
  const sum = ((a * 256 + b) * 256 + c) * 256 + d + offset
  return [24, 16, 8, 0].map((shift) => (sum >>> shift) & 0xff).join('.')
}
