import { expect, test } from 'vitest'
import { SECOND } from '../units.ts'
import { INSTANT, TestCluster } from './test-cluster.ts'

/** Clients of a pod that is gone fill a node's table: entries without an answer. Others call a pod that is well. */
function run(mode: 'iptables' | 'ipvs') {
  const c = new TestCluster({ kubeProxy: { mode, scheduler: 'rr' }, cpuMilli: 4000 })
  const gone = c.pod({ node: 1, app: 'gone' })
  const web = c.pod({ node: 1, app: 'web', workload: { ...INSTANT, concurrency: 64 } })
  c.pod({ node: 0, app: 'client' })
  c.service('gone')
  c.sliceOf('gone', [gone])
  c.service('web', { spec: { clusterIP: '10.96.0.2' } })
  c.sliceOf('web', [web])
  c.startProxies()
  c.dataPlane.backends.sandboxDown(gone.id)
  c.traffic({ name: 'lost', service: 'gone', from: 'client', ratePerSecond: 2000, stop: c.sim.now + 100 * SECOND, timeout: 4 * SECOND })
  c.traffic({ name: 'fine', service: 'web', from: 'client', ratePerSecond: 100, stop: c.sim.now + 100 * SECOND, timeout: 4 * SECOND })
  c.sim.run(c.sim.now + 100 * SECOND)
  const { evicted, dropped, max } = c.dataPlane.kernels.conntrack(0)
  const entries = c.dataPlane.conntrackEntries(0)
  c.sim.run(c.sim.now + 300 * SECOND)
  c.dataPlane.checkConservation()
  expect(c.dataPlane.conntrackEntries(0)).toBe(0)
  return { evicted, dropped, max, entries, fine: c.dataPlane.trafficSummaries()[1]! }
}

test.each(['iptables', 'ipvs'] as const)(
  'mode %s: a table that is full of connections without an answer has room for new ones',
  (mode) => {
    const { evicted, dropped, max, entries, fine } = run(mode)
    expect(max).toBe(131_072)
    // 200,000 would like an entry; with eight buckets of one entry each in the mean hardly any packet is dropped.
    expect(entries).toBeGreaterThan(max - 200)
    expect(entries).toBeLessThanOrEqual(max)
    expect(evicted).toBeGreaterThan(60_000)
    expect(dropped).toBeLessThan(100)
    expect([fine.failed, fine.ok]).toEqual([0, 10_000])
  },
  600_000,
)
