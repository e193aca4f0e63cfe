import { describe, expect, test } from 'vitest'
import { MILLISECOND, type Nanos, SECOND } from '../units.ts'
import type { ConnectionSpec, TrafficSpec } from './specs.ts'
import { INSTANT, TestCluster, type TestPod } from './test-cluster.ts'

const KEPT: ConnectionSpec = { keepAlive: 60 * SECOND, pool: 50 }
const H2: ConnectionSpec = { ...KEPT, http2: { maxConcurrentStreams: 100 } }

interface Cluster {
  readonly c: TestCluster
  readonly pods: TestPod[]
  readonly client: TestPod
  /** Of each pod at such a time from the start of traffic, ns. */
  at(time: Nanos): { readonly open: readonly number[]; readonly inFlight: readonly number[] }
}

/** A Service `web` with so many pods that take so long, and a client on node 0 that sends at these times from now. */
function cluster(
  times: readonly Nanos[],
  options: { service: Nanos; connection?: ConnectionSpec; pods?: number; timeout?: Nanos; queue?: number; udp?: boolean },
): Cluster {
  const c = new TestCluster()
  const workload = {
    ...INSTANT,
    concurrency: options.queue === undefined ? 100 : 1,
    queue: options.queue ?? 100,
    serviceTime: { kind: 'constant', value: options.service },
  } as const
  const pods = Array.from({ length: options.pods ?? 1 }, (_, index) => c.pod({ node: index % 2, app: 'web', workload }))
  const client = c.pod({ node: 0, app: 'client' })
  const protocol = options.udp === true ? 'UDP' : 'TCP'
  c.service('web', { protocol })
  c.sliceOf('web', pods, protocol)
  c.startProxies()
  const begin = c.sim.now
  const arrivals: TrafficSpec['arrivals'] = { kind: 'replay', times }
  const { connection, timeout } = options
  const more = options.udp === true ? { socket: { reuse: false } } : {}
  c.traffic({
    service: 'web',
    from: 'client',
    clients: 1,
    arrivals,
    ...more,
    ...(connection && { connection }),
    ...(timeout && { timeout }),
  })
  return {
    c,
    pods,
    client,
    at: (time) => {
      c.sim.run(begin + time)
      c.dataPlane.checkConservation()
      const open = c.dataPlane.requests.openConnections()
      return { open: pods.map(({ id }) => open[id]!), inFlight: pods.map(({ id }) => c.dataPlane.backends.inFlight(id)) }
    },
  }
}

describe('open connections of a pod', () => {
  test('one a request while it is served, and none after', () => {
    const { at } = cluster([0, 0, SECOND], { service: 3 * SECOND, timeout: 10 * SECOND })
    expect(at(500 * MILLISECOND)).toEqual({ open: [2], inFlight: [2] })
    expect(at(1500 * MILLISECOND)).toEqual({ open: [3], inFlight: [3] })
    expect(at(3500 * MILLISECOND)).toEqual({ open: [1], inFlight: [1] })
    expect(at(5 * SECOND)).toEqual({ open: [0], inFlight: [0] })
  })

  test.each([
    ['HTTP/1.1: one a request at once', KEPT, 3],
    ['HTTP/2: one', H2, 1],
  ])('kept, %s, until they have been idle for long enough', (_name, connection, expected) => {
    const { at } = cluster([0, 0, 0], { service: 10 * MILLISECOND, connection })
    expect(at(5 * MILLISECOND)).toEqual({ open: [expected], inFlight: [connection === H2 ? expect.any(Number) : 3] })
    expect(at(SECOND)).toEqual({ open: [expected], inFlight: [0] })
    expect(at(59 * SECOND)).toEqual({ open: [expected], inFlight: [0] })
    expect(at(61 * SECOND)).toEqual({ open: [0], inFlight: [0] })
  })

  test('what the client has given up is in flight and no connection', () => {
    const { at } = cluster([0], { service: 5 * SECOND, timeout: 2 * SECOND })
    expect(at(SECOND)).toEqual({ open: [1], inFlight: [1] })
    expect(at(3 * SECOND)).toEqual({ open: [0], inFlight: [1] })
    expect(at(6 * SECOND)).toEqual({ open: [0], inFlight: [0] })
  })

  test('a request that finds the queue full leaves none', () => {
    const { at } = cluster([0, 0, 0], { service: SECOND, queue: 1, connection: KEPT })
    expect(at(500 * MILLISECOND)).toEqual({ open: [2], inFlight: [2] })
  })

  test('a pod that drains closes those that have no request', () => {
    const { c, pods, at } = cluster([0, 0, SECOND], { service: 500 * MILLISECOND, connection: KEPT })
    expect(at(900 * MILLISECOND)).toEqual({ open: [2], inFlight: [0] })
    expect(at(1200 * MILLISECOND)).toEqual({ open: [2], inFlight: [1] })
    c.dataPlane.backends.stopListening(pods[0]!.id)
    // Before the client can have heard of it.
    expect(at(1200 * MILLISECOND)).toEqual({ open: [1], inFlight: [1] })
    expect(at(1900 * MILLISECOND)).toEqual({ open: [0], inFlight: [0] })
  })

  test.each(['kill', 'sandboxDown'] as const)('a pod has none once its process is gone: %s', (how) => {
    const { c, pods, at } = cluster([0, 0, SECOND], { service: 500 * MILLISECOND, connection: KEPT })
    at(1200 * MILLISECOND)
    c.dataPlane.backends[how](pods[0]!.id)
    expect(at(1200 * MILLISECOND)).toEqual({ open: [0], inFlight: [0] })
    if (how === 'kill') c.dataPlane.backends.listen(pods[0]!.id)
    expect(at(2 * SECOND)).toEqual({ open: [0], inFlight: [0] })
  })

  test('those of a client go with it', () => {
    const { c, client, at } = cluster([0, 0], { service: MILLISECOND, connection: KEPT })
    expect(at(SECOND).open).toEqual([2])
    c.dataPlane.backends.sandboxDown(client.id)
    expect(at(SECOND).open).toEqual([0])
  })

  test('a datagram is none', () => {
    const { at } = cluster([0], { service: SECOND, udp: true })
    expect(at(500 * MILLISECOND)).toEqual({ open: [0], inFlight: [1] })
  })

  test('by pod, as many as there are entries of connection tracking where all are kept', () => {
    const times = Array.from({ length: 200 }, (_, index) => index * MILLISECOND)
    const { c, at } = cluster(times, { service: 100 * MILLISECOND, connection: KEPT, pods: 4 })
    const { open, inFlight } = at(10 * SECOND)
    expect(inFlight).toEqual([0, 0, 0, 0])
    // All of them are translated on node 0, where the client is.
    expect(open.reduce((sum, count) => sum + count, 0)).toBe(c.dataPlane.conntrackEntries(0))
    expect(Math.min(...open)).toBeGreaterThan(0)
  })
})
