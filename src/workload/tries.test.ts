import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { OK } from '../metrics/failure-cause.ts'
import type { TrafficSummary } from '../metrics/summaries.ts'
import { LINUX_6_1 } from '../profiles/cost-profile.ts'
import { MILLISECOND, type Nanos, SECOND } from '../units.ts'
import { BackOff } from './back-off.ts'
import type { HedgeSpec, RetrySpec, TrafficSpec } from './specs.ts'
import { INSTANT, TEST_NETWORK, TestCluster, type TestPod } from './test-cluster.ts'

/** First packet with one Service and one endpoint, and later packets. */
const FIRST = LINUX_6_1.firstPacketNs('iptables-legacy', 0, 0, 1)
const LATER = LINUX_6_1.establishedPacketNs('iptables-legacy')
const { sameNode } = TEST_NETWORK
/** A try that is answered takes this and its service. */
const WAYS = FIRST + 3 * LATER + 4 * sameNode
/** From a SYN to the RST for it. */
const REFUSAL = FIRST + LATER + 2 * sameNode

const AT_ONCE = { base: 0, max: 0 }

function serving(ms: number, changes: Partial<typeof INSTANT> = {}): typeof INSTANT {
  return { ...INSTANT, serviceTime: { kind: 'constant', value: ms * MILLISECOND }, ...changes }
}

/** A Service `web` with one pod and a client pod, both on one node. */
function cluster(workload: typeof INSTANT = INSTANT): { c: TestCluster; pod: TestPod; client: TestPod } {
  const c = new TestCluster({ zones: ['a'] })
  const pod = c.pod({ node: 0, app: 'web', workload })
  const client = c.pod({ node: 0, app: 'client' })
  c.service('web')
  c.sliceOf('web', [pod])
  c.startProxies()
  return { c, pod, client }
}

interface Tried {
  readonly retries?: RetrySpec
  readonly hedge?: HedgeSpec
  readonly timeout?: Nanos
  readonly connectTimeout?: Nanos
  readonly connection?: TrafficSpec['connection']
}

function sendAt(c: TestCluster, times: readonly Nanos[], options: Tried = {}): void {
  c.traffic({ service: 'web', from: 'client', arrivals: { kind: 'replay', times }, ...options })
}

function summary(c: TestCluster, after: Nanos): TrafficSummary {
  c.sim.run(c.sim.now + after)
  c.dataPlane.checkConservation()
  return c.dataPlane.trafficSummaries()[0]!
}

const nanos = (ms: number | null | undefined) => Math.round(ms! * MILLISECOND)

