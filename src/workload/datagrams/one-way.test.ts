import { describe, expect, test } from 'vitest'
import type { TrafficSummary } from '../../metrics/summaries.ts'
import { LINUX_6_1 } from '../../profiles/cost-profile.ts'
import { MILLISECOND, type Nanos, SECOND } from '../../units.ts'
import type { SocketSpec, WorkloadSpec } from '../specs.ts'
import { INSTANT, TEST_NETWORK, TestCluster, type TestClusterOptions, type TestPod } from '../test-cluster.ts'

/** First datagram of a flow with one Service and one endpoint, and later ones. */
const FIRST = LINUX_6_1.firstPacketNs('iptables-legacy', 0, 0, 1)
const LATER = LINUX_6_1.establishedPacketNs('iptables-legacy')
const { sameZone, sameNode, external } = TEST_NETWORK
const SERVICE_TIME = 7 * MILLISECOND
const SERVER: WorkloadSpec = { ...INSTANT, serviceTime: { kind: 'constant', value: SERVICE_TIME } }

/** One UDP Service `web` with pods on the nodes given, all proxies synced, and a client pod on node 0. */
function cluster(options: TestClusterOptions & { podNodes?: readonly number[]; server?: WorkloadSpec } = {}): {
  c: TestCluster
  pods: TestPod[]
  client: TestPod
} {
  const c = new TestCluster(options)
  const pods = (options.podNodes ?? [1]).map((node) => c.pod({ node, app: 'web', workload: options.server ?? SERVER }))
  const client = c.pod({ node: 0, app: 'client' })
  c.service('web', { type: 'NodePort', nodePort: 30080, protocol: 'UDP' })
  c.sliceOf('web', pods, 'UDP')
  c.startProxies()
  return { c, pods, client }
}

/** One-way traffic from now on: one datagram at once and then one a `period`, `count` of them. */
function send(
  c: TestCluster,
  options: { count?: number; period?: Nanos; socket?: Partial<SocketSpec>; from?: string } = {},
): () => TrafficSummary {
  const { count = 1, period = SECOND, from = 'client' } = options
  c.traffic({
    service: 'web',
    from,
    arrivals: { kind: 'replay', times: Array.from({ length: count }, (_, index) => index * period) },
    timeout: MILLISECOND,
    socket: { reuse: false, oneWay: true, ...options.socket },
  })
  return () => {
    c.dataPlane.checkConservation()
    return c.dataPlane.trafficSummaries()[0]!
  }
}

const run = (c: TestCluster, time: Nanos) => c.sim.run(c.sim.now + time)
const latency = (summary: TrafficSummary) => Math.round(summary.latencyMs.max! * MILLISECOND)
const worked = (c: TestCluster) => c.dataPlane.backends.loads().reduce((sum, { load }) => sum + load.requests, 0)

describe('a datagram that a pod receives', () => {
  test('is ok then: F and one way, whatever work it makes', () => {
    const { c, pods } = cluster()
    const sent = send(c)
    run(c, FIRST + sameZone - 1)
    expect(sent().ok).toBe(0)
    run(c, 1)
    expect(sent()).toMatchObject({ sent: 1, ok: 1, failed: 0 })
    expect(latency(sent())).toBe(FIRST + sameZone)
    const { mean } = sent().blameMs
    expect(Math.round(mean!.rules * MILLISECOND)).toBe(FIRST)
    expect(Math.round(mean!.network * MILLISECOND)).toBe(sameZone)
    expect(mean!.service).toBe(0)
    expect(c.dataPlane.backends.inFlight(pods[0]!.id)).toBe(1)
    run(c, SERVICE_TIME)
    expect(c.dataPlane.backends.inFlight(pods[0]!.id)).toBe(0)
    expect(c.dataPlane.requests.inUse).toBe(0)
  })

  test('is work that is not wasted, though nobody waits for it', () => {
    const { c } = cluster()
    const sent = send(c, { count: 3, socket: { reuse: true } })
    run(c, 5 * SECOND)
    expect(worked(c)).toBe(3)
    expect(sent().answersWasted).toBe(0)
  })

  test('of a known flow takes e', () => {
    const { c } = cluster({ podNodes: [0] })
    const sent = send(c, { count: 2, socket: { reuse: true } })
    run(c, 5 * SECOND)
    expect(Math.round(sent().latencyMs.mean! * 2 * MILLISECOND)).toBe(FIRST + LATER + 2 * sameNode)
  })

  test('comes from outside by a node port', () => {
    const { c } = cluster()
    c.dataPlane.crashNode(1)
    const lost = send(c, { from: 'outside', count: 2, period: 20 * SECOND })
    // The first pod is gone with its node.
    run(c, 10 * SECOND)
    expect(lost().failed).toBe(1)
    c.sliceOf('web', [c.pod({ node: 0, app: 'web', workload: SERVER })], 'UDP')
    run(c, 20 * SECOND)
    expect(lost()).toMatchObject({ ok: 1, failedByCause: { timeout: 1 } })
    expect(latency(lost())).toBe(LINUX_6_1.firstPacketNs('iptables-legacy', 1, 0, 1) + external + sameNode)
  })

  test('is received though its client is gone meanwhile', () => {
    const { c, client } = cluster()
    const sent = send(c)
    run(c, 1)
    c.dataPlane.backends.kill(client.id)
    run(c, SECOND)
    expect(sent().ok).toBe(1)
  })

  test('is received though the process ends before it has read it', () => {
    const { c, pods } = cluster()
    const sent = send(c)
    run(c, 3 * MILLISECOND)
    c.dataPlane.backends.kill(pods[0]!.id)
    run(c, SECOND)
    expect(sent()).toMatchObject({ ok: 1, failed: 0 })
    expect(c.dataPlane.requests.inUse).toBe(0)
  })
})

