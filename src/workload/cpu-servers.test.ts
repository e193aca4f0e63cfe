import { describe, expect, test } from 'vitest'
import { Simulation } from '../engine/simulation.ts'
import { Addresses } from '../network/addresses.ts'
import { MILLISECOND, type Nanos, SECOND } from '../units.ts'
import { Backends, NO_HANDSHAKE, type RequestKeeper } from './backends.ts'
import type { WorkloadSpec } from './specs.ts'
import { INSTANT } from './test-cluster.ts'

const constant = (value: Nanos) => ({ kind: 'constant', value }) as const

const PERIOD = 100 * MILLISECOND

interface SetUp extends Partial<WorkloadSpec> {
  readonly cores?: number
  readonly cpuLimitMilli?: number
  readonly quotaPeriod?: Nanos | null
}

/** One pod that serves up to 8 requests at once, and what becomes of them. */
function setUp({ cores = 8, cpuLimitMilli = 0, quotaPeriod = PERIOD, ...more }: SetUp) {
  const sim = new Simulation({ seed: '1' })
  const log: string[] = []
  const note = (text: string) => log.push(`${sim.now / MILLISECOND} ${text}`)
  const requests: RequestKeeper = {
    seedOf: (request) => request,
    trySeedOf: (request) => request,
    begun: () => {},
    throttled: () => {},
    handshakeOf: () => NO_HANDSHAKE,
    handshaken: () => {},
    calls: () => {},
    passedOn: () => {},
    drains: () => {},
    processEnded: () => {},
    served: (request) => note(`served ${request}`),
    refused: () => {},
    dropped: (request) => note(`dropped ${request}`),
  }
  const workload: WorkloadSpec = { ...INSTANT, concurrency: 8, ...more }
  const backends = new Backends({ sim, addresses: new Addresses(), workloadOf: () => workload, requests })
  backends.attachCpu({ cores: [cores], quotaPeriod })
  const pod = backends.sandboxUp({
    podUid: '',
    podName: 'web',
    namespace: 'shop',
    labels: {},
    address: '10.0.0.1',
    nodeIndex: 0,
    cpuLimitMilli,
  })
  backends.listen(pod)
  const enter = (...wanted: number[]): void => {
    for (const request of wanted) {
      backends.accept(pod)
      backends.enter(pod, request)
    }
  }
  const at = (ms: number, ...wanted: number[]) => sim.after(ms * MILLISECOND, () => enter(...wanted))
  return { sim, backends, pod, log, enter, at }
}

/** When the periods of the pod end, of its first run, ns after any whole number of them. */
const OFFSET = Math.floor(new Simulation({ seed: '1' }).rng('cfs-period/shop/web').uniform() * PERIOD)

/** When a thread that starts at 0, alone, has had `work`. */
function endAlone(work: Nanos, quota: Nanos): Nanos {
  let [now, boundary, left] = [0, OFFSET, work]
  for (;;) {
    const part = Math.min(quota, boundary - now)
    if (left <= part) return now + left
    left -= part
    now = boundary
    boundary += PERIOD
  }
}

