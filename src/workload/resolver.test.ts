import { describe, expect, test } from 'vitest'
import type { TrafficSummary } from '../metrics/summaries.ts'
import { LINUX_6_1 } from '../profiles/cost-profile.ts'
import { MILLISECOND, type Nanos, SECOND } from '../units.ts'
import { namesToTry } from './resolver.ts'
import type { TrafficSpec } from './specs.ts'
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
  options: { names?: readonly string[]; ndots?: number; attempts?: number; timeout?: Nanos; workload?: typeof INSTANT } = {},
): {
  c: TestCluster
  names: Set<string>
  server: TestPod
} {
  const names = new Set(options.names ?? ['web.shop.svc.cluster.local'])
  const { ndots = 5, attempts = 2, timeout = 5 * SECOND, workload = INSTANT } = options
  const c = new TestCluster({
    kubeProxy: { mode: 'nftables', scheduler: 'rr' },
    dns: { spec: { namespace: 'shop', service: 'dns', port: 80, ndots, attempts, timeout }, knows: (name) => names.has(name) },
  })
  const web = c.pod({ node: 0, app: 'web' })
  const server = c.pod({ node: 1, app: 'dns', workload })
  c.pod({ node: 0, app: 'client' })
  c.service('web', { type: 'NodePort', nodePort: 30080 })
  c.sliceOf('web', [web])
  c.service('dns', { protocol: 'UDP', spec: { clusterIP: '10.96.0.10' } })
  c.sliceOf('dns', [server], 'UDP')
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
