import { describe, expect, test } from 'vitest'
import type { KubeProxySpec } from '../kube-proxy/kube-proxy-spec.ts'
import { parseLinux } from '../linux-version.ts'
import type { TrafficSummary } from '../metrics/summaries.ts'
import { LINUX_6_1 } from '../profiles/cost-profile.ts'
import { MILLISECOND, type Nanos, SECOND } from '../units.ts'
import type { DnsAnswer } from './dns-failures.ts'
import { type DnsSpec, namesByNamespace, namesToTry } from './resolver.ts'
import type { CallSpec, TrafficSpec, WorkloadSpec } from './specs.ts'
import { INSTANT, TEST_NETWORK, TestCluster, type TestPod } from './test-cluster.ts'

/** Two Services are there. */
const FIRST = LINUX_6_1.firstPacketNs('nftables', 0, 0, 2)
const LATER = LINUX_6_1.establishedPacketNs('nftables')
const { sameNode, sameZone } = TEST_NETWORK
/** Of one request on a connection of its own, to a pod of the same node. */
const REQUEST = FIRST + 3 * LATER + 4 * sameNode
/** Of one name, asked of a pod of the same zone: the query that begins the flow is the later one. */
const LOOKUP = FIRST + LATER + 2 * sameZone

/** A Service `web` with a pod beside the client on node 0, and a DNS server on node 1 that knows the names given. */
function cluster(
  options: {
    names?: readonly string[]
    ndots?: number
    attempts?: number
    timeout?: Nanos
    workload?: typeof INSTANT
    servers?: number
    kernel?: string
    mode?: KubeProxySpec['mode']
    affinity?: boolean
    spec?: Partial<DnsSpec>
  } = {},
): {
  c: TestCluster
  names: Set<string>
  server: TestPod
} {
  const names = new Set(options.names ?? ['web.shop.svc.cluster.local'])
  const { ndots = 5, attempts = 2, timeout = 5 * SECOND, workload = INSTANT } = options
  const c = new TestCluster({
    kubeProxy: { mode: options.mode ?? 'nftables', scheduler: 'rr' },
    ...(options.kernel === undefined ? {} : { kernel: parseLinux(options.kernel)! }),
    dns: {
      spec: { namespace: 'shop', service: 'dns', port: 80, ndots, attempts, timeout, ...options.spec },
      knows: (name) => names.has(name),
    },
  })
  const web = c.pod({ node: 0, app: 'web' })
  const servers = Array.from({ length: options.servers ?? 1 }, () => c.pod({ node: 1, app: 'dns', workload }))
  const server = servers[0]!
  c.pod({ node: 0, app: 'client' })
  c.service('web', { type: 'NodePort', nodePort: 30080 })
  c.sliceOf('web', [web])
  const affinity = options.affinity === true ? { affinitySeconds: 10_800 } : {}
  c.service('dns', { protocol: 'UDP', spec: { clusterIP: '10.96.0.10', ...affinity } })
  c.sliceOf('dns', servers, 'UDP')
  c.startProxies()
  return { c, names, server }
}

function send(
  c: TestCluster,
  options: {
    times?: readonly Nanos[]
    from?: string
    timeout?: Nanos
    connection?: TrafficSpec['connection']
    socket?: TrafficSpec['socket']
  } = {},
): () => TrafficSummary {
  c.traffic({
    service: 'web',
    from: options.from ?? 'client',
    arrivals: { kind: 'replay', times: options.times ?? [0] },
    timeout: options.timeout ?? 60 * SECOND,
    connection: options.connection,
    socket: options.socket,
  })
  return () => {
    c.dataPlane.checkConservation()
    expect(c.dataPlane.trafficSummaries()).toHaveLength(1)
    return c.dataPlane.trafficSummaries()[0]!
  }
}

const run = (c: TestCluster, time: Nanos) => c.sim.run(c.sim.now + time)
const latency = (summary: TrafficSummary) => Math.round(summary.latencyMs.max! * MILLISECOND)
const dns = (summary: TrafficSummary) => Math.round(summary.blameMs.mean!.dns * MILLISECOND)
const queries = (c: TestCluster) => c.dataPlane.backends.loads()[1]!.load.requests

