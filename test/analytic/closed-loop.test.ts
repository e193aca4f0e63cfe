import { expect, test } from 'vitest'
import { LINUX_6_1 } from '../../src/profiles/cost-profile.ts'
import { MILLISECOND, SECOND } from '../../src/units.ts'
import { INSTANT, TEST_NETWORK, TestCluster } from '../../src/workload/test-cluster.ts'
import { estimate } from './replications.ts'

/**
 * A closed loop before one server is the machine-repairman model M/M/1//N: with think time 1/λ and service time 1/μ the probability that k of N users
 * wait or are served is p(k) = p(0) N! / (N - k)! (λ/μ)^k; the throughput is μ (1 - p(0)), and the time from sending to the answer, by Little's law,
 * N / throughput - 1/λ. Network and rules add a constant to every cycle, which here belongs to the think time: 0.03 % of it.
 *
 * Source: L. Kleinrock, Queueing Systems I (1975), section 3.8.
 */
test.each([
  { users: 4, thinkMs: 400, serviceMs: 100 },
  { users: 20, thinkMs: 2000, serviceMs: 150 },
])(
  '$users users, $thinkMs ms of thinking, $serviceMs ms of service: throughput and response time of M/M/1//N',
  ({ users, thinkMs, serviceMs }) => {
    const constantMs =
      (LINUX_6_1.firstPacketNs('iptables-legacy', 0, 0, 1) +
        3 * LINUX_6_1.establishedPacketNs('iptables-legacy') +
        4 * TEST_NETWORK.sameNode) /
      MILLISECOND
    const ratio = serviceMs / (thinkMs + constantMs)
    let weight = 1
    let total = 1
    for (let k = 1; k <= users; k++) {
      weight *= (users - k + 1) * ratio
      total += weight
    }
    const throughput = (1000 / serviceMs) * (1 - 1 / total)
    const response = (users * 1000) / throughput - thinkMs

    const estimates = estimate((seed) => {
      const c = new TestCluster({ seed, zones: ['a'], measureFrom: 130 * SECOND })
      c.pod({ node: 0, app: 'client' })
      c.service('web')
      const serviceTime = { kind: 'exponential', mean: serviceMs * MILLISECOND } as const
      c.sliceOf('web', [c.pod({ node: 0, app: 'web', workload: { ...INSTANT, serviceTime } })])
      c.startProxies()
      const think = { kind: 'exponential', mean: thinkMs * MILLISECOND } as const
      const stop = 4130 * SECOND
      c.traffic({ service: 'web', from: 'client', arrivals: { kind: 'closed', users, think }, timeout: 1000 * SECOND, stop })
      c.sim.run(stop + 100 * SECOND)
      const [summary] = c.dataPlane.trafficSummaries()
      return { throughput: summary!.requestsPerSecond, response: summary!.latencyMs.mean! }
    })
    for (const [measure, expected] of [
      ['throughput', throughput],
      ['response', response],
    ] as const) {
      const { mean, halfWidth } = estimates[measure]
      expect(halfWidth / expected, `half-width of ${measure}`).toBeLessThan(0.02)
      expect(Math.abs(mean - expected), `${measure} is ${mean}, by theory ${expected}`).toBeLessThan(halfWidth)
    }
  },
)