describe('a datagram that is lost', () => {
  test('has failed where and when it met nothing, and not a time-out later', () => {
    const { c, pods } = cluster()
    c.dataPlane.backends.sandboxDown(pods[0]!.id)
    const sent = send(c)
    run(c, 0)
    expect(sent().failedByCause).toEqual({ timeout: 1 })
    expect(c.dataPlane.requests.inUse).toBe(0)
  })

  test('on its way has failed as it arrives', () => {
    const { c, pods } = cluster()
    const sent = send(c)
    run(c, 1)
    c.dataPlane.backends.sandboxDown(pods[0]!.id)
    run(c, FIRST + sameZone - 2)
    expect(sent().failed).toBe(0)
    run(c, 1)
    expect(sent().failedByCause).toEqual({ timeout: 1 })
  })

  test('by a full socket buffer', () => {
    const { c } = cluster({ server: { ...SERVER, queue: 0 } })
    const sent = send(c, { count: 2, period: MILLISECOND })
    run(c, 2 * MILLISECOND)
    expect(sent()).toMatchObject({ ok: 1, failedByCause: { 'queue-full': 1 } })
    run(c, SECOND)
    expect(c.dataPlane.requests.inUse).toBe(0)
  })

  test('by a full connection tracking table', () => {
    const { c } = cluster()
    const conntrack = c.dataPlane.kernels.conntrack(0)
    while (conntrack.hasRoom(c.sim.now)) conntrack.open()
    const sent = send(c)
    run(c, 0)
    expect(sent().failedByCause).toEqual({ 'conntrack-full': 1 })
  })

  test('is told of by ICMP where no process has the port, and where no endpoint is left', () => {
    const { c, pods } = cluster()
    c.dataPlane.backends.stopListening(pods[0]!.id)
    const sent = send(c, { count: 2, period: 10 * SECOND })
    run(c, FIRST + LATER + 2 * sameZone - 1)
    expect(sent().failed).toBe(0)
    run(c, SECOND)
    c.slice('web', [], undefined, 'UDP')
    run(c, 20 * SECOND)
    expect(sent().failedByCause).toEqual({ refused: 1, 'no-endpoints': 1 })
  })
})

test('what is on its way for longer than anybody would wait is no failure', () => {
  const { c } = cluster({ network: { ...TEST_NETWORK, sameZone: 10 * SECOND } })
  const sent = send(c)
  run(c, 10 * SECOND)
  expect(sent().failed).toBe(0)
  run(c, SECOND)
  expect(sent().ok).toBe(1)
})

describe('connection tracking of one-way traffic', () => {
  const entries = (c: TestCluster) => c.dataPlane.conntrackEntries(0)

  test('never sees an answer: an entry lasts 30 s from the last datagram on, however long it goes on', () => {
    const { c } = cluster()
    send(c, { count: 11, socket: { reuse: true } })
    const begin = c.sim.now
    c.sim.run(begin + 40 * SECOND - 1)
    expect(entries(c)).toBe(1)
    c.sim.run(begin + 40 * SECOND)
    expect(entries(c)).toBe(0)
  })

  test('a socket that is renewed has entries of its own', () => {
    const { c } = cluster()
    send(c, { count: 16, socket: { reuse: true, lifetime: 5 * SECOND } })
    run(c, 15 * SECOND)
    // At 0, 5, 10 and 15 s: at 5 s sharp the socket is that old.
    expect(entries(c)).toBe(4)
  })
})

describe('the pod of a sender that goes on is replaced', () => {
  /** 10 datagrams a second from one socket; at 10 s the pod goes, and 5 s later the rules have another. */
  function replaced(options: TestClusterOptions, socket: Partial<SocketSpec>): TrafficSummary {
    const { c, pods } = cluster(options)
    const sent = send(c, { count: 400, period: 100 * MILLISECOND, socket: { reuse: true, ...socket } })
    run(c, 10 * SECOND + 50 * MILLISECOND)
    c.dataPlane.backends.sandboxDown(pods[0]!.id)
    run(c, 5 * SECOND)
    c.sliceOf('web', [c.pod({ node: 0, app: 'web', workload: SERVER })], 'UDP')
    run(c, 30 * SECOND)
    return sent()
  }

  test.each([28, 32, 36] as const)('what was sent meanwhile is lost, in 1.%i', (version) => {
    expect(replaced({ version }, {})).toMatchObject({ ok: 350, failedByCause: { timeout: 50 } })
  })

  test('a new socket finds the new pod, also without kube-proxy’s help', () => {
    const { c, pods } = cluster()
    const other = c.pod({ node: 0, app: 'web', workload: SERVER })
    c.sliceOf('web', [pods[0]!, other], 'UDP')
    run(c, 5 * SECOND)
    const sent = send(c, { count: 1000, period: 100 * MILLISECOND, socket: { reuse: true, lifetime: SECOND } })
    run(c, 10 * SECOND + 50 * MILLISECOND)
    c.dataPlane.backends.sandboxDown(pods[0]!.id)
    run(c, 100 * SECOND)
    // Half of the sockets are at the dead pod: 45 of 90 in the mean, with a standard deviation of 4.7, 10 datagrams each.
    const { timeout } = sent().failedByCause
    expect(Math.abs(timeout! / 10 - 45)).toBeLessThan(19)
  })
})