describe('the names that are tried', () => {
  test.each([
    ['web.shop', 'shop', 5, ['web.shop.shop.svc.cluster.local', 'web.shop.svc.cluster.local', 'web.shop.cluster.local', 'web.shop']],
    [
      'web.shop.svc',
      'shop',
      5,
      ['web.shop.svc.shop.svc.cluster.local', 'web.shop.svc.svc.cluster.local', 'web.shop.svc.cluster.local', 'web.shop.svc'],
    ],
    [
      'web.shop.svc',
      'shop',
      2,
      ['web.shop.svc', 'web.shop.svc.shop.svc.cluster.local', 'web.shop.svc.svc.cluster.local', 'web.shop.svc.cluster.local'],
    ],
    [
      'a.b.svc.cluster.local',
      'c',
      4,
      [
        'a.b.svc.cluster.local',
        'a.b.svc.cluster.local.c.svc.cluster.local',
        'a.b.svc.cluster.local.svc.cluster.local',
        'a.b.svc.cluster.local.cluster.local',
      ],
    ],
  ])('for %s in %s with ndots %i', (name, namespace, ndots, expected) => {
    expect(namesToTry(name, namespace, ndots)).toEqual(expected)
  })
})

test('pods of two namespaces each try their own search list', () => {
  const names = namesByNamespace('web', 5, (client) => `ns-${client % 2}`)
  expect(names(1)).toEqual(namesToTry('web', 'ns-1', 5))
  expect(names(2)).toEqual(namesToTry('web', 'ns-0', 5))
  expect(names(3)).toBe(names(1))
})

describe('a lookup', () => {
  test('of a name that the first try finds takes one exchange before the connection', () => {
    const { c } = cluster()
    const sent = send(c)
    run(c, SECOND)
    expect(dns(sent())).toBe(LOOKUP)
    expect(latency(sent())).toBe(LOOKUP + REQUEST)
    expect(queries(c)).toBe(2)
  })

  test('goes through the names until one exists, each from a socket of its own', () => {
    const { c } = cluster({ names: ['web.cluster.local'] })
    const sent = send(c)
    run(c, SECOND)
    expect(latency(sent())).toBe(3 * LOOKUP + REQUEST)
    expect(queries(c)).toBe(6)
    expect(c.dataPlane.conntrackEntries(1)).toBe(3)
  })

  test('fails when no name exists', () => {
    const { c } = cluster({ names: [] })
    const sent = send(c)
    run(c, SECOND)
    expect(sent().failedByCause).toEqual({ 'dns-failed': 1 })
    expect(queries(c)).toBe(8)
  })

  test('waits in the servers’ queue like any request', () => {
    const { c } = cluster({ workload: { ...INSTANT, serviceTime: { kind: 'constant', value: 3 * MILLISECOND } } })
    const sent = send(c)
    run(c, SECOND)
    // AAAA comes first, as it finds the flow; A waits for the one server.
    expect(dns(sent())).toBe(LATER + sameZone + 6 * MILLISECOND + LATER + sameZone)
  })

  test('is repeated after 5 s of silence: the DNS 5 s', () => {
    const { c, server } = cluster()
    const { address } = server
    c.dataPlane.backends.sandboxDown(server.id)
    const sent = send(c)
    run(c, SECOND)
    c.pod({ node: 1, app: 'dns', address })
    run(c, 20 * SECOND)
    expect(latency(sent())).toBe(5 * SECOND + LOOKUP + REQUEST)
  })

  test('has all its attempts for each name', () => {
    const { c, server } = cluster({ names: ['web.svc.cluster.local'] })
    const { address } = server
    const sent = send(c)
    const begin = c.sim.now
    c.dataPlane.backends.sandboxDown(server.id)
    run(c, SECOND)
    const second = c.pod({ node: 1, app: 'dns', address })
    // The first name was not answered, then it was; the second is on its way, and will not be answered at first.
    c.sim.run(begin + 5 * SECOND + LOOKUP)
    c.dataPlane.backends.sandboxDown(second.id)
    run(c, SECOND)
    c.pod({ node: 1, app: 'dns', address })
    run(c, 20 * SECOND)
    expect(latency(sent())).toBe(10 * SECOND + 2 * LOOKUP + REQUEST)
  })

  test('fails when every attempt met silence, after which no other name is tried', () => {
    const { c, server } = cluster()
    c.dataPlane.backends.sandboxDown(server.id)
    const sent = send(c)
    run(c, 10 * SECOND - 1)
    expect(sent().failed).toBe(0)
    run(c, 1)
    expect(sent().failedByCause).toEqual({ 'dns-failed': 1 })
    expect(c.dataPlane.requests.resolver!.size).toBe(0)
  })

  test('fails at once when nobody is there to answer', () => {
    const { c } = cluster()
    c.slice('dns', [], undefined, 'UDP')
    run(c, 5 * SECOND)
    const sent = send(c)
    run(c, MILLISECOND)
    expect(sent().failedByCause).toEqual({ 'dns-failed': 1 })
  })

  test('may last longer than the request, which then has failed by it', () => {
    const { c, server } = cluster()
    c.dataPlane.backends.sandboxDown(server.id)
    const sent = send(c, { timeout: 2 * SECOND })
    run(c, 3 * SECOND)
    expect(sent().failedByCause).toEqual({ 'dns-failed': 1 })
    expect(c.dataPlane.requests.resolver!.size).toBe(1)
    run(c, 10 * SECOND)
    expect(c.dataPlane.requests.resolver!.size).toBe(0)
    expect(c.dataPlane.requests.inUse).toBe(0)
  })

  test('of a name that comes to be known meanwhile succeeds', () => {
    const { c, names } = cluster({ names: [] })
    const sent = send(c, { times: [0, SECOND] })
    run(c, SECOND / 2)
    names.add('web.shop.svc.cluster.local')
    run(c, SECOND)
    expect(sent()).toMatchObject({ ok: 1, failedByCause: { 'dns-failed': 1 } })
  })

  test('of a client that is gone ends with it', () => {
    const { c, server } = cluster()
    const sent = send(c)
    run(c, 0)
    c.dataPlane.backends.sandboxDown(server.id)
    c.dataPlane.backends.kill(2)
    run(c, 20 * SECOND)
    expect(sent().failedByCause).toEqual({ 'no-client': 1 })
    expect(c.dataPlane.requests.resolver!.size).toBe(0)
  })
})

