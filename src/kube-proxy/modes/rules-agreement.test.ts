import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type EndpointSlice, SERVICE_NAME_LABEL, type Service } from '../../api/objects/index.ts'
import { TestCluster } from '../../workload/test-cluster.ts'
import type { Verdict } from '../model/packet.ts'
import { type ProxyState, readProxyState } from '../model/proxy-state.ts'
import { countRules } from '../rules/iptables/count.ts'
import * as iptables from '../rules/iptables/index.ts'
import * as ipvs from '../rules/ipvs/index.ts'
import * as nftables from '../rules/nftables/index.ts'
import { CLUSTER_IP, DROPPED, type Entry, NO_RULE, NODE_PORT, REJECTED } from './mode.ts'

/**
 * The simulated nodes against the rules: random Services, slices and nodes are written once as a cluster's objects and once as the raw objects that
 * the rules are built from. Enough connections are made that each possible endpoint is seen: with n of n all as likely, at most 5, one is missed
 * in 100 connections with probability 5 × 0.8^100 = 1e-9; every connection has a client of its own, so that affinity does not narrow them.
 */
const CONNECTIONS = 100
const ZONES = ['a', 'b', '']
const NODES = ['worker-0', 'worker-1', 'worker-2']

const endpoint = fc.record({
  last: fc.integer({ min: 1, max: 5 }),
  ready: fc.boolean(),
  serving: fc.boolean(),
  terminating: fc.boolean(),
  node: fc.constantFrom(...NODES, 'elsewhere', ''),
  zones: fc.subarray(['a', 'b', 'c']),
  nodes: fc.oneof({ weight: 2, arbitrary: fc.constant<string[]>([]) }, { weight: 1, arbitrary: fc.subarray(NODES) }),
})
/** All endpoints with hints, or each with what was drawn. */
const slice = fc.record({ endpoints: fc.array(endpoint, { maxLength: 5 }), hinted: fc.constantFrom('as drawn', 'zones', 'nodes', 'none') })
const service = fc.record({
  type: fc.constantFrom('ClusterIP', 'NodePort', 'LoadBalancer'),
  internalLocal: fc.boolean(),
  externalLocal: fc.boolean(),
  affinity: fc.boolean(),
  slices: fc.array(slice, { maxLength: 2 }),
})
type Drawn = (typeof service extends fc.Arbitrary<infer T> ? T : never)[]

function hintsOf(drawn: Drawn[number]['slices'][number], one: Drawn[number]['slices'][number]['endpoints'][number]) {
  if (drawn.hinted === 'none') return { zones: [], nodes: [] }
  if (drawn.hinted === 'as drawn') return { zones: one.zones, nodes: one.nodes }
  return { zones: one.zones.length > 0 ? one.zones : ['a'], nodes: drawn.hinted === 'nodes' ? [one.node || NODES[0]!] : [] }
}

const meta = (name: string, labels: Readonly<Record<string, string>> = {}) => ({
  ...{ name, namespace: 'shop', labels, uid: '', annotations: {}, resourceVersion: 0, generation: 1, creationTimestamp: 0 },
  ...{ deletionTimestamp: null, deletionGracePeriodSeconds: null, ownerReferences: [], finalizers: [] },
})

function addressOf(drawn: { last: number }): string {
  return `10.0.0.${drawn.last}`
}

function publish(c: TestCluster, services: Drawn): void {
  for (const [index, drawn] of services.entries()) {
    const object: Service = {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: meta(`s${index}`),
      spec: {
        type: drawn.type as Service['spec']['type'],
        clusterIP: `172.30.0.${index + 1}`,
        ports: [{ name: 'p80', protocol: 'TCP', port: 80, targetPort: 8080, nodePort: drawn.type === 'ClusterIP' ? 0 : 30_001 + index }],
        selector: null,
        publishNotReadyAddresses: false,
        internalTrafficPolicy: drawn.internalLocal ? 'Local' : 'Cluster',
        externalTrafficPolicy: drawn.externalLocal ? 'Local' : 'Cluster',
        ...(drawn.affinity ? { affinitySeconds: 10_800 } : {}),
      },
    }
    c.publish(object, false)
    // The later name first: what counts is the order of names, not of events.
    for (const [at, { endpoints, ...rest }] of [...drawn.slices.entries()].reverse()) {
      const written: EndpointSlice = {
        apiVersion: 'discovery.k8s.io/v1',
        kind: 'EndpointSlice',
        metadata: meta(`s${index}-${at}`, { [SERVICE_NAME_LABEL]: `s${index}` }),
        endpoints: endpoints.map((one) => ({
          address: addressOf(one),
          conditions: { ready: one.ready, serving: one.serving, terminating: one.terminating },
          ...{ nodeName: one.node, zone: '', podName: '', podUid: '' },
          hints: hintsOf({ endpoints, ...rest }, one),
        })),
        ports: [{ name: 'p80', protocol: 'TCP', port: 8080 }],
      }
      c.publish(written, false)
    }
  }
}

