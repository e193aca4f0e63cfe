import { expect, test } from 'vitest'
import { LINUX_6_1 } from '../../src/profiles/cost-profile.ts'
import { MILLISECOND, SECOND } from '../../src/units.ts'
import type { WorkloadSpec } from '../../src/workload/specs.ts'
import { INSTANT, TEST_NETWORK, TestCluster } from '../../src/workload/test-cluster.ts'
import { estimate } from './replications.ts'

const FRONT_MS = 4
const BACK_MS = 10
/** A request or call within one node, without waiting and service, ms. */
const WAY_MS =
  (LINUX_6_1.firstPacketNs('iptables-legacy', 0, 0, 1) + 3 * LINUX_6_1.establishedPacketNs('iptables-legacy') + 4 * TEST_NETWORK.sameNode) /
  MILLISECOND

/** Poisson requests to `front`, which calls `back`, one server, both exponential: mean latencies in ms. */
function tandem(frontServers: number, ratePerSecond: number) {
  return estimate((seed) => {
    const c = new TestCluster({ seed, zones: ['a'], measureFrom: 50 * SECOND })
    const exponential = (ms: number) => ({ kind: 'exponential', mean: ms * MILLISECOND }) as const
    const target = { namespace: 'shop', service: 'back', port: 80, host: 'back', path: '/' }
    const call = { name: 'call', target, probability: 1, count: 1, timeout: 1000 * SECOND, optional: false }
    const workload: WorkloadSpec = {
      ...INSTANT,
      concurrency: frontServers,
      queue: 100_000,
      serviceTime: exponential(FRONT_MS),
      calls: [{ at: 0.5, when: 'always', parallel: false, calls: [call] }],
    }
    c.dataPlane.addCalls(workload, 'app=front', 0)
    c.pod({ node: 0, app: 'client' })
    c.service('front')
    c.sliceOf('front', [c.pod({ node: 0, app: 'front', workload })])
    c.service('back', { spec: { clusterIP: '10.96.0.2' } })
    c.sliceOf('back', [c.pod({ node: 0, app: 'back', workload: { ...INSTANT, queue: 100_000, serviceTime: exponential(BACK_MS) } })])
    c.startProxies()
    const stop = 650 * SECOND
    c.traffic({ service: 'front', from: 'client', kind: 'poisson', ratePerSecond, timeout: 1000 * SECOND, stop })
    c.sim.run(stop + 100 * SECOND)
    const [calls, roots] = c.dataPlane.trafficSummaries()
    return { call: calls!.latencyMs.mean!, root: roots!.latencyMs.mean! }
  })
}

function holds(estimates: ReturnType<typeof tandem>, expected: { call: number; root: number }): void {
  for (const measure of ['call', 'root'] as const) {
    const { mean, halfWidth } = estimates[measure]
    expect(halfWidth / expected[measure], `half-width of ${measure}`).toBeLessThan(0.02)
    expect(Math.abs(mean - expected[measure]), `${measure} is ${mean}, by theory ${expected[measure]}`).toBeLessThan(halfWidth)
  }
}

/**
 * With servers without number in front nobody waits there, and what leaves the first half of their work is Poisson again (M/G/infinity): the back is
 * M/M/1 with mean response 1 / (mu - lambda) = 20 ms. Both stations form a Jackson network, whose means add.
 */
test('a tandem of M/M/infinity and M/M/1: the mean responses of a Jackson network', () => {
  const back = 1000 / (1000 / BACK_MS - 50)
  holds(tandem(100_000, 50), { call: WAY_MS + back, root: WAY_MS + FRONT_MS + WAY_MS + back })
})

/**
 * One server in front is held while it waits, so nobody ever waits at the back, and the front is M/G/1 with service X = front + way + back. By
 * Pollaczek and Khinchine its mean wait is lambda E[X^2] / (2 (1 - lambda E[X])).
 */
test('a server that is held while it waits: M/G/1 with the service of both', () => {
  const mean = FRONT_MS + WAY_MS + BACK_MS
  const square = mean * mean + FRONT_MS * FRONT_MS + BACK_MS * BACK_MS
  const rate = 30 / 1000
  const wait = (rate * square) / (2 * (1 - rate * mean))
  holds(tandem(1, 30), { call: WAY_MS + BACK_MS, root: WAY_MS + wait + mean })
})
