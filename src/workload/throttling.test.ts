import { expect, test } from 'vitest'
import { MILLISECOND, SECOND } from '../units.ts'
import type { CallStep, WorkloadSpec } from './specs.ts'
import { INSTANT, TestCluster } from './test-cluster.ts'

const PERIOD = 100 * MILLISECOND
const constant = (value: number) => ({ kind: 'constant', value }) as const
const nanos = (ms: number | undefined) => Math.round(ms! * MILLISECOND)

/** A pod `api` with that limit, and what its requests spent their time on in the mean, ns. */
function blame(cpuLimitMilli: number, workload: Partial<WorkloadSpec>, times: readonly number[]) {
  const c = new TestCluster({ cpuQuotaPeriod: PERIOD, cpuMilli: 4000 })
  const spec: WorkloadSpec = { ...INSTANT, concurrency: 10, cpuPerRequest: 'all', ...workload }
  if (spec.calls !== undefined) c.dataPlane.addCalls(spec, 'app=api', 0)
  const pods = { api: c.pod({ node: 0, app: 'api', workload: spec, cpuLimitMilli }), cart: c.pod({ node: 1, app: 'cart' }) }
  c.pod({ node: 0, app: 'client' })
  for (const [name, pod] of Object.entries(pods)) {
    c.service(name, { spec: { clusterIP: `10.96.0.${name.length}` } })
    c.sliceOf(name, [pod])
  }
  c.startProxies()
  c.traffic({ service: 'api', from: 'client', arrivals: { kind: 'replay', times }, timeout: 60 * SECOND })
  c.sim.run(c.sim.now + 60 * SECOND)
  c.dataPlane.checkConservation()
  const { ok, latencyMs, blameMs } = c.dataPlane.trafficSummaries().find(({ traffic }) => traffic === 'shoppers')!
  expect(ok).toBe(times.length)
  const [load] = c.dataPlane.backends.loads()
  return { parts: blameMs.mean!, latency: latencyMs.mean!, cpu: load!.cpu! }
}

test('what a request waits for CPU time is a part of its own, and its service is what it was', () => {
  const free = blame(0, { serviceTime: constant(250 * MILLISECOND) }, [0])
  const limited = blame(500, { serviceTime: constant(250 * MILLISECOND) }, [0])
  expect(nanos(free.parts.throttled)).toBe(0)
  expect([nanos(limited.parts.service), nanos(free.parts.service)]).toEqual([250 * MILLISECOND, 250 * MILLISECOND])
  // Alone on its core, so that this is what the kernel counts.
  expect(nanos(limited.parts.throttled)).toBe(limited.cpu.throttled)
  expect(limited.cpu.throttledPeriods).toBeGreaterThanOrEqual(4)
  expect(nanos(limited.latency)).toBe(nanos(free.latency) + limited.cpu.throttled)
})

test('four threads wait for as much as their cores were kept from them', () => {
  const { parts, cpu } = blame(1000, { serviceTime: constant(50 * MILLISECOND) }, [0, 0, 0, 0])
  expect(cpu.throttled).toBeGreaterThan(0)
  expect(4 * nanos(parts.throttled)).toBe(cpu.throttled)
  expect(4 * nanos(parts.service)).toBe(200 * MILLISECOND)
})

test('what passes by itself after the CPU time is service, and goes on while others are throttled', () => {
  const more = { serviceTime: constant(200 * MILLISECOND), cpuPerRequest: constant(80 * MILLISECOND) }
  const { parts, cpu } = blame(300, more, [0])
  expect(nanos(parts.service)).toBe(200 * MILLISECOND)
  expect(nanos(parts.throttled)).toBe(cpu.throttled)
  expect(cpu.throttled).toBe(70 * MILLISECOND)
})

test('who waits for calls is not throttled meanwhile', () => {
  const target = { namespace: 'shop', service: 'cart', port: 80, host: 'cart', path: '/' }
  const call = { name: 'api -> cart', target, probability: 1, count: 1, timeout: 2 * SECOND, optional: false }
  const step: CallStep = { at: 0.5, when: 'always', parallel: false, calls: [call] }
  const free = blame(0, { serviceTime: constant(100 * MILLISECOND), calls: [step] }, [0])
  const limited = blame(200, { serviceTime: constant(100 * MILLISECOND), calls: [step] }, [0])
  expect(nanos(limited.parts.calls)).toBe(nanos(free.parts.calls))
  expect(nanos(limited.parts.service)).toBe(100 * MILLISECOND)
  expect(nanos(limited.parts.throttled)).toBe(limited.cpu.throttled)
})
