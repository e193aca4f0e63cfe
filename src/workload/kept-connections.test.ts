import { describe, expect, test } from 'vitest'
import type { TrafficSummary } from '../metrics/summaries.ts'
import { LINUX_6_1 } from '../profiles/cost-profile.ts'
import { MILLISECOND, type Nanos, SECOND } from '../units.ts'
import type { ConnectionSpec, TrafficSpec } from './specs.ts'
import { INSTANT, TEST_NETWORK, TestCluster, type TestClusterOptions, type TestPod } from './test-cluster.ts'

/** First packet with one Service and one endpoint, and later packets. */
const FIRST = LINUX_6_1.firstPacketNs('iptables-legacy', 0, 0, 1)
const LATER = LINUX_6_1.establishedPacketNs('iptables-legacy')
const { sameNode, sameZone, external } = TEST_NETWORK
const KEPT: ConnectionSpec = { keepAlive: 60 * SECOND, pool: 50 }
const SERVICE = 7 * MILLISECOND
const WORKLOAD = { ...INSTANT, concurrency: 100, serviceTime: { kind: 'constant', value: SERVICE } } as const

interface Cluster {
  readonly c: TestCluster
  readonly pods: TestPod[]
  readonly client: TestPod
}

/** A Service `web` with pods on these nodes, all proxies synced, and a client pod on node 0. */
function cluster(options: TestClusterOptions & { podNodes?: readonly number[]; workload?: typeof INSTANT } = {}): Cluster {
  const c = new TestCluster(options)
  const pods = (options.podNodes ?? [0]).map((node) => c.pod({ node, app: 'web', workload: options.workload ?? WORKLOAD }))
  const client = c.pod({ node: 0, app: 'client' })
  c.service('web', { type: 'NodePort', nodePort: 30080 })
  c.sliceOf('web', pods)
  c.startProxies()
  return { c, pods, client }
}

/** Requests at these times from now, by one client that keeps connections. */
function sendAt(
  c: TestCluster,
  times: readonly Nanos[],
  options: { connection?: ConnectionSpec; timeout?: Nanos; from?: string; clients?: number } = {},
): void {
  const arrivals: TrafficSpec['arrivals'] = { kind: 'replay', times }
  c.traffic({ service: 'web', from: 'client', connection: KEPT, clients: 1, arrivals, ...options })
}

function summary(c: TestCluster, after: Nanos): TrafficSummary {
  c.sim.run(c.sim.now + after)
  c.dataPlane.checkConservation()
  return c.dataPlane.trafficSummaries()[0]!
}

const nanos = (ms: number | null) => Math.round(ms! * MILLISECOND)

describe('a request on a connection that is there takes 2 e + 2 one-way delays + service', () => {
  test.each([
    ['within a node', 0, 'client', sameNode],
    ['within a zone', 1, 'client', sameZone],
    ['from outside', 0, 'outside', sameNode + external],
  ])('%s', (_name, node, from, oneWay) => {
    const { c } = cluster({ podNodes: [node], zones: from === 'outside' ? ['a'] : ['a', 'a'] })
    if (from === 'outside') {
      c.traffic({ name: 'warm', service: 'web', from, ratePerSecond: 1, stop: c.sim.now, start: c.sim.now })
      c.sim.run(c.sim.now + 10 * SECOND)
    }
    sendAt(c, [0, SECOND], { from })
    c.sim.run(c.sim.now + 5 * SECOND)
    const { latencyMs } = c.dataPlane.trafficSummaries().at(-1)!
    // The first pays for the rules and two ways more; a Service port is passed over in KUBE-SERVICES on the way from outside.
    const first = from === 'outside' ? LINUX_6_1.firstPacketNs('iptables-legacy', 1, 0, 1) : FIRST
    expect(nanos(latencyMs.max)).toBe(first + 3 * LATER + 4 * oneWay + SERVICE)
    expect(nanos(2 * latencyMs.mean! - latencyMs.max!)).toBe(2 * LATER + 2 * oneWay + SERVICE)
  })

  test('the rules are paid for once a connection, and the parts say so', () => {
    const { c } = cluster()
    sendAt(c, [0, SECOND, 2 * SECOND, 3 * SECOND])
    const { blameMs } = summary(c, 10 * SECOND)
    expect(nanos(4 * blameMs.mean!.rules)).toBe(FIRST)
    expect(nanos(4 * blameMs.mean!.packets)).toBe((3 + 2 + 2 + 2) * LATER)
    expect(blameMs.mean!['client-queue']).toBe(0)
  })
})

