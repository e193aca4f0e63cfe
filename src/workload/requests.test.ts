import { describe, expect, test } from 'vitest'
import type { TrafficSummary } from '../metrics/summaries.ts'
import { LINUX_6_1 } from '../profiles/cost-profile.ts'
import { MICROSECOND, MILLISECOND, type Nanos, SECOND } from '../units.ts'
import { INSTANT, READY, TERMINATING, TEST_NETWORK, TestCluster, type TestClusterOptions, type TestPod } from './test-cluster.ts'

const IPVS = { mode: 'ipvs', scheduler: 'rr' } as const
/** First packet with one Service and one endpoint (no rule before it, no statistic rule) and later packets. */
const FIRST = LINUX_6_1.firstPacketNs('iptables-legacy', 0, 0, 1)
const LATER = LINUX_6_1.establishedPacketNs('iptables-legacy')
const { sameNode, sameZone, crossZone, external } = TEST_NETWORK

/** One Service `web` with the pods given, all proxies synced, and a client pod on node 0. */
function cluster(options: TestClusterOptions & { podNodes?: readonly number[]; workload?: typeof INSTANT } = {}): {
  c: TestCluster
  pods: TestPod[]
} {
  const c = new TestCluster(options)
  const pods = (options.podNodes ?? [0]).map((node) => c.pod({ node, app: 'web', workload: options.workload ?? INSTANT }))
  c.pod({ node: 0, app: 'client' })
  c.service('web', { type: 'NodePort', nodePort: 30080 })
  c.sliceOf('web', pods)
  c.startProxies()
  return { c, pods }
}

/** Sends one request now, lets `meanwhile` do something, and runs until it is over. */
function one(c: TestCluster, options: { timeout?: Nanos; from?: string; meanwhile?: () => void } = {}): TrafficSummary {
  c.traffic({
    service: 'web',
    from: options.from ?? 'client',
    ratePerSecond: 1,
    stop: c.sim.now + 1,
    timeout: options.timeout ?? 2 * SECOND,
  })
  c.sim.run(c.sim.now)
  options.meanwhile?.()
  c.sim.run(c.sim.now + 300 * SECOND)
  c.dataPlane.checkConservation()
  const summary = c.dataPlane.trafficSummaries()[0]!
  expect(summary.sent).toBe(1)
  expect(summary.inFlight).toBe(0)
  return summary
}

/** The latency or, for a failure, nothing. */
const latency = (summary: TrafficSummary) => Math.round(summary.latencyMs.max! * MILLISECOND)

describe('an answered request takes F + 3 e + 4 one-way delays + service', () => {
  const workload = { ...INSTANT, serviceTime: { kind: 'constant', value: 7 * MILLISECOND } } as const

  test('within a node', () => {
    const { c } = cluster({ workload })
    expect(latency(one(c))).toBe(FIRST + 3 * LATER + 4 * sameNode + 7 * MILLISECOND)
  })

  test('within a zone', () => {
    const { c } = cluster({ workload, podNodes: [1] })
    expect(latency(one(c))).toBe(FIRST + 3 * LATER + 4 * sameZone + 7 * MILLISECOND)
  })

  test('across zones', () => {
    const { c } = cluster({ workload, podNodes: [1], zones: ['a', 'b'] })
    expect(latency(one(c))).toBe(FIRST + 3 * LATER + 4 * crossZone + 7 * MILLISECOND)
  })

  test('from outside, through the node port of one node to a pod of another', () => {
    const { c } = cluster({ workload, podNodes: [1], zones: ['a'].concat('b') })
    c.traffic({ name: 'warm', service: 'web', from: 'outside', ratePerSecond: 1, stop: c.sim.now, start: c.sim.now })
    c.sim.run(c.sim.now + 10 * SECOND)
    c.traffic({ service: 'web', from: 'outside', ratePerSecond: 1, start: c.sim.now, stop: c.sim.now + 1 })
    c.sim.run(c.sim.now + SECOND)
    const summary = c.dataPlane.trafficSummaries()[1]!
    // The one Service port is passed over in KUBE-SERVICES, then hit as the first of KUBE-NODEPORTS.
    const first = LINUX_6_1.firstPacketNs('iptables-legacy', 1, 0, 1)
    expect(latency(summary)).toBe(first + 3 * LATER + 4 * (external + crossZone) + 7 * MILLISECOND)
  })

  test('in IPVS mode with its own costs', () => {
    const { c } = cluster({ workload, kubeProxy: IPVS })
    const first = LINUX_6_1.firstPacketNs('ipvs', 0, 0, 1)
    expect(latency(one(c))).toBe(first + 3 * LINUX_6_1.establishedPacketNs('ipvs') + 4 * sameNode + 7 * MILLISECOND)
  })
})

