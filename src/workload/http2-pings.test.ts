import { describe, expect, test } from 'vitest'
import type { TrafficSummary } from '../metrics/summaries.ts'
import { retransmitTimeout } from '../node/kernel-tcp.ts'
import { LINUX_6_1 } from '../profiles/cost-profile.ts'
import { MICROSECOND, MILLISECOND, type Nanos, SECOND } from '../units.ts'
import type { ConnectionSpec, PingSpec } from './specs.ts'
import { INSTANT, TEST_NETWORK, TestCluster, type TestClusterOptions, type TestPod } from './test-cluster.ts'

const FIRST = LINUX_6_1.firstPacketNs('iptables-legacy', 0, 0, 1)
const LATER = LINUX_6_1.establishedPacketNs('iptables-legacy')
const { sameNode, external } = TEST_NETWORK
const SERVICE = 7 * MILLISECOND
const WORKLOAD = { ...INSTANT, concurrency: 100, serviceTime: { kind: 'constant', value: SERVICE } } as const
/** When a client pod beside its pod hears the first answer. */
const HEARD = FIRST + LATER + 2 * sameNode + 2 * LATER + 2 * sameNode + SERVICE
/** Of the handshake, the request and its answer. */
const PACKETS = 4

function streams(ping: PingSpec | undefined, keepAlive: Nanos = 1000 * SECOND): ConnectionSpec {
  return { keepAlive, pool: 50, http2: { maxConcurrentStreams: 100, ping } }
}

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

interface Sending {
  readonly from?: string
  readonly times: readonly Nanos[]
  readonly connection: ConnectionSpec
  readonly timeout?: Nanos
}

function send(c: TestCluster, { from = 'client', times, connection, timeout = 30 * SECOND }: Sending): void {
  c.traffic({ service: 'web', from, clients: 1, connection, timeout, arrivals: { kind: 'replay', times } })
}

function summaryAt(c: TestCluster, at: Nanos): TrafficSummary {
  c.sim.run(at)
  c.dataPlane.checkConservation()
  return c.dataPlane.trafficSummaries()[0]!
}

function packets(c: TestCluster, node = 0): number {
  const { first, end } = c.dataPlane.cores.coresOf(node)
  let sum = 0
  for (let core = first; core < end; core++) {
    // Works off what has come.
    c.dataPlane.cores.spent(core, c.sim.now)
    sum += c.dataPlane.cores.packets(core)
  }
  return sum
}

describe('the other side is gone without a word', () => {
  test('interval + timeout after the last that was heard the connection ends, and what is on it; the next request opens another', () => {
    const { c, pods } = cluster({ podNodes: [0, 1] })
    c.sliceOf('web', [pods[0]!])
    c.sim.run(c.sim.now + SECOND)
    const start = c.sim.now
    // The second waits in vain, with a time-out of its own that is later than the connection's end.
    send(c, { times: [0, 44 * SECOND, 46 * SECOND], connection: streams({ interval: 30 * SECOND, timeout: 15 * SECOND }) })
    c.sim.run(start + SECOND)
    c.dataPlane.backends.sandboxDown(pods[0]!.id)
    c.sliceOf('web', [pods[1]!])
    const end = start + HEARD + 45 * SECOND
    expect(summaryAt(c, end - 1)).toMatchObject({ ok: 1, failed: 0 })
    expect(summaryAt(c, end)).toMatchObject({ ok: 1, failedByCause: { timeout: 1 } })
    expect(summaryAt(c, start + 50 * SECOND)).toMatchObject({ ok: 2, failedByCause: { timeout: 1 } })
  })

  test('also a connection without a stream is closed', () => {
    const { c, pods } = cluster()
    send(c, { times: [0], connection: streams({ interval: 30 * SECOND, timeout: 15 * SECOND }) })
    const start = c.sim.now
    c.sim.run(start + SECOND)
    c.dataPlane.backends.sandboxDown(pods[0]!.id)
    // An entry whose connection is closed goes on for a while: TIME_WAIT.
    summaryAt(c, start + HEARD + 45 * SECOND - 1)
    const timeWait = 120 * SECOND
    summaryAt(c, start + HEARD + 45 * SECOND + timeWait - SECOND)
    expect(c.dataPlane.conntrackEntries(0)).toBe(1)
    summaryAt(c, start + HEARD + 45 * SECOND + timeWait + SECOND)
    expect(c.dataPlane.conntrackEntries(0)).toBe(0)
  })

  test.each([
    ['nobody: silence', false, 'timeout', 15 * SECOND],
    ['another pod, whose kernel knows nothing of the connection: RST', true, 'reset', 2 * LATER + 2 * sameNode],
  ] as const)('the pod’s address has gone to %s', (_, isTaken, cause, after) => {
    const work = 5 * SECOND
    const { c, pods } = cluster({ workload: { ...WORKLOAD, serviceTime: { kind: 'constant', value: work } } })
    const start = c.sim.now
    send(c, { times: [0, 4 * SECOND], connection: streams({ interval: 30 * SECOND, timeout: 15 * SECOND }), timeout: 100 * SECOND })
    expect(summaryAt(c, start + 6 * SECOND).ok).toBe(1)
    const { id, address } = pods[0]!
    c.dataPlane.backends.sandboxDown(id)
    if (isTaken) c.pod({ node: 0, app: 'other', address })
    const end = start + HEARD - SERVICE + work + 30 * SECOND + after
    expect(summaryAt(c, end - 1)).toMatchObject({ ok: 1, failed: 0 })
    expect(summaryAt(c, end).failedByCause).toEqual({ [cause]: 1 })
  })

  test.each([
    ['has crashed: silence', false, 'timeout', 15 * SECOND],
    ['has restarted: RST', true, 'reset', 2 * external + LATER],
  ] as const)('the node that a client outside came in by %s', (_, boots, cause, after) => {
    const slow = { ...INSTANT, concurrency: 100, serviceTime: { kind: 'constant', value: 5 * SECOND } } as const
    const { c } = cluster({ podNodes: [1], workload: slow })
    const connection = streams({ interval: 30 * SECOND, timeout: 15 * SECOND })
    const arrivals = { kind: 'replay', times: [0, 4 * SECOND] } as const
    const start = c.sim.now
    c.traffic({ service: 'web', from: 'outside', clients: 1, node: 0, connection, timeout: 60 * SECOND, arrivals })
    const { ok, latencyMs } = summaryAt(c, start + 6 * SECOND)
    expect(ok).toBe(1)
    c.dataPlane.crashNode(0)
    if (boots) c.dataPlane.bootNode(0)
    const end = start + Math.round(latencyMs.max! * MILLISECOND) + 30 * SECOND + after
    expect(summaryAt(c, end - 1).failed).toBe(0)
    expect(summaryAt(c, end).failedByCause).toEqual({ [cause]: 1 })
  })
})

