import { describe, expect, test } from 'vitest'
import type { TrafficSummary } from '../metrics/summaries.ts'
import { MILLISECOND, type Nanos, SECOND } from '../units.ts'
import type { CallSpec, CallStep, WorkloadSpec } from './specs.ts'
import { INSTANT, TestCluster, type TestClusterOptions, type TestPod } from './test-cluster.ts'

const constant = (value: Nanos) => ({ kind: 'constant', value }) as const
const FRONT_WORK = 10 * MILLISECOND

function call(service: string, more: Partial<CallSpec> = {}): CallSpec {
  const target = { namespace: 'shop', service, port: 80, host: service, path: '/' }
  return { name: `front -> ${service}`, target, probability: 1, count: 1, timeout: 2 * SECOND, optional: false, ...more }
}

const step = (spec: CallSpec, more: Partial<CallStep> = {}): CallStep => ({
  at: 0.5,
  when: 'always',
  parallel: false,
  calls: [spec],
  ...more,
})
const group = (...calls: CallSpec[]): CallStep => ({ at: 0.5, when: 'always', parallel: true, calls })

interface World {
  readonly c: TestCluster
  readonly front: TestPod
}

/** Pods `front`, which make calls, and what they may call: `cart` works for 7 ms, `pay` for 20 ms, `broken` has no pods. */
function world(
  calls: readonly CallStep[],
  options: TestClusterOptions & { front?: Partial<WorkloadSpec>; cart?: Partial<WorkloadSpec> } = {},
): World {
  const c = new TestCluster(options)
  const workload: WorkloadSpec = { ...INSTANT, concurrency: 100, serviceTime: constant(FRONT_WORK), ...options.front, calls }
  c.dataPlane.addCalls(workload, 'app=front', 0)
  const front = c.pod({ node: 0, app: 'front', workload })
  const cart = c.pod({
    node: 1,
    app: 'cart',
    workload: { ...INSTANT, concurrency: 100, serviceTime: constant(7 * MILLISECOND), ...options.cart },
  })
  const pay = c.pod({ node: 1, app: 'pay', workload: { ...INSTANT, concurrency: 100, serviceTime: constant(20 * MILLISECOND) } })
  c.pod({ node: 0, app: 'client' })
  for (const [name, pods] of Object.entries({ front: [front], cart: [cart], pay: [pay], broken: [] })) {
    c.service(name, { spec: { clusterIP: `10.96.0.${name.length}` } })
    c.sliceOf(name, pods)
  }
  c.startProxies()
  return { c, front }
}

function send(c: TestCluster, times: readonly Nanos[], timeout: Nanos = 10 * SECOND): void {
  c.traffic({ service: 'front', from: 'client', arrivals: { kind: 'replay', times }, timeout })
}

/** The traffic of clients last, the calls before it, by name. */
function results(c: TestCluster, after: Nanos = 60 * SECOND): ReadonlyMap<string, TrafficSummary> {
  c.sim.run(c.sim.now + after)
  c.dataPlane.checkConservation()
  return new Map(c.dataPlane.trafficSummaries().map((summary) => [summary.traffic, summary]))
}

const nanos = (ms: number | null | undefined) => Math.round(ms! * MILLISECOND)
const one = (calls: readonly CallStep[], options: Parameters<typeof world>[1] = {}) => {
  const { c } = world(calls, options)
  send(c, [0])
  return results(c)
}
const callsOf = (found: ReadonlyMap<string, TrafficSummary>) => nanos(found.get('shoppers')!.blameMs.mean!.calls)
const latencyOf = (found: ReadonlyMap<string, TrafficSummary>, name: string) => nanos(found.get(name)!.latencyMs.mean)