function stateOf(services: Drawn, node: number, balancerIPs: boolean): ProxyState {
  return readProxyState({
    config: {
      localDetectorCIDR: '10.0.0.0/8',
      topologyLabels: ZONES[node] === '' ? {} : { 'topology.kubernetes.io/zone': ZONES[node]! },
      scheduler: 'rr',
    },
    nodeName: NODES[node]!,
    nodeIPs: [`192.168.0.${node + 1}`],
    services: services.map((drawn, index) => ({
      metadata: { namespace: 'shop', name: `s${index}` },
      spec: {
        type: drawn.type,
        clusterIP: `172.30.0.${index + 1}`,
        ports: [{ name: 'p80', protocol: 'TCP', port: 80, ...(drawn.type === 'ClusterIP' ? {} : { nodePort: 30_001 + index }) }],
        internalTrafficPolicy: drawn.internalLocal ? 'Local' : 'Cluster',
        externalTrafficPolicy: drawn.externalLocal ? 'Local' : 'Cluster',
        sessionAffinity: drawn.affinity ? 'ClientIP' : 'None',
        healthCheckNodePort: 31_001 + index,
      },
      status: { loadBalancer: { ingress: balancerIPs && drawn.type === 'LoadBalancer' ? [{ ip: `1.2.3.${index + 1}` }] : [] } },
    })),
    endpointSlices: services.flatMap((drawn, index) =>
      drawn.slices.map((one, at) => ({
        metadata: { namespace: 'shop', name: `s${index}-${at}`, labels: { [SERVICE_NAME_LABEL]: `s${index}` } },
        addressType: 'IPv4',
        ports: [{ name: 'p80', protocol: 'TCP', port: 8080 }],
        endpoints: one.endpoints.map((drawnEndpoint) => {
          const hints = hintsOf(one, drawnEndpoint)
          return {
            addresses: [addressOf(drawnEndpoint)],
            conditions: { ready: drawnEndpoint.ready, serving: drawnEndpoint.serving, terminating: drawnEndpoint.terminating },
            nodeName: drawnEndpoint.node,
            hints: { forZones: hints.zones.map((name) => ({ name })), forNodes: hints.nodes.map((name) => ({ name })) },
          }
        }),
      })),
    ),
  })
}

interface Seen {
  readonly kind: Verdict['kind']
  readonly endpoints: readonly string[]
}

function connections(c: TestCluster, node: number, name: string, port: number, entry: Entry): Seen {
  const { history, mode } = c.dataPlane
  const id = history.servicePort('shop', name, port, 'TCP')
  const answers = new Set(
    Array.from({ length: CONNECTIONS }, (_, client) => mode.connect(node, id, entry, c.sim.now, client + 1000 * entry)),
  )
  const [first] = answers
  const kinds = new Map<number, Verdict['kind']>([
    [REJECTED, 'reject'],
    [DROPPED, 'drop'],
    [NO_RULE, 'none'],
  ])
  if (first! < 0) return { kind: answers.size === 1 ? kinds.get(first!)! : 'accept', endpoints: [] }
  return { kind: 'dnat', endpoints: [...answers].map((endpoint) => history.addresses.endpointName(endpoint)).sort() }
}

const MODES = {
  iptables: (state: ProxyState) => {
    const rules = iptables.build(state)
    return { evaluate: (packet: Parameters<typeof iptables.evaluate>[1]) => iptables.evaluate(rules, packet) }
  },
  ipvs: (state: ProxyState) => {
    const rules = ipvs.build(state)
    return { evaluate: (packet: Parameters<typeof ipvs.evaluate>[1]) => ipvs.evaluate(rules, packet) }
  },
  nftables: (state: ProxyState) => {
    const rules = nftables.build(state)
    return { evaluate: (packet: Parameters<typeof nftables.evaluate>[1]) => nftables.evaluate(rules, packet) }
  },
} as const