describe('what the time of a request was spent on', () => {
  const workload = { ...INSTANT, serviceTime: { kind: 'constant', value: 7 * MILLISECOND } } as const
  const ns = (parts: TrafficSummary['blameMs']['mean']) =>
    Object.fromEntries(
      Object.entries(parts!)
        .filter(([, ms]) => ms !== 0)
        .map(([part, ms]) => [part, Math.round(ms * MILLISECOND)]),
    )

  test('first packet, later packets, network and service', () => {
    const { c } = cluster({ workload, podNodes: [1] })
    const parts = {
      network: 4 * sameZone,
      rules: FIRST,
      packets: 3 * LATER,
      service: 7 * MILLISECOND,
    }
    expect(ns(one(c).blameMs.mean)).toEqual(parts)
  })

  test('a lost SYN costs the second until the next is due', () => {
    const { c, pods } = cluster({ workload, podNodes: [1] })
    const { address } = pods[0]!
    c.dataPlane.backends.sandboxDown(pods[0]!.id)
    const summary = one(c, {
      meanwhile: () => {
        c.sim.run(c.sim.now + 500 * MILLISECOND)
        expect(c.pod({ node: 1, app: 'web', workload, address }).address).toBe(address)
      },
    })
    // What the first SYN cost passed within that second; the next is a later packet of the same connection.
    expect(ns(summary.blameMs.mean)).toEqual({
      network: 4 * sameZone,
      packets: 4 * LATER,
      retransmit: SECOND,
      service: 7 * MILLISECOND,
    })
    expect(latency(summary)).toBe(SECOND + 4 * LATER + 4 * sameZone + 7 * MILLISECOND)
  })

  test('of two connections at once on one core, the second waits for the first', () => {
    const { c } = cluster({ workload, softirq: { cores: 1 } })
    for (const name of ['one', 'two'])
      c.traffic({ name, service: 'web', from: 'client', ratePerSecond: 1, start: c.sim.now, stop: c.sim.now + 1 })
    c.sim.run(c.sim.now + SECOND)
    const [first, second] = c.dataPlane.trafficSummaries()
    // The second SYN waits F. Its SYN-ACK comes F after the other, which takes e, and the request on that takes e more: 2 e - F to wait.
    expect(ns(first!.blameMs.mean).softirq).toBeUndefined()
    expect(ns(second!.blameMs.mean)).toEqual({
      network: 4 * sameNode,
      rules: FIRST,
      packets: 3 * LATER,
      softirq: 2 * LATER,
      service: 7 * MILLISECOND,
      'pod-queue': 7 * MILLISECOND - 2 * LATER,
    })
    expect(c.dataPlane.cores.spent(0, c.sim.now)).toBe(2 * (FIRST + 3 * LATER))
  })

  test('a SYN that finds the backlog of its core full costs the second until the next is due', () => {
    const { c } = cluster({ workload, softirq: { cores: 1, backlog: 1 } })
    c.dataPlane.cores.enter(0, c.sim.now, 1000)
    for (let packet = 0; packet < 2; packet++) c.dataPlane.cores.enter(0, c.sim.now, 1000)
    const parts = { network: 4 * sameNode, rules: FIRST, packets: 3 * LATER, retransmit: SECOND, service: 7 * MILLISECOND }
    expect(ns(one(c).blameMs.mean)).toEqual(parts)
    expect(c.dataPlane.cores.dropped(0)).toBe(1)
  })

  test('an answer that finds it full comes again after the retransmission timeout: the round trip and 200 ms', () => {
    const { c } = cluster({ workload, softirq: { cores: 1, backlog: 1 } })
    const start = c.sim.now
    const summary = one(c, {
      meanwhile: () => {
        c.sim.run(start + FIRST + 2 * LATER + 4 * sameNode + 7 * MILLISECOND - 1)
        for (let packet = 0; packet < 3; packet++) c.dataPlane.cores.enter(0, c.sim.now, 1000)
      },
    })
    const retransmit = 2 * sameNode + 200 * MILLISECOND
    expect(ns(summary.blameMs.mean)).toEqual({
      network: 4 * sameNode,
      rules: FIRST,
      packets: 3 * LATER,
      retransmit,
      service: 7 * MILLISECOND,
    })
  })

  test('from outside, the request comes to the core two ways after the SYN-ACK, and waits for what came meanwhile', () => {
    const { c } = cluster({ workload, softirq: { cores: 1 } })
    c.traffic({ name: 'warm', service: 'web', from: 'outside', ratePerSecond: 1, stop: c.sim.now, start: c.sim.now })
    c.sim.run(c.sim.now + 10 * SECOND)
    const start = c.sim.now
    c.traffic({ service: 'web', from: 'outside', ratePerSecond: 1, start, stop: start + 1 })
    const first = LINUX_6_1.firstPacketNs('iptables-legacy', 1, 0, 1)
    c.sim.run(start + first + LATER + 3 * external + 2 * sameNode - 1)
    c.dataPlane.cores.enter(0, c.sim.now, 1001)
    c.sim.run(start + SECOND)
    const expected = { network: 4 * (external + sameNode), rules: first, packets: 3 * LATER, softirq: 1000, service: 7 * MILLISECOND }
    const [, summary] = c.dataPlane.trafficSummaries()
    expect(ns(summary!.blameMs.mean)).toEqual(expected)
  })

  test('the second of two at one server waits for the first', () => {
    const { c } = cluster({ workload })
    c.traffic({ service: 'web', from: 'client', ratePerSecond: 1000, stop: c.sim.now + 2 * MILLISECOND })
    c.sim.run(c.sim.now + SECOND)
    const { blameMs, latencyMs } = c.dataPlane.trafficSummaries()[0]!
    expect(latencyMs.count).toBe(2)
    expect(blameMs.mean!['pod-queue']).toBe(3)
    expect(blameMs.p99!['pod-queue']).toBe(6)
  })
})

