import { createRequire } from 'node:module'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { LINUX_6_1 } from '../profiles/cost-profile.ts'
import { MILLISECOND, type Nanos, SECOND } from '../units.ts'
import type { ConnectionSpec } from './specs.ts'
import { INSTANT, TEST_NETWORK, TestCluster, type TestClusterOptions, type TestPod } from './test-cluster.ts'

/** Student's t and the deviation, independent of our code. */
const jStat: {
  mean(values: readonly number[]): number
  stdev(values: readonly number[], sample: boolean): number
  studentt: { inv(p: number, degrees: number): number }
} = createRequire(import.meta.url)('jstat')

const MODES = [
  ['iptables', { mode: 'iptables', scheduler: 'rr' }],
  ['ipvs rr', { mode: 'ipvs', scheduler: 'rr' }],
  ['ipvs wlc', { mode: 'ipvs', scheduler: 'wlc' }],
  ['ipvs sed', { mode: 'ipvs', scheduler: 'sed' }],
  ['nftables', { mode: 'nftables', scheduler: 'rr' }],
] as const

describe('queueing', () => {
  /**
   * One pod of c servers behind a Service is an M/M/c queue: mean time in system = Erlang C / (c mu - lambda) + 1 / mu. What the network and
   * the node add to every request is a constant here (one Service, one endpoint) but for the wait for a core, and is taken off exactly. 99.9 % t-interval over replications.
   */
  test.each([
    ['a connection a request', undefined],
    ['kept connections', { keepAlive: 60 * SECOND, pool: 10_000 }],
  ])('a pod of 4 servers at 70 % load waits as Erlang C says: %s', (_name, connection) => {
    const [servers, serviceMean, load] = [4, 10 * MILLISECOND, 0.7]
    const ratePerSecond = (load * servers * SECOND) / serviceMean
    const workload = {
      ...INSTANT,
      concurrency: servers,
      queue: 1_000_000,
      serviceTime: { kind: 'exponential', mean: serviceMean },
    } as const
    const constant =
      LINUX_6_1.firstPacketNs('iptables-legacy', 0, 0, 1) + 3 * LINUX_6_1.establishedPacketNs('iptables-legacy') + 4 * TEST_NETWORK.sameNode
    const replications = 20
    const means: number[] = []
    for (let seed = 0; seed < replications; seed++) {
      const measureFrom = 35 * SECOND
      const c = new TestCluster({ seed: `mmc-${seed}`, zones: ['a'], measureFrom, cpuMilli: 64_000 })
      c.pod({ node: 0, app: 'client' })
      c.service('web')
      c.sliceOf('web', [c.pod({ node: 0, app: 'web', workload })])
      c.startProxies()
      c.traffic({ service: 'web', from: 'client', kind: 'poisson', ratePerSecond, timeout: 100 * SECOND, stop: 155 * SECOND, connection })
      c.sim.run(160 * SECOND)
      const [summary] = c.dataPlane.trafficSummaries()
      expect(summary!.failed).toBe(0)
      const parts = summary!.blameMs.mean!
      const inPod = (parts['pod-queue'] + parts.service) * MILLISECOND
      if (connection === undefined)
        expect(Math.abs(inPod - (summary!.latencyMs.mean! * MILLISECOND - constant - parts.softirq * MILLISECOND))).toBeLessThan(1)
      means.push(inPod)
    }
    const expected = (erlangC(servers, load * servers) * serviceMean) / (servers * (1 - load)) + serviceMean
    const mean = jStat.mean(means)
    const halfWidth = (jStat.studentt.inv(0.9995, replications - 1) * jStat.stdev(means, true)) / Math.sqrt(replications)
    expect(halfWidth / expected).toBeLessThan(0.02)
    expect(Math.abs(mean - expected)).toBeLessThan(halfWidth)
  })
})

/** Probability of waiting in M/M/c with `offered` erlangs. */
function erlangC(servers: number, offered: number): number {
  let term = 1
  let sum = 0
  for (let n = 0; n < servers; n++) {
    sum += term
    term = (term * offered) / (n + 1)
  }
  const waiting = (term * servers) / (servers - offered)
  return waiting / (sum + waiting)
}

