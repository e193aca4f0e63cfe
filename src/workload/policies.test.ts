import { describe, expect, test } from 'vitest'
import type { KubeProxySpec } from '../kube-proxy/kube-proxy-spec.ts'
import { SECOND } from '../units.ts'
import { TestCluster } from './test-cluster.ts'

const MODES: readonly KubeProxySpec[] = [
  { mode: 'iptables', scheduler: 'rr' },
  { mode: 'ipvs', scheduler: 'rr' },
  { mode: 'nftables', scheduler: 'rr' },
]

/** Two nodes in one zone; the pods of `web` are all on the second, a client pod on each. */
function cluster(kubeProxy: KubeProxySpec, spec: NonNullable<Parameters<TestCluster['service']>[1]>) {
  const c = new TestCluster({ kubeProxy })
  const pods = [c.pod({ node: 1, app: 'web' }), c.pod({ node: 1, app: 'web' })]
  c.pod({ node: 0, app: 'far' })
  c.pod({ node: 1, app: 'near' })
  c.service('web', spec)
  c.sliceOf('web', pods)
  c.startProxies()
  return { c, pods }
}

function outcome(c: TestCluster, from: string, clients = 1): { ok: number; failedByCause: object } {
  c.traffic({ service: 'web', from, clients, ratePerSecond: 10, stop: c.sim.now + 10 * SECOND })
  c.sim.run(c.sim.now + 20 * SECOND)
  c.dataPlane.checkConservation()
  const { ok, failedByCause } = c.dataPlane.trafficSummaries()[0]!
  return { ok, failedByCause }
}

describe('internalTrafficPolicy: Local', () => {
  const local = { spec: { internalTrafficPolicy: 'Local' as const } }

  test.each(MODES)('a client on the node of the pods is served ($mode)', (mode) => {
    expect(outcome(cluster(mode, local).c, 'near')).toEqual({ ok: 100, failedByCause: {} })
  })

  test.each([
    [MODES[0]!, 'connect-timeout'],
    [MODES[2]!, 'connect-timeout'],
    // kube-proxy gives IPVS a virtual server without real servers, which refuses.
    [MODES[1]!, 'no-endpoints'],
  ])('on another node its SYNs are dropped, but for ipvs ($0.mode)', (mode, cause) => {
    expect(outcome(cluster(mode, local).c, 'far')).toEqual({ ok: 0, failedByCause: { [cause]: 100 } })
  })
})

describe('externalTrafficPolicy: Local', () => {
  test.each(MODES)('the load balancer sends only to nodes with a ready endpoint ($mode)', (mode) => {
    const { c } = cluster(mode, { type: 'LoadBalancer', nodePort: 30_080, spec: { externalTrafficPolicy: 'Local' } })
    c.dataPlane.loadBalancer.watch(c.dataPlane.history.servicePort('shop', 'web', 80, 'TCP'))
    c.sim.run(c.sim.now + 30 * SECOND)
    expect(outcome(c, 'outside', 50)).toEqual({ ok: 100, failedByCause: {} })
  })

  test.each(MODES)('type NodePort has no such check: every second connection is lost ($mode)', (mode) => {
    const { c } = cluster(mode, { type: 'NodePort', nodePort: 30_080, spec: { externalTrafficPolicy: 'Local' } })
    c.dataPlane.loadBalancer.watch(c.dataPlane.history.servicePort('shop', 'web', 80, 'TCP'))
    c.sim.run(c.sim.now + 30 * SECOND)
    expect(outcome(c, 'outside', 50)).toEqual({ ok: 50, failedByCause: { 'connect-timeout': 50 } })
  })
})

describe('session affinity', () => {
  test.each(MODES)('one client outside and one pod reach one endpoint each, for as long as it is there ($mode)', (mode) => {
    const { c, pods } = cluster(mode, { spec: { affinitySeconds: 10_800 } })
    const { dataPlane } = c
    const port = dataPlane.history.servicePort('shop', 'web', 80, 'TCP')
    const connect = () => dataPlane.history.addresses.endpointName(dataPlane.mode.connect(0, port, 0, c.sim.now, 77))
    const first = new Set(Array.from({ length: 40 }, connect))
    expect(first.size).toBe(1)
    const [name] = first
    const left = pods.filter(({ address }) => `${address}:8080` !== name)
    c.sliceOf('web', left)
    c.sim.run(c.sim.now + 5 * SECOND)
    expect(connect()).toBe(`${left[0]!.address}:8080`)
    // The lists of an endpoint go with its rules: the client stays where it went meanwhile.
    c.sliceOf('web', pods)
    c.sim.run(c.sim.now + 5 * SECOND)
    expect(new Set(Array.from({ length: 40 }, connect))).toEqual(new Set([`${left[0]!.address}:8080`]))
  })

  test.each(['sh', 'mh', 'dh'] as const)('%s sends the same packet to the same endpoint', (scheduler) => {
    const { c } = cluster({ mode: 'ipvs', scheduler }, {})
    const port = c.dataPlane.history.servicePort('shop', 'web', 80, 'TCP')
    const pick = (client: number, clientPort: number) => c.dataPlane.mode.connect(0, port, 0, c.sim.now, client, clientPort)
    for (let client = 0; client < 30; client++) expect(pick(client, 40_000)).toBe(pick(client, 40_000))
    const byClient = new Set(Array.from({ length: 30 }, (_, client) => pick(client, 40_000)))
    const byPort = new Set(Array.from({ length: 30 }, (_, at) => pick(1, 40_000 + at)))
    // dh looks at neither, sh at the address alone, mh at both: kube-proxy gives it the flag for the port.
    expect([byClient.size, byPort.size]).toEqual({ sh: [2, 1], mh: [2, 2], dh: [1, 1] }[scheduler])
  })
})