describe('one query after the other', () => {
  test('single-request: AAAA from the same socket, which does not meet the rules again', () => {
    const { c } = cluster({ spec: { sequence: 'single-request' } })
    const sent = send(c)
    run(c, SECOND)
    expect(dns(sent())).toBe(LOOKUP + 2 * LATER + 2 * sameZone)
    expect(queries(c)).toBe(2)
    expect(c.dataPlane.conntrackEntries(1)).toBe(1)
  })

  test('single-request-reopen: from a new socket', () => {
    const { c } = cluster({ spec: { sequence: 'single-request-reopen' } })
    const sent = send(c)
    run(c, SECOND)
    expect(dns(sent())).toBe(2 * LOOKUP)
    expect(c.dataPlane.conntrackEntries(1)).toBe(2)
  })

  test('for every name', () => {
    const { c } = cluster({ names: ['web.cluster.local'], spec: { sequence: 'single-request-reopen' } })
    const sent = send(c)
    run(c, SECOND)
    expect(latency(sent())).toBe(6 * LOOKUP + REQUEST)
    expect(queries(c)).toBe(6)
  })

  test('AAAA is not asked for when A was not answered', () => {
    const { c, server } = cluster({ spec: { sequence: 'single-request-reopen' } })
    c.dataPlane.backends.sandboxDown(server.id)
    const sent = send(c)
    run(c, 10 * SECOND - 1)
    expect(sent().failed).toBe(0)
    run(c, 1)
    expect(sent().failedByCause).toEqual({ 'dns-failed': 1 })
    expect(c.dataPlane.conntrackEntries(0)).toBe(2)
  })

  test('a client that has given up asks no more', () => {
    const { c } = cluster({ spec: { sequence: 'single-request' } })
    const sent = send(c, { timeout: sameZone })
    run(c, SECOND)
    expect(sent().failedByCause).toEqual({ 'dns-failed': 1 })
    expect(queries(c)).toBe(1)
    expect(c.dataPlane.requests.resolver!.size).toBe(0)
  })
})