describe('a request fails with one cause', () => {
  test('refused: the address is there and nothing listens', () => {
    const { c, pods } = cluster()
    c.dataPlane.backends.stopListening(pods[0]!.id)
    expect(one(c).failedByCause).toEqual({ refused: 1 })
  })

  test('reset: the process ends while it serves', () => {
    const { c, pods } = cluster({ workload: { ...INSTANT, serviceTime: { kind: 'constant', value: SECOND } } })
    const summary = one(c, {
      meanwhile: () => {
        c.sim.run(c.sim.now + 500 * MILLISECOND)
        expect(c.dataPlane.backends.inFlight(pods[0]!.id)).toBe(1)
        c.dataPlane.backends.kill(pods[0]!.id)
      },
    })
    expect(summary.failedByCause).toEqual({ reset: 1 })
  })

  test('reset: the process ends between the SYN and the request', () => {
    const { c, pods } = cluster({ podNodes: [1] })
    const summary = one(c, {
      meanwhile: () => {
        c.sim.run(c.sim.now + FIRST + sameZone + MICROSECOND)
        expect(c.dataPlane.backends.inFlight(pods[0]!.id)).toBe(1)
        c.dataPlane.backends.kill(pods[0]!.id)
        c.dataPlane.backends.listen(pods[0]!.id)
      },
    })
    expect(summary.failedByCause).toEqual({ reset: 1 })
  })

  test('timeout: accepted, but the answer is late; the server is occupied until it is done', () => {
    const { c, pods } = cluster({ workload: { ...INSTANT, serviceTime: { kind: 'constant', value: 5 * SECOND } } })
    const start = c.sim.now
    const summary = one(c, {
      timeout: SECOND,
      meanwhile: () => {
        c.sim.run(start + SECOND - 1)
        expect(c.dataPlane.trafficSummaries()[0]!.inFlight).toBe(1)
        c.sim.run(start + SECOND)
        expect(c.dataPlane.trafficSummaries()[0]!.failed).toBe(1)
        c.sim.run(start + 4 * SECOND)
        expect(c.dataPlane.backends.inFlight(pods[0]!.id)).toBe(1)
      },
    })
    expect(summary.failedByCause).toEqual({ timeout: 1 })
    expect(c.dataPlane.backends.inFlight(pods[0]!.id)).toBe(0)
  })

  test.each([
    ['after the request went out: the pod serves it all the same', 2.5, 1],
    ['before the connection was made: the pod never sees the request', 1.5, 0],
  ])('timeout %s', (_when, delays, served) => {
    const { c, pods } = cluster({ podNodes: [1], workload: { ...INSTANT, serviceTime: { kind: 'constant', value: SECOND } } })
    const start = c.sim.now
    const summary = one(c, {
      timeout: FIRST + LATER + delays * sameZone,
      meanwhile: () => {
        c.sim.run(start + FIRST + 2 * LATER + 3 * sameZone)
        expect(c.dataPlane.backends.inFlight(pods[0]!.id)).toBe(served)
      },
    })
    expect(summary.failedByCause).toEqual({ timeout: 1 })
  })

  test('timeout: the address vanishes between the SYN and the request, and no reset comes', () => {
    const { c, pods } = cluster({ podNodes: [1] })
    const summary = one(c, {
      meanwhile: () => {
        c.sim.run(c.sim.now + FIRST + sameZone + MICROSECOND)
        c.dataPlane.backends.sandboxDown(pods[0]!.id)
      },
    })
    expect(summary.failedByCause).toEqual({ timeout: 1 })
  })

  test('no time-out of an answered request ever hits a later one', () => {
    const { c } = cluster({ workload: { ...INSTANT, serviceTime: { kind: 'constant', value: 870 * MILLISECOND }, concurrency: 100 } })
    c.traffic({ service: 'web', from: 'client', ratePerSecond: 20, stop: c.sim.now + 30 * SECOND, timeout: SECOND })
    c.sim.run(c.sim.now + 70 * SECOND)
    expect(c.dataPlane.trafficSummaries()[0]).toMatchObject({ sent: 600, ok: 600 })
  })

  test('no-client: the client pod is gone when its answer comes', () => {
    const { c } = cluster({ workload: { ...INSTANT, serviceTime: { kind: 'constant', value: SECOND } } })
    const client = c.pod({ node: 1, app: 'visitor' })
    const summary = one(c, { from: 'visitor', meanwhile: () => c.dataPlane.backends.kill(client.id) })
    expect(summary.failedByCause).toEqual({ 'no-client': 1 })
  })

  test('queue-full: one is served, one waits, the third finds no place', () => {
    const { c } = cluster({ workload: { ...INSTANT, queue: 1, serviceTime: { kind: 'constant', value: SECOND } } })
    c.traffic({ service: 'web', from: 'client', ratePerSecond: 1000, stop: c.sim.now + 3 * MILLISECOND, timeout: 10 * SECOND })
    c.sim.run(c.sim.now + 20 * SECOND)
    const summary = c.dataPlane.trafficSummaries()[0]!
    expect(summary.failedByCause).toEqual({ 'queue-full': 1 })
    expect(summary.ok).toBe(2)
  })

  test('no-endpoints: the rules reject', () => {
    const { c } = cluster()
    c.slice('web', [])
    c.sim.run(c.sim.now + 10 * SECOND)
    expect(one(c).failedByCause).toEqual({ 'no-endpoints': 1 })
  })

  test('no-client: nobody is there to send', () => {
    const { c } = cluster()
    expect(one(c, { from: 'nobody' }).failedByCause).toEqual({ 'no-client': 1 })
  })

  test('connect-timeout: the address has vanished, and no SYN is answered', () => {
    const { c, pods } = cluster()
    c.dataPlane.backends.sandboxDown(pods[0]!.id)
    const start = c.sim.now
    const summary = one(c, { timeout: 2 * SECOND, meanwhile: () => c.sim.run(start + 2 * SECOND - 1) })
    expect(summary.failedByCause).toEqual({ 'connect-timeout': 1 })
  })

  test('connect-timeout: the kernel gives up 127 s after the first SYN, if the client has not', () => {
    const { c, pods } = cluster()
    c.dataPlane.backends.sandboxDown(pods[0]!.id)
    const start = c.sim.now
    one(c, {
      timeout: 200 * SECOND,
      meanwhile: () => {
        c.sim.run(start + 127 * SECOND - 1)
        expect(c.dataPlane.trafficSummaries()[0]!.failed).toBe(0)
        c.sim.run(start + 127 * SECOND)
        expect(c.dataPlane.trafficSummaries()[0]!.failedByCause).toEqual({ 'connect-timeout': 1 })
      },
    })
  })
})

