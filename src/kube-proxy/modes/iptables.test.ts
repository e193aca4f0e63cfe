import { describe, expect, test } from 'vitest'
import { LINUX_6_1 } from '../../profiles/cost-profile.ts'
import { SECOND } from '../../units.ts'
import { READY, TestCluster } from '../../workload/test-cluster.ts'
import { CLUSTER_IP, NO_RULE, NODE_PORT, REJECTED } from './mode.ts'

const address = (index: number) => `10.0.${index >> 8}.${index & 255}`

describe('IptablesMode', () => {
  test('picks every endpoint with the same probability', () => {
    const c = new TestCluster({ zones: ['a'] })
    const [endpoints, draws] = [7, 70_000]
    c.service('web')
    c.slice(
      'web',
      Array.from({ length: endpoints }, (_, index) => [address(index), READY] as const),
    )
    c.startProxies()
    const port = c.dataPlane.history.servicePort('shop', 'web', 80, 'TCP')
    const counts = new Map<number, number>()
    for (let draw = 0; draw < draws; draw++) {
      const picked = c.dataPlane.mode.connect(0, port, CLUSTER_IP, c.sim.now)
      counts.set(picked, (counts.get(picked) ?? 0) + 1)
    }
    expect(counts.size).toBe(endpoints)
    const expected = draws / endpoints
    let chiSquare = 0
    for (const count of counts.values()) chiSquare += ((count - expected) * (count - expected)) / expected
    // 99.9 % quantile of chi-square with 6 degrees of freedom.
    expect(chiSquare).toBeLessThan(22.46)
  })

  test('charges the rules before the hit, in an order that every sync of every node shuffles', () => {
    const c = new TestCluster({ zones: ['a', 'a'] })
    const services = 200
    for (let index = 0; index < services; index++) {
      c.service(`s${index}`)
      c.slice(`s${index}`, [[address(index), READY]])
    }
    c.startProxies()
    const costOf = (node: number, index: number) => {
      c.dataPlane.mode.connect(node, c.dataPlane.history.servicePort('shop', `s${index}`, 80, 'TCP'), CLUSTER_IP, c.sim.now)
      return c.dataPlane.mode.cost
    }
    const all = (node: number) => Array.from({ length: services }, (_, index) => costOf(node, index))
    const sorted = (costs: number[]) => [...costs].sort((a, b) => a - b)
    const positions = Array.from({ length: services }, (_, before) => LINUX_6_1.firstPacketNs('iptables-legacy', before, 0, services))
    const [first, other] = [all(0), all(1)]
    // One endpoint: no statistic rule. Every place of the list is taken once.
    expect(sorted(first)).toEqual(sorted(positions))
    expect(sorted(other)).toEqual(sorted(positions))
    expect(other).not.toEqual(first)
    expect(all(0)).toEqual(first)
    c.slice('s0', [['10.9.9.9', READY]])
    c.sim.run(c.sim.now + 5 * SECOND)
    expect(all(0)).not.toEqual(first)
    expect(sorted(all(0))).toEqual(sorted(positions))
  })

  test('a node port is reached after all of KUBE-SERVICES', () => {
    const c = new TestCluster({ zones: ['a'] })
    for (let index = 0; index < 50; index++) {
      c.service(`s${index}`, { type: index < 10 ? 'NodePort' : 'ClusterIP', nodePort: index < 10 ? 30000 + index : 0 })
      c.slice(`s${index}`, [[address(index), READY]])
    }
    c.startProxies()
    const costs = Array.from({ length: 10 }, (_, index) => {
      c.dataPlane.mode.connect(0, c.dataPlane.history.servicePort('shop', `s${index}`, 80, 'TCP'), NODE_PORT, c.sim.now)
      return c.dataPlane.mode.cost
    })
    const expected = Array.from({ length: 10 }, (_, before) => LINUX_6_1.firstPacketNs('iptables-legacy', 50 + before, 0, 50))
    expect(costs.sort((a, b) => a - b)).toEqual(expected)
  })

  test('rejects without endpoints, and knows nothing of what is not programmed', () => {
    const c = new TestCluster({ zones: ['a'] })
    const port = (name: string) => c.dataPlane.history.servicePort('shop', name, 80, 'TCP')
    c.service('empty')
    expect(c.dataPlane.mode.connect(0, port('empty'), CLUSTER_IP, 0)).toBe(NO_RULE)
    c.startProxies()
    expect(c.dataPlane.mode.connect(0, port('empty'), CLUSTER_IP, c.sim.now)).toBe(REJECTED)
    expect(c.dataPlane.mode.connect(0, port('empty'), NODE_PORT, c.sim.now)).toBe(NO_RULE)
    expect(c.dataPlane.mode.connect(0, port('unknown'), CLUSTER_IP, c.sim.now)).toBe(NO_RULE)
  })
})