describe('a pod that calls others', () => {
  test('waits exactly as long as its call takes, and does all of its own work', () => {
    const found = one([step(call('cart'))])
    const { latencyMs, blameMs, from } = found.get('shoppers')!
    expect(found.get('front -> cart')).toMatchObject({ from: 'app=front', sent: 1, ok: 1 })
    expect(from).toBeUndefined()
    expect(nanos(blameMs.mean!.service)).toBe(FRONT_WORK)
    expect(callsOf(found)).toBe(latencyOf(found, 'front -> cart'))
    expect(latencyOf(found, 'front -> cart')).toBeGreaterThan(7 * MILLISECOND)
    const without = nanos(one([]).get('shoppers')!.latencyMs.mean)
    expect(nanos(latencyMs.mean)).toBe(without + latencyOf(found, 'front -> cart'))
  })

  test('makes it when the share of its work is done that is said', () => {
    const moment = (at: number): Nanos => {
      const { c } = world([step(call('cart'), { at })])
      send(c, [0])
      const from = c.sim.now
      // The traffic of the calls is the first.
      while (c.dataPlane.requests.waiting(0) === 0) c.sim.run(c.sim.now + 1000)
      return c.sim.now - from
    }
    const before = moment(0)
    expect([0.25, 0.5, 1].map((at) => moment(at) - before)).toEqual([0.25 * FRONT_WORK, 0.5 * FRONT_WORK, FRONT_WORK])
  })

  test('one after the other takes the sum, at once the longest', () => {
    const sequence = one([step(call('cart')), step(call('pay'))])
    expect(callsOf(sequence)).toBe(latencyOf(sequence, 'front -> cart') + latencyOf(sequence, 'front -> pay'))
    const parallel = one([group(call('cart'), call('pay'))])
    expect(callsOf(parallel)).toBe(latencyOf(parallel, 'front -> pay'))
    expect(latencyOf(parallel, 'front -> cart')).toBeLessThan(latencyOf(parallel, 'front -> pay'))
  })

  test('three times one after the other takes three times as long, in a group as long as one', () => {
    const sequence = one([step(call('cart', { count: 3 }))])
    expect(sequence.get('front -> cart')!.sent).toBe(3)
    expect(callsOf(sequence)).toBe(Math.round(3 * sequence.get('front -> cart')!.latencyMs.mean! * MILLISECOND))
    const parallel = one([group(call('cart', { count: 3 }))])
    expect(parallel.get('front -> cart')!.sent).toBe(3)
    expect(callsOf(parallel)).toBe(nanos(parallel.get('front -> cart')!.latencyMs.max))
  })

  test('holds its server meanwhile, and uses no CPU', () => {
    const { c, front } = world([step(call('pay'))], { front: { concurrency: 1 } })
    send(c, [0, 0])
    const found = results(c)
    const { blameMs, latencyMs } = found.get('shoppers')!
    expect(c.dataPlane.backends.cpuTime(front.id)).toBe(2 * FRONT_WORK)
    expect(nanos(blameMs.mean!['pod-queue']) * 2).toBeGreaterThan(FRONT_WORK + 20 * MILLISECOND)
    expect(latencyMs.max! * MILLISECOND).toBeGreaterThan(2 * (FRONT_WORK + 20 * MILLISECOND))
  })
})

test('a health call waits as long as servers have lately been held, calls included', () => {
  const { c, front } = world([step(call('pay'))], { front: { concurrency: 1 } })
  const { backends } = c.dataPlane
  send(c, [...Array.from({ length: 40 }, (_, i) => i * SECOND), 40 * SECOND, 40 * SECOND])
  c.sim.run(c.sim.now + 40 * SECOND + 15 * MILLISECOND)
  // One is served and one waits: two to go, each held for its own 10 ms and the 20 ms of its call at least.
  expect(backends.answersAfter(front.id)).toBeGreaterThan(2 * 30 * MILLISECOND)
  expect(backends.answersAfter(front.id)).toBeLessThan(2 * 32 * MILLISECOND)
})