describe('retries', () => {
  test('whether a pod answers with an error is decided anew for each', () => {
    const { c } = cluster({ ...serving(1, { concurrency: 100 }), errors: { probability: 0.5, code: 503 } })
    const times = Array.from({ length: 2000 }, (_, index) => index * 10 * MILLISECOND)
    sendAt(c, times, { retries: { max: 3, on: ['5xx'], backOff: AT_ONCE } })
    const { failed, failedByCause, retries } = summary(c, 60 * SECOND)
    // 2,000 × 0.5⁴ = 125 and 2,000 × (0.5 + 0.25 + 0.125) = 1,750, each within four standard errors.
    expect(failedByCause).toEqual({ 'http-503': failed })
    expect(Math.abs(failed - 125)).toBeLessThan(4 * Math.sqrt(2000 * 0.0625 * 0.9375))
    expect(Math.abs(retries - 1750)).toBeLessThan(4 * Math.sqrt(2000 * 1.2))
  })

  test('a refused try is followed by as many as are allowed, and the request fails by the last', () => {
    const { c, pod } = cluster()
    c.dataPlane.backends.kill(pod.id)
    sendAt(c, [0], { retries: { max: 3, on: ['refused'], backOff: AT_ONCE } })
    expect(summary(c, SECOND)).toMatchObject({ sent: 1, failedByCause: { refused: 1 }, retries: 3, amplification: 4, triesDenied: 0 })
  })

  test('what the client does not retry fails at once', () => {
    const { c, pod } = cluster()
    c.dataPlane.backends.kill(pod.id)
    sendAt(c, [0], { retries: { max: 3, on: ['reset', 'timeout', '5xx'], backOff: AT_ONCE } })
    expect(summary(c, SECOND)).toMatchObject({ failedByCause: { refused: 1 }, retries: 0, amplification: 1 })
  })

  test('latency counts from the beginning, and the part `retries` is all before the last try', () => {
    const { c, pod } = cluster(serving(7))
    const start = c.sim.now
    c.dataPlane.backends.kill(pod.id)
    sendAt(c, [0], { retries: { max: 1, on: ['refused'], backOff: AT_ONCE } })
    // It listens again while the refusal is on its way back.
    c.sim.run(start + FIRST + LATER + sameNode)
    c.dataPlane.backends.listen(pod.id)
    const { latencyMs, blameMs, ok } = summary(c, SECOND)
    expect(ok).toBe(1)
    expect(nanos(latencyMs.max)).toBe(REFUSAL + WAYS + 7 * MILLISECOND)
    expect(nanos(blameMs.mean!.retries)).toBe(REFUSAL)
    expect(nanos(blameMs.mean!.network)).toBe(4 * sameNode)
    expect(nanos(blameMs.mean!.rules)).toBe(FIRST)
  })

  test('a try ends by its own time-out; the pod goes on with it, and the next try waits behind it', () => {
    const { c } = cluster(serving(30))
    sendAt(c, [0], { retries: { max: 5, on: ['timeout'], backOff: AT_ONCE, perTryTimeout: 20 * MILLISECOND } })
    // Every try finds those before it in the pod; none is ever answered in its 20 ms.
    expect(summary(c, 2 * SECOND)).toMatchObject({ ok: 0, failedByCause: { timeout: 1 }, retries: 5, answersWasted: 6 })
  })

  test('the time-out of the request ends the try that is on its way', () => {
    const { c } = cluster(serving(1000))
    const retries: RetrySpec = { max: 9, on: ['timeout'], backOff: AT_ONCE, perTryTimeout: 300 * MILLISECOND }
    sendAt(c, [0], { retries, timeout: 700 * MILLISECOND })
    const start = c.sim.now
    c.sim.run(start + 700 * MILLISECOND - 1)
    expect(c.dataPlane.requests.waiting(0)).toBe(1)
    c.sim.run(start + 700 * MILLISECOND)
    expect(c.dataPlane.requests.waiting(0)).toBe(0)
    // Sent at 0, 300 and 600 ms.
    expect(summary(c, 5 * SECOND)).toMatchObject({ failedByCause: { timeout: 1 }, retries: 2, answersWasted: 3 })
  })

  test('the client waits its back-off, which is the same for the same request', () => {
    const backOff = { base: 100 * MILLISECOND, max: 300 * MILLISECOND }
    const { c, pod, client } = cluster()
    c.dataPlane.backends.kill(pod.id)
    sendAt(c, [100 * SECOND], { retries: { max: 4, on: ['refused'], backOff } })
    const times: Nanos[] = []
    const { requests } = c.dataPlane
    requests.onOutcome(0, () => times.push(c.sim.now))
    for (const seed of [11, 12]) {
      const start = c.sim.now
      requests.send(0, client.id, seed)
      c.sim.run(start + 10 * SECOND)
      const waits = [1, 2, 3, 4].reduce((sum, number) => sum + new BackOff(backOff).wait(seed, number), 0)
      expect(times.at(-1)! - start).toBe(5 * REFUSAL + waits)
    }
  })

  test('a retry that would be due at the time-out or later is not waited for', () => {
    const { c, pod } = cluster()
    c.dataPlane.backends.kill(pod.id)
    const ended: Nanos[] = []
    sendAt(c, [0], { retries: { max: 1, on: ['refused'], backOff: { base: 1000 * SECOND, max: 1000 * SECOND } } })
    c.dataPlane.requests.onOutcome(0, () => ended.push(c.sim.now))
    const start = c.sim.now
    expect(summary(c, 5 * SECOND)).toMatchObject({ retries: 0, triesDenied: 0, failedByCause: { refused: 1 } })
    expect(ended).toEqual([start + REFUSAL])
  })

  test('tries go on until the time-out, and the request fails by the one on its way', () => {
    const { c, pod } = cluster()
    c.dataPlane.backends.kill(pod.id)
    sendAt(c, [0], { retries: { max: 1000, on: ['refused'], backOff: AT_ONCE }, timeout: 9 * REFUSAL + 1 })
    expect(summary(c, SECOND)).toMatchObject({ retries: 9, failedByCause: { 'connect-timeout': 1 } })
  })

  test('the budget: 20 % of the requests and 1 a second; what it denies fails at once', () => {
    const { c, pod } = cluster()
    c.dataPlane.backends.kill(pod.id)
    const budget = { ratio: 0.2, minPerSecond: 1 }
    sendAt(c, Array(100).fill(0), { retries: { max: 3, on: ['refused'], backOff: AT_ONCE, budget } })
    // 100 × 0.2 and 10 s × 1: 30 tries. Where a request's first retry is denied it ends; so does one whose second or third is.
    const { retries, triesDenied, failed } = summary(c, SECOND)
    expect([retries, triesDenied, failed]).toEqual([30, 100, 100])
  })

  test('a client that is gone when its retry is due sends nothing', () => {
    const { c, pod, client } = cluster()
    c.dataPlane.backends.kill(pod.id)
    sendAt(c, [0], { retries: { max: 3, on: ['refused'], backOff: { base: 1000 * SECOND, max: 1000 * SECOND } }, timeout: 3000 * SECOND })
    c.sim.run(c.sim.now + MILLISECOND)
    c.dataPlane.backends.kill(client.id)
    expect(summary(c, 2000 * SECOND)).toMatchObject({ failedByCause: { 'no-client': 1 }, retries: 0 })
  })

  test('on kept connections a retry takes one of the pool', () => {
    const { c } = cluster(serving(30, { concurrency: 10 }))
    const connection = { keepAlive: 60 * SECOND, pool: 1 }
    sendAt(c, [0, SECOND], { connection, retries: { max: 2, on: ['timeout'], backOff: AT_ONCE, perTryTimeout: 20 * MILLISECOND } })
    expect(summary(c, 5 * SECOND)).toMatchObject({ ok: 0, retries: 4, answersWasted: 6 })
  })
})

