import { describe, expect, test } from 'vitest'
import type { TrafficSummary } from '../metrics/summaries.ts'
import { LINUX_6_1 } from '../profiles/cost-profile.ts'
import { MILLISECOND, type Nanos, SECOND } from '../units.ts'
import type { ConnectionSpec, TrafficSpec } from './specs.ts'
import { INSTANT, TEST_NETWORK, TestCluster, type TestClusterOptions, type TestPod } from './test-cluster.ts'

const FIRST = LINUX_6_1.firstPacketNs('iptables-legacy', 0, 0, 1)
const LATER = LINUX_6_1.establishedPacketNs('iptables-legacy')
const { sameNode, sameZone } = TEST_NETWORK
const H2: ConnectionSpec = { keepAlive: 60 * SECOND, pool: 50, http2: { maxConcurrentStreams: 100 } }
const SERVICE = 7 * MILLISECOND
const WORKLOAD = { ...INSTANT, concurrency: 100, serviceTime: { kind: 'constant', value: SERVICE } } as const
const OPENING = FIRST + LATER + 2 * sameNode
const STREAM = 2 * LATER + 2 * sameNode + SERVICE

/** A Service `web` with pods on these nodes, and a client pod on node 0. */
function cluster(options: TestClusterOptions & { podNodes?: readonly number[]; workload?: typeof INSTANT } = {}): {
  c: TestCluster
  pods: TestPod[]
  client: TestPod
} {
  const c = new TestCluster(options)
  const pods = (options.podNodes ?? [0]).map((node) => c.pod({ node, app: 'web', workload: options.workload ?? WORKLOAD }))
  const client = c.pod({ node: 0, app: 'client' })
  c.service('web', { type: 'NodePort', nodePort: 30080 })
  c.sliceOf('web', pods)
  c.startProxies()
  return { c, pods, client }
}

function sendAt(c: TestCluster, times: readonly Nanos[], options: { connection?: ConnectionSpec; timeout?: Nanos } = {}): void {
  c.traffic({ service: 'web', from: 'client', connection: H2, arrivals: { kind: 'replay', times }, ...options })
}

function summary(c: TestCluster, after: Nanos): TrafficSummary {
  c.sim.run(c.sim.now + after)
  c.dataPlane.checkConservation()
  return c.dataPlane.trafficSummaries()[0]!
}

const nanos = (ms: number | null) => Math.round(ms! * MILLISECOND)
/** Of all answered, without what packets that come at once wait for each other at their core. */
const total = (s: TrafficSummary) => nanos((s.latencyMs.mean! - s.blameMs.mean!.softirq) * s.ok)

describe('streams', () => {
  test('on an open connection one takes 2 e + 2 one-way delays + service; many are on it at once', () => {
    const { c } = cluster()
    sendAt(c, [0, SECOND, SECOND, SECOND])
    const s = summary(c, 5 * SECOND)
    expect(nanos(s.latencyMs.max)).toBe(OPENING + STREAM)
    expect(total(s)).toBe(OPENING + 4 * STREAM)
    expect(c.dataPlane.conntrackEntries(0)).toBe(1)
  })

  test('what comes while the connection is being opened waits for it, and pays no rules', () => {
    const { c } = cluster()
    sendAt(c, [0, 0, 0])
    const s = summary(c, 5 * SECOND)
    expect(total(s)).toBe(3 * (OPENING + STREAM))
    expect(nanos(3 * s.blameMs.mean!['client-queue']!)).toBe(2 * OPENING)
    expect(nanos(3 * s.blameMs.mean!.rules)).toBe(FIRST)
  })

  test('only when a connection is full is another opened, and when all are a request waits', () => {
    for (const [pool, entries, slowest] of [
      [2, 2, OPENING + OPENING + STREAM],
      [1, 1, OPENING + STREAM + STREAM + LATER],
    ] as const) {
      const { c } = cluster()
      sendAt(c, [0, 0, 0], { connection: { ...H2, pool, http2: { maxConcurrentStreams: 2 } } })
      // Two packets that are at one core at once: the second waits for the first.
      expect(nanos(summary(c, 5 * SECOND).latencyMs.max)).toBe(slowest)
      expect(c.dataPlane.conntrackEntries(0)).toBe(entries)
    }
  })

  test('a time-out ends its stream only', () => {
    const slow = { ...INSTANT, concurrency: 1, serviceTime: { kind: 'constant', value: SECOND } } as const
    const { c } = cluster({ workload: slow })
    sendAt(c, [0, 10 * MILLISECOND, 4 * SECOND], { timeout: 1500 * MILLISECOND })
    const s = summary(c, 10 * SECOND)
    expect([s.ok, s.failedByCause]).toEqual([2, { timeout: 1 }])
    expect(c.dataPlane.conntrackEntries(0)).toBe(1)
  })

  test('an idle connection is closed after keepAlive; from its lifetime on one takes no stream', () => {
    for (const [gap, opened] of [
      [59 * SECOND, 1],
      [61 * SECOND, 2],
    ] as const) {
      const { c } = cluster()
      sendAt(c, [0, gap])
      expect(nanos(2 * summary(c, 70 * SECOND).blameMs.mean!.rules)).toBe(opened * FIRST)
    }
    const { c } = cluster()
    sendAt(c, [0, SECOND, 2 * SECOND, 3 * SECOND], { connection: { ...H2, lifetime: 1500 * MILLISECOND } })
    expect(nanos(4 * summary(c, 10 * SECOND).blameMs.mean!.rules)).toBe(2 * FIRST)
  })
})

