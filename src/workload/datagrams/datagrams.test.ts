import { describe, expect, test } from 'vitest'
import type { KubernetesMinor } from '../../kubernetes-version.ts'
import type { TrafficSummary } from '../../metrics/summaries.ts'
import { LINUX_6_1 } from '../../profiles/cost-profile.ts'
import { MILLISECOND, type Nanos, SECOND } from '../../units.ts'
import { INSTANT, TERMINATING, TEST_NETWORK, TestCluster, type TestClusterOptions, type TestPod } from '../test-cluster.ts'

const IPVS = { mode: 'ipvs', scheduler: 'rr' } as const
const NFTABLES = { mode: 'nftables', scheduler: 'rr' } as const
/** First datagram of a flow with one Service and one endpoint, and later ones. */
const FIRST = LINUX_6_1.firstPacketNs('iptables-legacy', 0, 0, 1)
const LATER = LINUX_6_1.establishedPacketNs('iptables-legacy')
const { sameNode, sameZone, external } = TEST_NETWORK
const SERVICE_TIME = 7 * MILLISECOND
const SERVER = { ...INSTANT, serviceTime: { kind: 'constant', value: SERVICE_TIME } } as const

/** One UDP Service `web` with pods on the nodes given, all proxies synced, and a client pod on node 0. */
function cluster(options: TestClusterOptions & { podNodes?: readonly number[] } = {}): {
  c: TestCluster
  pods: TestPod[]
  client: TestPod
} {
  const c = new TestCluster(options)
  const pods = (options.podNodes ?? [0]).map((node) => c.pod({ node, app: 'web', workload: SERVER }))
  const client = c.pod({ node: 0, app: 'client' })
  c.service('web', { type: 'NodePort', nodePort: 30080, protocol: 'UDP' })
  c.sliceOf('web', pods, 'UDP')
  c.startProxies()
  return { c, pods, client }
}

let traffics = 0
/** A traffic over UDP from now on: one datagram at once and then one a `period`, `count` of them. */
function send(
  c: TestCluster,
  options: { count?: number; period?: Nanos; reuse?: boolean; from?: string; timeout?: Nanos } = {},
): () => TrafficSummary {
  const name = `t${traffics++}`
  const period = options.period ?? SECOND
  const count = options.count ?? 1
  const times = Array.from({ length: count }, (_, index) => index * period)
  c.traffic({
    name,
    service: 'web',
    from: options.from ?? 'client',
    arrivals: { kind: 'replay', times },
    stop: c.sim.now + count * period,
    timeout: options.timeout ?? SECOND,
    socket: { reuse: options.reuse ?? false },
  })
  return () => {
    c.dataPlane.checkConservation()
    return c.dataPlane.trafficSummaries().find(({ traffic }) => traffic === name)!
  }
}

const run = (c: TestCluster, time: Nanos) => c.sim.run(c.sim.now + time)
const latency = (summary: TrafficSummary) => Math.round(summary.latencyMs.max! * MILLISECOND)
const entries = (c: TestCluster) => [0, 1].map((node) => c.dataPlane.conntrackEntries(node))

