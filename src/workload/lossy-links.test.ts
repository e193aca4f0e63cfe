import { describe, expect, test } from 'vitest'
import { LINUX_6_1 } from '../profiles/cost-profile.ts'
import { MICROSECOND, MILLISECOND, type Nanos, SECOND } from '../units.ts'
import { INSTANT, TEST_NETWORK, TestCluster, type TestClusterOptions } from './test-cluster.ts'

/** From outside to a pod of the other node: 10 ms and 0.25 ms, each way. */
const WAY = 10 * MILLISECOND + 250 * MICROSECOND
const perLink = <T>(value: T) => ({ sameNode: value, sameZone: value, crossZone: value, external: value })
const CUT = { loss: 1, delay: null, oneWay: false, touched: () => {} }

interface Setup extends TestClusterOptions {
  readonly pods?: number
  readonly from?: 'outside' | 'client'
  readonly traffic?: Partial<Parameters<TestCluster['traffic']>[0]>
  readonly serviceTime?: Nanos
}

/** A client outside, or on node 0, and a pod on node 1: requests begin at 100 s. */
function setUp({ from = 'outside', traffic = {}, serviceTime = 0, ...options }: Setup = {}) {
  const cluster = new TestCluster({ disturbed: true, ...options })
  cluster.service('web', { type: 'LoadBalancer', nodePort: 30_080, spec: { externalTrafficPolicy: 'Cluster' } })
  const workload = { ...INSTANT, concurrency: 100_000, serviceTime: { kind: 'constant' as const, value: serviceTime } }
  cluster.sliceOf('web', [cluster.pod({ node: 1, app: 'web', workload })])
  cluster.pod({ node: 0, app: 'client' })
  cluster.startProxies()
  cluster.traffic({
    service: 'web',
    from,
    ...(from === 'outside' ? { node: 0 } : {}),
    timeout: 1000 * SECOND,
    ...traffic,
  })
  return cluster
}

/** One request at 100 s. */
const ONCE = { arrivals: { kind: 'constant', ratePerSecond: 1 } as const, start: 100 * SECOND, stop: 100.5 * SECOND }

function oneRequest(options: Setup, act: (cluster: TestCluster) => void) {
  const cluster = setUp({ ...options, traffic: { ...ONCE, ...options.traffic } })
  act(cluster)
  cluster.sim.run(2100 * SECOND)
  cluster.dataPlane.checkConservation()
  const [summary] = cluster.dataPlane.trafficSummaries()
  const { sent, ok, failed, latencyMs } = summary!
  expect(sent).toBe(1)
  return { ok, failed, latency: Math.round(latencyMs.max! * MILLISECOND) }
}

/** Cuts links of places for a time, in seconds. */
function cut(cluster: TestCluster, from: number, to: number, begin: number, end: number, oneWay = true): void {
  const { links, sim } = cluster
  sim.after(Math.round(begin * SECOND) - sim.now, () => {
    const heal = links!.disturb({ ...CUT, from: [from], to: [to], oneWay })
    sim.after(Math.round((end - begin) * SECOND), heal)
  })
}