/** Three Services' worth of change, seen in what is sent when: the demands are read from the pods' service times. */
function arrivalsOf(options: TestClusterOptions, disturb: (c: TestCluster, pods: TestPod[]) => void): { sent: unknown[]; seeds: number[] } {
  const c = new TestCluster({ ...options, zones: ['a', 'a', 'b'] })
  const workload = { ...INSTANT, serviceTime: { kind: 'exponential', mean: MILLISECOND } } as const
  const pods = [0, 1, 2].map((node) => c.pod({ node, app: 'web', workload }))
  for (const node of [0, 1, 2]) c.pod({ node, app: 'client' })
  c.service('web')
  c.sliceOf('web', pods)
  c.startProxies()
  const seeds: number[] = []
  const { requests } = c.dataPlane
  const send = requests.send.bind(requests)
  const at: Nanos[] = []
  requests.send = (traffic, client, seed) => {
    seeds.push(seed)
    at.push(c.sim.now)
    send(traffic, client, seed)
  }
  c.traffic({ service: 'web', from: 'client', kind: 'poisson', ratePerSecond: 50, stop: 60 * SECOND })
  c.sim.run(40 * SECOND)
  disturb(c, pods)
  c.sim.run(70 * SECOND)
  return { sent: at, seeds }
}

describe('common random numbers', () => {
  test('arrivals and demands are the same in every mode and whatever happens to the pods', () => {
    const calm = arrivalsOf({ kubeProxy: MODES[0][1] }, () => {})
    expect(calm.sent.length).toBeGreaterThan(1000)
    for (const [, kubeProxy] of MODES) {
      expect(arrivalsOf({ kubeProxy }, () => {})).toEqual(calm)
      const disturbed = arrivalsOf({ kubeProxy }, (c, pods) => {
        c.dataPlane.backends.kill(pods[0]!.id)
        c.dataPlane.crashNode(2)
      })
      expect(disturbed).toEqual(calm)
    }
    expect(arrivalsOf({ seed: 'another' }, () => {})).not.toEqual(calm)
  })
})

describe('the same run twice', () => {
  test.each(MODES)('%s: gives the same tables', (_name, kubeProxy) => {
    const tables = () => {
      const c = busyCluster({ kubeProxy })
      c.sim.run(c.sim.now + 20 * SECOND)
      return [[...c.dataPlane.requestTable().rows], [...c.dataPlane.proxyTable().rows], c.sim.eventsExecuted]
    }
    expect(tables()).toEqual(tables())
  })
})

/** Two Services on three nodes in two zones, with clients inside and outside. */
function busyCluster(options: TestClusterOptions, connection?: ConnectionSpec): TestCluster {
  const c = new TestCluster({ ...options, zones: ['a', 'a', 'b'] })
  const workload = {
    ...INSTANT,
    concurrency: 2,
    queue: 5,
    serviceTime: { kind: 'lognormal', p50: 20 * MILLISECOND, p99: 300 * MILLISECOND },
  } as const
  for (const node of [0, 1, 2]) c.pod({ node, app: 'client' })
  for (const service of ['web', 'api']) {
    c.service(service, { type: 'LoadBalancer', nodePort: service === 'web' ? 30080 : 30081 })
    c.sliceOf(
      service,
      [0, 1, 2].map((node) => c.pod({ node, app: service, workload })),
    )
  }
  c.startProxies()
  const clients = connection === undefined ? 1000 : 20
  for (const service of ['web', 'api']) {
    c.traffic({ name: `${service} inside`, service, from: 'client', kind: 'poisson', ratePerSecond: 60, timeout: SECOND, connection })
    c.traffic({
      name: `${service} outside`,
      service,
      from: 'outside',
      clients,
      kind: 'poisson',
      ratePerSecond: 60,
      timeout: 4 * SECOND,
      connection,
    })
  }
  return c
}

