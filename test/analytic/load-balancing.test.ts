import { describe, expect, test } from 'vitest'
import type { KubeProxySpec } from '../../src/kube-proxy/kube-proxy-spec.ts'
import { MICROSECOND, MILLISECOND, SECOND } from '../../src/units.ts'
import { INSTANT, TestCluster } from '../../src/workload/test-cluster.ts'
import { estimate } from './replications.ts'

/**
 * The whole path of a request, from a client pod through its node's rules to one of several pods, each a server with exponential service,
 * against queueing theory of the choice that the rules make. Arrivals are Poisson. The network takes next to nothing, and what it and the rules take (in
 * all below 40 µs) is within the 0.1 % that is allowed beside the interval.
 */
const SERVICE = 50 * MILLISECOND
const NETWORK = { sameNode: MICROSECOND, sameZone: MICROSECOND, crossZone: MICROSECOND, external: MICROSECOND }
const OVERHEAD = 0.001

/** Mean time from sending to the answer, in mean service times. */
function responseTime(kubeProxy: KubeProxySpec, pods: number, load: number) {
  const ratePerSecond = (pods * load * SECOND) / SERVICE
  const length = Math.round(60_000 / ratePerSecond)
  return estimate((seed) => {
    const c = new TestCluster({
      seed,
      zones: ['a'],
      network: NETWORK,
      kubeProxy,
      measureFrom: Math.round((30 + 0.1 * length) * SECOND),
      cpuMilli: 64_000,
    })
    c.pod({ node: 0, app: 'client' })
    c.service('web')
    const workload = { ...INSTANT, queue: 1_000_000, serviceTime: { kind: 'exponential', mean: SERVICE } } as const
    c.sliceOf(
      'web',
      Array.from({ length: pods }, () => c.pod({ node: 0, app: 'web', workload })),
    )
    c.startProxies()
    const stop = c.sim.now + Math.round(1.1 * length) * SECOND
    c.traffic({ service: 'web', from: 'client', kind: 'poisson', ratePerSecond, timeout: 1000 * SECOND, stop })
    c.sim.run(stop + 100 * SECOND)
    const [summary] = c.dataPlane.trafficSummaries()
    expect(summary!.failed).toBe(0)
    return { response: (summary!.latencyMs.mean! * MILLISECOND) / SERVICE }
  }).response
}

function expectTheory({ mean, halfWidth }: { mean: number; halfWidth: number }, expected: number): void {
  expect(halfWidth / expected, 'the interval would show an error of 2 %').toBeLessThan(0.02)
  expect(Math.abs(mean - expected), `${mean} ± ${halfWidth}, by theory ${expected}`).toBeLessThan(halfWidth + OVERHEAD * expected)
}

describe('pods behind a Service', () => {
  /** A Poisson process split at random is Poisson: each pod is M/M/1, with a mean time of 1 / (1 - load). */
  test('iptables mode chooses at random: 4 pods are 4 times M/M/1', () => {
    expectTheory(responseTime({ mode: 'iptables', scheduler: 'rr' }, 4, 0.6), 1 / (1 - 0.6))
  })

  /**
   * Every n-th arrival of a Poisson process: gaps are Erlang-n, each pod is E_n/M/1, with a mean time of 1 / (1 - σ), where σ is the root below 1 of
   * σ = (n load / (n load + 1 - σ))^n. Source: L. Kleinrock, Queueing Systems I (1975), section 6.4.
   */
  test('rr takes turns: 4 pods are 4 times E4/M/1', () => {
    const load = 0.7
    let root = 0.5
    for (let round = 0; round < 1000; round++) {
      const share = (4 * load) / (4 * load + 1 - root)
      root = share * share * share * share
    }
    expectTheory(responseTime({ mode: 'ipvs', scheduler: 'rr' }, 4, load), 1 / (1 - root))
  })

  /** lc sends to the pod with the fewest connections: join the shortest queue. The oracle solves its Markov chain for two pods. */
  test('lc joins the shortest queue: 2 pods', () => {
    const load = 0.7
    expectTheory(responseTime({ mode: 'ipvs', scheduler: 'lc' }, 2, load), shortestOfTwo(load))
  })

  test('the oracles tell the choices apart by far more than the intervals', () => {
    const load = 0.7
    // J. F. C. Kingman, Two similar queues in parallel (1961): JSQ lies between M/M/2, 1 / (1 - load²), and random choice.
    expect(shortestOfTwo(load)).toBeGreaterThan(1.03 / (1 - load * load))
    expect(shortestOfTwo(load)).toBeLessThan(0.8 / (1 - load))
  })
})

/** Mean time in system, in service times, of join-the-shortest-queue with two servers: power iteration of the uniformised chain of (n1, n2), each at most 60. */
function shortestOfTwo(load: number): number {
  const places = 61
  const arrivals = 2 * load
  let p = new Float64Array(places * places).fill(1 / (places * places))
  for (let round = 0; round < 4000; round++) {
    const next = new Float64Array(places * places)
    for (let a = 0; a < places; a++) {
      for (let b = 0; b < places; b++) {
        const mass = p[a * places + b]!
        // Uniformised: in each step an arrival, an end at either pod, or nothing.
        const total = arrivals + 2
        const arrive = (mass * arrivals) / total
        const full = Math.min(a, b) === places - 1
        if (full) next[a * places + b]! += arrive
        else if (a < b) next[(a + 1) * places + b]! += arrive
        else if (b < a) next[a * places + b + 1]! += arrive
        else {
          next[(a + 1) * places + b]! += arrive / 2
          next[a * places + b + 1]! += arrive / 2
        }
        next[Math.max(0, a - 1) * places + b]! += mass / total
        next[a * places + Math.max(0, b - 1)]! += mass / total
      }
    }
    p = next
  }
  let customers = 0
  for (let a = 0; a < places; a++) for (let b = 0; b < places; b++) customers += (a + b) * p[a * places + b]!
  return customers / arrivals
}