describe('one request over links that are cut for a while', () => {
  const usual = oneRequest({}, () => {}).latency
  const outside = 2

  test.each([
    ['the SYN is lost once', outside, 0, 100, 100.5, SECOND],
    ['and twice', outside, 0, 100, 102, 3 * SECOND],
    ['between the nodes', 0, 1, 100, 102, 3 * SECOND],
    ['its answer is lost between the nodes', 1, 0, 100, 100.5, SECOND],
    ['its answer is lost on the way out, twice', 0, outside, 100, 102, 3 * SECOND],
  ])('%s', (_case, from, to, begin, end, more) => {
    const { latency, failed } = oneRequest({}, (cluster) => cut(cluster, from, to, begin - 0.001, end))
    expect(failed).toBe(0)
    // A SYN that comes again is a later packet for the node: it pays for no rules a second time.
    expect(latency).toBeGreaterThan(usual + more - 100 * MICROSECOND)
    expect(latency).toBeLessThanOrEqual(usual + more)
  })

  /** Times of a request without cost: SYN 0 to 10.25 ms, SYN-ACK to 20.5, request to 30.75, answer to 41. The round trip is 20.5 ms. */
  const RTO = 200 * MILLISECOND + 2 * WAY

  test.each([
    ['the request is lost once', outside, 0, 100.015, 100.1, RTO],
    ['the request is lost three times', outside, 0, 100.015, 101, 7 * RTO],
    ['the answer is lost once', 1, 0, 100.025, 100.1, RTO],
    ['the answer is lost twice, on the way out', 0, outside, 100.025, 100.5, 3 * RTO],
  ])('%s', (_case, from, to, begin, end, more) => {
    const { latency } = oneRequest({}, (cluster) => cut(cluster, from, to, begin, end))
    expect(latency).toBe(usual + more)
  })

  test('TCP gives up after 924.6 s and 15 round trips, and the request fails when its client does', () => {
    const summary = oneRequest({}, (cluster) => cut(cluster, 1, 0, 100.025, 100.03 + 924.6 - 121))
    expect(summary.failed).toBe(0)
    const never = oneRequest({ traffic: { timeout: 1900 * SECOND } }, (cluster) => cut(cluster, 1, 0, 100.025, 100.03 + 924.6 + 20))
    expect(never).toMatchObject({ ok: 0, failed: 1 })
  })

  test('a link that is slow adds its delay to every packet: four of them', () => {
    const { latency } = oneRequest({}, ({ links }) => {
      links!.disturb({ ...CUT, loss: 0, delay: { kind: 'constant', value: 3 * MILLISECOND }, from: [outside], to: [0] })
    })
    expect(latency).toBe(usual + 12 * MILLISECOND)
  })
})

/**
 * Streams of one HTTP/2 connection from node 0 to node 1, open since 100 s: those of 150 s on are the ones that count. A way takes 250 µs; a pod
 * serves one after the other, 7 ms each.
 */
