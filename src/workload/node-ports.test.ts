import { describe, expect, test } from 'vitest'
import type { TrafficSummary } from '../metrics/summaries.ts'
import { LINUX_6_1 } from '../profiles/cost-profile.ts'
import { MILLISECOND, SECOND } from '../units.ts'
import { INSTANT, TEST_NETWORK, TestCluster, type TestPod } from './test-cluster.ts'

/** The one Service port is passed over in KUBE-SERVICES, then hit as the first of KUBE-NODEPORTS. */
const FIRST = LINUX_6_1.firstPacketNs('iptables-legacy', 1, 0, 1)
const LATER = LINUX_6_1.establishedPacketNs('iptables-legacy')
const { sameNode, sameZone, external } = TEST_NETWORK
const SERVICE = 7 * MILLISECOND
const WORKLOAD = { ...INSTANT, serviceTime: { kind: 'constant', value: SERVICE }, concurrency: 1000 } as const

function cluster(nodePort = 30080): { c: TestCluster; pod: TestPod } {
  const c = new TestCluster()
  const pod = c.pod({ node: 0, app: 'web', workload: WORKLOAD })
  c.service('web', { type: 'NodePort', nodePort })
  c.sliceOf('web', [pod])
  c.startProxies()
  return { c, pod }
}

type Options = Partial<Parameters<TestCluster['traffic']>[0]>

function send(c: TestCluster, node: number, times: readonly number[], options: Options = {}): void {
  c.traffic({ service: 'web', from: 'outside', node, arrivals: { kind: 'replay', times }, ...options })
}

function ended(c: TestCluster): TrafficSummary {
  c.sim.run(c.sim.now + 300 * SECOND)
  c.dataPlane.checkConservation()
  return c.dataPlane.trafficSummaries()[0]!
}

const nanos = (ms: number | null) => Math.round(ms! * MILLISECOND)

describe('clients outside that call at the node port of one node', () => {
  test.each([
    [0, sameNode],
    [1, sameZone],
  ])('reach the pod through node %i, at %i ns from it, from the first moment on', (node, oneWay) => {
    const { c } = cluster()
    send(c, node, [0])
    expect(nanos(ended(c).latencyMs.max)).toBe(FIRST + 3 * LATER + 4 * (external + oneWay) + SERVICE)
  })

  test('all go to that node', () => {
    const { c } = cluster()
    send(c, 1, [0, 1000, 2000, 3000])
    c.sim.run(c.sim.now + 40 * MILLISECOND)
    expect([0, 1].map((node) => c.dataPlane.conntrackEntries(node))).toEqual([4, 4])
  })

  test('hear nothing from a node that is down, however long it is: no balancer takes it out', () => {
    const { c } = cluster()
    c.dataPlane.crashNode(1)
    send(c, 1, [0, 100 * SECOND, 200 * SECOND])
    expect(ended(c)).toMatchObject({ ok: 0, failedByCause: { 'connect-timeout': 3 } })
  })

  test('get through by the SYN that is repeated after the node has booted', () => {
    const { c } = cluster()
    c.dataPlane.crashNode(1)
    send(c, 1, [0], { timeout: 10 * SECOND })
    c.sim.run(c.sim.now + 500 * MILLISECOND)
    c.dataPlane.bootNode(1)
    c.startProxy(1)
    const { latencyMs, ok } = ended(c)
    expect(ok).toBe(1)
    expect(nanos(latencyMs.max)).toBe(SECOND + FIRST + 3 * LATER + 4 * (external + sameZone) + SERVICE)
  })

  test('are refused after exactly two ways and the walk through the rules', () => {
    const { c } = cluster(0)
    send(c, 1, [0])
    const refusedAt = c.sim.now + 2 * external + FIRST
    c.sim.run(refusedAt - 1)
    expect(c.dataPlane.trafficSummaries()[0]!.failed).toBe(0)
    c.sim.run(refusedAt)
    expect(c.dataPlane.trafficSummaries()[0]).toMatchObject({ failed: 1, failedByCause: { refused: 1 } })
  })

  test('keep connections through it, each client its own', () => {
    const { c } = cluster()
    send(
      c,
      1,
      Array.from({ length: 20 }, (_, i) => i * 100 * MILLISECOND),
      { clients: 1, connection: { keepAlive: 100 * SECOND, pool: 3 } },
    )
    c.sim.run(c.sim.now + 3 * SECOND)
    expect(c.dataPlane.conntrackEntries(1)).toBe(1)
    expect(ended(c).ok).toBe(20)
  })

  test('over UDP: the answer comes back by the node, and a port that no rule knows is refused', () => {
    for (const nodePort of [30080, 0]) {
      const c = new TestCluster()
      const pod = c.pod({ node: 0, app: 'web', workload: WORKLOAD })
      c.service('web', { type: 'NodePort', nodePort, protocol: 'UDP' })
      c.sliceOf('web', [pod], 'UDP')
      c.startProxies()
      send(c, 1, [0], { socket: { reuse: false } })
      const { ok, failedByCause, latencyMs } = ended(c)
      if (nodePort === 0) expect(failedByCause).toEqual({ refused: 1 })
      else {
        expect(ok).toBe(1)
        expect(nanos(latencyMs.max)).toBe(FIRST + LATER + 2 * (external + sameZone) + SERVICE)
      }
    }
  })
})