describe('pods whose requests take CPU time', () => {
  test('a request has its CPU time first, and then waits for the rest', () => {
    const { sim, backends, pod, log, enter } = setUp({ serviceTime: constant(10 * MILLISECOND), cpuPerRequest: constant(4 * MILLISECOND) })
    enter(1)
    sim.run(3 * MILLISECOND)
    expect(backends.cpuTime(pod)).toBe(3 * MILLISECOND)
    sim.run(SECOND)
    expect(log).toEqual(['10 served 1'])
    expect(backends.cpuTime(pod)).toBe(4 * MILLISECOND)
  })

  // Four times 4 ms on one core; and the 6 ms that follow, side by side.
  test('requests share a core, and the next one takes the server of one that is done', () => {
    const { sim, log, enter } = setUp({
      cores: 1,
      concurrency: 4,
      serviceTime: constant(10 * MILLISECOND),
      cpuPerRequest: constant(4 * MILLISECOND),
    })
    enter(1, 2, 3, 4, 5)
    sim.run(SECOND)
    expect(log).toEqual(['22 served 1', '22 served 2', '22 served 3', '22 served 4', '32 served 5'])
  })

  test('no more of a service than all of it is CPU time', () => {
    const { sim, backends, pod, log, enter } = setUp({ serviceTime: constant(10 * MILLISECOND), cpuPerRequest: constant(SECOND) })
    enter(1)
    sim.run(2 * SECOND)
    expect([log, backends.cpuTime(pod)]).toEqual([['10 served 1'], 10 * MILLISECOND])
  })

  test('its CPU time is drawn apart from its service time', () => {
    const uniform = { kind: 'uniform', min: 0, max: 10 * MILLISECOND } as const
    const used = [1, 2, 3, 4, 5].map((request) => {
      const { sim, backends, pod, log, enter } = setUp({ serviceTime: uniform, cpuPerRequest: uniform })
      enter(request)
      sim.run(SECOND)
      return [Number(log[0]!.split(' ')[0]) * MILLISECOND, backends.cpuTime(pod)] as const
    })
    expect(used.every(([time, cpu]) => cpu <= time)).toBe(true)
    expect(used.filter(([time, cpu]) => cpu < time).length).toBeGreaterThan(1)
  })

  test.each([250, 500, 1000])('a limit of %d milli-cores throttles a request of 250 ms exactly', (cpuLimitMilli) => {
    const { sim, log, enter } = setUp({ cpuLimitMilli, serviceTime: constant(250 * MILLISECOND), cpuPerRequest: 'all' })
    enter(1)
    sim.run(10 * SECOND)
    expect(log).toEqual([`${endAlone(250 * MILLISECOND, (PERIOD * cpuLimitMilli) / 1000) / MILLISECOND} served 1`])
  })

  test('limits do not hold where the kubelet sets no quota', () => {
    const { sim, log, enter } = setUp({
      cpuLimitMilli: 100,
      quotaPeriod: null,
      serviceTime: constant(250 * MILLISECOND),
      cpuPerRequest: 'all',
    })
    enter(1)
    sim.run(SECOND)
    expect(log).toEqual(['250 served 1'])
  })

  test('a limit says nothing where the CPU time of requests is not given', () => {
    const { sim, backends, log, enter } = setUp({ cpuLimitMilli: 100, serviceTime: constant(250 * MILLISECOND) })
    enter(1)
    sim.run(SECOND)
    expect(log).toEqual(['250 served 1'])
    expect(backends.loads()[0]!.cpu).toBe(null)
  })

  test.each([
    [500, 4],
    [1000, 7],
    [2500, 20],
  ])('with a limit of %d milli-cores and %d ms a request it serves as many as that is, within 1 %%', (cpuLimitMilli, ms) => {
    const { sim, log, enter } = setUp({ cpuLimitMilli, queue: 1e6, serviceTime: constant(ms * MILLISECOND), cpuPerRequest: 'all' })
    for (let request = 0; request < 30_000; request++) enter(request)
    sim.run(60 * SECOND)
    expect(log.length / ((60_000 * cpuLimitMilli) / 1000 / ms)).toBeCloseTo(1, 2)
  })

  test('while it is throttled nobody answers health calls', () => {
    const { sim, backends, pod, enter } = setUp({ cpuLimitMilli: 100, serviceTime: constant(250 * MILLISECOND), cpuPerRequest: 'all' })
    enter(1)
    expect(backends.answersAfter(pod)).toBe(0)
    // The quota of 10 ms is used up.
    const now = OFFSET + PERIOD + 15 * MILLISECOND
    sim.run(now)
    expect(backends.answersAfter(pod)).toBe(85 * MILLISECOND)
  })

  // One server: who waits for it waits as long as the requests before were there, which is longer than their service time.
  test('health calls wait behind the requests as long as these have lately been there', () => {
    const { sim, backends, pod, enter } = setUp({
      cpuLimitMilli: 100,
      concurrency: 1,
      queue: 1000,
      serviceTime: constant(5 * MILLISECOND),
      cpuPerRequest: 'all',
    })
    expect(backends.answersAfter(pod)).toBe(0)
    enter(...Array(400).keys())
    sim.run(10 * SECOND + OFFSET + 2 * MILLISECOND)
    const waiting = backends.inFlight(pod)
    // Two requests a period.
    expect(backends.answersAfter(pod)! / (waiting * 50 * MILLISECOND)).toBeGreaterThan(0.6)
    expect(backends.answersAfter(pod)! / (waiting * 50 * MILLISECOND)).toBeLessThan(1.5)
  })

  test('a process that is killed loses its requests and its debts, and what it has used is counted on', () => {
    const { sim, backends, pod, log, enter } = setUp({ cpuLimitMilli: 100, serviceTime: constant(250 * MILLISECOND), cpuPerRequest: 'all' })
    enter(1, 2)
    sim.run(4 * SECOND)
    backends.kill(pod)
    sim.run(5 * SECOND)
    expect(log).toEqual(['4000 dropped 1', '4000 dropped 2'])
    const used = backends.cpuTime(pod)
    expect(used).toBeGreaterThan(39 * 10 * MILLISECOND)
    backends.countLoads()
    backends.listen(pod)
    enter(3)
    sim.run(5 * SECOND + 5 * MILLISECOND)
    // At once: the new container has a whole quota.
    expect(backends.cpuTime(pod) - used).toBe(5 * MILLISECOND)
    expect(backends.loads()[0]!.cpu!.used).toBe(5 * MILLISECOND)
    sim.run(6 * SECOND)
    const { periods, throttledPeriods } = backends.loads()[0]!.cpu!
    expect([periods, throttledPeriods]).toEqual([10, 10])
  })
})

