import { describe, expect, test } from 'vitest'
import type { EndpointSlice, Node } from '../../src/api/objects/index.ts'
import { isReady } from '../../src/control-plane/conditions.ts'
import { memoryFiles } from '../../src/scenario/load-files.ts'
import { loadScenario } from '../../src/scenario/load-scenario.ts'
import { SimulatedCluster } from '../../src/scenario/simulated-cluster.ts'
import { SECOND } from '../../src/units.ts'

/**
 * Machines that do not reach each other, seen from the control plane: heartbeats, watches, endpoints, rules, leaders.
 *
 * A node counts as lost 50 s after its last heartbeat (nodeMonitorGracePeriod), which is up to 10 s before the cut, and is looked at every 5 s.
 */
const APP = `apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec:
  replicas: 3
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec: { containers: [{ name: c, image: "web:v1", readinessProbe: { httpGet: { port: 80 }, periodSeconds: 1 } }] }
---
apiVersion: v1
kind: Service
metadata: { name: web }
spec: { type: LoadBalancer, selector: { app: web }, ports: [{ port: 80 }] }
`

async function clusterWith(timeline: string, cluster = 'nodes: [{ count: 3 }]', traffic = ''): Promise<SimulatedCluster> {
  const scenario = `apiVersion: towtank/v1
kind: Scenario
metadata: { name: partition }
spec:
  duration: 400s
  cluster: { images: { preloaded: true }, ${cluster} }
  manifests: [app.yaml]
  workloads: [{ selector: app, startUp: 1s, serviceTime: 1ms }]
  traffic: [${traffic}]
  timeline: [${timeline}]
`
  const loaded = await loadScenario('s.yaml', memoryFiles({ 's.yaml': scenario, 'app.yaml': APP }))
  if (!loaded.ok) return expect.fail(loaded.problems.map(({ message }) => message).join('\n'))
  const tank = new SimulatedCluster(loaded.variants[0]!.scenario)
  tank.start()
  return tank
}

function readyOf(tank: SimulatedCluster, name: string): string {
  const node: Node = tank.controlPlane.server.peek('Node', '', name)!
  return node.status.conditions.find(({ type }) => type === 'Ready')!.status
}

/** Nodes that have a ready endpoint. */
function nodesInService(tank: SimulatedCluster): readonly string[] {
  const slices = [...tank.controlPlane.server.cached('EndpointSlice')] as EndpointSlice[]
  const ready = slices.flatMap(({ endpoints }) => endpoints).filter(({ conditions }) => conditions.ready)
  return [...new Set(ready.map(({ nodeName }) => nodeName))].sort()
}

/** When that first holds, by steps of 0.1 s. */
function firstTime(tank: SimulatedCluster, from: number, to: number, holds: () => boolean): number | null {
  for (let at = from; at <= to; at += 0.1) {
    tank.sim.run(Math.round(at * 10) * (SECOND / 10))
    if (holds()) return at
  }
  return null
}

describe('a node that is cut off from everything', () => {
  test('is lost after the grace period, and so are its endpoints; when it is whole again both come back', async () => {
    const tank = await clusterWith('{ at: 60s, fault: { kind: partition, from: worker-2, for: 90s } }')
    tank.sim.run(60 * SECOND - 1)
    expect(nodesInService(tank)).toEqual(['worker-1', 'worker-2', 'worker-3'])
    const lostAt = firstTime(tank, 60, 150, () => readyOf(tank, 'worker-2') === 'Unknown')
    expect(lostAt).toBeGreaterThan(99)
    expect(lostAt).toBeLessThan(116)
    tank.sim.run(Math.round((lostAt! + 1) * 10) * (SECOND / 10))
    expect(nodesInService(tank)).toEqual(['worker-1', 'worker-3'])
    expect(readyOf(tank, 'worker-1')).toBe('True')
    // Dials take 30 s: SYNs at 0, 1, 3, 7 and 15 s, and then there is a wait of 15 s.
    const backAt = firstTime(tank, 150, 200, () => readyOf(tank, 'worker-2') === 'True')
    expect(backAt).toBeGreaterThan(150)
    expect(backAt).toBeLessThan(175)
    const inService = firstTime(tank, backAt!, 200, () => nodesInService(tank).includes('worker-2'))
    expect(inService).not.toBeNull()
    tank.sim.run(400 * SECOND)
    expect(tank.faults[0]).toMatchObject({ tookEffect: true })
    expect(tank.faults[0]!.effect).toMatch(/connections to API servers were held up/)
    tank.dataPlane.checkConservation()
  })

  test('hears nothing of changes meanwhile, and all of them afterwards', async () => {
    const tank = await clusterWith(
      '{ at: 60s, fault: { kind: partition, from: worker-2, for: 30s } }, { at: 65s, kubectl: "scale deployment/web --replicas=6" }',
    )
    const { sliceRevisions } = tank.dataPlane.rules
    const [one, two, three] = tank.nodeNames.map((name) => ['worker-1', 'worker-2', 'worker-3'].indexOf(name))
    tank.sim.run(60 * SECOND)
    const before = sliceRevisions[two!]!
    expect(before).toBe(sliceRevisions[one!]!)
    tank.sim.run(90 * SECOND - 1)
    expect(sliceRevisions[two!]).toBe(before)
    expect(sliceRevisions[one!]).toBeGreaterThan(before)
    tank.sim.run(130 * SECOND)
    expect(sliceRevisions[two!]).toBe(sliceRevisions[one!]!)
    expect(sliceRevisions[two!]).toBe(sliceRevisions[three!]!)
    // Bound to it meanwhile, and started when its kubelet heard of them.
    const pods = [...tank.controlPlane.server.cached('Pod')].filter((pod) => isReady(pod as never))
    expect(pods).toHaveLength(6)
  })

  test('is not lost when it is cut off for less than the grace period', async () => {
    const tank = await clusterWith('{ at: 60s, fault: { kind: partition, from: worker-2, for: 25s } }')
    expect(firstTime(tank, 60, 180, () => readyOf(tank, 'worker-2') !== 'True')).toBeNull()
    expect(nodesInService(tank)).toHaveLength(3)
  })
})

