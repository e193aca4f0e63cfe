import { describe, expect, test } from 'vitest'
import type { AnyObject, EndpointSlice, Kind, Pod, ReplicaSet } from '../../../src/api/objects/index.ts'
import { emptyMeta } from '../../../src/control-plane/empty-meta.ts'
import type { KubectlVerb } from '../../../src/control-plane/kubectl/kubectl.ts'
import { controllerOf } from '../../../src/control-plane/owner-index.ts'
import { SECOND } from '../../../src/units.ts'
import { containerOf, deploymentOf, podSpecOf, serviceOf, Testbed } from '../testbed.ts'
import { daemonSetOf, jobOf, replicationControllerOf, statefulSetOf } from './objects.ts'

function run(bed: Testbed, command: KubectlVerb, seconds: number): string[] {
  const before = bed.plane.kubectl.refusals.length
  bed.plane.kubectl.run(command, command.verb, null)
  bed.sim.run(bed.sim.now + seconds * SECOND)
  return bed.plane.kubectl.refusals.slice(before).map(({ reason }) => reason)
}

const apply = (bed: Testbed, seconds: number, ...objects: AnyObject[]): void => {
  expect(run(bed, { verb: 'apply', objects }, seconds)).toEqual([])
}

const orphan = (bed: Testbed, kind: Kind, name: string): void => {
  const command = { verb: 'delete', kind, namespace: 'default', name, gracePeriodSeconds: null, propagation: 'Orphan' } as const
  expect(run(bed, command, 10)).toEqual([])
}

const label = (bed: Testbed, name: string, value: string | null): void => {
  const changes = [{ key: 'app', value }]
  expect(run(bed, { verb: 'label', kind: 'Pod', namespace: 'default', name, changes, overwrite: true }, 20)).toEqual([])
}

const objectsOf = <T>(bed: Testbed, kind: Kind): T[] => [...bed.plane.server.cached(kind)] as T[]
const podsOf = (bed: Testbed): Pod[] => objectsOf<Pod>(bed, 'Pod').sort((a, b) => (a.metadata.uid < b.metadata.uid ? -1 : 1))
const identities = (bed: Testbed): string[] => podsOf(bed).map(({ metadata }) => `${metadata.name} ${metadata.uid}`)
const restarts = (bed: Testbed): number =>
  podsOf(bed).reduce((sum, pod) => sum + pod.status.containerStatuses.reduce((n, { restartCount }) => n + restartCount, 0), 0)

const bare = (name: string, labels: Pod['metadata']['labels']): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { ...emptyMeta(name, 'default'), labels },
  spec: podSpecOf([containerOf('server')]),
  status: { phase: 'Pending', podIP: '', hostIP: '', startTime: null, conditions: [], containerStatuses: [] },
})

describe('what was left when its owner was deleted is adopted by the next of that name', () => {
  test('a Deployment adopts its ReplicaSet, and no pod is made or restarted', () => {
    const bed = new Testbed()
    apply(bed, 20, deploymentOf('web', 3))
    const [before, set] = [identities(bed), objectsOf<ReplicaSet>(bed, 'ReplicaSet')[0]!]
    const first = controllerOf(set.metadata)!.uid
    orphan(bed, 'Deployment', 'web')
    expect(objectsOf<ReplicaSet>(bed, 'ReplicaSet')[0]!.metadata.ownerReferences).toEqual([])
    apply(bed, 20, deploymentOf('web', 3))
    const sets = objectsOf<ReplicaSet>(bed, 'ReplicaSet')
    expect(sets.map(({ metadata }) => metadata.uid)).toEqual([set.metadata.uid])
    const { uid } = bed.deployment('web')!.metadata
    expect(uid).not.toBe(first)
    expect(controllerOf(sets[0]!.metadata)?.uid).toBe(uid)
    expect(identities(bed)).toEqual(before)
    expect(restarts(bed)).toBe(0)
    expect(bed.deployment('web')!.status.availableReplicas).toBe(3)
  })

  const keepers: [Kind, () => AnyObject][] = [
    ['ReplicationController', () => replicationControllerOf('web', 3)],
    ['StatefulSet', () => statefulSetOf('web', 3)],
    ['DaemonSet', () => daemonSetOf('web')],
  ]
  test.each(keepers)('a %s adopts its pods, and its revisions if it has some', (kind, make) => {
    const bed = new Testbed()
    apply(bed, 40, make())
    const before = identities(bed)
    expect(before).toHaveLength(3)
    orphan(bed, kind, 'web')
    expect(podsOf(bed).flatMap(({ metadata }) => metadata.ownerReferences)).toEqual([])
    apply(bed, 40, make())
    expect(identities(bed)).toEqual(before)
    expect(restarts(bed)).toBe(0)
    const owner = bed.plane.server.peek(kind, 'default', 'web')!
    const owned = [...podsOf(bed), ...objectsOf<AnyObject>(bed, 'ControllerRevision')]
    for (const { metadata } of owned) expect(controllerOf(metadata)).toMatchObject({ kind, uid: owner.metadata.uid })
    expect(objectsOf(bed, 'ControllerRevision')).toHaveLength(kind === 'ReplicationController' ? 0 : 1)
  })
})

