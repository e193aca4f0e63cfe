import { describe, expect, test } from 'vitest'
import { SECOND } from '../units.ts'
import { READY, TestCluster } from '../workload/test-cluster.ts'
import { CLUSTER_IP } from './modes/mode.ts'

describe('pruning', () => {
  test.each(['iptables', 'ipvs'] as const)('%s: the past is forgotten once every node is past it, and nobody notices', (mode) => {
    const c = new TestCluster({ zones: ['a', 'a'], kubeProxy: { mode, scheduler: 'rr' } })
    const { history } = c.dataPlane
    c.service('web')
    c.startProxies()
    const port = history.servicePort('shop', 'web', 80, 'TCP')
    let most = 0
    let last = 0
    for (let round = 0; round < 300; round++) {
      for (let change = 0; change < 100; change++) {
        last = round * 100 + change
        c.slice('web', [[`10.${last >> 16}.${(last >> 8) & 255}.${last & 255}`, READY]])
      }
      c.sim.run(c.sim.now + 3 * SECOND)
      most = Math.max(most, history.entries)
      if (round % 50 === 0) c.dataPlane.mode.connect(0, port, CLUSTER_IP, c.sim.now)
    }
    expect(most).toBeGreaterThan(19_000)
    expect(most).toBeLessThan(21_000)
    const expected = `10.${last >> 16}.${(last >> 8) & 255}.${last & 255}:8080`
    for (const node of [0, 1])
      expect(history.addresses.endpointName(c.dataPlane.mode.connect(node, port, CLUSTER_IP, c.sim.now))).toBe(expected)
  })

  test('a node that lags behind holds the past', () => {
    const c = new TestCluster({ zones: ['a', 'a'], kubeProxy: { mode: 'iptables', scheduler: 'rr' } })
    const { history } = c.dataPlane
    c.service('web')
    c.slice('web', [['10.200.0.1', READY]])
    c.startProxies()
    c.dataPlane.proxy(0).stop()
    for (let round = 0; round < 250; round++) {
      for (let change = 0; change < 100; change++) c.slice('web', [[`10.0.${round}.${change}`, READY]])
      c.sim.run(c.sim.now + 3 * SECOND)
    }
    expect(history.entries).toBeGreaterThan(24_000)
    const port = history.servicePort('shop', 'web', 80, 'TCP')
    expect(history.addresses.endpointName(c.dataPlane.mode.connect(0, port, CLUSTER_IP, c.sim.now))).toBe('10.200.0.1:8080')
  })
})