describe('an answered request takes F + e + 2 one-way delays + service', () => {
  test.each([
    ['within a node', [0], FIRST + LATER + 2 * sameNode + SERVICE_TIME],
    ['within a zone', [1], FIRST + LATER + 2 * sameZone + SERVICE_TIME],
  ])('%s', (_, podNodes, expected) => {
    const { c } = cluster({ podNodes })
    const sent = send(c)
    run(c, SECOND)
    expect(latency(sent())).toBe(expected)
    const { mean } = sent().blameMs
    expect(Math.round(mean!.rules * MILLISECOND)).toBe(FIRST)
    expect(Math.round(mean!.packets * MILLISECOND)).toBe(LATER)
    expect(mean!.service).toBe(7)
  })

  test('in ipvs mode with its own costs', () => {
    const { c } = cluster({ kubeProxy: IPVS })
    const sent = send(c)
    run(c, SECOND)
    const first = LINUX_6_1.firstPacketNs('ipvs', 0, 0, 1)
    expect(latency(sent())).toBe(first + LINUX_6_1.establishedPacketNs('ipvs') + 2 * sameNode + SERVICE_TIME)
  })

  test('from outside, through the node port', () => {
    const { c } = cluster({ podNodes: [1], zones: ['a', 'b'] })
    const warm = send(c, { from: 'outside' })
    run(c, 10 * SECOND)
    expect(warm().failedByCause).toEqual({ timeout: 1 })
    const sent = send(c, { from: 'outside' })
    run(c, SECOND)
    // The one Service port is passed over in KUBE-SERVICES, then hit as the first of KUBE-NODEPORTS.
    const first = LINUX_6_1.firstPacketNs('iptables-legacy', 1, 0, 1)
    expect(latency(sent())).toBe(first + LATER + 2 * (external + TEST_NETWORK.crossZone) + SERVICE_TIME)
  })

  test('a socket that is used again does not meet the rules again', () => {
    const { c } = cluster()
    const sent = send(c, { count: 5, reuse: true })
    run(c, 6 * SECOND)
    expect(sent().ok).toBe(5)
    const { mean } = sent().blameMs
    expect(Math.round(mean!.rules * 5 * MILLISECOND)).toBe(FIRST)
    expect(Math.round(mean!.packets * 5 * MILLISECOND)).toBe(9 * LATER)
  })
})

describe('connection tracking', () => {
  const answerAt = FIRST + LATER + 2 * sameZone + SERVICE_TIME

  test('an exchange keeps an entry on both nodes for 30 s from its answer on', () => {
    const { c } = cluster({ podNodes: [1] })
    send(c)
    run(c, SECOND)
    expect(entries(c)).toEqual([1, 1])
    run(c, 29 * SECOND + answerAt - 1)
    expect(entries(c)[0]).toBe(1)
    run(c, 1)
    expect(entries(c)).toEqual([0, 0])
    expect(c.dataPlane.requests.datagrams.flows.size).toBe(0)
  })

  test('two sockets have two entries, one that is used again has one', () => {
    const { c } = cluster()
    send(c, { count: 2 })
    run(c, 2 * SECOND)
    expect(entries(c)[0]).toBe(2)
    run(c, 40 * SECOND)
    send(c, { count: 2, reuse: true })
    run(c, 2 * SECOND)
    expect(entries(c)[0]).toBe(1)
  })

  test('what goes both ways for more than 2 s lasts 120 s: the third datagram is the first beyond', () => {
    const { c } = cluster({ podNodes: [0] })
    send(c, { count: 3, reuse: true })
    const begin = c.sim.now
    c.sim.run(begin + 2 * SECOND + 31 * SECOND)
    // The third is sent at 2 s exactly, not later; but its answer is later, and makes it a stream.
    expect(entries(c)[0]).toBe(1)
    const lastAnswer = begin + 2 * SECOND + 2 * LATER + 2 * sameNode + SERVICE_TIME
    c.sim.run(lastAnswer + 120 * SECOND - 1)
    expect(entries(c)[0]).toBe(1)
    c.sim.run(lastAnswer + 120 * SECOND)
    expect(entries(c)[0]).toBe(0)
  })

  test('what goes both ways for less than 2 s lasts 30 s', () => {
    const { c } = cluster({ podNodes: [0] })
    send(c, { count: 2, reuse: true })
    const lastAnswer = c.sim.now + SECOND + 2 * LATER + 2 * sameNode + SERVICE_TIME
    c.sim.run(lastAnswer + 30 * SECOND - 1)
    expect(entries(c)[0]).toBe(1)
    c.sim.run(lastAnswer + 30 * SECOND)
    expect(entries(c)[0]).toBe(0)
  })

  test('silence refreshes it too, for 30 s each time', () => {
    const { c, pods } = cluster({ podNodes: [1] })
    send(c, { reuse: true, count: 2, period: 25 * SECOND })
    const begin = c.sim.now
    run(c, 0)
    c.dataPlane.backends.sandboxDown(pods[0]!.id)
    c.sim.run(begin + 54 * SECOND)
    expect(entries(c)[0]).toBe(1)
    c.sim.run(begin + 55 * SECOND)
    expect(entries(c)[0]).toBe(0)
  })

  test('a full table drops a first datagram, and lets those of a known flow pass', () => {
    const { c } = cluster()
    const known = send(c, { count: 2, reuse: true, period: 5 * SECOND })
    run(c, SECOND)
    const conntrack = c.dataPlane.kernels.conntrack(0)
    while (conntrack.hasRoom(c.sim.now)) conntrack.open()
    const late = send(c)
    run(c, 10 * SECOND)
    expect(known().ok).toBe(2)
    expect(late().failedByCause).toEqual({ 'conntrack-full': 1 })
  })

  test('a node that crashes forgets', () => {
    const { c } = cluster({ podNodes: [0] })
    send(c, { reuse: true })
    run(c, SECOND)
    c.dataPlane.crashNode(0)
    c.dataPlane.bootNode(0)
    expect(entries(c)[0]).toBe(0)
    run(c, 60 * SECOND)
    expect(entries(c)[0]).toBe(0)
    expect(c.dataPlane.requests.datagrams.flows.size).toBe(0)
  })
})