describe('conservation', () => {
  const step = fc.oneof(
    fc.record({ do: fc.constantFrom('kill', 'drain', 'vanish', 'listen', 'start' as const), which: fc.nat(20) }),
    fc.record({ do: fc.constantFrom('crash', 'boot', 'proxy' as const), which: fc.nat(2) }),
    fc.record({ do: fc.constantFrom('endpoints' as const), which: fc.nat(63) }),
  )

  const kept = fc.option(
    fc.record({
      keepAlive: fc.constantFrom(SECOND / 10, 60 * SECOND),
      pool: fc.constantFrom(1, 3, 50),
      lifetime: fc.constantFrom(undefined, 2 * SECOND),
    }),
    { nil: undefined },
  )

  test.each(MODES)('%s: every request ends once, whatever happens to pods and nodes', (_name, kubeProxy) => {
    fc.assert(
      fc.property(fc.array(fc.tuple(step, fc.constantFrom(0.003, 0.4, 3)), { maxLength: 25 }), kept, (steps, connection) => {
        const c = busyCluster({ kubeProxy }, connection)
        const { dataPlane } = c
        const { backends } = dataPlane
        const alive: TestPod[] = []
        for (const [{ do: what, which }, pause] of steps) {
          const node = which % 3
          const pod = alive[which % Math.max(1, alive.length)]
          if (what === 'start' && dataPlane.kernels.isUp(node)) {
            alive.push(
              c.pod({
                node,
                app: which % 2 === 0 ? 'web' : 'client',
                workload: { ...INSTANT, serviceTime: { kind: 'exponential', mean: SECOND / 2 } },
              }),
            )
          } else if (what === 'kill' && pod) backends.kill(pod.id)
          else if (what === 'drain' && pod) backends.stopListening(pod.id)
          else if (what === 'vanish' && pod) backends.sandboxDown(pod.id)
          else if (what === 'listen' && pod) {
            backends.kill(pod.id)
            backends.listen(pod.id)
          } else if (what === 'crash' && dataPlane.kernels.isUp(node)) dataPlane.crashNode(node)
          else if (what === 'boot' && !dataPlane.kernels.isUp(node)) dataPlane.bootNode(node)
          else if (what === 'proxy' && dataPlane.kernels.isUp(node) && !dataPlane.proxy(node).running) c.startProxy(node)
          else if (what === 'endpoints') {
            c.sliceOf(
              'web',
              alive.filter((_, index) => ((which >> (index % 6)) & 1) === 1),
            )
          }
          c.sim.run(c.sim.now + Math.round(pause * SECOND))
          dataPlane.checkConservation()
        }
        c.sim.run(c.sim.now + 10 * SECOND)
        dataPlane.checkConservation()
        for (const summary of dataPlane.trafficSummaries()) {
          const failed = Object.values(summary.failedByCause).reduce((sum, count) => sum + count, 0)
          expect(summary.sent).toBe(summary.ok + failed + summary.inFlight)
          expect(summary.sent).toBeGreaterThan(0)
        }
      }),
      { numRuns: 40 },
    )
  })

  test('after the last request nothing is in use', () => {
    const c = new TestCluster({ zones: ['a', 'a'] })
    c.pod({ node: 0, app: 'client' })
    c.service('web')
    c.sliceOf('web', [c.pod({ node: 1, app: 'web', workload: { ...INSTANT, serviceTime: { kind: 'constant', value: 30 * MILLISECOND } } })])
    c.startProxies()
    c.traffic({ service: 'web', from: 'client', ratePerSecond: 100, stop: c.sim.now + SECOND, timeout: SECOND / 2 })
    c.sim.run(c.sim.now + SECOND / 2)
    expect(c.dataPlane.requests.inUse).toBeGreaterThan(0)
    c.sim.run(c.sim.now + 200 * SECOND)
    expect(c.dataPlane.requests.inUse).toBe(0)
    expect([c.dataPlane.conntrackEntries(0), c.dataPlane.conntrackEntries(1)]).toEqual([0, 0])
  })
})