test('a node whose words are heard and that hears nothing keeps its place until its connection is broken', async () => {
  const oneWay = '{ kind: partition, from: control-plane, to: worker-2, oneWay: true, for: 200s }'
  const tank = await clusterWith(`{ at: 60s, fault: ${oneWay} }`)
  // Renewals arrive for 45 s, after which it has no connection: the grace period begins then.
  const lostAt = firstTime(tank, 60, 260, () => readyOf(tank, 'worker-2') === 'Unknown')
  expect(lostAt).toBeGreaterThan(60 + 45 + 30)
  expect(lostAt).toBeLessThan(60 + 45 + 56)
})

test('one that hears and is not heard is lost as soon as one that is cut off', async () => {
  const oneWay = '{ kind: partition, from: worker-2, to: control-plane, oneWay: true, for: 200s }'
  const tank = await clusterWith(`{ at: 60s, fault: ${oneWay} }`)
  const lostAt = firstTime(tank, 60, 260, () => readyOf(tank, 'worker-2') === 'Unknown')
  expect(lostAt).toBeGreaterThan(99)
  expect(lostAt).toBeLessThan(116)
})

test('a load balancer takes out nodes that it does not reach, and only those', async () => {
  const tank = await clusterWith(
    '{ at: 60s, fault: { kind: partition, from: outside, to: worker-2, for: 60s } }',
    undefined,
    '{ name: shoppers, to: "http://web.default.svc", arrivals: constant(20/s), timeout: 500ms, start: 50s, stop: 200s }',
  )
  const { loadBalancer } = tank.dataPlane
  tank.sim.run(79 * SECOND)
  expect(loadBalancer.isIn(1, 0)).toBe(true)
  tank.sim.run(81 * SECOND)
  expect([0, 1, 2].map((node) => loadBalancer.isIn(node, 0))).toEqual([true, false, true])
  const failed = () => tank.dataPlane.trafficSummaries()[0]!.failed
  const until = failed()
  expect(until).toBeGreaterThan(100)
  tank.sim.run(128 * SECOND)
  expect(loadBalancer.isIn(1, 0)).toBe(true)
  tank.sim.run(400 * SECOND)
  // A third of 20 a second for 20 s; what is in flight at the cut may be one more.
  expect(failed()).toBeLessThan(140)
  expect(readyOf(tank, 'worker-2')).toBe('True')
  tank.dataPlane.checkConservation()
})

test('of three control planes one is cut off: the others lead, write and serve, and it hears of everything afterwards', async () => {
  const tank = await clusterWith(
    '{ at: 60s, fault: { kind: partition, from: control-plane-1, for: 60s } }, { at: 90s, kubectl: "scale deployment/web --replicas=5" }',
    'install: kubeadm-ha, nodes: [{ count: 3 }]',
  )
  const { server, controllerManagers } = tank.controlPlane
  tank.sim.run(60 * SECOND)
  expect(server.etcd.leader).toBe(0)
  expect(controllerManagers.map(({ leads }) => leads)).toEqual([true, false, false])
  tank.sim.run(64 * SECOND)
  expect(server.etcd.leader).not.toBe(0)
  tank.sim.run(119 * SECOND)
  expect(controllerManagers[0]!.leads).toBe(false)
  expect(controllerManagers.filter(({ leads }) => leads)).toHaveLength(1)
  const [first, second] = server.processes
  expect(second!.cache('Lease').revision).toBeGreaterThan(first!.cache('Lease').revision)
  tank.sim.run(200 * SECOND)
  expect(first!.cache('Pod').revision).toBe(second!.cache('Pod').revision)
  expect(first!.cache('Lease').revision).toBe(second!.cache('Lease').revision)
  expect(server.peek('Deployment', 'default', 'web')!.status.readyReplicas).toBe(5)
  for (const node of tank.nodeNames) expect(readyOf(tank, node)).toBe('True')
})
