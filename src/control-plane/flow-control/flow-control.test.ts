import { describe, expect, test } from 'vitest'
import type { ServiceAccount } from '../../api/objects/index.ts'
import type { Wait } from '../../engine/process.ts'
import { Simulation } from '../../engine/simulation.ts'
import { Trace } from '../../engine/trace.ts'
import { MILLISECOND, type Nanos, SECOND } from '../../units.ts'
import { ApiClient } from '../api-client.ts'
import { ControlPlane } from '../control-plane.ts'
import { emptyMeta } from '../empty-meta.ts'
import { ADMINISTRATOR, controllerIdentity, type Identity, impersonated, nodeIdentity, SCHEDULER } from '../identity.ts'
import { FLOW_CONTROL_DEFAULTS, FlowControl } from './flow-control.ts'
import { FLOW_SCHEMAS, flowSchemaOf } from './flow-schemas.ts'
import { listWork, mutatingWork } from './work-estimate.ts'

const shop: Identity = {
  user: 'system:serviceaccount:shop:crawler',
  groups: ['system:serviceaccounts'],
  credential: 'service account token',
}

describe('classification', () => {
  test.each([
    [ADMINISTRATOR, 'patch', 'Pod', 'exempt', 'exempt'],
    [nodeIdentity('worker-1'), 'patch', 'Lease', 'system-node-high', 'node-high'],
    [nodeIdentity('worker-1'), 'patch', 'Node', 'system-node-high', 'node-high'],
    [nodeIdentity('worker-1'), 'patch', 'Pod', 'system-nodes', 'system'],
    [SCHEDULER, 'create', 'Pod', 'kube-scheduler', 'workload-high'],
    [SCHEDULER, 'update', 'Lease', 'system-leader-election', 'leader-election'],
    [controllerIdentity('replicaset-controller'), 'create', 'Pod', 'kube-system-service-accounts', 'workload-high'],
    [controllerIdentity('endpoint-controller'), 'update', 'Endpoints', 'endpoint-controller', 'workload-high'],
    [shop, 'list', 'Pod', 'service-accounts', 'workload-low'],
    [impersonated('jane'), 'delete', 'Pod', 'global-default', 'global-default'],
  ])('$user: %s %s %s', (identity, verb, kind, schema, level) => {
    const found = flowSchemaOf(FLOW_SCHEMAS, { identity, verb, kind, namespace: 'shop' })
    expect([found.name, found.priorityLevel]).toEqual([schema, level])
  })

  test('schemas stand in the order of their precedence', () => {
    const order = FLOW_SCHEMAS.map(({ matchingPrecedence }) => matchingPrecedence)
    expect(order).toEqual([...order].sort((a, b) => a - b))
  })
})

describe('work', () => {
  test('a list takes a seat for 100 objects of 1 KB, at most 10 out of the watch cache', () => {
    expect([0, 100, 101, 450, 5000].map((objects) => listWork(objects, 12).initialSeats)).toEqual([1, 1, 2, 5, 10])
    expect(listWork(5000, 8).initialSeats).toBe(8)
  })

  test('a write that 10 watchers see holds a seat for 5 ms more, and more watchers the same work on at most 10 seats', () => {
    expect(mutatingWork(9, 15)).toEqual({ initialSeats: 1, finalSeats: 0, additionalLatency: 0 })
    expect(mutatingWork(10, 15)).toEqual({ initialSeats: 1, finalSeats: 1, additionalLatency: 5 * MILLISECOND })
    // 5,000 / 10 = 500 seats × 5 ms = 2.5 seat-seconds, on 10 seats 250 ms.
    expect(mutatingWork(5000, 15)).toEqual({ initialSeats: 1, finalSeats: 10, additionalLatency: 250 * MILLISECOND })
  })
})

describe('borrowing', () => {
  const make = (sim: Simulation) => new FlowControl(sim, { ...FLOW_CONTROL_DEFAULTS, counts: { objects: () => 0, watchers: () => 0 } })

  test('without demand the seats are divided as what may not be lent', () => {
    // min 50 + 73 + 25 + 49 + 24 + 24 + 13 = 258 of 602 nominal seats: each level its min × 602 / 258 = 2.333.
    const flow = make(new Simulation({ seed: 'x' }))
    const levels = ['system', 'node-high', 'leader-election', 'workload-high', 'workload-low', 'global-default', 'catch-all']
    expect(levels.map((level) => flow.limitOf(level))).toEqual([117, 170, 58, 114, 56, 56, 30])
  })

  test('a level that wants more gets it after 10 s, up to what the others do not need', () => {
    const sim = new Simulation({ seed: 'x' })
    const flow = make(sim)
    const tickets = Array.from({ length: 500 }, () => flow.start({ identity: shop, verb: 'get', kind: 'Pod', namespace: 'shop' }))
    expect(tickets.filter(({ turn, rejected }) => turn === null && rejected === null)).toHaveLength(56)
    sim.run(10 * SECOND)
    // Wanted: 56 in use and 300 waiting (6 queues of 50) = 356; the others hold their min of 234, and get the same multiple p of it:
    // 602 / (356 + 234) = 1.0203, of 356: 363, so all 356 have a seat.
    expect(flow.limitOf('workload-low')).toBe(363)
    expect(flow.report()).toEqual([{ priorityLevel: 'workload-low', waited: 300, longestWait: 10 * SECOND, rejected: 144 }])
  })
})