describe('a SYN without an answer is repeated after 1, 3 and 7 s', () => {
  test.each([
    [0.5, 1],
    [1.5, 3],
    [3.5, 7],
  ])('when the pod has its address after %d s, the SYN of second %d succeeds', (up, syn) => {
    const { c, pods } = cluster()
    c.dataPlane.backends.sandboxDown(pods[0]!.id)
    const start = c.sim.now
    const summary = one(c, {
      timeout: 30 * SECOND,
      meanwhile: () => {
        c.sim.run(start + up * SECOND)
        const id = c.dataPlane.backends.sandboxUp({
          podUid: 'again',
          podName: pods[0]!.name,
          namespace: 'shop',
          labels: {},
          address: pods[0]!.address,
          nodeIndex: 0,
        })
        c.dataPlane.backends.listen(id)
      },
    })
    // The repeated SYN meets connection tracking, not the rules: e instead of F.
    expect(latency(summary)).toBe(syn * SECOND + 4 * LATER + 4 * sameNode)
  })

  test('iptables: to the same endpoint, even when the rules have another by then', () => {
    const { c, pods } = cluster()
    c.dataPlane.backends.sandboxDown(pods[0]!.id)
    const summary = one(c, { timeout: 10 * SECOND, meanwhile: () => c.sliceOf('web', [c.pod({ node: 0, app: 'web' })]) })
    expect(summary.failedByCause).toEqual({ 'connect-timeout': 1 })
  })

  test('ipvs: the first repeated SYN to a drained destination is dropped, and the next goes to another', () => {
    const { c, pods } = cluster({ kubeProxy: IPVS })
    c.dataPlane.backends.sandboxDown(pods[0]!.id)
    const summary = one(c, { timeout: 10 * SECOND, meanwhile: () => c.sliceOf('web', [c.pod({ node: 0, app: 'web' })]) })
    const first = LINUX_6_1.firstPacketNs('ipvs', 0, 0, 1)
    expect(latency(summary)).toBe(3 * SECOND + first + 3 * LINUX_6_1.establishedPacketNs('ipvs') + 4 * sameNode)
  })
})