test('an answer that comes to a node that has restarted meanwhile is lost', () => {
  const slow = { ...INSTANT, concurrency: 100, serviceTime: { kind: 'constant', value: 50 * SECOND } } as const
  const { c } = cluster({ podNodes: [1], workload: slow })
  const connection = streams({ interval: 30 * SECOND, timeout: 15 * SECOND })
  const start = c.sim.now
  const arrivals = { kind: 'replay', times: [0] } as const
  c.traffic({ service: 'web', from: 'outside', clients: 1, node: 0, connection, timeout: 100 * SECOND, arrivals })
  c.sim.run(start + 30 * SECOND + 2 * external)
  const before = packets(c)
  // The ping goes from the node to the pod and its answer back, 250 µs each.
  while (packets(c) === before) c.sim.run(c.sim.now + 10 * MICROSECOND)
  c.dataPlane.crashNode(0)
  c.dataPlane.bootNode(0)
  expect(summaryAt(c, start + 44 * SECOND).failed).toBe(0)
  expect(summaryAt(c, start + 46 * SECOND).failedByCause).toEqual({ timeout: 1 })
})

test.each([
  ['the node of the pod', 1, 2],
  ['the node of the client', 0, 1],
] as const)('%s stands still for a minute while a ping is due', (_, node, opened) => {
  const { c } = cluster({ podNodes: [1] })
  const start = c.sim.now
  send(c, { times: [0, 100 * SECOND], connection: streams({ interval: 30 * SECOND, timeout: 15 * SECOND }) })
  c.sim.run(start + 10 * SECOND)
  c.dataPlane.freezeNode(node, start + 70 * SECOND)
  const s = summaryAt(c, start + 110 * SECOND)
  // A pod that does not answer is given up; a client that does not run asks nothing, and then is answered.
  expect(s).toMatchObject({ ok: 2, failed: 0 })
  expect(Math.round((2 * s.blameMs.mean!.rules * MILLISECOND) / FIRST)).toBe(opened)
})