describe('an API server whose seats are taken', () => {
  const account = (name: string): ServiceAccount => ({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: emptyMeta(name, 'default') })
  const controller = controllerIdentity('service-account-controller')
  const LEVEL = 'workload-high'

  /** 20 seats, of which workload-high has 4 while nobody asks; each request takes so long. */
  function cluster(admission: Nanos) {
    const sim = new Simulation({ seed: 'flow' })
    const trace = new Trace(sim)
    const plane = new ControlPlane(sim, {
      trace,
      version: 36,
      etcdMembers: 1,
      nodes: [],
      flowControl: { maxRequestsInflight: 10, maxMutatingRequestsInflight: 10 },
      latencies: { admission: { kind: 'constant', value: admission } },
    })
    const answers: { name: string; code: number; at: Nanos }[] = []
    const create = (identity: Identity, name: string): void => {
      const options = { actor: identity.user, identity, limit: null, network: 'controlPlaneNetwork', retries: 'caller' } as const
      const client = new ApiClient(plane.access, options)
      sim.spawn(
        (function* (): Generator<Wait, void, unknown> {
          const { code } = yield* client.create(account(name), { cause: -1, why: 'test' })
          answers.push({ name, code, at: sim.now })
        })(),
      )
    }
    const details = (action: string): string[] =>
      Array.from({ length: trace.length }, (_, id) => trace.hop(id))
        .filter((hop) => hop.action === action)
        .map(({ detail }) => detail)
    return { sim, server: plane.server, flow: plane.server.processes[0]!.flowControl, create, answers, details }
  }

  test('requests that wait for seats when their server dies have no answer, and the next life begins with free seats', () => {
    const { sim, server, create, answers } = cluster(100 * MILLISECOND)
    for (let i = 0; i < 10; i++) create(controller, `sa-${i}`)
    sim.run(150 * MILLISECOND)
    expect(answers).toHaveLength(4)
    expect(server.crash(0)).not.toBeNull()
    sim.run(300 * MILLISECOND)
    expect(answers.slice(4).map(({ code }) => code)).toEqual([599, 599, 599, 599, 599, 599])
    expect(server.flowControlReport()).toMatchObject([{ priorityLevel: LEVEL, waited: 4, rejected: 0 }])
    server.start(0, () => create(controller, 'later'))
    sim.run(60 * SECOND)
    expect(answers.at(-1)).toMatchObject({ name: 'later', code: 201 })
  })

  test('an administrator is served while a service account waits in its queue', () => {
    const { sim, flow, create, answers, details } = cluster(100 * MILLISECOND)
    expect(flow.limitOf(LEVEL)).toBe(4)
    for (let i = 0; i < 40; i++) create(controller, `sa-${i}`)
    create(ADMINISTRATOR, 'admin')
    sim.run(150 * MILLISECOND)
    expect(answers.map(({ name, code }) => `${name} ${code}`).sort()).toEqual(['admin 201', 'sa-0 201', 'sa-1 201', 'sa-2 201', 'sa-3 201'])
    sim.run(5 * SECOND)
    expect(answers.filter(({ code }) => code === 201)).toHaveLength(41)
    // 40 requests, 4 at once, 0.1 s each and a little: the last four wait 0.9 s.
    const [report] = flow.report()
    expect(report).toMatchObject({ priorityLevel: LEVEL, waited: 36, rejected: 0 })
    expect(report!.longestWait / SECOND).toBeCloseTo(0.91, 1)
    expect(details('dispatched')).toHaveLength(36)
    expect(details('dispatched')[0]).toBe(`from a queue of priority level ${LEVEL}, flow schema kube-system-service-accounts`)
  })

  test('who waits 15 s is answered 429, comes back after Retry-After, and gives up after 10 retries', () => {
    const { sim, flow, create, answers, details } = cluster(10_000 * SECOND)
    for (let i = 0; i < 60; i++) create(controller, `sa-${i}`)
    sim.run(14_990 * MILLISECOND)
    expect(details('refused')).toEqual([])
    sim.run(15_010 * MILLISECOND)
    // More seats since 10 s: the others are left with their min of 9 of all 24.
    expect(flow.limitOf(LEVEL)).toBe(15)
    expect(details('refused')).toEqual(Array(45).fill(`429 too many requests: time-out in priority level ${LEVEL}`))
    expect(flow.report()[0]).toMatchObject({ rejected: 45 })
    sim.run(15_900 * MILLISECOND)
    expect(flow.report()[0]).toMatchObject({ rejected: 45 })
    sim.run(1000 * SECOND)
    expect(details('refused')).toHaveLength(45 * 11)
    expect(answers.map(({ code }) => code)).toEqual(Array(45).fill(429))
    // 11 waits of 15 s and 10 Retry-Afters of at least 1 s.
    expect(answers[0]!.at).toBeGreaterThan(175 * SECOND)
  })

  test('a request that finds the queues of its flow full is rejected at once', () => {
    const { sim, details, create } = cluster(10_000 * SECOND)
    for (let i = 0; i < 400; i++) create(controller, `sa-${i}`)
    sim.run(10 * MILLISECOND)
    // 4 seats and 6 queues of 50.
    expect(details('refused')).toEqual(Array(96).fill(`429 too many requests: queue-full in priority level ${LEVEL}`))
  })
})