describe('a request fails', () => {
  test('at once where the Service has no endpoint: ICMP port unreachable', () => {
    const { c } = cluster()
    c.slice('web', [], undefined, 'UDP')
    run(c, 5 * SECOND)
    const sent = send(c)
    run(c, SECOND / 2)
    expect(sent().failedByCause).toEqual({ 'no-endpoints': 1 })
    expect(entries(c)[0]).toBe(0)
  })

  test('at once where no process has the port', () => {
    const { c, pods } = cluster()
    c.dataPlane.backends.stopListening(pods[0]!.id)
    const sent = send(c)
    run(c, SECOND / 2)
    expect(sent().failedByCause).toEqual({ refused: 1 })
  })

  test('by time-out where the address is gone, nothing is sent again', () => {
    const { c, pods } = cluster()
    const sent = send(c, { timeout: 10 * SECOND })
    c.dataPlane.backends.sandboxDown(pods[0]!.id)
    run(c, 500 * MILLISECOND)
    c.pod({ node: 0, app: 'web', workload: SERVER, address: pods[0]!.address })
    run(c, 10 * SECOND)
    expect(sent().failedByCause).toEqual({ timeout: 1 })
  })

  test('by time-out where the process ends while it serves, and where its buffer is full', () => {
    const { c, pods } = cluster()
    const sent = send(c)
    run(c, 3 * MILLISECOND)
    c.dataPlane.backends.kill(pods[0]!.id)
    run(c, 2 * SECOND)
    expect(sent().failedByCause).toEqual({ timeout: 1 })
    const full = cluster()
    full.c.dataPlane.backends.kill(full.pods[0]!.id)
    const small = full.c.pod({ node: 0, app: 'web', workload: { ...SERVER, queue: 0 } })
    full.c.sliceOf('web', [small], 'UDP')
    run(full.c, 5 * SECOND)
    const two = send(full.c, { count: 2, period: MILLISECOND })
    run(full.c, 2 * SECOND)
    expect(two().ok).toBe(1)
    expect(two().failedByCause).toEqual({ timeout: 1 })
  })

  test('a client that gives up has still sent: the pod works for nothing', () => {
    const { c, pods } = cluster({ podNodes: [1] })
    const sent = send(c, { timeout: sameZone / 2 })
    run(c, 5 * MILLISECOND)
    expect(sent().failedByCause).toEqual({ timeout: 1 })
    expect(c.dataPlane.backends.inFlight(pods[0]!.id)).toBe(1)
    run(c, SECOND)
    c.dataPlane.checkConservation()
    expect(c.dataPlane.requests.inUse).toBe(0)
  })
})

test('a datagram that is lost when its client has given up leaves nothing behind', () => {
  const { c, pods } = cluster({ podNodes: [1] })
  const sent = send(c, { timeout: sameZone / 2 })
  run(c, sameZone / 2)
  c.dataPlane.backends.sandboxDown(pods[0]!.id)
  expect(sent().failedByCause).toEqual({ timeout: 1 })
  expect(c.dataPlane.requests.inUse).toBe(1)
  run(c, SECOND)
  sent()
  expect(c.dataPlane.requests.inUse).toBe(0)
})

