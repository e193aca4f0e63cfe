import { describe, expect, test } from 'vitest'
import { type LinuxVersion, linux } from '../linux-version.ts'
import type { TrafficSummary } from '../metrics/summaries.ts'
import { LINUX_6_1 } from '../profiles/cost-profile.ts'
import { MICROSECOND, MILLISECOND, type Nanos, SECOND } from '../units.ts'
import { INSTANT, TEST_NETWORK, TestCluster } from './test-cluster.ts'

/** Connections until a client comes back to its first port: the even ones of the range. */
const CYCLE = 14_116
const STEP = 500 * MICROSECOND
const FIRST = LINUX_6_1.firstPacketNs('ipvs', 0, 0, 1)
const LATER = LINUX_6_1.establishedPacketNs('ipvs')
const { sameZone } = TEST_NETWORK
/** Of a request on a connection of its own, when nobody is in its way: four ways, one first packet, three later ones. */
const LATENCY = FIRST + 3 * LATER + 4 * sameZone

/** One client that opens `count` connections, one every 0.5 ms, to two pods; `meanwhile` happens after so many of them. */
function run(
  kernel: LinuxVersion,
  connReuseMode: 0 | 1 | undefined,
  count: number,
  options: { meanwhile?: (c: TestCluster, gone: () => void) => void; after?: number; affinity?: boolean; timeout?: Nanos } = {},
): TrafficSummary {
  const c = new TestCluster({
    kernel,
    kubeProxy: { mode: 'ipvs', scheduler: 'rr', ...(connReuseMode === undefined ? {} : { connReuseMode }) },
  })
  const pods = [0, 1].map(() => c.pod({ node: 1, app: 'web', workload: { ...INSTANT, concurrency: 64 } }))
  c.pod({ node: 0, app: 'client' })
  c.service('web', options.affinity ? { spec: { affinitySeconds: 10_800 } } : {})
  c.sliceOf('web', pods)
  c.startProxies()
  const times = Array.from({ length: count }, (_, index) => index * STEP)
  c.traffic({ service: 'web', from: 'client', arrivals: { kind: 'replay', times }, timeout: options.timeout ?? 2 * SECOND })
  if (options.meanwhile !== undefined) {
    c.sim.run(c.sim.now + options.after! * STEP)
    options.meanwhile(c, () => {
      c.sliceOf('web', [pods[0]!])
      c.sim.run(c.sim.now + 400 * STEP)
      c.dataPlane.backends.sandboxDown(pods[1]!.id)
    })
  }
  c.sim.run(c.sim.now + count * STEP + 300 * SECOND)
  c.dataPlane.checkConservation()
  return c.dataPlane.trafficSummaries()[0]!
}

const nanos = (ms: number | null) => Math.round(ms! * MILLISECOND)

describe('a client that comes back to a port within 120 s', () => {
  test.each([
    ['before', CYCLE, LATENCY],
    ['after', CYCLE + 1, LATENCY + SECOND],
  ] as const)('kernel 5.4, mode 1: %s, with %i connections, the longest takes %i ns', (_, count, longest) => {
    const { ok, latencyMs, failed } = run(linux(5, 4), 1, count)
    expect([ok, failed, nanos(latencyMs.max)]).toEqual([count, 0, longest])
  })

  test('each port costs its second once: the repeated SYN begins a connection', () => {
    const { ok, latencyMs } = run(linux(5, 4), 1, CYCLE + 500)
    expect([ok, nanos(latencyMs.max)]).toEqual([CYCLE + 500, LATENCY + SECOND])
    // 500 of 14,616 waited a second.
    expect(latencyMs.mean! - LATENCY / MILLISECOND).toBeCloseTo((500 * 1000) / (CYCLE + 500), 3)
  })

  test.each([
    ['5.9 as kube-proxy leaves it', linux(5, 9), undefined],
    ['5.4 as kube-proxy leaves it', linux(5, 4), undefined],
    ['6.1, mode 0', linux(6, 1), 0],
  ] as const)('kernel %s: nobody waits', (_, kernel, mode) => {
    const { ok, latencyMs } = run(kernel, mode, CYCLE + 100)
    expect([ok, nanos(latencyMs.max)]).toEqual([CYCLE + 100, LATENCY])
  })
})

describe('when a pod has been drained and is gone', () => {
  // The node's sync takes some 90 connections, and the pod lives on for 400.
  const count = CYCLE + 2000
  const lost = (kernel: LinuxVersion, mode: 0 | 1 | undefined) =>
    run(kernel, mode, count, { after: 1000, meanwhile: (_, gone) => gone(), timeout: 500 * MILLISECOND })

  test('kernel 5.4 as kube-proxy leaves it: what comes back to a port of its connections is lost, and nobody else', () => {
    const { failedByCause, failed, stale } = lost(linux(5, 4), undefined)
    // 1,000 connections, and those until the sync, went to the two pods in turn.
    expect(failed).toBeGreaterThanOrEqual(500)
    expect(failed).toBeLessThanOrEqual(560)
    expect(failedByCause).toEqual({ 'connect-timeout': failed })
    expect(stale).toBe(0)
  })

  test.each([
    ['5.15, mode 0', linux(5, 15), 0, true],
    ['5.16, mode 0', linux(5, 16), 0, false],
    ['5.9 as kube-proxy leaves it', linux(5, 9), undefined, false],
  ] as const)('kernel %s: lost %s', (_, kernel, mode, loses) => {
    expect(lost(kernel, mode).failed > 0).toBe(loses)
  })

  test('kernel 5.4, mode 1: nothing is lost for good', () => {
    const { failed, ok } = run(linux(5, 4), 1, count, { after: 1000, meanwhile: (_, gone) => gone(), timeout: 3 * SECOND })
    expect([failed, ok]).toEqual([0, count])
  })
})

test('with session affinity nobody waits: a connection of a persistent client is not given up', () => {
  const { ok, latencyMs } = run(linux(5, 4), 1, CYCLE + 100, { affinity: true })
  expect([ok, nanos(latencyMs.max)]).toEqual([CYCLE + 100, LATENCY])
})