describe('HTTP/2: what is sent behind a segment that is lost or late waits for it', () => {
  const SERVICE = 7 * MILLISECOND
  const RTO = 200 * MILLISECOND + 2 * TEST_NETWORK.sameZone
  const H2 = { keepAlive: 5000 * SECOND, pool: 1, http2: { maxConcurrentStreams: 100 } }
  const H1 = { keepAlive: 5000 * SECOND, pool: 10 }

  /** Latencies of requests at 150 s and so much, in ms, the connection warm: their mean times their number, and the longest, and that of one alone. */
  function requests(
    after: readonly number[],
    act: (cluster: TestCluster) => void,
    more: Partial<Parameters<TestCluster['traffic']>[0]> = {},
  ) {
    const run = (gaps: readonly number[], disturb: (cluster: TestCluster) => void) => {
      const times = [0, ...(more.connection === H1 ? [0, 0, 0] : []), ...gaps.map((gap) => 50 * SECOND + gap * MILLISECOND)]
      const cluster = setUp({
        from: 'client',
        serviceTime: SERVICE,
        measureFrom: 140 * SECOND,
        traffic: {
          arrivals: { kind: 'replay', times },
          start: 100 * SECOND,
          stop: 200 * SECOND,
          timeout: 4000 * SECOND,
          connection: H2,
          ...more,
        },
      })
      disturb(cluster)
      cluster.sim.run(5000 * SECOND)
      cluster.dataPlane.checkConservation()
      return cluster.dataPlane.trafficSummaries()[0]!
    }
    const nanos = (ms: number) => Math.round(ms * MILLISECOND)
    const summary = run(after, act)
    const { ok, failed, latencyMs, blameMs } = summary
    const alone = nanos(run([0], () => {}).latencyMs.max!)
    if (ok === 0) return { ok, failed, alone }
    const softirq = blameMs.mean!.softirq
    const sum = nanos((latencyMs.mean! - softirq) * ok)
    return { ok, failed, alone, sum, longest: nanos(latencyMs.max!), retransmit: nanos(blameMs.mean!.retransmit * ok) }
  }

  const gaps = [0, 50, 100]

  test('a request that is lost holds up those that are sent meanwhile, all of it retransmission', () => {
    const { alone, sum, retransmit, ok } = requests(gaps, (cluster) => cut(cluster, 0, 1, 149.99, 150.01))
    expect(ok).toBe(3)
    const waits = RTO + (RTO - 50 * MILLISECOND) + (RTO - 100 * MILLISECOND)
    expect(retransmit).toBe(waits)
    expect(sum).toBe(3 * alone + waits)
  })

  test('and an answer that is lost does so with those that follow it', () => {
    const { alone, sum, retransmit } = requests(gaps, (cluster) => cut(cluster, 1, 0, 150.005, 150.01))
    const waits = RTO + (RTO - 50 * MILLISECOND) + (RTO - 100 * MILLISECOND)
    expect(retransmit).toBe(waits)
    expect(sum).toBe(3 * alone + waits)
  })

  test('but not what goes the other way', () => {
    // The second is at the pod when the answer to the first is lost; the third is asked and answered behind it.
    const { alone, sum, retransmit } = requests([0, 6, 250], (cluster) => cut(cluster, 0, 1, 150.003, 150.008))
    expect(retransmit).toBe(RTO)
    expect(sum).toBe(3 * alone + RTO)
  })

  // Of three at once the first is served first. Where they were sent 1 ms apart and are served for 7 ms, the last of them has waited longest.
  test.each([
    [[0, 50, 100], 0],
    [[0, 1, 2], 12 * MILLISECOND],
  ])('sent at %j ms they come to the pod in that order', (sentAt, more) => {
    const serial = { ...INSTANT, concurrency: 1, serviceTime: { kind: 'constant' as const, value: SERVICE } }
    const { alone, sum, longest } = requests(sentAt, (cluster) => {
      cluster.dataPlane.backends.sandboxDown(0)
      cluster.sliceOf('web', [cluster.pod({ node: 1, app: 'web', workload: serial })])
      cut(cluster, 0, 1, 149.99, 150.01)
    })
    expect(longest).toBe(alone + RTO + more)
    const laterPacket = LINUX_6_1.establishedPacketNs('iptables-legacy')
    const sentLater = (sentAt[1]! + sentAt[2]!) * MILLISECOND
    // Of the second and the third the queue of the pod takes what their cores did not.
    expect(sum).toBe(3 * alone + 3 * RTO - sentLater + 3 * SERVICE - 3 * laterPacket)
  })

  test('on HTTP/1.1 each has a connection of its own, and nobody waits but the one', () => {
    const { alone, sum, retransmit } = requests(gaps, (cluster) => cut(cluster, 0, 1, 149.99, 150.01), { connection: H1 })
    expect(retransmit).toBe(RTO)
    expect(sum).toBe(3 * alone + RTO)
  })

  test.each([
    ['a request', 0, 1, 149.9995, 150.0005],
    ['an answer', 1, 0, 150.007, 150.0078],
  ] as const)('%s that is late by 10 ms is not overtaken by the one behind it, 2 ms later', (_, from, to, begin, end) => {
    const slow = { ...CUT, oneWay: true, loss: 0, delay: { kind: 'constant', value: 10 * MILLISECOND } as const, from: [from], to: [to] }
    const disturb = ({ links, sim }: TestCluster): void => {
      sim.after(Math.round(begin * SECOND) - sim.now, () => sim.after(Math.round((end - begin) * SECOND), links!.disturb(slow)))
    }
    const together = requests([0, 2], disturb)
    expect(together.sum).toBe(2 * together.alone + 10 * MILLISECOND + 8 * MILLISECOND)
    const apart = requests([0, 2], disturb, { connection: H1 })
    expect(apart.sum).toBe(2 * apart.alone + 10 * MILLISECOND)
  })

  test('when TCP gives a segment up, all that is behind it fails with it', () => {
    let until = 50 * SECOND
    for (let sent = 0, wait = RTO; sent <= 15; sent++, wait = Math.min(2 * wait, 120 * SECOND)) until += wait
    const failedBy = (after: Nanos) => {
      const cluster = setUp({
        from: 'client',
        measureFrom: 140 * SECOND,
        traffic: {
          arrivals: { kind: 'replay', times: [0, 50 * SECOND, 51 * SECOND] },
          start: 100 * SECOND,
          timeout: 4000 * SECOND,
          connection: H2,
        },
      })
      cut(cluster, 0, 1, 149.99, 1074)
      cluster.sim.run(100 * SECOND + after)
      return [cluster.dataPlane.trafficSummaries()[0]!.failedByCause, cluster.dataPlane.requests.inUse]
    }
    expect(failedBy(until - 1)).toEqual([{}, 2])
    expect(failedBy(until)).toEqual([{ timeout: 2 }, 0])
  })
})

