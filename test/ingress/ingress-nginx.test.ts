import { describe, expect, test } from 'vitest'
import { run } from './world.ts'

describe('a request by way of ingress-nginx', () => {
  test('takes the client’s two round trips, the controller’s CPU time, and one round trip to the pod on a connection that was kept', async () => {
    const { traffic } = await run({})
    expect(traffic.failed).toBe(0)
    // Outside to worker-1 and on to the controller: on worker-1 itself 5.03 ms one way, through worker-2 or worker-3 5.25 ms. Two round trips are
    // 20.12 or 21 ms. Then 1 ms in NGINX, 2 × 0.25 ms to worker-2 and back, and 5 ms there: 26.62 ms for a third of the nodes, 27.5 ms for the rest.
    expect(traffic.latencyMs.p50).toBeGreaterThan(27.4)
    expect(traffic.latencyMs.p50).toBeLessThan(27.8)
    // The first request of a worker to a pod has the round trip of a new connection as well: 0.5 ms more.
    expect(traffic.latencyMs.max).toBeGreaterThan(27.9)
    expect(traffic.latencyMs.max).toBeLessThan(29.5)
  })

  test('is answered with 404 without a path for it, although the host is there', async () => {
    const { traffic } = await run({ traffic: '    - { name: t, to: http://shop.example.com/other, arrivals: constant(50/s) }' })
    expect(traffic.failedByCause).toEqual({ 'http-404': traffic.sent - traffic.inFlight })
  })

  test('is answered with 503 when the Service has no pods', async () => {
    const { traffic } = await run({ replicas: 0 })
    expect(traffic.failedByCause).toEqual({ 'http-503': traffic.sent - traffic.inFlight })
  })

  test('is answered with 502 after three pods refused it at once', async () => {
    const { traffic } = await run({
      readinessProbe: false,
      workloads: '    - { selector: app=web, startUp: 100s }',
      traffic: '    - { name: t, to: http://shop.example.com/shop, arrivals: constant(50/s) }',
    })
    expect(traffic.failedByCause).toEqual({ 'http-502': traffic.sent - traffic.inFlight })
  })

  test('is answered with the pod’s own error, which costs one try', async () => {
    const { traffic } = await run({ workloads: '    - { selector: app=web, serviceTime: 5ms, errors: { probability: 100%, code: 503 } }' })
    expect(traffic.failedByCause).toEqual({ 'http-503': traffic.sent - traffic.inFlight })
    expect(traffic.sent).toBeGreaterThan(100)
  })

  const DEAD_NODE = '[{ at: 40s, fault: { kind: node-crash, node: worker-2 } }]'

  test('is answered with 504 after three times 5 s of silence, while the pod of a dead node is still an endpoint', async () => {
    const { traffic } = await run({
      replicas: 1,
      duration: 75,
      timeline: DEAD_NODE,
      traffic: '    - { name: t, to: http://shop.example.com/shop, arrivals: constant(10/s), timeout: 100s, start: 41s, stop: 42s }',
    })
    // 1 s after the crash the open connections look alive, so the first requests wait for an answer; whoever opens one gives up after 15 s.
    expect(Object.keys(traffic.failedByCause)).toEqual(['http-504'])
    expect(traffic.ok).toBe(0)
    expect(traffic.sent).toBe(10)
  })

  const spread =
    '      affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ labelSelector: { matchLabels: { app: web } }, topologyKey: kubernetes.io/hostname }] } }'
  // The load balancer has noticed after 24 s and sends nothing to the dead node; the Service loses its endpoint only later.
  const withADeadNode = (ingressController: string) =>
    run({
      replicas: 3,
      podSpec: spread,
      duration: 100,
      timeline: DEAD_NODE,
      ingressController,
      traffic: '    - { name: t, to: http://shop.example.com/shop, arrivals: constant(20/s), timeout: 30s, start: 66s, stop: 70s }',
    })

  test('is tried again after 5 s of silence: with ewma never at the same pod', async () => {
    const { traffic } = await withADeadNode('{ loadBalance: ewma }')
    expect([traffic.ok, traffic.sent]).toEqual([80, 80])
    expect(traffic.latencyMs.max).toBeGreaterThan(5025)
    expect(traffic.latencyMs.max).toBeLessThan(5100)
  })

  test('is tried again in turn, so that with round_robin some meet the dead pod three times', async () => {
    const { traffic } = await withADeadNode('{}')
    // One of three pods is dead and others take turns in between: (1/3)^3 of 80 requests are 3; the standard deviation is 1.7.
    expect(Object.keys(traffic.failedByCause)).toEqual(['http-504'])
    expect(traffic.failed).toBeLessThan(12)
    expect(traffic.ok + traffic.failed).toBe(80)
  })
})