describe('an entry that leads to an endpoint that is gone', () => {
  /**
   * A client sends every second from one socket. At 10 s its only endpoint's pod goes without a trace, and a new pod has taken its place in
   * the slice at once, or not: what becomes of the 20 datagrams that follow.
   */
  function afterReplacement(options: TestClusterOptions & { replaced?: boolean; deleted?: boolean }): TrafficSummary {
    const { c, pods } = cluster(options)
    const sent = send(c, { count: 31, reuse: true, timeout: 500 * MILLISECOND })
    run(c, 10 * SECOND + 500 * MILLISECOND)
    expect(sent().ok).toBe(11)
    if (!options.deleted) c.dataPlane.backends.sandboxDown(pods[0]!.id)
    if (options.deleted) c.service('web', { type: 'NodePort', nodePort: 30080, protocol: 'UDP', deleted: true })
    else c.sliceOf('web', options.replaced === false ? [] : [c.pod({ node: 0, app: 'web', workload: SERVER })], 'UDP')
    run(c, 30 * SECOND)
    return sent()
  }

  const versions: KubernetesMinor[] = [28, 31, 32, 36]
  test.each(versions)('goes by the sync that brings another endpoint, in 1.%i', (version) => {
    // The sync begins at once, as the last one was long ago, and takes some milliseconds: the next datagram is sent 500 ms later.
    expect(afterReplacement({ version }).ok).toBe(31)
    if (version >= 31) expect(afterReplacement({ version, kubeProxy: NFTABLES }).ok).toBe(31)
  })

  test('goes until 1.31 also when nothing is left, and the client is told', () => {
    expect(afterReplacement({ version: 31, replaced: false }).failedByCause).toEqual({ 'no-endpoints': 20 })
  })

  test('stays from 1.32 on when nothing is left: a black hole as long as the client goes on (kubernetes#139628)', () => {
    expect(afterReplacement({ version: 32, replaced: false }).failedByCause).toEqual({ timeout: 20 })
    expect(afterReplacement({ version: 36, replaced: false, kubeProxy: NFTABLES }).failedByCause).toEqual({ timeout: 20 })
  })

  test('goes until 1.31 with its Service, and stays from 1.32 on: the pod of a Service that is no more still answers', () => {
    // Without its entry a datagram makes one that leads nowhere.
    expect(afterReplacement({ version: 31, deleted: true }).failedByCause).toEqual({ timeout: 20 })
    expect(afterReplacement({ version: 32, deleted: true }).ok).toBe(31)
  })

  test('a new socket is not concerned', () => {
    const { c, pods } = cluster({ version: 36 })
    const other = c.pod({ node: 0, app: 'web', workload: SERVER })
    send(c, { reuse: true })
    run(c, SECOND)
    c.dataPlane.backends.sandboxDown(pods[0]!.id)
    c.sliceOf('web', [other], 'UDP')
    run(c, 5 * SECOND)
    const fresh = send(c)
    run(c, SECOND)
    expect(fresh().ok).toBe(1)
  })

  test('is no matter of ipvs: the flow goes with its destination', () => {
    expect(afterReplacement({ version: 36, kubeProxy: IPVS }).ok).toBe(31)
    expect(afterReplacement({ version: 36, kubeProxy: IPVS, replaced: false }).failedByCause).toEqual({ 'no-endpoints': 20 })
  })

  test('an endpoint that terminates and serves keeps its flows, beside a ready one', () => {
    for (const version of versions) {
      const { c, pods } = cluster({ version, podNodes: [0] })
      const sent = send(c, { count: 20, reuse: true })
      run(c, 5 * SECOND + 500 * MILLISECOND)
      const other = c.pod({ node: 0, app: 'web', workload: SERVER })
      c.slice(
        'web',
        [
          [pods[0]!.address, TERMINATING],
          [other.address, { ready: true, serving: true, terminating: false }],
        ],
        undefined,
        'UDP',
      )
      run(c, 30 * SECOND)
      expect(sent().ok).toBe(20)
      const loads = c.dataPlane.backends.loads().map(({ load }) => load.requests)
      expect(loads[0]).toBe(20)
    }
  })
})