/**
 * Loss of a share p on the one link that a pod's packets take. Connections: a SYN comes through with 1 - p, its answer too, and once the SYN has come only
 * answers count: P(open at once) = q², by the second SYN besides = (p + ...) as below. 40 000 requests: 3.3 standard deviations.
 */
describe('loss by chance, against theory', () => {
  const P = 0.1
  const REQUESTS = 40_000

  function fractions(traffic: Setup['traffic']) {
    const cluster = setUp({
      from: 'client',
      network: { ...TEST_NETWORK, loss: { ...perLink(0), sameZone: P } },
      traffic: { arrivals: { kind: 'poisson', ratePerSecond: 1000 } as const, start: 100 * SECOND, stop: 140 * SECOND, ...traffic },
    })
    cluster.sim.run(300 * SECOND)
    cluster.dataPlane.checkConservation()
    const [summary] = cluster.dataPlane.trafficSummaries()
    return summary!
  }

  const within = (count: number, share: number, of: number) => {
    const deviation = Math.sqrt(of * share * (1 - share))
    expect(deviation * 3.3).toBeLessThan(0.02 * of)
    expect(Math.abs(count - of * share)).toBeLessThan(3.3 * deviation)
  }

  test('with a time-out between the first and the second SYN, connections that are open at once are (1 - p)² of all, and answers (1 - p)⁴', () => {
    const summary = fractions({ timeout: 150 * MILLISECOND })
    within(summary.ok, (1 - P) * (1 - P) * (1 - P) * (1 - P), summary.sent)
    expect(summary.sent).toBeGreaterThan(0.9 * REQUESTS)
  })

  test('by the second SYN all are open whose answer comes then: q² + p q² of those whose first SYN is lost, q of the others', () => {
    const summary = fractions({ connectTimeout: 1500 * MILLISECOND, timeout: 60 * SECOND })
    const q = 1 - P
    // First SYN and answer; or first SYN, and the second answer; or neither SYN's loss but the first one's, and then both.
    const open = q * q + q * P * q + P * q * q
    within(summary.ok, open, summary.sent)
  })

  test('over UDP both ways come through with (1 - p)²', () => {
    const cluster = new TestCluster({ network: { ...TEST_NETWORK, loss: { ...perLink(0), sameZone: P } } })
    cluster.service('web', { protocol: 'UDP' })
    cluster.sliceOf('web', [cluster.pod({ node: 1, app: 'web', workload: { ...INSTANT, concurrency: 1000 } })], 'UDP')
    cluster.pod({ node: 0, app: 'client' })
    cluster.startProxies()
    cluster.traffic({ service: 'web', from: 'client', kind: 'poisson', ratePerSecond: 1000, socket: { reuse: false }, stop: 70 * SECOND })
    cluster.sim.run(100 * SECOND)
    cluster.dataPlane.checkConservation()
    const [summary] = cluster.dataPlane.trafficSummaries()
    within(summary!.ok, (1 - P) * (1 - P), summary!.sent)
  })
})

