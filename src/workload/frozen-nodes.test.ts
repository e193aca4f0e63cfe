import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { TrafficSummary } from '../metrics/summaries.ts'
import { LINUX_6_1 } from '../profiles/cost-profile.ts'
import { MICROSECOND, MILLISECOND, type Nanos, SECOND } from '../units.ts'
import type { WorkloadSpec } from './specs.ts'
import { INSTANT, TEST_NETWORK, TestCluster, type TestClusterOptions } from './test-cluster.ts'

/** First packet with one Service and one endpoint, and later packets. */
const FIRST = LINUX_6_1.firstPacketNs('iptables-legacy', 0, 0, 1)
const LATER = LINUX_6_1.establishedPacketNs('iptables-legacy')
const { sameZone: WAY, external } = TEST_NETWORK
const SERVICE = 7 * MILLISECOND
const BASE = FIRST + 3 * LATER + 4 * WAY + SERVICE
const WORKLOAD = { ...INSTANT, serviceTime: { kind: 'constant', value: SERVICE }, concurrency: 1000 } as const
const POD_NODE = 0
const CLIENT_NODE = 1

type Traffic = Omit<Parameters<TestCluster['traffic']>[0], 'service' | 'from'>

/** A Service `web` with a pod on node 0, and a pod `client` on node 1, in one zone. Times count from now. */
function cluster(options: TestClusterOptions = {}, protocol: 'TCP' | 'UDP' = 'TCP', workload: WorkloadSpec = WORKLOAD) {
  const c = new TestCluster(options)
  const pod = c.pod({ node: POD_NODE, app: 'web', workload })
  const client = c.pod({ node: CLIENT_NODE, app: 'client' })
  c.service('web', { protocol, nodePort: 30_080, type: 'NodePort' })
  c.sliceOf('web', [pod], protocol)
  c.startProxies()
  const zero = c.sim.now
  return {
    c,
    pod,
    client,
    send: (times: readonly Nanos[], more: Traffic = {}, from = 'client') =>
      c.traffic({ service: 'web', from, arrivals: { kind: 'replay', times }, timeout: 60 * SECOND, ...more }),
    freeze: (node: number, from: Nanos, to: Nanos) => {
      c.sim.after(from, () => c.dataPlane.freezeNode(node, zero + to))
      c.sim.after(to, () => c.dataPlane.thawNode(node))
    },
    at: (time: Nanos): TrafficSummary => {
      c.sim.run(zero + time)
      c.dataPlane.checkConservation()
      return c.dataPlane.trafficSummaries()[0]!
    },
  }
}

const END = 300 * SECOND
const nanos = (ms: number | null | undefined) => Math.round(ms! * MILLISECOND)
const latencyOf = (traffic: TrafficSummary): Nanos => {
  expect([traffic.ok, traffic.failed]).toEqual([1, 0])
  return nanos(traffic.latencyMs.max)
}
const STILL = 5 * SECOND