describe('the pool of a client', () => {
  test('what finds all connections in use waits for the first that is free', () => {
    const { c } = cluster()
    sendAt(c, [0, 0, 0], { connection: { ...KEPT, pool: 1 } })
    const { latencyMs, blameMs } = summary(c, SECOND)
    const [opening, each] = [FIRST + 3 * LATER + 4 * sameNode + SERVICE, 2 * LATER + 2 * sameNode + SERVICE]
    expect(nanos(latencyMs.max)).toBe(opening + 2 * each)
    // The second waited for the first, the third for both.
    expect(nanos(3 * blameMs.mean!['client-queue']!)).toBe(opening + (opening + each))
    expect(c.dataPlane.conntrackEntries(0)).toBe(1)
  })

  test('it opens no more connections than it needs at once', () => {
    const { c } = cluster()
    sendAt(c, [0, 0, 0, SECOND, SECOND, 2 * SECOND])
    expect(summary(c, 10 * SECOND).ok).toBe(6)
    expect(c.dataPlane.conntrackEntries(0)).toBe(3)
  })

  test('one that waits until its time-out fails, and is not sent any more', () => {
    const slow = { ...WORKLOAD, serviceTime: { kind: 'constant', value: 3 * SECOND } } as const
    const { c, pods } = cluster({ workload: slow })
    sendAt(c, [0, 0], { connection: { ...KEPT, pool: 1 }, timeout: 2 * SECOND })
    c.sim.run(c.sim.now + 2500 * MILLISECOND)
    expect(c.dataPlane.backends.inFlight(pods[0]!.id)).toBe(1)
    expect(summary(c, 10 * SECOND).failedByCause).toEqual({ timeout: 2 })
  })

  test('an idle connection is closed after keepAlive, and not before', () => {
    for (const [gap, opened] of [
      [59 * SECOND, 1],
      [61 * SECOND, 2],
    ] as const) {
      const { c } = cluster()
      sendAt(c, [0, gap])
      const { blameMs } = summary(c, 62 * SECOND)
      expect(nanos(2 * blameMs.mean!.rules)).toBe(opened * FIRST)
    }
    const { c } = cluster()
    sendAt(c, [0])
    c.sim.run(c.sim.now + 60 * SECOND + 120 * SECOND)
    expect(c.dataPlane.conntrackEntries(0)).toBe(1)
    c.sim.run(c.sim.now + SECOND)
    expect(c.dataPlane.conntrackEntries(0)).toBe(0)
  })

  test('a connection of its lifetime takes no further request', () => {
    const { c } = cluster()
    sendAt(c, [0, SECOND, 2 * SECOND, 3 * SECOND], { connection: { ...KEPT, lifetime: 1500 * MILLISECOND } })
    expect(nanos(4 * summary(c, 10 * SECOND).blameMs.mean!.rules)).toBe(2 * FIRST)
  })
})

test('an idle connection is closed when its lifetime is over, though keepAlive is not', () => {
  const { c } = cluster()
  sendAt(c, [0], { connection: { ...KEPT, lifetime: 10 * SECOND } })
  // The entry stays 120 s after the close.
  c.sim.run(c.sim.now + 129 * SECOND)
  expect(c.dataPlane.conntrackEntries(0)).toBe(1)
  c.sim.run(c.sim.now + 2 * SECOND)
  expect(c.dataPlane.conntrackEntries(0)).toBe(0)
})

