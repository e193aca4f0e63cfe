import { describe, expect, test } from 'vitest'
import { MILLISECOND, SECOND } from '../units.ts'
import { INSTANT, TestCluster } from './test-cluster.ts'

function cluster(serviceMs: number, users: number, thinkMs: number, options: { client?: boolean } = {}): TestCluster {
  const c = new TestCluster({ zones: ['a'] })
  if (options.client ?? true) c.pod({ node: 0, app: 'client' })
  c.service('web')
  c.sliceOf('web', [
    c.pod({ node: 0, app: 'web', workload: { ...INSTANT, serviceTime: { kind: 'constant', value: serviceMs * MILLISECOND } } }),
  ])
  c.startProxies()
  c.traffic({
    service: 'web',
    from: 'client',
    arrivals: { kind: 'closed', users, think: { kind: 'constant', value: thinkMs * MILLISECOND } },
    stop: c.sim.now + 100 * SECOND,
    timeout: 60 * SECOND,
  })
  return c
}

describe('ClosedLoop', () => {
  test('never more requests than users, and each user sends again a think time after the answer', () => {
    const c = cluster(10, 3, 90)
    let most = 0
    for (let step = 0; step < 1000; step++) {
      c.sim.run(c.sim.now + 100 * MILLISECOND)
      most = Math.max(most, c.dataPlane.requests.waiting(0))
    }
    expect(most).toBeLessThanOrEqual(3)
    const [summary] = c.dataPlane.trafficSummaries()
    // Three users of a cycle of 90 ms and 10 ms service, and a little network: close to 30 a second for 100 s. All begin at the same time, so at first two wait for the
    // one server; think times being equal, that is never made up: 20 ms of waiting at most in each cycle.
    expect(summary!.sent).toBeGreaterThan(2900)
    expect(summary!.sent).toBeLessThanOrEqual(3000)
    c.dataPlane.checkConservation()
  })

  test('without think time the server is always busy and users wait for each other', () => {
    const c = cluster(10, 5, 0)
    c.sim.run(c.sim.now + 110 * SECOND)
    const [summary] = c.dataPlane.trafficSummaries()
    // 100 a second; each waits for the four others: 50 ms.
    expect(summary!.sent).toBeGreaterThan(9900)
    expect(summary!.sent).toBeLessThanOrEqual(10_005)
    expect(summary!.latencyMs.p50).toBeGreaterThan(49)
    expect(summary!.latencyMs.p50).toBeLessThan(51)
  })

  test('where no pod is there to send, each user tries once a second', () => {
    const c = cluster(10, 2, 0, { client: false })
    c.sim.run(c.sim.now + 110 * SECOND)
    expect(c.dataPlane.trafficSummaries()[0]).toMatchObject({ sent: 200, failedByCause: { 'no-client': 200 } })
  })
})