/** 10 MB a second: a byte takes 100 ns. An answer of 100 000 bytes is 70 packets, and 104 620 bytes on the wire. */
describe('network cards of 10 MB a second', () => {
  const BYTE = 100
  const network = { ...TEST_NETWORK, bandwidth: 10_000_000 }
  const usual = oneRequest({}, () => {}).latency

  test('an answer takes its bytes at the card of its pod’s node, and at that of the node by which it goes out', () => {
    const of = (responseBytes: number, requestBytes: number) =>
      oneRequest({ network, traffic: { responseBytes, requestBytes } }, () => {}).latency
    const short = of(1, 1)
    expect(short).toBeGreaterThan(usual)
    expect(of(100_000, 1) - short).toBe(2 * (104_620 - 67) * BYTE)
    expect(of(1, 100_000) - short).toBe(2 * (104_620 - 67) * BYTE)
  })

  test('an overlay adds 2 us to each way between nodes, and 50 bytes to each of its packets', () => {
    const of = (isOverlay: boolean) =>
      oneRequest({ from: 'client', network: { ...network, isOverlay }, traffic: { responseBytes: 100_000 } }, () => {}).latency
    // 72 packets of 1398 bytes at most in place of 70; SYN, SYN-ACK and request are one each.
    expect(of(true) - of(false)).toBe(4 * 2 * MICROSECOND + (72 * 116 - 70 * 66 + 3 * 50) * BYTE)
  })

  /**
   * M/D/1, on kept connections, so that no SYN-ACK stands in the queue: answers of S = 10.462 ms come by chance, 70 % of what the card can send. Mean wait S rho / (2 (1 - rho)) = 12.206 ms. Each of 60 runs of 100 s
   * begins and ends in the midst of it; the mean of all is judged by its own spread.
   */
  test('a card as a queue with one server and constant work: the mean wait is that of M/D/1', () => {
    const S = 104_620 * BYTE
    const RHO = 0.7
    const kept = { responseBytes: 100_000, connection: { keepAlive: 1000 * SECOND, pool: 10_000 } }
    const means: number[] = []
    for (let run = 0; run < 60; run++) {
      const cluster = setUp({
        seed: `card-${run}`,
        from: 'client',
        network,
        traffic: {
          arrivals: { kind: 'poisson', ratePerSecond: (RHO * SECOND) / S } as const,
          ...kept,
          start: 100 * SECOND,
          stop: 200 * SECOND,
        },
      })
      cluster.sim.run(210 * SECOND)
      const [summary] = cluster.dataPlane.trafficSummaries()
      means.push(summary!.latencyMs.mean! * MILLISECOND)
    }
    // The first of two opens the connection.
    const first = oneRequest({ from: 'client', network, traffic: kept }, () => {}).latency
    const two = setUp({ from: 'client', network, traffic: { ...ONCE, ...kept, stop: 101.5 * SECOND } })
    two.sim.run(200 * SECOND)
    const alone = 2 * two.dataPlane.trafficSummaries()[0]!.latencyMs.mean! * MILLISECOND - first
    const mean = means.reduce((sum, one) => sum + one, 0) / means.length
    const variance = means.reduce((sum, one) => sum + (one - mean) * (one - mean), 0) / (means.length - 1)
    const halfWidth = 3.46 * Math.sqrt(variance / means.length)
    const wait = (S * RHO) / (2 * (1 - RHO))
    // A mean that is 2 % off would be seen.
    expect(halfWidth).toBeLessThan(0.02 * mean)
    expect(Math.abs(mean - alone - wait)).toBeLessThan(halfWidth)
  }, 600_000)
})

test('what a pod says on a connection is not heard before the answer to the SYN, however late that is', () => {
  for (let seed = 0; seed < 40; seed++) {
    const spread = { kind: 'uniform' as const, min: 0, max: 50 * MILLISECOND }
    const cluster = new TestCluster({ seed: String(seed), network: { ...TEST_NETWORK, jitter: perLink(spread) } })
    cluster.service('web')
    const pod = cluster.pod({
      node: 1,
      app: 'web',
      workload: { ...INSTANT, concurrency: 1000, serviceTime: { kind: 'constant', value: SECOND } },
    })
    cluster.sliceOf('web', [pod])
    for (let client = 0; client < 20; client++) cluster.pod({ node: 0, app: 'client' })
    cluster.startProxies()
    const connection = { keepAlive: 60 * SECOND, pool: 1, http2: { maxConcurrentStreams: 100 } }
    const start = cluster.sim.now
    cluster.traffic({
      service: 'web',
      from: 'client',
      connection,
      ratePerSecond: 400,
      start,
      stop: start + 100 * MILLISECOND,
      timeout: 5 * SECOND,
    })
    // The pod's process dies while most connections are being opened.
    cluster.sim.run(start + 45 * MILLISECOND)
    cluster.dataPlane.backends.kill(pod.id)
    cluster.sim.run(start + 20 * SECOND)
    cluster.dataPlane.checkConservation()
    const [summary] = cluster.dataPlane.trafficSummaries()
    expect(summary).toMatchObject({ sent: 40, inFlight: 0 })
  }
})