describe('DNS servers that fail', () => {
  /** Answers fail as `answers` says, one after the other, and then in no way; gives what was struck. */
  function fail(c: TestCluster, answers: readonly (DnsAnswer | null)[]): boolean[] {
    const left = [...answers]
    const struck: boolean[] = []
    const draw = () => left.shift() ?? null
    c.dataPlane.requests.resolver!.failures.begin({ draw, struck: (isFirst) => struck.push(isFirst) })
    return struck
  }

  test('say nothing: the client waits for its time-out', () => {
    const { c } = cluster()
    const struck = fail(c, [null, 'none'])
    const sent = send(c)
    run(c, 20 * SECOND)
    expect(latency(sent())).toBe(5 * SECOND + LOOKUP + REQUEST)
    expect(struck).toEqual([true])
    expect(queries(c)).toBe(4)
  })

  test('say SERVFAIL: it asks again at once', () => {
    const { c } = cluster()
    const struck = fail(c, ['servfail', 'servfail'])
    const sent = send(c)
    run(c, 20 * SECOND)
    expect(latency(sent())).toBe(2 * LOOKUP + REQUEST)
    expect(struck).toEqual([true, false])
  })

  test('for all attempts: the lookup has failed', () => {
    const { c } = cluster()
    const struck = fail(c, ['servfail', 'none', 'servfail', null])
    const sent = send(c, { times: [0, 10 * SECOND] })
    run(c, 6 * SECOND)
    expect(sent().failedByCause).toEqual({ 'dns-failed': 1 })
    run(c, 20 * SECOND)
    expect(sent().ok).toBe(1)
    expect(struck).toEqual([true, false, false])
  })

  test('count each lookup once, also one in the place of another', () => {
    const { c } = cluster()
    const struck = fail(c, ['servfail', null, null, null, 'servfail', 'servfail'])
    const sent = send(c, { times: [0, 10 * SECOND] })
    run(c, 20 * SECOND)
    expect(sent().ok).toBe(2)
    expect(struck).toEqual([true, true, false])
  })

  test('are well again when it is over, and the first of several that hits decides', () => {
    const { c } = cluster()
    const { failures } = c.dataPlane.requests.resolver!
    const seen: string[] = []
    const end = failures.begin({ draw: () => 'servfail', struck: () => seen.push('first') })
    failures.begin({ draw: () => 'none', struck: () => seen.push('second') })
    const sent = send(c)
    run(c, FIRST + sameZone + 1)
    end()
    run(c, 30 * SECOND)
    expect(sent().failedByCause).toEqual({ 'dns-failed': 1 })
    expect(seen).toEqual(['first', 'first', 'second', 'second'])
  })

  test('an answer that comes after the time-out is struck no more', () => {
    const { c } = cluster({ timeout: MILLISECOND, workload: { ...INSTANT, serviceTime: { kind: 'constant', value: 10 * MILLISECOND } } })
    const struck = fail(c, ['servfail', 'servfail', 'servfail', 'servfail'])
    const sent = send(c)
    run(c, SECOND)
    expect(sent().failedByCause).toEqual({ 'dns-failed': 1 })
    expect(struck).toEqual([])
  })
})