const CRASH = '[{ at: 40s, fault: { kind: oom-kill, pods: app=web } }]'

describe('the pods of the Service', () => {
  test.each(['{}', '{ loadBalance: ewma }'])('serve every request with %s', async (spec) => {
    const { traffic } = await run({ ingressController: spec })
    expect(traffic.failed).toBe(0)
    expect(traffic.ok + traffic.inFlight).toBe(traffic.sent)
  })

  test('that crash with others left cost no request: an error is tried again at another', async () => {
    const { traffic } = await run({
      replicas: 4,
      workloads: '    - { selector: app=web, serviceTime: 5ms, startUp: 1s, onTerminate: exit }',
      timeline: '[{ at: 40s, kubectl: "scale deployment/web --replicas=3" }]',
    })
    expect(traffic.failedByCause['http-502'] ?? 0).toBe(0)
    expect(traffic.failedByCause.reset ?? 0).toBe(0)
  })

  test('that all crash at once leave 502, then 503', async () => {
    const { traffic } = await run({ timeline: CRASH, workloads: '    - { selector: app=web, serviceTime: 5ms, startUp: 5s }' })
    expect(Object.keys(traffic.failedByCause)).toEqual(['http-502', 'http-503'])
  })
})

describe('the controller’s pods', () => {
  test('listen when they have their first configuration: start, first sync, reload, and a second more', async () => {
    const { cluster } = await run({ ingressController: '{ reload: 500ms }' })
    const hops = Array.from({ length: cluster.trace.length }, (_, id) => cluster.trace.hop(id))
    const reloaded = hops.find(({ action }) => action === 'reloaded')!
    expect(reloaded.time - reloaded.started).toBe(1_500_000_000)
  })

  test('that are killed with requests on their way lose no account of any', async () => {
    const { traffic } = await run({
      controllers: 2,
      timeline: '[{ at: 40s, fault: { kind: oom-kill, pods: app=controller } }, { at: 50s, fault: { kind: node-crash, node: worker-1 } }]',
      workloads: '    - { selector: app=web, serviceTime: 200ms, concurrency: 100, startUp: 1s }',
    })
    expect(traffic.failedByCause.reset).toBeGreaterThan(5)
    expect(traffic.sent).toBe(traffic.ok + traffic.failed + traffic.inFlight)
  })

  test('finish what they are passing on when they are told to stop', async () => {
    const { traffic } = await run({
      controllers: 2,
      timeline: '[{ at: 40s, kubectl: "scale deployment/controller --replicas=1" }]',
      workloads: '    - { selector: app=web, serviceTime: 200ms, concurrency: 100, startUp: 1s }',
    })
    expect(traffic.failedByCause.reset ?? 0).toBe(0)
  })
})

test('the tables of connections are empty again some time after the last request', async () => {
  const { cluster } = await run({
    duration: 300,
    traffic: '    - { name: t, to: http://shop.example.com/shop, arrivals: constant(100/s), stop: 60s }',
    timeline: '[{ at: 40s, fault: { kind: oom-kill, pods: app=web } }, { at: 45s, kubectl: "scale deployment/web --replicas=1" }]',
  })
  // Idle connections are closed after 60 s, and their entries stay 120 s more.
  expect([0, 1, 2].map((node) => cluster.dataPlane.conntrackEntries(node))).toEqual([0, 0, 0])
  expect(cluster.dataPlane.requests.inUse).toBe(0)
})