describe('connectTimeout', () => {
  test('ends a try whose SYN nobody answers, and another is sent to where somebody does', () => {
    const { c, pod } = cluster()
    c.dataPlane.backends.sandboxDown(pod.id)
    sendAt(c, [0], { connectTimeout: 200 * MILLISECOND, retries: { max: 1, on: ['connect-failure'], backOff: AT_ONCE } })
    const start = c.sim.now
    c.sim.run(start + 100 * MILLISECOND)
    const other = c.pod({ node: 0, app: 'web' })
    c.sliceOf('web', [other])
    c.sim.run(start + 60 * SECOND)
    const { ok, latencyMs, retries } = summary(c, SECOND)
    expect([ok, retries]).toEqual([1, 1])
    expect(nanos(latencyMs.max)).toBe(200 * MILLISECOND + WAYS)
  })

  test('without retries the request has failed by then', () => {
    const { c, pod } = cluster()
    c.dataPlane.backends.sandboxDown(pod.id)
    sendAt(c, [0], { connectTimeout: 200 * MILLISECOND })
    const ended: Nanos[] = []
    c.dataPlane.requests.onOutcome(0, () => ended.push(c.sim.now))
    const start = c.sim.now
    expect(summary(c, 5 * SECOND).failedByCause).toEqual({ 'connect-timeout': 1 })
    expect(ended).toEqual([start + 200 * MILLISECOND])
  })

  test('is kept when the SYN-ACK is there in time, to the nanosecond', () => {
    const opening = FIRST + LATER + 2 * sameNode
    for (const [connectTimeout, expected] of [
      [opening, { ok: 1, failed: 0 }],
      [opening - 1, { ok: 0, failedByCause: { 'connect-timeout': 1 }, answersWasted: 0 }],
    ] as const) {
      const { c, pod } = cluster(serving(1000))
      sendAt(c, [0], { connectTimeout })
      expect(summary(c, 5 * SECOND)).toMatchObject(expected)
      // The pod had accepted it, and got no request.
      expect(c.dataPlane.backends.inFlight(pod.id)).toBe(0)
    }
  })
})