describe('the node of the pod stands still', () => {
  test('what a server has begun ends as much later', () => {
    const { send, freeze, at } = cluster()
    send([0])
    freeze(POD_NODE, 4 * MILLISECOND, 4 * MILLISECOND + STILL)
    const traffic = at(END)
    expect(latencyOf(traffic)).toBe(BASE + STILL)
    expect(nanos(traffic.blameMs.mean!.service)).toBe(SERVICE + STILL)
  })

  test('a SYN that comes is answered at the end', () => {
    const { send, freeze, at } = cluster()
    send([100 * MILLISECOND])
    freeze(POD_NODE, 4 * MILLISECOND, STILL)
    const traffic = at(END)
    const comes = 100 * MILLISECOND + FIRST + WAY
    expect(latencyOf(traffic)).toBe(BASE + STILL - comes)
    expect(nanos(traffic.blameMs.mean!.softirq)).toBe(STILL - comes)
  })

  test('a request that comes on a connection is taken up at the end', () => {
    const { send, freeze, at } = cluster()
    send([0])
    const comes = FIRST + 2 * LATER + 3 * WAY
    freeze(POD_NODE, comes - 1, STILL)
    expect(latencyOf(at(END))).toBe(BASE + STILL - comes)
  })

  test('what waits for a server goes on waiting', () => {
    const { send, freeze, at } = cluster({}, 'TCP', { ...WORKLOAD, concurrency: 1 })
    send([0, MILLISECOND])
    freeze(POD_NODE, 5 * MILLISECOND, 5 * MILLISECOND + STILL)
    expect(nanos(at(END).latencyMs.max)).toBe(BASE + SERVICE - MILLISECOND + STILL)
  })

  test('its client gives up in time, and what the pod does after the end is wasted', () => {
    const { send, freeze, at } = cluster()
    send([0], { timeout: SECOND })
    freeze(POD_NODE, 4 * MILLISECOND, STILL)
    expect(at(SECOND - 1).failed).toBe(0)
    expect(at(SECOND).failedByCause).toEqual({ timeout: 1 })
    expect(at(STILL + 2 * MILLISECOND).answersWasted).toBe(0)
    expect(at(END).answersWasted).toBe(1)
  })

  test('what came before its client gave up is served all the same, and wasted; a SYN alone is not', () => {
    const { send, freeze, at } = cluster()
    send([0, 100 * MILLISECOND], { timeout: SECOND })
    freeze(POD_NODE, FIRST + 2 * LATER + 3 * WAY - 1, STILL)
    expect(at(STILL + SERVICE - 1)).toMatchObject({ failed: 2, answersWasted: 0 })
    expect(at(STILL + SERVICE + 2 * MILLISECOND).answersWasted).toBe(1)
    expect(at(END)).toMatchObject({ failed: 2, answersWasted: 1, failedByCause: { timeout: 1, 'connect-timeout': 1 } })
  })

  test('what finds no place in the ring of the network card is sent again: SYNs after 1, 3, 7 s', () => {
    const { send, freeze, at } = cluster({ cpuMilli: 1000, softirq: { backlog: 2 } })
    const times = [0, 1, 2, 3].map((n) => 100 * MILLISECOND + n * 10 * MILLISECOND)
    send(times)
    freeze(POD_NODE, 4 * MILLISECOND, STILL)
    expect(at(STILL + 200 * MILLISECOND).ok).toBe(2)
    // The SYNs of 120 and 130 ms went out again at 1.12 and 3.12 s, when the ring was as full, and then at 7.12 s.
    expect(at(7120 * MILLISECOND).ok).toBe(2)
    expect(at(7119 * MILLISECOND + BASE).ok).toBe(2)
    const traffic = at(END)
    expect([traffic.ok, nanos(traffic.latencyMs.max)]).toEqual([4, BASE - FIRST + LATER + 7 * SECOND])
  })

  test('and requests by the retransmission time-out, doubled each time', () => {
    const { send, freeze, at } = cluster({ cpuMilli: 1000, softirq: { backlog: 1 } })
    send([0, 100 * MICROSECOND])
    const comes = FIRST + 2 * LATER + 3 * WAY
    freeze(POD_NODE, comes - 1, STILL)
    const timeout = 200 * MILLISECOND + 2 * WAY
    // Sent again after 1, 3, 7, 15 and 31 time-outs, of which the last is the first that comes after 5 s.
    expect([15 * timeout < STILL, nanos(at(END).latencyMs.max)]).toEqual([true, BASE + 31 * timeout])
  })

  test('the load balancer takes it out after three failed checks, and in with the first that succeeds', () => {
    const { c, send, freeze } = cluster()
    send([0], {}, 'outside')
    c.sim.run(c.sim.now + 10 * SECOND)
    const port = c.dataPlane.history.servicePort('shop', 'web', 80, 'TCP')
    freeze(POD_NODE, 0, 100 * SECOND)
    const isIn = (after: Nanos): boolean => {
      c.sim.run(c.sim.now + after)
      return c.dataPlane.loadBalancer.isIn(POD_NODE, port)
    }
    expect([isIn(16 * SECOND), isIn(8 * SECOND)]).toEqual([true, false])
    c.dataPlane.thawNode(POD_NODE)
    expect(isIn(8 * SECOND)).toBe(true)
  })

  test('a sync of its kube-proxy that is due meanwhile begins at the end', () => {
    const { c, pod, freeze, at } = cluster()
    c.sliceOf('web', [])
    c.sim.after(MILLISECOND, () => c.sliceOf('web', [pod]))
    freeze(POD_NODE, 500 * MILLISECOND, STILL)
    c.traffic({ service: 'web', from: 'outside', arrivals: { kind: 'replay', times: [] } })
    at(STILL - 1)
    const { sliceRevisions } = c.dataPlane.rules
    expect([sliceRevisions[POD_NODE], sliceRevisions[CLIENT_NODE]]).toEqual([c.revision - 1, c.revision])
    at(STILL + SECOND)
    expect(sliceRevisions[POD_NODE]).toBe(c.revision)
  })

  test('a crash amid it ends it: what waited is lost', () => {
    const { c, send, freeze, at } = cluster()
    send([100 * MILLISECOND], { timeout: 20 * SECOND })
    freeze(POD_NODE, 4 * MILLISECOND, STILL)
    c.sim.after(SECOND, () => c.dataPlane.crashNode(POD_NODE))
    at(SECOND)
    expect([c.dataPlane.kernels.isFrozen(POD_NODE), c.dataPlane.kernels.frozen]).toEqual([false, 0])
    expect(at(END).failedByCause).toEqual({ 'connect-timeout': 1 })
    expect([c.dataPlane.kernels.isFrozen(POD_NODE), c.dataPlane.kernels.frozen]).toEqual([false, 0])
  })

  test('over UDP a datagram waits as well, and is lost where there is no place', () => {
    const { send, freeze, at } = cluster({ cpuMilli: 1000, softirq: { backlog: 1 } }, 'UDP')
    send([100 * MILLISECOND, 200 * MILLISECOND], { socket: { reuse: false }, timeout: 10 * SECOND })
    freeze(POD_NODE, 4 * MILLISECOND, STILL)
    const traffic = at(END)
    expect([traffic.ok, traffic.failedByCause]).toEqual([1, { timeout: 1 }])
    expect(nanos(traffic.latencyMs.max)).toBe(LATER + WAY + SERVICE + STILL - 100 * MILLISECOND)
  })
})