describe('the end of what is at the other side', () => {
  test('GOAWAY: what is on the connection and on its way is served, the next opens another', () => {
    const { c, pods } = cluster({ podNodes: [1, 0] })
    c.sliceOf('web', [pods[0]!])
    c.sim.run(c.sim.now + SECOND)
    const at = c.sim.now
    // The third is on its way when the pod begins to drain, with the second in service; the fourth comes when the client knows.
    const drain = 10 * SECOND
    sendAt(c, [0, drain - 2 * MILLISECOND, drain, drain + 3 * MILLISECOND])
    c.sim.run(at + SECOND)
    c.sliceOf('web', [pods[1]!])
    c.sim.run(at + drain + Math.floor(sameZone / 2))
    c.dataPlane.backends.stopListening(pods[0]!.id)
    const s = summary(c, 10 * SECOND)
    expect([s.ok, s.failedByCause]).toEqual([4, {}])
    expect(c.dataPlane.backends.cpuTime(pods[0]!.id)).toBe(3 * SERVICE)
    expect(c.dataPlane.backends.cpuTime(pods[1]!.id)).toBe(SERVICE)
  })

  test('the death of the process ends all streams by reset, when the client hears of it', () => {
    const { c, pods } = cluster({ podNodes: [1] })
    const at = c.sim.now
    sendAt(c, [0, SECOND, SECOND, SECOND + 2 * MILLISECOND])
    c.sim.run(at + SECOND + 2 * MILLISECOND)
    c.dataPlane.backends.kill(pods[0]!.id)
    c.sim.run(c.sim.now + LATER + sameZone)
    c.dataPlane.checkConservation()
    expect(c.dataPlane.trafficSummaries()[0]!.failedByCause).toEqual({ reset: 3 })
    expect(summary(c, 5 * SECOND).failedByCause).toEqual({ reset: 3 })
    expect(c.dataPlane.requests.inUse).toBe(0)
  })

  test('silence costs every stream its time-out, until TCP gives the connection up 924.6 s after the first that was lost', () => {
    const { c, pods } = cluster({ podNodes: [0, 1] })
    const times = Array.from({ length: 120 }, (_, index) => (index + 1) * 10 * SECOND)
    sendAt(c, [0, ...times], { timeout: SECOND })
    c.sim.run(c.sim.now + SECOND)
    const used = pods.find(({ id }) => c.dataPlane.backends.cpuTime(id) > 0)!
    c.dataPlane.backends.sandboxDown(used.id)
    c.sliceOf('web', [pods.find((pod) => pod !== used)!])
    const s = summary(c, 2000 * SECOND)
    // Lost at 10, 20, …, 930 s: the first goes out at 10 s, so the end is at 934.6 s.
    expect(s.failedByCause).toEqual({ timeout: 93 })
    expect(s.ok).toBe(1 + 27)
  })

  test('a client that ends leaves nothing behind', () => {
    const { c, client } = cluster()
    sendAt(c, [0, SECOND, SECOND])
    c.sim.run(c.sim.now + SECOND + MILLISECOND)
    c.dataPlane.backends.kill(client.id)
    c.dataPlane.checkConservation()
    expect(summary(c, 200 * SECOND).failedByCause).toEqual({ 'no-client': 2 })
    expect(c.dataPlane.conntrackEntries(0)).toBe(0)
    expect(c.dataPlane.requests.inUse).toBe(0)
  })
})

/** gRPC's uneven balance: a Service chooses for connections, and a client has one. */
test.each(['rr', 'lc', 'sed', 'nq'] as const)('all load of a client goes to one pod, with the IPVS scheduler %s too', (scheduler) => {
  const used = (connection: ConnectionSpec | undefined) => {
    const { c, pods } = cluster({ podNodes: [0, 0, 0, 0], kubeProxy: { mode: 'ipvs', scheduler } })
    const arrivals: TrafficSpec['arrivals'] = { kind: 'constant', ratePerSecond: 2000 }
    c.traffic({ service: 'web', from: 'client', arrivals, connection, stop: c.sim.now + SECOND })
    c.sim.run(c.sim.now + 5 * SECOND)
    c.dataPlane.checkConservation()
    return pods.filter(({ id }) => c.dataPlane.backends.cpuTime(id) > 0).length
  }
  expect(used(H2)).toBe(1)
  expect(used({ keepAlive: 60 * SECOND, pool: 50 })).toBe(4)
})

test('an RST from a node that has restarted ends the connection, and the next request opens another', () => {
  const { c } = cluster({ podNodes: [1], zones: ['a', 'a'] })
  c.traffic({ name: 'warm', service: 'web', from: 'outside', ratePerSecond: 1, stop: c.sim.now, start: c.sim.now })
  c.sim.run(c.sim.now + 10 * SECOND)
  const arrivals: TrafficSpec['arrivals'] = { kind: 'replay', times: [0, 5 * SECOND, 6 * SECOND] }
  c.traffic({ service: 'web', from: 'outside', clients: 1, connection: H2, arrivals })
  c.sim.run(c.sim.now + SECOND)
  c.dataPlane.crashNode(0)
  c.dataPlane.bootNode(0)
  c.sim.run(c.sim.now + 20 * SECOND)
  c.dataPlane.checkConservation()
  const { failedByCause } = c.dataPlane.trafficSummaries().at(-1)!
  expect(failedByCause.reset).toBe(1)
})