describe('a node that crashes', () => {
  test('leaves its clients without an answer until their time-out', () => {
    const { c } = cluster({ podNodes: [1], workload: { ...INSTANT, serviceTime: { kind: 'constant', value: SECOND } } })
    const start = c.sim.now
    const summary = one(c, {
      timeout: 5 * SECOND,
      meanwhile: () => {
        c.sim.run(start + 500 * MILLISECOND)
        c.dataPlane.crashNode(1)
        c.sim.run(start + 5 * SECOND - 1)
        expect(c.dataPlane.trafficSummaries()[0]!.failed).toBe(0)
      },
    })
    expect(summary.failedByCause).toEqual({ timeout: 1 })
  })

  test('gets a share of the outside until its third failed health check', () => {
    const { c } = cluster({ podNodes: [1], zones: ['a', 'a', 'a'] })
    c.traffic({ name: 'outside', service: 'web', from: 'outside', ratePerSecond: 30, timeout: SECOND, start: c.sim.now + 10 * SECOND })
    // 30 s: synced; checks at 32, 40, 48, … s. Node 2 crashes at 50 s: checks at 56, 64 and 72 s fail.
    c.sim.run(50 * SECOND)
    c.dataPlane.crashNode(2)
    c.sim.run(72 * SECOND)
    c.sim.run(100 * SECOND)
    const rows = [...c.dataPlane.requestTable().rows]
    const columns = c.dataPlane.requestTable().columns
    const failed = rows.map((row) => [row[0], row[columns.indexOf('failed_connect_timeout')]])
    const share = failed.filter(([second]) => (second as number) >= 50 && (second as number) < 72)
    expect(share.every(([, count]) => count === 10)).toBe(true)
    expect(failed.filter(([second]) => (second as number) < 50 || (second as number) >= 73).every(([, count]) => count === 0)).toBe(true)
  })

  test('comes back empty: no rules, and its clients find nothing until kube-proxy has synced', () => {
    const { c } = cluster({ podNodes: [1] })
    c.dataPlane.crashNode(0)
    c.dataPlane.bootNode(0)
    c.pod({ node: 0, app: 'new-client' })
    expect(one(c, { from: 'new-client', timeout: SECOND }).failedByCause).toEqual({ 'connect-timeout': 1 })
    c.startProxy(0)
    c.sim.run(c.sim.now + 5 * SECOND)
    c.traffic({ name: 'later', service: 'web', from: 'new-client', ratePerSecond: 1, stop: c.sim.now + 1 })
    c.sim.run(c.sim.now + SECOND)
    expect(c.dataPlane.trafficSummaries()[1]!.ok).toBe(1)
  })
})