describe('a simulated node sends packets where its rules would', () => {
  test.each(['iptables', 'ipvs', 'nftables'] as const)('%s', (mode) => {
    fc.assert(
      fc.property(fc.array(service, { minLength: 1, maxLength: 3 }), (services) => {
        const c = new TestCluster({ zones: ZONES, kubeProxy: { mode, scheduler: 'rr' } })
        publish(c, services)
        c.startProxies()
        for (let node = 0; node < NODES.length; node++) {
          const { evaluate } = MODES[mode](stateOf(services, node, false))
          for (const [index, drawn] of services.entries()) {
            const ways: [Entry, { sourceIP: string; destIP: string; destPort: number }][] = [
              [CLUSTER_IP, { sourceIP: '10.200.0.9', destIP: `172.30.0.${index + 1}`, destPort: 80 }],
              [CLUSTER_IP, { sourceIP: '10.200.0.9', destIP: `172.30.0.${index + 1}`, destPort: 81 }],
            ]
            if (drawn.type !== 'ClusterIP')
              ways.push([NODE_PORT, { sourceIP: '203.0.113.5', destIP: `192.168.0.${node + 1}`, destPort: 30_001 + index }])
            for (const [entry, packet] of ways) {
              const verdict = evaluate({ ...packet, protocol: 'TCP' })
              const port = packet.destPort === 81 ? 81 : 80
              const seen = connections(c, node, `s${index}`, port, entry)
              expect(seen).toEqual({ kind: verdict.kind, endpoints: [...verdict.endpoints].sort() })
              if (verdict.kind !== 'dnat') continue
              const local = c.dataPlane.history
                .endpoints(
                  c.dataPlane.history.rules(c.dataPlane.history.servicePort('shop', `s${index}`, 80, 'TCP'), c.revision)!.endpointPort,
                  c.revision,
                )
                .seenFrom(node)
                .local(node)
              const isHere = (name: string) => local.has(c.dataPlane.history.addresses.endpoint(name.split(':')[0]!, 8080))
              const returns = entry === CLUSTER_IP || verdict.masq || verdict.endpoints.every(isHere)
              expect(c.dataPlane.mode.answersReturn(node, c.dataPlane.history.servicePort('shop', `s${index}`, 80, 'TCP'), entry)).toBe(
                returns,
              )
            }
          }
        }
      }),
      { numRuns: 150 },
    )
  })
})

describe('a sync counts as many rules as there are', () => {
  test('iptables and ipvs, under all policies', () => {
    fc.assert(
      fc.property(fc.array(service, { minLength: 1, maxLength: 3 }), fc.array(service, { minLength: 1, maxLength: 3 }), (before, after) => {
        for (const mode of ['iptables', 'ipvs'] as const) {
          const c = new TestCluster({ zones: ZONES, kubeProxy: { mode, scheduler: 'rr' } })
          // The second state comes over the first, so that counts are changed and not made afresh.
          publish(c, before)
          c.startProxies()
          const same = before.map((one, index) => after[index] ?? one)
          const slices = same.map((one, index) => ({
            ...one,
            slices: before[index]!.slices.length > one.slices.length ? before[index]!.slices : one.slices,
          }))
          publish(c, slices)
          c.sim.run(c.sim.now + 60_000_000_000)
          const last = new Map<unknown, number>()
          for (const [, , node, , , , rules] of c.dataPlane.proxyTable().rows) last.set(node, rules as number)
          for (const [node, name] of NODES.entries()) {
            const state = stateOf(slices, node, mode === 'iptables')
            if (mode === 'iptables') {
              const { natRules, filterRules } = countRules(iptables.build(state))
              expect(last.get(name)).toBe(natRules + filterRules)
            } else {
              let entries = 0
              for (const server of ipvs.build(state).virtualServers.values()) entries += 1 + server.realServers.length
              expect(last.get(name)).toBe(entries)
            }
          }
        }
      }),
      { numRuns: 100 },
    )
  })
})