describe('two queries at once that overlap in the kernel', () => {
  const ALWAYS = { overlapping: 1 }

  test.each(['3.10', '4.18'])('clash before 4.19, whatever the rules choose: %s', (kernel) => {
    for (const mode of ['iptables', 'ipvs'] as const) {
      const { c } = cluster({ kernel, mode, spec: ALWAYS })
      const sent = send(c)
      run(c, 11 * SECOND)
      expect(sent().failedByCause).toEqual({ 'dns-failed': 1 })
      expect(queries(c)).toBe(2)
    }
  })

  test.each(['4.19', '5.4', '5.5'])('are one with a single server: %s', (kernel) => {
    const { c } = cluster({ kernel, mode: 'iptables', spec: ALWAYS })
    const sent = send(c)
    run(c, SECOND)
    expect(sent().ok).toBe(1)
    expect(queries(c)).toBe(2)
  })

  /** Lookups, one a second, that had an answer at once. */
  function atOnce(options: Parameters<typeof cluster>[0]): number {
    const { c } = cluster(options)
    const sent = send(c, { times: Array.from({ length: 400 }, (_, index) => index * SECOND), timeout: SECOND })
    run(c, 401 * SECOND)
    return sent().ok
  }

  test.each(['4.19', '5.5'])('clash where the rules choose two of four servers: %s', (kernel) => {
    // 400 × 1/4 = 100, with a standard deviation of 8.7.
    expect(Math.abs(atOnce({ kernel, mode: 'iptables', servers: 4, spec: ALWAYS }) - 100)).toBeLessThan(30)
  })

  test('are one in ipvs mode, and with session affinity', () => {
    expect(atOnce({ kernel: '5.4', mode: 'ipvs', servers: 4, spec: ALWAYS })).toBe(400)
    expect(atOnce({ kernel: '5.4', mode: 'iptables', servers: 4, affinity: true, spec: ALWAYS })).toBe(400)
  })

  test('do not from 5.6 on, nor when they are sent one after the other', () => {
    expect(atOnce({ kernel: '5.6', mode: 'iptables', servers: 4, spec: ALWAYS })).toBe(400)
    expect(atOnce({ mode: 'iptables', servers: 4, spec: ALWAYS })).toBe(400)
    expect(atOnce({ kernel: '4.4', mode: 'iptables', servers: 4, spec: { ...ALWAYS, sequence: 'single-request' } })).toBe(400)
    expect(atOnce({ kernel: '4.4', mode: 'iptables', servers: 4, spec: { ...ALWAYS, sequence: 'single-request-reopen' } })).toBe(400)
  })

  test('do so in the share that is given, and in 1 % where none is', () => {
    // 400 × 0.3 = 120, with a standard deviation of 9.2.
    expect(Math.abs(atOnce({ kernel: '4.4', mode: 'iptables', spec: { overlapping: 0.3 } }) - 280)).toBeLessThan(32)
    const rare = 400 - atOnce({ kernel: '4.4', mode: 'iptables' })
    expect(rare).toBeGreaterThan(0)
    expect(rare).toBeLessThan(13)
    expect(atOnce({ kernel: '4.4', mode: 'iptables', spec: { overlapping: 0 } })).toBe(400)
  })

  test('are sent again from a new socket after the time-out', () => {
    const { c } = cluster({ kernel: '4.4', mode: 'iptables', spec: { overlapping: 0.5 } })
    const sent = send(c, { times: Array.from({ length: 40 }, (_, index) => index * 30 * SECOND), timeout: 30 * SECOND })
    run(c, 1201 * SECOND)
    // A quarter fails twice, after 10 s; of the others a third waited for 5 s.
    const { ok, failedByCause, latencyMs } = sent()
    expect(ok + failedByCause['dns-failed']!).toBe(40)
    expect(Math.floor(latencyMs.max!)).toBe(5000)
    expect(latencyMs.p50!).toBeLessThan(10)
  })
})