describe('pods that warm up', () => {
  const warmUp = { duration: 10 * SECOND, factor: 3 }

  test('serve more slowly at first, and less so as time passes, in a straight line', () => {
    const { sim, log, at, enter } = setUp({ serviceTime: constant(10 * MILLISECOND), warmUp })
    enter(1)
    at(2500, 2)
    at(5000, 3)
    at(9999, 4)
    at(10_000, 5)
    at(20_000, 6)
    sim.run(30 * SECOND)
    expect(log).toEqual(['30 served 1', '2525 served 2', '5020 served 3', '10009.002 served 4', '10010 served 5', '20010 served 6'])
  })

  test('warm up again when their process is another', () => {
    const { sim, backends, pod, log, at } = setUp({ serviceTime: constant(10 * MILLISECOND), warmUp })
    sim.run(20 * SECOND)
    backends.kill(pod)
    sim.run(25 * SECOND)
    backends.listen(pod)
    at(5000, 1)
    sim.run(60 * SECOND)
    expect(log).toEqual(['30020 served 1'])
  })

  test('are as slow as both say when they are slow, too, and so is their CPU time', () => {
    const { sim, backends, pod, log, at } = setUp({
      serviceTime: constant(10 * MILLISECOND),
      cpuPerRequest: constant(5 * MILLISECOND),
      warmUp,
    })
    let uses = 0
    backends.slowDown(pod, { factor: 4, onUse: () => uses++ })
    at(5000, 1)
    sim.run(30 * SECOND)
    expect(log).toEqual(['5080 served 1'])
    expect([uses, backends.cpuTime(pod)]).toEqual([1, 40 * MILLISECOND])
  })

  test('health calls wait for longer behind slow requests', () => {
    const { backends, pod, enter } = setUp({ concurrency: 1, queue: 5, serviceTime: constant(10 * MILLISECOND), warmUp })
    enter(1)
    expect(backends.answersAfter(pod)).toBe(30 * MILLISECOND)
  })
})