describe('the other side is there', () => {
  test('a ping follows when nothing was heard for the interval, and takes two packets of the core', () => {
    const { c } = cluster()
    send(c, { times: [0], connection: streams({ interval: 30 * SECOND, timeout: 15 * SECOND }) })
    const start = c.sim.now
    const roundTrip = 2 * LATER + 2 * sameNode
    summaryAt(c, start + HEARD + 30 * SECOND - 1)
    expect(packets(c)).toBe(PACKETS)
    summaryAt(c, start + HEARD + 30 * SECOND)
    expect(packets(c)).toBe(PACKETS + 1)
    // The interval begins again with the answer.
    summaryAt(c, start + HEARD + 60 * SECOND + roundTrip - 1)
    expect(packets(c)).toBe(PACKETS + 2)
    summaryAt(c, start + HEARD + 60 * SECOND + roundTrip)
    expect(packets(c)).toBe(PACKETS + 3)
    expect(summaryAt(c, start + 300 * SECOND).failed).toBe(0)
  })

  test('what is heard meanwhile puts it off: an answer, one that is late, an error', () => {
    const answers = cluster()
    const ping = { interval: 10 * SECOND, timeout: SECOND }
    send(answers.c, { times: [0, 1, 2, 3, 4].map((n) => n * 6 * SECOND), connection: streams(ping) })
    summaryAt(answers.c, answers.c.sim.now + 30 * SECOND)
    expect(packets(answers.c)).toBe(PACKETS + 4 * 2)
    const late = cluster({ workload: { ...INSTANT, concurrency: 100, serviceTime: { kind: 'constant', value: 8 * SECOND } } })
    send(late.c, { times: [0], connection: streams(ping), timeout: HEARD - SERVICE + 8 * SECOND - 1 })
    const before = summaryAt(late.c, late.c.sim.now + 15 * SECOND)
    expect(before.failedByCause).toEqual({ timeout: 1 })
    expect(packets(late.c)).toBe(PACKETS)
    const full = cluster({ workload: { ...INSTANT, queue: 0, serviceTime: { kind: 'constant', value: 40 * SECOND } } })
    send(full.c, { times: [0, 2 * SECOND, 8 * SECOND], connection: streams(ping), timeout: 100 * SECOND })
    expect(summaryAt(full.c, full.c.sim.now + 15 * SECOND).failedByCause).toEqual({ 'queue-full': 2 })
    expect(packets(full.c)).toBe(3 + 2 * 2)
  })

  test.each([
    ['client', 2 * LATER + 2 * sameNode],
    ['outside', 2 * LATER + 2 * sameNode + 2 * external],
  ] as const)('its answer to %s takes a round trip: 1 ns too late is too late', (from, roundTrip) => {
    for (const [timeout, opened] of [
      [roundTrip, 2],
      [roundTrip + 1, 1],
    ] as const) {
      const { c } = cluster({ zones: ['a'] })
      c.sim.run(c.sim.now + 10 * SECOND)
      send(c, { from, times: [0, 15 * SECOND], connection: streams({ interval: 10 * SECOND, timeout }) })
      const s = summaryAt(c, c.sim.now + 30 * SECOND)
      expect(s).toMatchObject({ ok: 2, failed: 0 })
      expect(Math.round((2 * s.blameMs.mean!.rules * MILLISECOND) / FIRST)).toBe(opened)
    }
  })

  test('a ping that the core drops is sent again', () => {
    const again = retransmitTimeout(2 * sameNode)
    const roundTrip = 2 * LATER + 2 * sameNode
    for (const [timeout, opened] of [
      [again + roundTrip, 2],
      [again + roundTrip + 1, 1],
    ] as const) {
      const { c } = cluster({ zones: ['a'], cpuMilli: 1000, softirq: { backlog: 1 } })
      send(c, { times: [0, 15 * SECOND], connection: streams({ interval: 10 * SECOND, timeout }) })
      const burst = Array.from({ length: 6 }, () => HEARD + 10 * SECOND - MICROSECOND / 10)
      c.traffic({ name: 'burst', service: 'web', from: 'client', arrivals: { kind: 'replay', times: burst } })
      const s = summaryAt(c, c.sim.now + 30 * SECOND)
      expect(c.dataPlane.cores.dropped(0)).toBeGreaterThan(1)
      expect(Math.round((2 * s.blameMs.mean!.rules * MILLISECOND) / FIRST)).toBe(opened)
    }
  })

  test('pings keep alive what IPVS remembers of a connection, which it forgets after 15 minutes of silence', () => {
    const run = (times: readonly Nanos[], ping: PingSpec | undefined) => {
      const { c } = cluster({ kubeProxy: { mode: 'ipvs', scheduler: 'rr' } })
      send(c, { times, connection: streams(ping, 2000 * SECOND) })
      const { ok, failedByCause, blameMs } = summaryAt(c, c.sim.now + 1100 * SECOND)
      return { failedByCause, rules: Math.round(ok * blameMs.mean!.rules * MILLISECOND) }
    }
    const ping = { interval: 30 * SECOND, timeout: 15 * SECOND }
    const { rules } = run([0], undefined)
    expect(run([0, 1000 * SECOND], undefined)).toEqual({ failedByCause: { reset: 1 }, rules })
    // No second connection was opened.
    expect(run([0, 1000 * SECOND], ping)).toEqual({ failedByCause: {}, rules })
  })

  test('a process that is gone sends none', () => {
    const { c, client } = cluster({ workload: { ...INSTANT, concurrency: 100, serviceTime: { kind: 'constant', value: 100 * SECOND } } })
    send(c, { times: [0], connection: streams({ interval: SECOND, timeout: SECOND }), timeout: 90 * SECOND })
    c.sim.run(c.sim.now + MILLISECOND)
    c.dataPlane.backends.kill(client.id)
    summaryAt(c, c.sim.now + 50 * SECOND)
    expect(packets(c)).toBe(3)
    expect(summaryAt(c, c.sim.now + 100 * SECOND).failedByCause).toEqual({ 'no-client': 1 })
    expect(c.dataPlane.requests.inUse).toBe(0)
  })
})