describe('a call that fails', () => {
  test('fails the request at once, without the work that is left, and no call follows', () => {
    const { c, front } = world([step(call('broken')), step(call('cart'))])
    send(c, [0])
    const found = results(c)
    expect(found.get('shoppers')!.failedByCause).toEqual({ 'call-failed': 1 })
    expect(found.get('front -> broken')!.failedByCause).toEqual({ 'no-endpoints': 1 })
    expect(found.get('front -> cart')!.sent).toBe(0)
    expect(c.dataPlane.backends.cpuTime(front.id)).toBe(FRONT_WORK / 2)
  })

  test('ends a sequence of the same call', () => {
    expect(one([step(call('broken', { count: 5 }))]).get('front -> broken')!.sent).toBe(1)
    expect(one([step(call('broken', { count: 5, optional: true }))]).get('front -> broken')!.sent).toBe(5)
  })

  test('in a group: the others are waited for', () => {
    const found = one([group(call('broken'), call('pay'))])
    expect(found.get('front -> pay')!.ok).toBe(1)
    expect(found.get('shoppers')!.failedByCause).toEqual({ 'call-failed': 1 })
  })

  test.each([
    ['optional, without more', 'broken', 'always', 1],
    ['a way out is taken', 'broken', 'failed', 1],
    ['what follows success is not made', 'broken', 'succeeded', 0],
  ] as const)('%s', (_name, first, when, sent) => {
    const found = one([step(call(first, { optional: true })), step(call('cart'), { when })])
    expect(found.get('shoppers')!.ok).toBe(1)
    expect(found.get('front -> cart')!.sent).toBe(sent)
  })

  test.each([
    ['after success no way out is taken', 'failed', 1, 0],
    ['after success', 'succeeded', 1, 1],
    ['after a call that was not made: neither', 'failed', 0, 0],
    ['after a call that was not made: neither', 'succeeded', 0, 0],
  ] as const)('%s', (_name, when, probability, sent) => {
    const found = one([step(call('pay', { optional: true, probability })), step(call('cart'), { when })])
    expect(found.get('shoppers')!.ok).toBe(1)
    expect(found.get('front -> cart')!.sent).toBe(sent)
  })

  test('by its own time-out: the pod that was called goes on', () => {
    const found = one([step(call('pay', { timeout: 5 * MILLISECOND }))])
    expect(found.get('front -> pay')!.failedByCause).toEqual({ timeout: 1 })
    expect(found.get('shoppers')!.failedByCause).toEqual({ 'call-failed': 1 })
  })
})

describe('who goes away', () => {
  test('a client that gives up leaves the whole tree to go on', () => {
    const { c } = world([step(call('pay')), step(call('cart'))])
    send(c, [0], 8 * MILLISECOND)
    const found = results(c)
    expect(found.get('shoppers')!.failedByCause).toEqual({ timeout: 1 })
    expect([found.get('front -> pay')!.ok, found.get('front -> cart')!.ok]).toEqual([1, 1])
  })

  test('calls of a pod that dies die with it, and no further one is made', () => {
    const { c, front } = world([step(call('pay')), step(call('cart'))], { front: { concurrency: 1 } })
    send(c, [0, 0, 0])
    c.sim.run(c.sim.now + 15 * MILLISECOND)
    c.dataPlane.backends.kill(front.id)
    c.dataPlane.checkConservation()
    const found = results(c)
    expect(found.get('shoppers')!.failedByCause).toEqual({ reset: 3 })
    expect(found.get('front -> pay')).toMatchObject({ sent: 1, failedByCause: { 'no-client': 1 } })
    expect(found.get('front -> cart')!.sent).toBe(0)
    expect(c.dataPlane.requests.inUse).toBe(0)
  })
})

test('kept connections: one for every call that goes on at the same time', () => {
  const connection = { keepAlive: 60 * SECOND, pool: 1 }
  const { c } = world([group(call('cart', { count: 3, connection }))])
  send(c, [0])
  const found = results(c)
  // One connection, so one after the other.
  expect(nanos(found.get('front -> cart')!.latencyMs.max)).toBeGreaterThan(21 * MILLISECOND)
  expect(nanos(found.get('front -> cart')!.blameMs.mean!['client-queue'])).toBeGreaterThan(0)
})

