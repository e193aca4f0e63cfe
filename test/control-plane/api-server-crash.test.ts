import { expect, test } from 'vitest'
import type { Node, Pod } from '../../src/api/objects/index.ts'
import { conditionOf } from '../../src/control-plane/conditions.ts'
import { MILLISECOND, MINUTE, type Nanos, SECOND } from '../../src/units.ts'
import { deploymentOf, Testbed } from './testbed.ts'

function crash(bed: Testbed, id: number, at: Nanos, length: Nanos): void {
  bed.sim.after(at, () => {
    expect(bed.plane.server.crash(id)).not.toBeNull()
    bed.sim.after(length, () => bed.plane.server.start(id, () => {}))
  })
}

test('with its only API server down kubectl is refused; what was asked for before goes on when it is back', () => {
  const bed = new Testbed({ nodes: 2 })
  const { kubectl } = bed.plane
  kubectl.run({ verb: 'apply', objects: [deploymentOf('web', 3)] }, 'apply')
  crash(bed, 0, SECOND, 30 * SECOND)
  bed.sim.after(10 * SECOND, () => kubectl.run({ verb: 'apply', objects: [deploymentOf('late', 1)] }, 'apply late'))
  bed.sim.run(3 * MINUTE)
  expect(kubectl.refusals).toEqual([
    {
      command: 'apply late',
      reason: 'The connection to the server control-plane:6443 was refused - did you specify the right host or port?',
    },
  ])
  expect(bed.deployment('web')!.status.availableReplicas).toBe(3)
  expect(bed.deployment('late')).toBeUndefined()
})

test('of three API servers one may die in a rollout: it is finished hardly later', () => {
  const done = (crashes: boolean): Nanos => {
    const bed = new Testbed({ nodes: 3, apiServers: 3, etcdMembers: 3 })
    bed.plane.kubectl.run({ verb: 'apply', objects: [deploymentOf('web', 12)] }, 'apply')
    if (crashes) for (const id of [0, 1]) crash(bed, id, SECOND + id * 20 * SECOND, 10 * SECOND)
    let at = 0
    bed.plane.server.observeCommits(({ object }) => {
      if (object.kind === 'Deployment' && at === 0 && bed.deployment('web')!.status.availableReplicas === 12) at = bed.sim.now
    })
    bed.sim.run(2 * MINUTE)
    return at
  }
  const [undisturbed, disturbed] = [done(false), done(true)]
  expect(undisturbed).toBeGreaterThan(0)
  // One redispatch (1 s), and a second try of what was in flight (0.2 s, or a work queue's back-off).
  expect(disturbed).toBeLessThan(undisturbed + 3 * SECOND)
  expect(disturbed).toBeGreaterThanOrEqual(undisturbed - SECOND)
})

test('a write that was in flight may be done though its client saw the connection break', () => {
  let both = 0
  let neither = 0
  for (let i = 0; i < 60; i++) {
    const bed = new Testbed({ nodes: 1, seed: `in-flight-${i}`, latencies: { kubectlStart: { kind: 'constant', value: 0 } } })
    const { server, kubectl } = bed.plane
    kubectl.run({ verb: 'create', objects: [deploymentOf('web', 1)] }, 'create')
    bed.sim.after(2 * MILLISECOND + i * 200_000, () => server.crash(0))
    bed.sim.run(5 * SECOND)
    const [refusal] = kubectl.refusals
    if (refusal === undefined) {
      expect(bed.deployment('web')).toBeDefined()
      continue
    }
    if (bed.deployment('web') === undefined) neither++
    else {
      both++
      expect(refusal.reason).toBe('Unable to connect to the server: unexpected EOF')
    }
  }
  expect(both).toBeGreaterThan(0)
  expect(neither).toBeGreaterThan(0)
})

test('after three minutes without its API server no node is given up for good and no pod is evicted', () => {
  const bed = new Testbed({ nodes: 6 })
  bed.plane.kubectl.run({ verb: 'apply', objects: [deploymentOf('web', 12)] }, 'apply')
  const born = new Set<string>()
  let evicted = 0
  bed.plane.server.observeCommits(({ type, object }) => {
    if (object.kind !== 'Pod') return
    born.add(object.metadata.uid)
    if (type === 'DELETED' || (object as Pod).metadata.deletionTimestamp !== null) evicted++
  })
  crash(bed, 0, MINUTE, 3 * MINUTE)
  bed.sim.run(15 * MINUTE)
  expect(born.size).toBe(12)
  expect(evicted).toBe(0)
  for (let i = 1; i <= 6; i++) {
    const node = bed.plane.server.peek('Node', '', `worker-${i}`) as Node
    expect(conditionOf(node.status.conditions, 'Ready')!.status).toBe('True')
    expect(node.spec.taints).toEqual([])
  }
  expect(bed.deployment('web')!.status.availableReplicas).toBe(12)
})
