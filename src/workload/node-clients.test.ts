import { describe, expect, test } from 'vitest'
import type { TrafficSummary } from '../metrics/summaries.ts'
import { LINUX_6_1 } from '../profiles/cost-profile.ts'
import { MILLISECOND, SECOND } from '../units.ts'
import type { TrafficSpec } from './specs.ts'
import { INSTANT, TEST_NETWORK, TestCluster, type TestClusterOptions, type TestPod } from './test-cluster.ts'

/** First packet with one Service and one endpoint, and later packets. */
const FIRST = LINUX_6_1.firstPacketNs('iptables-legacy', 0, 0, 1)
const LATER = LINUX_6_1.establishedPacketNs('iptables-legacy')
const { sameNode, sameZone } = TEST_NETWORK
const SERVICE = 7 * MILLISECOND
const WORKLOAD = { ...INSTANT, serviceTime: { kind: 'constant', value: SERVICE }, concurrency: 1000 } as const

/** A Service `web` with a pod on node 0, on two nodes that are no clients yet. */
function cluster(options: TestClusterOptions = {}): { c: TestCluster; pod: TestPod } {
  const c = new TestCluster(options)
  const pod = c.pod({ node: 0, app: 'web', workload: WORKLOAD })
  c.service('web')
  c.sliceOf('web', [pod])
  c.startProxies()
  return { c, pod }
}

function send(c: TestCluster, nodes: readonly string[], times: readonly number[], more: Pick<TrafficSpec, 'connection'> = {}): void {
  c.traffic({ service: 'web', from: { nodes }, arrivals: { kind: 'replay', times }, ...more })
}

function ended(c: TestCluster): TrafficSummary {
  c.sim.run(c.sim.now + 300 * SECOND)
  c.dataPlane.checkConservation()
  return c.dataPlane.trafficSummaries()[0]!
}

const nanos = (ms: number | null) => Math.round(ms! * MILLISECOND)

describe('a client on a node itself', () => {
  test.each([
    ['worker-0', sameNode],
    ['worker-1', sameZone],
  ])('%s: its first packet meets the rules of its own node, at %i ns from the pod', (node, oneWay) => {
    const { c } = cluster()
    send(c, [node], [0])
    expect(nanos(ended(c).latencyMs.max)).toBe(FIRST + 3 * LATER + 4 * oneWay + SERVICE)
  })

  test('its connection is tracked by its own node and by that of the pod', () => {
    const { c } = cluster()
    send(c, ['worker-1'], [0])
    c.sim.run(c.sim.now + 5 * MILLISECOND)
    expect([0, 1].map((node) => c.dataPlane.conntrackEntries(node))).toEqual([1, 1])
  })

  test('each node sends as much as any other, and none gets anything', () => {
    const { c } = cluster({ zones: ['a', 'a', 'a'] })
    const times = Array.from({ length: 3000 }, (_, i) => i * MILLISECOND)
    send(c, ['worker-1', 'worker-2'], times)
    c.sim.run(c.sim.now + 3 * SECOND)
    const [none, first, second] = [0, 1, 2].map((node) => c.dataPlane.conntrackEntries(node))
    // All have ended less than 120 s ago, so every one still has its entries; the pod's node has one of each.
    expect([none, first! + second!]).toEqual([3000, 3000])
    expect(Math.abs(first! - 1500)).toBeLessThan(4 * Math.sqrt(3000 / 4))
    expect(c.dataPlane.backends.loads()).toHaveLength(1)
  })

  test('where the rules of its own node are not written, its SYNs are lost', () => {
    const c = new TestCluster()
    const pod = c.pod({ node: 0, app: 'web', workload: WORKLOAD })
    c.service('web')
    c.sliceOf('web', [pod])
    c.startProxy(0)
    c.sim.run(30 * SECOND)
    send(
      c,
      ['worker-0', 'worker-1'],
      Array.from({ length: 100 }, (_, i) => i * MILLISECOND),
    )
    const { ok, failedByCause } = ended(c)
    expect(failedByCause).toEqual({ 'connect-timeout': 100 - ok })
    expect(ok).toBeGreaterThan(30)
    expect(ok).toBeLessThan(70)
  })

  test('with kept connections every node has a pool of its own', () => {
    const { c } = cluster()
    const times = Array.from({ length: 50 }, (_, i) => i * 20 * MILLISECOND)
    send(c, ['worker-0', 'worker-1'], times, { connection: { keepAlive: 100 * SECOND, pool: 10 } })
    c.sim.run(c.sim.now + 2 * SECOND)
    // One connection each: that of worker-1 is tracked on both nodes.
    expect([0, 1].map((node) => c.dataPlane.conntrackEntries(node))).toEqual([2, 1])
  })
})

describe('a node that is down', () => {
  test('sends nothing: the others do', () => {
    const { c } = cluster()
    send(
      c,
      ['worker-0', 'worker-1'],
      Array.from({ length: 100 }, (_, i) => i * MILLISECOND),
    )
    c.sim.run(c.sim.now)
    c.dataPlane.crashNode(1)
    const { ok, failedByCause } = ended(c)
    // Of those only the first can have been sent by it.
    expect(ok + (failedByCause['no-client'] ?? 0)).toBe(100)
    expect(ok).toBeGreaterThanOrEqual(99)
  })

  test('no-client: no node is up that could send, until one has booted', () => {
    const { c } = cluster()
    send(c, ['worker-1'], [SECOND, 2 * SECOND, 40 * SECOND])
    c.dataPlane.crashNode(1)
    c.sim.run(c.sim.now + 3 * SECOND)
    expect(c.dataPlane.trafficSummaries()[0]).toMatchObject({ sent: 2, failedByCause: { 'no-client': 2 } })
    c.dataPlane.bootNode(1)
    c.startProxy(1)
    expect(ended(c)).toMatchObject({ sent: 3, ok: 1, failedByCause: { 'no-client': 2 } })
  })

  test('no-client: it crashes while it waits for the answer, and booting again makes no difference', () => {
    const { c } = cluster()
    send(c, ['worker-1'], [0])
    c.sim.run(c.sim.now + 3 * MILLISECOND)
    c.dataPlane.crashNode(1)
    c.dataPlane.bootNode(1)
    expect(ended(c)).toMatchObject({ sent: 1, ok: 0, failedByCause: { 'no-client': 1 } })
  })
})

test('a node asks no DNS server', () => {
  const dns = { namespace: 'shop', service: 'names', port: 53, ndots: 5, timeout: SECOND, attempts: 1 }
  const { c } = cluster({ dns: { spec: dns, knows: () => false } })
  send(c, ['worker-1'], [0])
  expect(nanos(ended(c).latencyMs.max)).toBe(FIRST + 3 * LATER + 4 * sameZone + SERVICE)
})