describe('the calls of a pod', () => {
  /** Pods `front` beside `web` call it by its name. They work for no time of their own. */
  function callers(options: Parameters<typeof cluster>[0] & { call?: Partial<CallSpec> } = {}): ReturnType<typeof cluster> {
    const { c, names, server } = cluster(options)
    const target = { namespace: 'shop', service: 'web', port: 80, host: 'web', path: '/' }
    const spec: CallSpec = {
      name: 'front -> web',
      target,
      probability: 1,
      count: 1,
      timeout: 30 * SECOND,
      optional: false,
      ...options.call,
    }
    const workload: WorkloadSpec = { ...INSTANT, calls: [{ at: 0.5, when: 'always', parallel: false, calls: [spec] }] }
    c.dataPlane.addCalls(workload, 'app=front', 0)
    const front = c.pod({ node: 0, app: 'front', workload })
    c.service('front', { type: 'NodePort', nodePort: 30090, spec: { clusterIP: '10.96.0.20' } })
    c.sliceOf('front', [front])
    run(c, 5 * SECOND)
    return { c, names, server }
  }

  /** The calls; clients outside, who look nothing up, begin them. */
  function made(c: TestCluster, times: readonly Nanos[] = [0], time = 60 * SECOND): TrafficSummary {
    c.traffic({ service: 'front', from: 'outside', node: 0, arrivals: { kind: 'replay', times }, timeout: 60 * SECOND })
    run(c, time)
    c.dataPlane.checkConservation()
    return c.dataPlane.trafficSummaries()[0]!
  }

  /** Three Services are there. */
  const first = LINUX_6_1.firstPacketNs('nftables', 0, 0, 3)
  const lookup = first + LATER + 2 * sameZone
  const request = first + 3 * LATER + 4 * sameNode

  test('look their name up before they connect, as any client does', () => {
    const { c } = callers()
    const calls = made(c)
    expect(dns(calls)).toBe(lookup)
    expect(latency(calls)).toBe(lookup + request)
    expect(queries(c)).toBe(2)
    const clients = c.dataPlane.trafficSummaries()[1]!
    expect(Math.round(clients.blameMs.mean!.calls * MILLISECOND)).toBe(lookup + request)
    expect(dns(clients)).toBe(0)
  })

  test('try one name after the other', () => {
    const { c } = callers({ names: ['web.svc.cluster.local'] })
    expect(dns(made(c))).toBe(2 * lookup)
  })

  test('need no lookup on a kept connection, nor for an address', () => {
    const { c } = callers({ call: { connection: { keepAlive: 10 * SECOND, pool: 1 } } })
    expect(made(c, [0, SECOND]).ok).toBe(2)
    expect(queries(c)).toBe(2)
    const target = { namespace: 'shop', service: 'web', port: 80, host: '10.96.0.1', path: '/', isNumeric: true } as const
    const straight = callers({ names: [], call: { target } })
    expect(latency(made(straight.c))).toBe(request)
  })

  test('fail with it', () => {
    const { c } = callers({ names: [] })
    expect(made(c)).toMatchObject({ sent: 1, ok: 0, failedByCause: { 'dns-failed': 1 } })
    expect(c.dataPlane.trafficSummaries()[1]!.ok).toBe(0)
  })

  test('that a pod has not ended when it dies end with its lookup', () => {
    const { c, server } = callers()
    c.dataPlane.backends.sandboxDown(server.id)
    made(c, [0], SECOND)
    expect(c.dataPlane.requests.resolver!.size).toBe(1)
    c.dataPlane.backends.kill(3)
    run(c, 20 * SECOND)
    expect(c.dataPlane.trafficSummaries()[0]!.failedByCause).toEqual({ 'no-client': 1 })
    expect(c.dataPlane.requests.resolver!.size).toBe(0)
    c.dataPlane.checkConservation()
  })
})

describe('no lookup', () => {
  test('for the next request on a kept connection', () => {
    const { c } = cluster()
    const sent = send(c, { times: [0, SECOND, 2 * SECOND], connection: { keepAlive: 10 * SECOND, pool: 1 } })
    run(c, 5 * SECOND)
    expect(sent().ok).toBe(3)
    expect(queries(c)).toBe(2)
  })

  test('for the next datagram of a kept socket', () => {
    const { c } = cluster()
    c.service('web', { protocol: 'UDP' })
    c.sliceOf('web', [{ address: '10.244.0.1' } as TestPod], 'UDP')
    run(c, 5 * SECOND)
    const sent = send(c, { times: [0, SECOND, 2 * SECOND], socket: { reuse: true } })
    run(c, 5 * SECOND)
    expect(sent().ok).toBe(3)
    expect(queries(c)).toBe(2)
  })

  test('by clients outside', () => {
    const { c } = cluster({ names: [] })
    send(c, { from: 'outside', times: [10 * SECOND] })
    run(c, 20 * SECOND)
    expect(c.dataPlane.trafficSummaries()[0]!.ok).toBe(1)
    expect(queries(c)).toBe(0)
  })
})