describe('a tree is one of the seed of its root', () => {
  const CALLS = [
    step(call('cart', { probability: 0.3, count: 2 })),
    group(call('pay', { probability: 0.5 }), call('broken', { probability: 0.1, optional: true })),
  ]
  const seconds = 20

  function trees(mode: 'iptables' | 'ipvs' | 'nftables') {
    const { c } = world(CALLS, { kubeProxy: { mode, scheduler: 'rr' }, cart: { serviceTime: { kind: 'exponential', mean: MILLISECOND } } })
    c.traffic({ service: 'front', from: 'client', kind: 'poisson', ratePerSecond: 500, stop: c.sim.now + seconds * SECOND })
    return [...results(c).values()].map(({ traffic, sent, blameMs }) => [traffic, sent, Math.round((blameMs.mean?.service ?? 0) * 1e6)])
  }

  test('so it is the same in every mode', () => {
    const all = (['iptables', 'ipvs', 'nftables'] as const).map(trees)
    expect(all[1]).toEqual(all[0])
    expect(all[2]).toEqual(all[0])
  })

  test('and the share of the calls that are made is the probability: within 4 standard deviations', () => {
    const sent = new Map(trees('iptables').map(([name, count]) => [name, count as number]))
    const roots = sent.get('shoppers')!
    for (const [name, probability, count] of [
      ['front -> cart', 0.3, 2],
      ['front -> pay', 0.5, 1],
      ['front -> broken', 0.1, 1],
    ] as const) {
      const made = sent.get(name)! / count
      expect(Math.abs(made - roots * probability)).toBeLessThan(4 * Math.sqrt(roots * probability * (1 - probability)))
    }
  })
})

describe('a pod that calls others, on a container’s CPU', () => {
  const cpuTimeOf = ({ c, front }: World) => c.dataPlane.backends.cpuTime(front.id)
  const run = (more: Partial<WorkloadSpec>) => {
    const made = world([step(call('cart')), step(call('pay'), { at: 0.8 })], { front: more, cpuMilli: 4000 })
    send(made.c, [0, 0, MILLISECOND])
    const found = results(made.c)
    return { made, latency: latencyOf(found, 'shoppers'), found: [...found.values()] }
  }

  test('does the same where there are cores enough, be the CPU time a part of its work or all of it', () => {
    const plain = run({})
    const all = run({ cpuPerRequest: 'all' })
    expect(all.found).toEqual(plain.found)
    expect([cpuTimeOf(plain.made), cpuTimeOf(all.made)]).toEqual([3 * FRONT_WORK, 3 * FRONT_WORK])
    const part = run({ cpuPerRequest: constant(FRONT_WORK / 4) })
    expect(part.found).toEqual(plain.found)
    expect(cpuTimeOf(part.made)).toBe((3 * FRONT_WORK) / 4)
  })

  // Five parallel requests on four cores: a quarter of their first 5 ms of work is waited for by all of them, and so on.
  test('takes longer where there are not, and uses no CPU while it waits', () => {
    const { c, front } = world([step(call('cart'))], { front: { cpuPerRequest: 'all' }, cpuMilli: 4000 })
    send(c, [0, 0, 0, 0, 0])
    const found = results(c)
    expect(latencyOf(found, 'shoppers')).toBeGreaterThan(latencyOf(one([step(call('cart'))]), 'shoppers') + 2 * MILLISECOND)
    expect(c.dataPlane.backends.cpuTime(front.id)).toBeGreaterThanOrEqual(5 * FRONT_WORK)
    expect(c.dataPlane.backends.cpuTime(front.id)).toBeLessThan(5 * FRONT_WORK + 100)
  })
})