describe('a full connection tracking table', () => {
  test('drops SYNs, and the requests fail as conntrack-full', () => {
    // One core: 131,072 entries. Each connection leaves one for 120 s on its node; 2,000 a second fill it in 65.5 s.
    const { c } = cluster({ cpuMilli: 1000 })
    c.traffic({ service: 'web', from: 'client', ratePerSecond: 2000, timeout: SECOND / 2 })
    const start = c.sim.now
    c.sim.run(start + 65 * SECOND)
    expect(c.dataPlane.trafficSummaries()[0]!.failed).toBe(0)
    c.sim.run(start + 80 * SECOND)
    const summary = c.dataPlane.trafficSummaries()[0]!
    expect(summary.ok).toBe(131_072)
    expect(summary.failedByCause).toEqual({ 'conntrack-full': summary.failed })
    expect(c.dataPlane.conntrackEntries(0)).toBe(131_072)
    c.dataPlane.checkConservation()
  })

  test('has both nodes of a connection between two', () => {
    const { c } = cluster({ podNodes: [1] })
    c.traffic({ service: 'web', from: 'client', ratePerSecond: 100, stop: c.sim.now + SECOND })
    c.sim.run(c.sim.now + 10 * SECOND)
    expect([c.dataPlane.conntrackEntries(0), c.dataPlane.conntrackEntries(1)]).toEqual([100, 100])
    c.sim.run(c.sim.now + 120 * SECOND)
    expect([c.dataPlane.conntrackEntries(0), c.dataPlane.conntrackEntries(1)]).toEqual([0, 0])
  })

  test('forgets a refused connection after 10 s', () => {
    const { c, pods } = cluster()
    c.dataPlane.backends.stopListening(pods[0]!.id)
    c.traffic({ service: 'web', from: 'client', ratePerSecond: 1, stop: c.sim.now + 1 })
    c.sim.run(c.sim.now + 10 * SECOND)
    expect(c.dataPlane.conntrackEntries(0)).toBe(1)
    c.sim.run(c.sim.now + MILLISECOND)
    expect(c.dataPlane.conntrackEntries(0)).toBe(0)
  })
})

describe('draining', () => {
  test('SIGTERM refuses new connections and lets the accepted ones finish', () => {
    const { c, pods } = cluster({ workload: { ...INSTANT, serviceTime: { kind: 'constant', value: SECOND } } })
    let idleAt = -1
    c.traffic({ service: 'web', from: 'client', ratePerSecond: 10, stop: c.sim.now + SECOND / 2, timeout: 10 * SECOND })
    const start = c.sim.now
    c.sim.run(start + 250 * MILLISECOND)
    c.dataPlane.backends.stopListening(pods[0]!.id)
    c.dataPlane.backends.whenIdle(pods[0]!.id).subscribe(() => {
      idleAt = c.sim.now
    })
    c.sim.run(start + 10 * SECOND)
    const summary = c.dataPlane.trafficSummaries()[0]!
    // Sent at 0, 100 and 200 ms: served one after another, 3 s; at 300 and 400 ms: refused.
    expect([summary.ok, summary.failedByCause]).toEqual([3, { refused: 2 }])
    expect(idleAt).toBe(start + FIRST + 2 * LATER + 3 * sameNode + 3 * SECOND)
  })

  test('an endpoint that only terminates is used when no other is left', () => {
    const { c, pods } = cluster({ podNodes: [0, 1] })
    c.slice('web', [
      [pods[0]!.address, TERMINATING],
      [pods[1]!.address, READY],
    ])
    c.sim.run(c.sim.now + 5 * SECOND)
    c.dataPlane.backends.kill(pods[0]!.id)
    c.traffic({ service: 'web', from: 'client', ratePerSecond: 100, stop: c.sim.now + SECOND })
    c.sim.run(c.sim.now + 2 * SECOND)
    expect(c.dataPlane.trafficSummaries()[0]!.ok).toBe(100)
    c.slice('web', [[pods[0]!.address, TERMINATING]])
    c.sim.run(c.sim.now + 5 * SECOND)
    c.traffic({ name: 'later', service: 'web', from: 'client', ratePerSecond: 1, stop: c.sim.now + 1 })
    c.sim.run(c.sim.now + SECOND)
    expect(c.dataPlane.trafficSummaries()[1]!.failedByCause).toEqual({ refused: 1 })
  })
})
