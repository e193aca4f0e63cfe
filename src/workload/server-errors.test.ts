import { describe, expect, test } from 'vitest'
import { MILLISECOND, SECOND } from '../units.ts'
import { isError } from './server-errors.ts'
import { INSTANT, TestCluster } from './test-cluster.ts'

const REQUESTS = 100_000

test('the share of seeds that fail is the probability: within 4 standard deviations', () => {
  for (const probability of [0, 0.01, 0.3, 1]) {
    let errors = 0
    for (let seed = 0; seed < REQUESTS; seed++) if (isError({ probability, code: 500 }, seed)) errors++
    expect(Math.abs(errors - REQUESTS * probability)).toBeLessThanOrEqual(4 * Math.sqrt(REQUESTS * probability * (1 - probability)))
  }
})

/** 1000 requests of one client on one kept connection, to two pods that work for 1 ms each. */
function run(errors: { probability: number; code: 500 | 503 }, mode: 'iptables' | 'ipvs' | 'nftables' = 'iptables') {
  const c = new TestCluster({ kubeProxy: { mode, scheduler: 'rr' } })
  const workload = { ...INSTANT, serviceTime: { kind: 'constant', value: MILLISECOND }, errors } as const
  const pods = [0, 1].map((node) => c.pod({ node, app: 'web', workload }))
  c.pod({ node: 0, app: 'client' })
  c.service('web')
  c.sliceOf('web', pods)
  c.startProxies()
  const connection = { keepAlive: 100 * SECOND, pool: 1 }
  c.traffic({ service: 'web', from: 'client', ratePerSecond: 100, stop: c.sim.now + 10 * SECOND, connection })
  c.sim.run(c.sim.now + 20 * SECOND)
  c.dataPlane.checkConservation()
  return { traffic: c.dataPlane.trafficSummaries()[0]!, entries: c.dataPlane.conntrackEntries(0), backends: c.dataPlane.backends, pods }
}

describe('a pod with errors', () => {
  test('answers with the code that it is given, after the whole service, and the connection survives', () => {
    const { traffic, entries, backends, pods } = run({ probability: 0.25, code: 500 })
    expect(traffic.sent).toBe(1000)
    // Binomial: 250 ± 4 × 13.7
    expect(Math.abs(traffic.failed - 250)).toBeLessThan(55)
    expect(traffic.failedByCause).toEqual({ 'http-500': traffic.failed })
    expect(entries).toBe(1)
    expect(pods.reduce((sum, { id }) => sum + backends.cpuTime(id), 0)).toBe(1000 * MILLISECOND)
  })

  test('answers with 503 as a cause of its own', () => {
    expect(run({ probability: 1, code: 503 }).traffic.failedByCause).toEqual({ 'http-503': 1000 })
  })

  test('fails the same number of the same requests in every mode', () => {
    const failed = (['iptables', 'ipvs', 'nftables'] as const).map((mode) => run({ probability: 0.25, code: 500 }, mode).traffic.failed)
    expect(new Set(failed).size).toBe(1)
  })
})