describe('the end of what is at the other side', () => {
  test('drain: an idle connection is closed at once, and the next request goes elsewhere', () => {
    const { c, pods } = cluster({ podNodes: [0, 0] })
    sendAt(c, [0, 10 * SECOND])
    c.sim.run(c.sim.now + SECOND)
    const used = [...pods].find(({ id }) => c.dataPlane.backends.cpuTime(id) > 0)!
    const other = pods.find((pod) => pod !== used)!
    c.dataPlane.backends.stopListening(used.id)
    c.sliceOf('web', [other])
    expect(summary(c, 20 * SECOND).failedByCause).toEqual({})
    expect(c.dataPlane.backends.cpuTime(other.id)).toBe(SERVICE)
  })

  test('drain: a request that is served is answered, and its connection closed', () => {
    const { c, pods } = cluster()
    const sentAt = c.sim.now
    sendAt(c, [0, SECOND])
    c.sim.run(sentAt + 3 * MILLISECOND)
    c.dataPlane.backends.stopListening(pods[0]!.id)
    const { ok, failedByCause } = summary(c, 5 * SECOND)
    // The second opens a connection of its own, as the rules still lead there.
    expect([ok, failedByCause]).toEqual([1, { refused: 1 }])
  })

  test('drain and kill: a request that is on its way then meets RST', () => {
    for (const end of ['stopListening', 'kill'] as const) {
      const { c, pods } = cluster({ podNodes: [1] })
      const at = c.sim.now + SECOND
      sendAt(c, [0, SECOND])
      c.sim.run(at + sameZone / 2)
      c.dataPlane.backends[end](pods[0]!.id)
      expect(summary(c, 5 * SECOND).failedByCause).toEqual({ reset: 1 })
    }
  })

  test('kill: the client hears of it one way later, and what it sends after that opens a connection', () => {
    const { c, pods } = cluster({ podNodes: [1] })
    sendAt(c, [0, SECOND, SECOND + sameZone + LATER + 1])
    c.sim.run(c.sim.now + SECOND)
    c.dataPlane.backends.kill(pods[0]!.id)
    expect(summary(c, 5 * SECOND).failedByCause).toEqual({ refused: 1, reset: 1 })
  })

  test('kill: an idle connection is closed, so the next request opens one', () => {
    const { c, pods } = cluster({ podNodes: [1] })
    sendAt(c, [0, SECOND])
    c.sim.run(c.sim.now + SECOND / 2)
    c.dataPlane.backends.kill(pods[0]!.id)
    expect(summary(c, 5 * SECOND).failedByCause).toEqual({ refused: 1 })
  })

  test('a sandbox that is gone costs each of its connections one request its time-out', () => {
    const { c, pods } = cluster({ podNodes: [0, 1] })
    const times = [0, 0, 0, 0, ...Array.from({ length: 20 }, (_, index) => (1 + index) * SECOND)]
    sendAt(c, times, { timeout: SECOND / 2 })
    c.sim.run(c.sim.now + SECOND / 2)
    const lost = c.dataPlane.backends.cpuTime(pods[1]!.id) / SERVICE
    expect(lost).toBeGreaterThan(0)
    c.dataPlane.backends.sandboxDown(pods[1]!.id)
    c.sliceOf('web', [pods[0]!])
    // The connection used last is used again: only when that one is lost are others tried, until one answers.
    const { failedByCause, ok } = summary(c, 30 * SECOND)
    expect(failedByCause.timeout ?? 0).toBeLessThanOrEqual(lost)
    expect(ok + (failedByCause.timeout ?? 0)).toBe(24)
  })

  test('a client that ends closes its connections', () => {
    const { c, client } = cluster()
    sendAt(c, [0])
    c.sim.run(c.sim.now + SECOND)
    expect(c.dataPlane.conntrackEntries(0)).toBe(1)
    c.dataPlane.backends.kill(client.id)
    c.dataPlane.checkConservation()
    c.sim.run(c.sim.now + 121 * SECOND)
    expect(c.dataPlane.conntrackEntries(0)).toBe(0)
    expect(c.dataPlane.requests.inUse).toBe(0)
  })

  test('a node that has restarted answers an idle connection through it with RST', () => {
    const { c } = cluster({ podNodes: [1], zones: ['a', 'a'] })
    // Both clients' connections exist before the crash; the balancer has only node 0, as node 1 has no kube-proxy that it would ask.
    c.traffic({ name: 'warm', service: 'web', from: 'outside', ratePerSecond: 1, stop: c.sim.now, start: c.sim.now })
    c.sim.run(c.sim.now + 10 * SECOND)
    sendAt(c, [0, 0, 0, 0, 5 * SECOND, 5 * SECOND, 5 * SECOND, 5 * SECOND], { from: 'outside' })
    c.sim.run(c.sim.now + SECOND)
    c.dataPlane.crashNode(0)
    c.dataPlane.bootNode(0)
    c.sim.run(c.sim.now + 10 * SECOND)
    c.dataPlane.checkConservation()
    const { ok, failedByCause } = c.dataPlane.trafficSummaries().at(-1)!
    expect(failedByCause.reset).toBeGreaterThan(0)
    expect(ok + failedByCause.reset!).toBe(8)
  })

  test('IPVS forgets a connection that was silent for 15 minutes: what comes on it then meets RST', () => {
    for (const [gap, failed] of [
      [899 * SECOND, {}],
      [901 * SECOND, { reset: 1 }],
    ] as const) {
      const { c } = cluster({ kubeProxy: { mode: 'ipvs', scheduler: 'rr' } })
      sendAt(c, [0, gap], { connection: { keepAlive: 3600 * SECOND, pool: 1 } })
      expect(summary(c, 1000 * SECOND).failedByCause).toEqual(failed)
    }
  })
})

/** Balancing is by connection. The behaviour of kubernetes/kubernetes issue 38456: pods added later get nothing from connections that are kept. */
test('a pod that comes later gets nothing while connections are kept, and its share without or after their lifetime', () => {
  const share = (connection: ConnectionSpec | undefined) => {
    const { c, pods } = cluster()
    const arrivals: TrafficSpec['arrivals'] = { kind: 'constant', ratePerSecond: 100 }
    c.traffic({ service: 'web', from: 'client', arrivals, connection, stop: c.sim.now + 100 * SECOND })
    c.sim.run(c.sim.now + 10 * SECOND)
    const later = c.pod({ node: 0, app: 'web', workload: WORKLOAD })
    c.sliceOf('web', [pods[0]!, later])
    c.sim.run(c.sim.now + 100 * SECOND)
    c.dataPlane.checkConservation()
    const { backends } = c.dataPlane
    return backends.cpuTime(later.id) / (backends.cpuTime(later.id) + backends.cpuTime(pods[0]!.id))
  }
  expect(share(KEPT)).toBe(0)
  expect(share(undefined)).toBeGreaterThan(0.35)
  expect(share({ ...KEPT, lifetime: SECOND })).toBeGreaterThan(0.2)
})
