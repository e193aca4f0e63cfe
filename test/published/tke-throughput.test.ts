import { describe, expect, test } from 'vitest'
import { LINUX_6_1 } from '../../src/profiles/cost-profile.ts'
import { otherServices } from '../../src/scenario/other-services.ts'
import { MILLISECOND, SECOND } from '../../src/units.ts'
import { INSTANT, TestCluster } from '../../src/workload/test-cluster.ts'

/**
 * Throughput of 64 clients on one node of four cores in mode iptables, against the number of Services. With a connection for every request the
 * node's CPU is the limit: without other Services it does 22,313 a second, so one connection takes 4 / 22,313 s of CPU, whatever it goes into. To
 * that comes the walk through the rules, on average over all places in the list. That machine is another one than the profile's: one factor
 * on the profile's walk is fitted at 5,000 Services, and 10,000 are predicted.
 *
 * Source: imroc/tke-guide, docs/networking/cilium/appendix/network-benchmark.md (Kubernetes 1.34, kernel 6.6, fortio with 64 connections).
 */
const CORES = 4
const BARE_PER_SECOND = 22_313
const PUBLISHED = { 5000: 17_336, 10000: 13_994 } as const

/** ns of CPU in the mean over all places among so many Services. */
function meanWalk(services: number): number {
  const PLACES = 1000
  let sum = 0
  for (let place = 0; place < PLACES; place++) {
    const before = Math.floor(((place + 0.5) / PLACES) * services)
    sum += LINUX_6_1.firstPacketNs('iptables-legacy', before, 0, 1) - LINUX_6_1.firstPacketNs('iptables-legacy', 0, 0, 1)
  }
  return sum / PLACES
}

const barePerConnection = (CORES / BARE_PER_SECOND) * SECOND
const fitted = ((CORES / PUBLISHED[5000]) * SECOND - barePerConnection) / meanWalk(5000)
const change = (perSecond: number) => 100 * (perSecond / BARE_PER_SECOND - 1)
const predicted = (services: number) => (CORES * SECOND) / (barePerConnection + fitted * meanWalk(services))

describe('throughput of short connections in the TKE setting', () => {
  test('a rule costs that machine some 4 to 6 times what it costs the machine of the profile', () => {
    expect(fitted).toBeGreaterThan(4)
    expect(fitted).toBeLessThan(6)
  })

  test('5,000 Services cost 22 %, to which it is fitted', () => {
    expect(change(predicted(5000))).toBeCloseTo(change(PUBLISHED[5000]), 6)
    expect(change(PUBLISHED[5000])).toBeCloseTo(-22.3, 1)
  })

  test('10,000 Services are predicted within 10 points of the published 37 %', () => {
    expect(change(PUBLISHED[10_000])).toBeCloseTo(-37.3, 1)
    expect(Math.abs(change(predicted(10_000)) - change(PUBLISHED[10_000]))).toBeLessThan(10)
  })
})

/** 64 clients in a closed loop, 1 s, and what they get done: with kept connections when `kept`. */
function requestsOf(services: number, kept: boolean): { ok: number; rulesMs: number } {
  const c = new TestCluster()
  for (const object of otherServices({ count: services, endpoints: 1 })) c.dataPlane.history.standing(object)
  const pods = [0, 1, 2].map(() =>
    c.pod({ node: 1, app: 'web', workload: { ...INSTANT, serviceTime: { kind: 'constant', value: MILLISECOND / 10 }, concurrency: 64 } }),
  )
  c.pod({ node: 0, app: 'client' })
  c.service('web')
  c.sliceOf('web', pods)
  c.startProxies()
  c.sim.run(c.sim.now + 60 * SECOND)
  c.traffic({
    service: 'web',
    from: 'client',
    arrivals: { kind: 'closed', users: 64, think: { kind: 'constant', value: 0 } },
    stop: c.sim.now + SECOND,
    ...(kept ? { connection: { keepAlive: 60 * SECOND, pool: 64 } } : {}),
  })
  c.sim.run(c.sim.now + 2 * SECOND)
  c.dataPlane.checkConservation()
  const { ok, blameMs } = c.dataPlane.trafficSummaries()[0]!
  return { ok, rulesMs: blameMs.mean!.rules }
}

describe('kept connections', () => {
  test('do the same with 10,000 Services as with none, within the published 1.3 %', () => {
    const [none, many] = [requestsOf(0, true), requestsOf(10_000, true)]
    expect(many.ok / none.ok).toBeGreaterThan(1 - 0.013)
    expect(many.ok / none.ok).toBeLessThan(1.013)
  })

  test('while a connection for each request gets less done', () => {
    const [none, many] = [requestsOf(0, false), requestsOf(10_000, false)]
    expect(many.rulesMs).toBeGreaterThan(none.rulesMs)
    expect(many.ok).toBeLessThan(none.ok)
  })
})
