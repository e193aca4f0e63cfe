import { describe, expect, test } from 'vitest'
import { MILLISECOND, SECOND } from '../units.ts'
import { INSTANT, NOT_READY, READY, TestCluster, type TestPod } from './test-cluster.ts'

/** Two pods of Service `web` on node 1, a client on node 0, everything in sync. */
function cluster(): { c: TestCluster; pods: readonly [TestPod, TestPod] } {
  const c = new TestCluster()
  const pods = [c.pod({ node: 1, app: 'web' }), c.pod({ node: 1, app: 'web' })] as const
  c.pod({ node: 0, app: 'client' })
  c.service('web')
  c.sliceOf('web', pods)
  c.startProxies()
  return { c, pods }
}

/** Sends 20 requests within a millisecond from now, and gives the rows of failures.csv: cause, count, change, revision, when written. */
function failuresOf(c: TestCluster, service = 'web'): readonly (readonly unknown[])[] {
  c.traffic({ service, from: 'client', ratePerSecond: 20_000, stop: c.sim.now + MILLISECOND, timeout: 500 * MILLISECOND })
  c.sim.run(c.sim.now + 10 * SECOND)
  c.dataPlane.checkConservation()
  const { columns, rows } = c.dataPlane.failureTable()
  const at = (name: string) => columns.indexOf(name)
  return [...rows].map((row) => ['cause', 'failures', 'unseen_change', 'unseen_revision', 'written_s'].map((name) => row[at(name)]))
}

/** Every node has its rules, and could sync at once. */
const settle = (c: TestCluster) => c.sim.run(c.sim.now + 5 * SECOND)

describe('a connection to a pod that no longer listens is put down to', () => {
  test('the EndpointSlice that the node had not programmed', () => {
    const { c, pods } = cluster()
    c.dataPlane.backends.kill(pods[0].id)
    const revision = c.slice('web', [
      [pods[0].address, NOT_READY],
      [pods[1].address, READY],
    ])
    const writtenAt = c.sim.now / SECOND
    const [row, ...more] = failuresOf(c)
    expect(more).toEqual([])
    expect(row).toEqual(['refused', expect.any(Number), 'EndpointSlice/shop/web-1', revision, writtenAt])
    expect(row![1]).toBeGreaterThan(0)
    expect(c.dataPlane.trafficSummaries()[0]!.stale).toBe(row![1])
  })

  test('the Pod, while no slice had been written', () => {
    const { c, pods } = cluster()
    c.dataPlane.backends.kill(pods[0].id)
    c.dataPlane.unseen.podWritten(pods[0].address, false, { object: 'Pod/shop/web-0', revision: 77, committedAt: c.sim.now })
    c.dataPlane.unseen.podWritten(pods[0].address, false, { object: 'Pod/shop/web-0', revision: 78, committedAt: c.sim.now })
    expect(failuresOf(c)).toEqual([['refused', expect.any(Number), 'Pod/shop/web-0', 77, c.sim.now / SECOND - 10]])
  })

  test('a change that nobody had written', () => {
    const { c, pods } = cluster()
    c.dataPlane.unseen.podWritten(pods[0].address, false, { object: 'Pod/shop/old', revision: 70, committedAt: 0 })
    c.dataPlane.unseen.podWritten(pods[0].address, true, { object: 'Pod/shop/web-0', revision: 71, committedAt: 1 })
    c.dataPlane.unseen.podWritten(pods[0].address, false, { object: 'Pod/shop/old', revision: 72, committedAt: 2 })
    c.dataPlane.backends.kill(pods[0].id)
    expect(failuresOf(c)).toEqual([['refused', expect.any(Number), 'not written yet', null, null]])
  })

  test('a change that was written only after the rules were asked: not to that one', () => {
    const { c, pods } = cluster()
    c.dataPlane.backends.kill(pods[0].id)
    c.traffic({ service: 'web', from: 'client', ratePerSecond: 20_000, stop: c.sim.now + MILLISECOND })
    c.sim.run(c.sim.now + MILLISECOND)
    c.dataPlane.unseen.podWritten(pods[0].address, false, { object: 'Pod/shop/web-0', revision: 77, committedAt: c.sim.now })
    c.slice('web', [[pods[1].address, READY]])
    settle(c)
    expect([...c.dataPlane.failureTable().rows].map((row) => row[6])).toEqual(['not written yet'])
  })
})

test('an address that is gone: a time-out, put down to the slice', () => {
  const { c, pods } = cluster()
  c.dataPlane.backends.sandboxDown(pods[0].id)
  const revision = c.slice('web', [[pods[1].address, READY]])
  expect(failuresOf(c)).toEqual([['connect-timeout', expect.any(Number), 'EndpointSlice/shop/web-1', revision, expect.any(Number)]])
})

test('no endpoints, although a slice with one was written', () => {
  const { c, pods } = cluster()
  c.slice('web', [])
  settle(c)
  const revision = c.slice('web', [[pods[1].address, READY]])
  expect(failuresOf(c)).toEqual([['no-endpoints', 20, 'EndpointSlice/shop/web-1', revision, expect.any(Number)]])
})

test('no endpoints in truth: nothing was unseen', () => {
  const { c } = cluster()
  c.slice('web', [])
  settle(c)
  expect(failuresOf(c)).toEqual([['no-endpoints', 20, null, null, null]])
  expect(c.dataPlane.trafficSummaries()[0]!.stale).toBe(0)
})

test('a Service that the node did not know yet', () => {
  const { c, pods } = cluster()
  const revision = c.service('new', { spec: { clusterIP: '10.96.0.9' } })
  c.sliceOf('new', pods)
  expect(failuresOf(c, 'new')).toEqual([['connect-timeout', 20, 'Service/shop/new', revision, expect.any(Number)]])
})

test('a pod that has too much to do: nothing was unseen', () => {
  const c = new TestCluster()
  const workload = { ...INSTANT, serviceTime: { kind: 'constant', value: SECOND }, queue: 0 } as const
  c.pod({ node: 0, app: 'client' })
  c.service('web')
  c.sliceOf('web', [c.pod({ node: 1, app: 'web', workload })])
  c.startProxies()
  expect(failuresOf(c).map(([cause, , change]) => [cause, change])).toEqual([
    ['queue-full', null],
    ['timeout', null],
  ])
})