describe('the node of the client stands still', () => {
  test('the answer waits at its core', () => {
    const { send, freeze, at } = cluster()
    send([0])
    freeze(CLIENT_NODE, 4 * MILLISECOND, STILL)
    const comes = FIRST + 2 * LATER + 4 * WAY + SERVICE
    expect(latencyOf(at(END))).toBe(BASE + STILL - comes)
  })

  test('what it was to send is sent at the end, and nobody has waited until then', () => {
    const { send, freeze, at } = cluster()
    send([100 * MILLISECOND])
    freeze(CLIENT_NODE, 4 * MILLISECOND, STILL)
    expect(at(STILL - 1).sent).toBe(0)
    expect(latencyOf(at(END))).toBe(BASE)
  })

  test('its time-out is late: it comes before the answer that waits', () => {
    const { send, freeze, at } = cluster()
    send([0], { timeout: SECOND })
    freeze(CLIENT_NODE, 4 * MILLISECOND, STILL)
    expect(at(STILL - 1)).toMatchObject({ sent: 1, failed: 0 })
    expect(at(STILL).failedByCause).toEqual({ timeout: 1 })
    at(END)
  })

  test('a time-out that is not due yet is on time', () => {
    const { send, freeze, at } = cluster()
    send([0], { timeout: STILL + SECOND })
    freeze(CLIENT_NODE, 4 * MILLISECOND, STILL)
    expect(at(END).ok).toBe(1)
  })

  test.each([
    ['the time-out of connecting', { connectTimeout: SECOND }, 'connect-timeout'],
    ['that of a wish', { timeout: SECOND, retries: { max: 1, on: ['reset'], backOff: { base: 0, max: 0 } } as const }, 'timeout'],
  ])('%s is late too', (_, more, cause) => {
    const { c, send, freeze, at } = cluster()
    // The pod's node answers nobody for the whole time, so the SYN-ACK is not there either.
    if (cause === 'connect-timeout') c.sim.after(0, () => c.dataPlane.crashNode(POD_NODE))
    send([1], more)
    freeze(CLIENT_NODE, 4 * MILLISECOND, STILL)
    expect(at(STILL - 1)).toMatchObject({ sent: 1, failed: 0 })
    expect(at(STILL).failedByCause).toEqual({ [cause]: 1 })
  })

  test('retries and hedges are sent at the end', () => {
    const { c, send, freeze, at } = cluster()
    send([0], { hedge: { after: SECOND, max: 1 }, timeout: 20 * SECOND })
    c.sim.after(0, () => c.dataPlane.freezeNode(POD_NODE, c.sim.now + 100 * SECOND))
    freeze(CLIENT_NODE, 4 * MILLISECOND, STILL)
    expect(at(STILL - 1).hedges).toBe(0)
    expect(at(STILL).hedges).toBe(1)
  })

  test('a client that is gone at the end has not sent', () => {
    const { c, client, send, freeze, at } = cluster()
    send([100 * MILLISECOND])
    freeze(CLIENT_NODE, 4 * MILLISECOND, STILL)
    c.sim.after(SECOND, () => c.dataPlane.crashNode(CLIENT_NODE))
    expect(at(END).failedByCause).toEqual({ 'no-client': 1 })
    expect(c.dataPlane.backends.inFlight(client.id)).toBe(0)
  })
})