describe('hedges', () => {
  /** Two pods, of which one is slow; requests go to one or the other at random. */
  function two(slowMs: number): TestCluster {
    const c = new TestCluster({ zones: ['a'] })
    const pods = [serving(1, { concurrency: 100 }), serving(slowMs, { concurrency: 100 })].map((workload) =>
      c.pod({ node: 0, app: 'web', workload }),
    )
    c.pod({ node: 0, app: 'client' })
    c.service('web')
    c.sliceOf('web', pods)
    c.startProxies()
    return c
  }

  test('the first answer is taken, and the pod finishes the other for nothing', () => {
    const c = two(500)
    const times = Array.from({ length: 400 }, (_, index) => index * 10 * MILLISECOND)
    sendAt(c, times, { hedge: { after: 20 * MILLISECOND, max: 1 } })
    const { ok, hedges, hedgesWon, answersWasted, latencyMs, amplification } = summary(c, 10 * SECOND)
    expect(ok).toBe(400)
    // Half of the requests meet the slow pod, and half of their second tries the fast one: 200 ± 4 × 10 and 100 ± 4 × 8.7.
    expect(Math.abs(hedges - 200)).toBeLessThan(40)
    expect(Math.abs(hedgesWon - 100)).toBeLessThan(35)
    expect(answersWasted).toBe(hedges)
    expect(amplification).toBe((400 + hedges) / 400)
    expect(latencyMs.p50).toBeLessThan(25)
    expect(latencyMs.max).toBeGreaterThan(500)
  })

  test('none is sent after an answer, and none beyond the budget', () => {
    const fast = two(10)
    sendAt(fast, Array(100).fill(0), { hedge: { after: 20 * MILLISECOND, max: 1 } })
    expect(summary(fast, SECOND)).toMatchObject({ ok: 100, hedges: 0, answersWasted: 0 })
    const slow = two(500)
    sendAt(slow, Array(100).fill(0), { hedge: { after: 20 * MILLISECOND, max: 1, budget: { ratio: 0.1, minPerSecond: 0 } } })
    const { hedges, triesDenied } = summary(slow, SECOND)
    expect(hedges).toBe(10)
    expect(triesDenied).toBeGreaterThan(20)
  })
})

/** What becomes of one request when every try takes `each`: the events one after another, each looked for among all. */
function slowModel(each: Nanos, timeout: Nanos, perTry: Nanos, retriesMax: number, after: Nanos, hedgesMax: number) {
  let live = [0]
  let [now, retries, hedges, hedgeAt] = [0, 0, 0, hedgesMax > 0 ? after : Number.POSITIVE_INFINITY]
  const starts = [0]
  for (;;) {
    const [first] = live
    const next = Math.min(first! + each, first! + perTry, hedgeAt, timeout)
    now = next
    // What the client does with one nanosecond has no order in it: such cases are left out.
    if ([first! + each, first! + perTry, hedgeAt, timeout].filter((time) => time === next).length > 1) return null
    if (next === first! + each) return { latency: now, retries, hedges, starts }
    if (next === timeout) return { latency: null, retries, hedges, starts }
    if (next === hedgeAt) {
      live.push(now)
      starts.push(now)
      hedges++
      hedgeAt = hedges < hedgesMax ? now + after : Number.POSITIVE_INFINITY
      continue
    }
    live = live.slice(1)
    if (live.length > 0) continue
    if (retries === retriesMax) return { latency: null, retries, hedges, starts }
    retries++
    live.push(now)
    starts.push(now)
  }
}

