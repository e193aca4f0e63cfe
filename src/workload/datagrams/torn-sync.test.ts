import { describe, expect, test } from 'vitest'
import type { KubernetesMinor } from '../../kubernetes-version.ts'
import type { TrafficSummary } from '../../metrics/summaries.ts'
import { LINUX_6_1 } from '../../profiles/cost-profile.ts'
import { MILLISECOND, type Nanos, SECOND } from '../../units.ts'
import { INSTANT, TestCluster, type TestClusterOptions } from '../test-cluster.ts'

/** What programming a change of the one Service, which has one endpoint here, takes; kube-proxy's own work comes before it. */
const PROGRAM = LINUX_6_1.programUpdateNs('iptables-legacy', 1, 1)
const OWN = LINUX_6_1.syncOwnNs('iptables-legacy', 1)
/** From the start of the sync: when what drops is gone, and when what translates is there. */
const TORN = OWN + PROGRAM - Math.round(PROGRAM / 2)
const DONE = OWN + PROGRAM

interface Case extends TestClusterOptions {
  /** When the sender begins, after the sync that brings its node an endpoint has begun; it goes on every 100 ms from the same socket. */
  readonly from: Nanos
  readonly local?: boolean
}

/**
 * A Service whose agents stand on both nodes. That of node 0 is gone, and its successor comes; what a sender on node 0 gets then, of 50
 * datagrams.
 */
function afterNewAgent({ from, local = true, ...options }: Case): TrafficSummary {
  const c = new TestCluster(options)
  const other = c.pod({ node: 1, app: 'agent', workload: INSTANT })
  const agent = c.pod({ node: 0, app: 'agent', workload: INSTANT })
  c.pod({ node: 0, app: 'client' })
  c.service('web', { protocol: 'UDP', spec: local ? { internalTrafficPolicy: 'Local' } : {} })
  c.sliceOf('web', local ? [other] : [], 'UDP')
  c.startProxies()
  c.traffic({
    service: 'web',
    from: 'client',
    arrivals: { kind: 'replay', times: Array.from({ length: 50 }, (_, index) => from + index * 100 * MILLISECOND) },
    timeout: SECOND,
    socket: { reuse: true, oneWay: true },
  })
  c.sliceOf('web', local ? [other, agent] : [agent], 'UDP')
  c.sim.run(c.sim.now + 30 * SECOND)
  c.dataPlane.checkConservation()
  return c.dataPlane.trafficSummaries()[0]!
}

const lost = (options: Case) => afterNewAgent(options).failed

describe('a sender begins while the sync is written that brings its node the first endpoint', () => {
  const versions: KubernetesMinor[] = [28, 31]
  test.each(versions)('between the tables its entry leads nowhere, and stays, in 1.%i', (version) => {
    expect(lost({ version, from: TORN })).toBe(50)
    expect(lost({ version, from: DONE - 1 })).toBe(50)
  })

  test.each(versions)('before, what is dropped leaves no entry; after, it finds the endpoint, in 1.%i', (version) => {
    expect(lost({ version, from: TORN - 1 })).toBe(1)
    expect(lost({ version, from: DONE + 1 })).toBe(0)
  })

  test('from 1.32 on the same sync takes the entry out', () => {
    expect(lost({ version: 32, from: TORN })).toBe(1)
    expect(lost({ version: 36, from: DONE - 1 })).toBe(1)
  })

  test('a Service that gets its first endpoint anywhere is looked after in 1.31, too', () => {
    expect(lost({ version: 31, from: TORN, local: false })).toBe(1)
    expect(afterNewAgent({ version: 31, from: TORN, local: false }).failedByCause).toEqual({ timeout: 1 })
    expect(afterNewAgent({ version: 31, from: TORN - 1, local: false }).failedByCause).toEqual({ 'no-endpoints': 1 })
  })

  test('nftables writes all in one, and ipvs looks at every datagram', () => {
    for (let from = 0; from <= DONE; from += MILLISECOND / 2) {
      expect(lost({ version: 31, kubeProxy: { mode: 'nftables', scheduler: 'rr' }, from })).toBeLessThanOrEqual(1)
      expect(lost({ version: 31, kubeProxy: { mode: 'ipvs', scheduler: 'rr' }, from })).toBeLessThanOrEqual(1)
    }
  })
})