describe('an entry that leads nowhere', () => {
  /** Datagrams to a Service that the node does not know yet; rules come at 5 s. */
  function beforeRules(options: TestClusterOptions): TrafficSummary {
    const c = new TestCluster(options)
    const pod = c.pod({ node: 0, app: 'web', workload: SERVER })
    c.pod({ node: 0, app: 'client' })
    c.startProxies()
    const sent = send(c, { count: 20, reuse: true, timeout: 500 * MILLISECOND })
    run(c, 4 * SECOND + 500 * MILLISECOND)
    c.service('web', { type: 'NodePort', nodePort: 30080, protocol: 'UDP' })
    c.sliceOf('web', [pod], 'UDP')
    run(c, 30 * SECOND)
    return sent()
  }

  test.each([28, 31, 32, 36] as const)('is cleared when the Service gets its first endpoint, in 1.%i', (version) => {
    const sent = beforeRules({ version })
    expect(sent.failedByCause).toEqual({ timeout: 5 })
    expect(sent.ok).toBe(15)
  })

  test('is not needed by ipvs, which looks at every datagram', () => {
    expect(beforeRules({ version: 36, kubeProxy: IPVS }).ok).toBe(15)
  })
})

describe('a kube-proxy that starts anew', () => {
  /** Two pods behind the Service; how many datagrams of a kept socket go to the pod that had the first. */
  test.each([
    [31, false],
    [32, true],
  ] as const)('in 1.%i leaves good flows where they are: %s (kubernetes#122740)', (version, stays) => {
    const { c } = cluster({ version, podNodes: [0, 0, 0, 0, 0, 0, 0, 0] })
    send(c, { count: 20, reuse: true })
    run(c, 5 * SECOND + 500 * MILLISECOND)
    const { flows } = c.dataPlane.requests.datagrams
    expect(flows.size).toBe(1)
    c.dataPlane.proxy(0).stop()
    c.startProxy(0)
    // Its first sync is over, and no datagram has come since.
    run(c, 300 * MILLISECOND)
    expect(flows.size).toBe(stays ? 1 : 0)
    run(c, 30 * SECOND)
    expect(c.dataPlane.backends.loads().filter(({ load }) => load.requests > 0)).toHaveLength(stays ? 1 : 2)
  })
})

describe('IPVS counts flows', () => {
  const snapshot = (c: TestCluster) => {
    const mode = c.dataPlane.mode as unknown as {
      inspect: (...numbers: number[]) => { snapshot: () => { active: number; inactive: number }[] }
    }
    const port = c.dataPlane.history.servicePort('shop', 'web', 80, 'UDP')
    return mode
      .inspect(0, port, 0, c.sim.now)
      .snapshot()
      .map(({ active, inactive }) => [active, inactive])
  }

  test.each([0, 10_800])('as inactive, for 300 s from the last datagram on, with session affinity of %i s', (affinitySeconds) => {
    const { c } = cluster({ kubeProxy: IPVS })
    if (affinitySeconds > 0) c.service('web', { type: 'NodePort', nodePort: 30080, protocol: 'UDP', spec: { affinitySeconds } })
    run(c, 5 * SECOND)
    send(c, { count: 2 })
    const begin = c.sim.now
    run(c, 2 * SECOND)
    expect(snapshot(c)).toEqual([[0, 2]])
    // Connection tracking has forgotten them, IPVS has not.
    run(c, 60 * SECOND)
    expect(entries(c)[0]).toBe(0)
    expect(snapshot(c)).toEqual([[0, 2]])
    const answer = LINUX_6_1.firstPacketNs('ipvs', 0, 0, 1) + LINUX_6_1.establishedPacketNs('ipvs') + 2 * sameNode + SERVICE_TIME
    c.sim.run(begin + answer + 300 * SECOND - 1)
    expect(snapshot(c)).toEqual([[0, 2]])
    c.sim.run(begin + answer + 300 * SECOND)
    expect(snapshot(c)).toEqual([[0, 1]])
    run(c, 2 * SECOND)
    expect(snapshot(c)).toEqual([[0, 0]])
  })

  test('a destination is taken out at once, with flows', () => {
    const { c } = cluster({ kubeProxy: IPVS })
    send(c)
    run(c, SECOND)
    c.slice('web', [], undefined, 'UDP')
    run(c, 5 * SECOND)
    expect(snapshot(c)).toEqual([])
    run(c, 400 * SECOND)
    expect(c.dataPlane.requests.datagrams.flows.size).toBe(0)
  })
})
