import { describe, expect, test } from 'vitest'
import { LINUX_6_1 } from '../../profiles/cost-profile.ts'
import { SECOND } from '../../units.ts'
import { READY, TestCluster } from '../../workload/test-cluster.ts'
import { CLUSTER_IP, NO_RULE, NODE_PORT, REJECTED } from './mode.ts'

const address = (index: number) => `10.0.${index >> 8}.${index & 255}`
const nftables = { mode: 'nftables', scheduler: 'rr' } as const

describe('NftablesMode', () => {
  test('picks every endpoint with the same probability', () => {
    const c = new TestCluster({ zones: ['a'], kubeProxy: nftables })
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
    const expected = draws / endpoints
    let chiSquare = 0
    for (const count of counts.values()) chiSquare += ((count - expected) * (count - expected)) / expected
    expect(counts.size).toBe(endpoints)
    // 99.9 % quantile of chi-square with 6 degrees of freedom.
    expect(chiSquare).toBeLessThan(22.46)
  })

  test('charges every first packet the same, whichever Service it goes to and however many there are', () => {
    const c = new TestCluster({ zones: ['a'], kubeProxy: nftables })
    for (let index = 0; index < 300; index++) {
      c.service(`s${index}`)
      c.slice(`s${index}`, [[address(index), READY]])
    }
    c.startProxies()
    const costs = new Set<number>()
    for (let index = 0; index < 300; index++) {
      c.dataPlane.mode.connect(0, c.dataPlane.history.servicePort('shop', `s${index}`, 80, 'TCP'), CLUSTER_IP, c.sim.now)
      costs.add(c.dataPlane.mode.cost)
    }
    expect([...costs]).toEqual([LINUX_6_1.firstPacketNs('nftables', 0, 0, 300)])
    expect(LINUX_6_1.firstPacketNs('nftables', 0, 0, 300)).toBe(LINUX_6_1.firstPacketNs('nftables', 0, 0, 1))
  })

  test('rejects without endpoints, and knows nothing of a node port or a Service that is not there', () => {
    const c = new TestCluster({ zones: ['a'], kubeProxy: nftables })
    c.service('empty')
    c.startProxies()
    const { history, mode } = c.dataPlane
    const empty = history.servicePort('shop', 'empty', 80, 'TCP')
    expect(mode.connect(0, empty, CLUSTER_IP, 0)).toBe(REJECTED)
    expect(mode.connect(0, empty, NODE_PORT, 0)).toBe(NO_RULE)
    expect(mode.connect(0, history.servicePort('shop', 'nobody', 80, 'TCP'), CLUSTER_IP, 0)).toBe(NO_RULE)
  })

  test('waits a second between syncs, as iptables mode does', () => {
    const c = new TestCluster({ zones: ['a'], kubeProxy: nftables })
    c.service('web')
    c.startProxies()
    const port = c.dataPlane.history.servicePort('shop', 'web', 80, 'TCP')
    const started = c.sim.now
    const endpointNow = () => c.dataPlane.mode.connect(0, port, CLUSTER_IP, c.sim.now)
    c.slice('web', [[address(1), READY]])
    c.sim.run(started + SECOND / 10)
    const first = endpointNow()
    c.slice('web', [[address(2), READY]])
    c.sim.run(started + SECOND / 2)
    const early = endpointNow()
    c.sim.run(started + 2 * SECOND)
    expect(first).toBeGreaterThanOrEqual(0)
    expect(early).toBe(first)
    expect(endpointNow()).not.toBe(first)
  })
})