describe('a pod that nobody controls', () => {
  test('is adopted by the ReplicaSet that selects it, which then has one too many', () => {
    const bed = new Testbed()
    apply(bed, 20, deploymentOf('web', 2))
    const set = objectsOf<ReplicaSet>(bed, 'ReplicaSet')[0]!
    // 2 wanted, 3 matching: the youngest, not yet ready, goes.
    apply(bed, 60, bare('stray', set.spec.template.labels))
    expect(podsOf(bed)).toHaveLength(2)
    const hops = [...bed.trace].filter(({ subject, detail }) => subject === 'Pod/default/stray' && detail.startsWith('adopted by'))
    expect(hops.map(({ actor, detail }) => `${actor}: ${detail}`)).toEqual([
      `replicaset-controller: adopted by ReplicaSet ${set.metadata.name}`,
    ])
  })

  test('is left alone by a set whose selector it does not match, and in another namespace', () => {
    const bed = new Testbed()
    apply(bed, 20, replicationControllerOf('web', 1))
    apply(bed, 5, { apiVersion: 'v1', kind: 'Namespace', metadata: emptyMeta('other', '') })
    const away = bare('away', { app: 'web' })
    apply(bed, 30, bare('stray', { app: 'shop' }), { ...away, metadata: { ...away.metadata, namespace: 'other' } })
    const free = podsOf(bed).filter(({ metadata }) => metadata.ownerReferences.length === 0)
    expect(free.map(({ metadata }) => metadata.name).sort()).toEqual(['away', 'stray'])
  })

  test('of a name that no ordinal has is not a StatefulSet’s', () => {
    const bed = new Testbed()
    apply(bed, 30, statefulSetOf('db', 1))
    apply(bed, 20, bare('stray', { app: 'db' }))
    expect(bed.plane.server.peek('Pod', 'default', 'stray')!.metadata.ownerReferences).toEqual([])
  })
})

describe('a pod whose labels are changed', () => {
  test('is released and replaced, and endpoints follow its labels', () => {
    const bed = new Testbed()
    apply(bed, 20, deploymentOf('web', 2), serviceOf('web'))
    const { name, uid } = podsOf(bed)[0]!.metadata
    const addresses = (): string[] =>
      objectsOf<EndpointSlice>(bed, 'EndpointSlice').flatMap(({ endpoints }) => endpoints.map((endpoint) => endpoint.address))
    const { podIP } = podsOf(bed)[0]!.status
    expect(addresses()).toContain(podIP)
    label(bed, name, 'quarantine')
    const released = bed.plane.server.peek('Pod', 'default', name)!
    expect(released.metadata).toMatchObject({ uid, ownerReferences: [], deletionTimestamp: null })
    const owned = podsOf(bed).filter(({ metadata }) => metadata.ownerReferences.length > 0)
    expect(owned).toHaveLength(2)
    expect(addresses().toSorted()).toEqual(owned.map(({ status }) => status.podIP).toSorted())
    // Back again: three match two wanted.
    label(bed, name, 'web')
    bed.sim.run(bed.sim.now + 40 * SECOND)
    expect(podsOf(bed)).toHaveLength(2)
    expect(podsOf(bed).every(({ metadata }) => metadata.ownerReferences.length === 1)).toBe(true)
  })

  test('of a StatefulSet keeps its name, so that the set cannot make another', () => {
    const bed = new Testbed()
    apply(bed, 40, statefulSetOf('db', 2))
    label(bed, 'db-1', 'quarantine')
    expect(bed.plane.server.peek('Pod', 'default', 'db-1')!.metadata.ownerReferences).toEqual([])
    expect(bed.plane.server.peek('StatefulSet', 'default', 'db')!.status.replicas).toBe(1)
    label(bed, 'db-1', 'db')
    bed.sim.run(bed.sim.now + 60 * SECOND)
    expect(bed.plane.server.peek('StatefulSet', 'default', 'db')!.status.readyReplicas).toBe(2)
  })

  test('of a DaemonSet makes room for another on its node', () => {
    const bed = new Testbed()
    apply(bed, 40, daemonSetOf('agent'))
    const { metadata, spec } = podsOf(bed)[0]!
    label(bed, metadata.name, null)
    expect(podsOf(bed).filter((pod) => pod.spec.nodeName === spec.nodeName)).toHaveLength(2)
    expect(bed.plane.server.peek('DaemonSet', 'default', 'agent')!.status.numberReady).toBe(3)
  })

  test('of a Job is released without its finalizer', () => {
    const bed = new Testbed()
    apply(bed, 5, jobOf('work'))
    const { name, finalizers } = podsOf(bed)[0]!.metadata
    expect(finalizers).toEqual(['batch.kubernetes.io/job-tracking'])
    const changes = [{ key: 'batch.kubernetes.io/controller-uid', value: null }]
    run(bed, { verb: 'label', kind: 'Pod', namespace: 'default', name, changes, overwrite: true }, 20)
    expect(bed.plane.server.peek('Pod', 'default', name)!.metadata).toMatchObject({ finalizers: [], ownerReferences: [] })
    expect(podsOf(bed)).toHaveLength(2)
  })
})

test('the pods of a Job that is deleted without them lose its finalizer and are adopted by none', () => {
  const bed = new Testbed()
  apply(bed, 5, jobOf('work'))
  orphan(bed, 'Job', 'work')
  const [left] = podsOf(bed)
  expect(left!.metadata).toMatchObject({ finalizers: [], ownerReferences: [] })
  apply(bed, 10, jobOf('work'))
  expect(podsOf(bed)).toHaveLength(2)
  expect(bed.plane.server.peek('Pod', 'default', left!.metadata.name)!.metadata.ownerReferences).toEqual([])
})