describe('a node that only passes on stands still', () => {
  test('SYNs, requests and answers of clients outside wait there', () => {
    const way = external + WAY
    const alone = cluster()
    alone.send([0], { node: CLIENT_NODE }, 'outside')
    const base = latencyOf(alone.at(END))
    const first = base - (3 * LATER + 4 * way + SERVICE)
    const [syn, synAck] = [external, external + first + 2 * WAY]
    const request = synAck + LATER + 2 * external
    const answer = request + LATER + 2 * WAY + SERVICE
    expect(answer + LATER + external).toBe(base)
    for (const comes of [syn, synAck, request, answer]) {
      for (const lead of [1, 100 * MICROSECOND]) {
        const { send, freeze, at } = cluster()
        send([0], { node: CLIENT_NODE }, 'outside')
        freeze(CLIENT_NODE, comes - lead, STILL)
        expect(latencyOf(at(END))).toBe(base + STILL - comes)
      }
    }
  })
})

describe('against an obvious model', () => {
  /** What of one request comes when, step by step; each node stands still in its own time. */
  function latency(sent: Nanos, pod: readonly [Nanos, Nanos], client: readonly [Nanos, Nanos]): Nanos {
    const when = (time: Nanos, [from, to]: readonly [Nanos, Nanos]): Nanos => (time > from && time < to ? to : time)
    const begins = when(sent, client)
    const syn = when(begins + FIRST + WAY, pod)
    const synAck = when(syn + WAY, client)
    const request = when(synAck + 2 * LATER + WAY, pod)
    const left = pod[0] - request
    const served = request + SERVICE + (left >= 0 && left < SERVICE ? pod[1] - pod[0] : 0)
    const answer = when(served + WAY, client)
    return answer + LATER - begins
  }

  test('one request, wherever it is when either node stands still', () => {
    const time = fc.integer({ min: 0, max: 20 * MILLISECOND })
    fc.assert(
      fc.property(time, time, time, time, time, (sent, podFrom, podLength, clientFrom, clientLength) => {
        const { send, freeze, at } = cluster()
        send([sent])
        const pod = [podFrom, podFrom + 1 + podLength] as const
        const client = [clientFrom, clientFrom + 1 + clientLength] as const
        freeze(POD_NODE, ...pod)
        freeze(CLIENT_NODE, ...client)
        expect(latencyOf(at(END))).toBe(latency(sent, pod, client))
      }),
      { numRuns: 300, seed: 20 },
    )
  })
})

test('whatever stands still when, every request has one end, and its parts sum to its latency', () => {
  const kinds: Traffic[] = [
    {},
    { connection: { pool: 3, keepAlive: 2 * SECOND } },
    { connection: { pool: 2, keepAlive: 2 * SECOND, http2: { maxConcurrentStreams: 4 } } },
    { connectTimeout: 300 * MILLISECOND },
    {
      retries: {
        max: 2,
        on: ['connect-failure', 'reset', 'timeout'],
        backOff: { base: 50 * MILLISECOND, max: SECOND },
        perTryTimeout: SECOND,
      },
    },
    { hedge: { after: 30 * MILLISECOND, max: 2 } },
  ]
  for (const [seed, kind] of kinds.entries()) {
    const { c, send, freeze, at } = cluster({ seed: String(seed), cpuMilli: 1000, softirq: { backlog: 3 } })
    c.sliceOf('web', [
      c.pod({ node: CLIENT_NODE, app: 'web', workload: { ...WORKLOAD, concurrency: 2 } }),
      c.pod({ node: POD_NODE, app: 'web', workload: WORKLOAD }),
    ])
    send(
      Array.from({ length: 600 }, (_, n) => n * 20 * MILLISECOND),
      { timeout: 3 * SECOND, ...kind },
    )
    for (const [n, length] of [100, 700, 30, 2500, 5].entries()) {
      freeze(n % 2, (n + 1) * 2 * SECOND - 900 * MILLISECOND, (n + 1) * 2 * SECOND - 900 * MILLISECOND + length * MILLISECOND)
    }
    const traffic = at(END)
    expect(traffic.sent).toBe(600)
    expect(traffic.ok + traffic.failed).toBe(600)
    expect(traffic.ok).toBeGreaterThan(300)
    expect(c.dataPlane.requests.inUse).toBe(0)
  }
})
