import { describe, expect, test } from 'vitest'
import type { EndpointSlice, Node } from '../../src/api/objects/index.ts'
import { ApiError } from '../../src/control-plane/api-error.ts'
import { isReady } from '../../src/control-plane/conditions.ts'
import { ANY_REVISION } from '../../src/control-plane/etcd.ts'
import { ADMINISTRATOR } from '../../src/control-plane/identity.ts'
import type { Wait } from '../../src/engine/process.ts'
import { NO_CAUSE } from '../../src/engine/trace.ts'
import { memoryFiles } from '../../src/scenario/load-files.ts'
import { loadScenario } from '../../src/scenario/load-scenario.ts'
import { SimulatedCluster } from '../../src/scenario/simulated-cluster.ts'
import { type Nanos, SECOND } from '../../src/units.ts'

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

/**
 * API servers on three machines and etcd on three others. Each of the questions, of one server, takes some milliseconds, or has no answer within 7 s: etcd's
 * time-out of a request (etcd v3_server.go, ReqTimeout).
 */
describe('an API server that is cut off from etcd', () => {
  interface Answer {
    readonly code: number
    /** Seconds, from the question. */
    readonly after: number
  }

  /** A cluster, and for each of its API servers what became of a read, and of a write, that it was asked at that second. */
  async function asked(timeline: string, at: number): Promise<{ tank: SimulatedCluster; reads: Answer[]; writes: Answer[] }> {
    const tank = await clusterWith(timeline, 'install: binary, nodes: [{ count: 1 }]')
    const { sim, controlPlane } = tank
    const { server } = controlPlane
    const [reads, writes]: [Answer[], Answer[]] = [[], []]
    const took = (from: Nanos, code: number): Answer => ({ code, after: (sim.now - from) / SECOND })
    function* read(client: string): Generator<Wait, void, unknown> {
      const connection = server.connection(client)
      const { id } = (yield* connection.reach())!
      const from = sim.now
      try {
        yield* server.get('Deployment/default/web', connection)
        reads[id] = took(from, 200)
      } catch (error) {
        if (!(error instanceof ApiError)) throw error
        reads[id] = took(from, error.code)
      }
    }
    function* write(client: string): Generator<Wait, void, unknown> {
      const connection = server.connection(client)
      const { id } = (yield* connection.reach())!
      const from = sim.now
      const { code } = yield* server.write({
        identity: ADMINISTRATOR,
        verb: 'update',
        kind: 'Deployment',
        namespace: 'default',
        name: 'web',
        cause: NO_CAUSE,
        change: (current) => ({
          ...current!,
          metadata: { ...current!.metadata, labels: { ...current!.metadata.labels, [`by-${id}`]: 'yes' } },
        }),
        expected: ANY_REVISION,
        quiet: true,
        connection,
      })
      writes[id] = took(from, code)
    }
    sim.after(at * SECOND, () => {
      // New connections go to one server after the other.
      for (const n of [1, 2, 3]) sim.spawn(read(`reader-${n}`))
      for (const n of [1, 2, 3]) sim.spawn(write(`writer-${n}`))
    })
    return { tank, reads, writes }
  }

  const labels = (tank: SimulatedCluster) =>
    Object.keys(tank.controlPlane.server.peek('Deployment', 'default', 'web')!.metadata.labels).filter((key) => key.startsWith('by-'))

  function expectCutOff({ code, after }: Answer): void {
    expect(code).toBe(500)
    expect(after).toBeGreaterThanOrEqual(7)
    expect(after).toBeLessThan(7.1)
  }

  function expectAnswered({ code, after }: Answer): void {
    expect(code).toBe(200)
    expect(after).toBeLessThan(0.2)
  }

  const ALL = '{ kind: partition, from: control-plane-1, to: [etcd-1, etcd-2, etcd-3], for: 60s }'

  test('answers 500 after 7 s, writes nothing, and hears of changes when the links are whole again; the others go on', async () => {
    const { tank, reads, writes } = await asked(`{ at: 60s, fault: ${ALL} }`, 70)
    const [first, second] = tank.controlPlane.server.processes
    const revisions = () => [first!, second!].map((process) => process.cache('Lease').revision)
    tank.sim.run(60 * SECOND)
    const [before] = revisions()
    tank.sim.run(120 * SECOND - 1)
    for (const [first, ...others] of [reads, writes]) {
      expectCutOff(first!)
      expect(others).toHaveLength(2)
      others.forEach(expectAnswered)
    }
    expect(labels(tank)).toEqual(['by-1', 'by-2'])
    const [cutOff, other] = revisions()
    expect(cutOff).toBe(before)
    expect(other).toBeGreaterThan(before!)
    tank.sim.run(120 * SECOND + SECOND / 2)
    expect(revisions()[0]).toBe(revisions()[1])
  })

  test('answers what it was asked less than 7 s before', async () => {
    const { tank, reads, writes } = await asked(`{ at: 60s, fault: ${ALL} }`, 115)
    tank.sim.run(130 * SECOND)
    for (const { code, after } of [reads[0]!, writes[0]!]) {
      expect(code).toBe(200)
      expect(after).toBeGreaterThanOrEqual(5)
      expect(after).toBeLessThan(5.1)
    }
    expect(labels(tank)).toHaveLength(3)
  })

  test.each([
    ['two of three members: it asks the third', 'from: control-plane-1, to: [etcd-1, etcd-2]', null],
    ['the leader, in one direction: it asks another', 'from: etcd-1, to: control-plane-1, oneWay: true', null],
    [
      'all but a member that is cut off from the others',
      'from: control-plane-1, to: [etcd-1, etcd-2]',
      'from: etcd-3, to: [etcd-1, etcd-2]',
    ],
  ])('is one only where no member that it reaches hears the leader: %s', async (_, cut, other) => {
    const faults = [cut, ...(other === null ? [] : [other])].map((ends) => `{ at: 60s, fault: { kind: partition, ${ends}, for: 60s } }`)
    const { tank, reads, writes } = await asked(faults.join(', '), 80)
    tank.sim.run(100 * SECOND)
    for (const [first, ...others] of [reads, writes]) {
      if (other === null) expectAnswered(first!)
      else expectCutOff(first!)
      others.forEach(expectAnswered)
    }
  })
})