test('random retries and hedges are the slow model', () => {
  const ms = (max: number) => fc.integer({ min: 1, max })
  fc.assert(
    fc.property(
      ms(60),
      ms(200),
      fc.option(ms(80)),
      fc.nat({ max: 4 }),
      fc.option(ms(50)),
      ms(3),
      (service, timeout, perTry, max, after, most) => {
        const { c, client } = cluster(serving(service, { concurrency: 100 }))
        const retries: RetrySpec = { max, on: ['timeout'], backOff: AT_ONCE, perTryTimeout: (perTry ?? 1000) * MILLISECOND }
        const hedge = after === null ? undefined : { after: after * MILLISECOND, max: most }
        sendAt(c, [100 * SECOND], { timeout: timeout * MILLISECOND, retries, ...(hedge === undefined ? {} : { hedge }) })
        const start = c.sim.now
        let latency: Nanos | null = null
        c.dataPlane.requests.onOutcome(0, (_user, cause) => {
          latency = cause === OK ? c.sim.now - start : null
        })
        c.dataPlane.requests.send(0, client.id, 5)
        c.sim.run(start + 2 * SECOND)
        c.dataPlane.checkConservation()
        const each = WAYS + service * MILLISECOND
        const expected = slowModel(
          each,
          timeout * MILLISECOND,
          retries.perTryTimeout!,
          max,
          hedge?.after ?? Number.POSITIVE_INFINITY,
          hedge?.max ?? 0,
        )
        if (expected === null) return
        const told = c.dataPlane.trafficSummaries()[0]!
        expect([latency, told.retries, told.hedges]).toEqual([expected.latency, expected.retries, expected.hedges])
        // Every try reaches the pod before its client gives it up, and is finished.
        expect(told.answersWasted).toBe(expected.starts.length - (expected.latency === null ? 0 : 1))
      },
    ),
    { numRuns: 60 },
  )
})

describe('an overload of 2 s', () => {
  /** Requests answered in the 10 s that begin 5 s after it, of 600; the one pod can do 100 a second. */
  function answeredLater(retries: RetrySpec | undefined): number {
    const { c } = cluster(serving(10, { queue: 60 }))
    const start = c.sim.now
    c.traffic({ name: 'burst', service: 'web', from: 'client', ratePerSecond: 300, stop: start + 2 * SECOND })
    const stages = [
      { service: 'web', name: 'before', start, stop: start + 7 * SECOND },
      { service: 'web', name: 'later', start: start + 7 * SECOND, stop: start + 17 * SECOND },
    ]
    for (const stage of stages) c.traffic({ ...stage, from: 'client', ratePerSecond: 60, ...(retries === undefined ? {} : { retries }) })
    c.sim.run(start + 60 * SECOND)
    c.dataPlane.checkConservation()
    return c.dataPlane.trafficSummaries()[2]!.ok
  }
  // A full queue is 600 ms of work, and a try has 200.
  const three: RetrySpec = {
    max: 3,
    on: ['reset', 'timeout'],
    backOff: { base: 25 * MILLISECOND, max: 250 * MILLISECOND },
    perTryTimeout: 200 * MILLISECOND,
  }

  test('is over without retries, stays for ever with three, and is over with three and a budget', () => {
    expect(answeredLater(undefined)).toBe(600)
    expect(answeredLater(three)).toBe(0)
    expect(answeredLater({ ...three, budget: { ratio: 0.2, minPerSecond: 1 } })).toBe(600)
  })
})
