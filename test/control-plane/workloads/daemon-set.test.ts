import { describe, expect, test } from 'vitest'
import type { DaemonSet, Node, Pod } from '../../../src/api/objects/index.ts'
import { ApiClient } from '../../../src/control-plane/api-client.ts'
import { isReady } from '../../../src/control-plane/conditions.ts'
import { ADMINISTRATOR } from '../../../src/control-plane/identity.ts'
import { NO_CAUSE } from '../../../src/engine/trace.ts'
import { SECOND } from '../../../src/units.ts'
import { Testbed } from '../testbed.ts'
import { daemonSetOf, replicationControllerOf, templateOf } from './objects.ts'
import { recording } from './recording.ts'

interface Watched {
  readonly pods: Map<string, Pod>
  readonly steps: string[]
  readonly statuses: DaemonSet['status'][]
  /** Fewest ready pods and most pods that are not being deleted, since the last look. */
  leastReady: number
  mostActive: number
}

function watch(bed: Testbed): Watched {
  const watched: Watched = { pods: new Map(), steps: [], statuses: [], leastReady: Number.POSITIVE_INFINITY, mostActive: 0 }
  bed.plane.server.observe('Pod', (event) => {
    const pod = event.object as Pod
    const before = event.previous as Pod | undefined
    if (event.type === 'DELETED') watched.pods.delete(pod.metadata.name)
    else watched.pods.set(pod.metadata.name, pod)
    if (event.type === 'ADDED') watched.steps.push('create')
    else if (event.type === 'DELETED') watched.steps.push('gone')
    else if (before!.metadata.deletionTimestamp === null && pod.metadata.deletionTimestamp !== null) watched.steps.push('delete')
    else if (!isReady(before!) && isReady(pod)) watched.steps.push('ready')
    const active = [...watched.pods.values()].filter((other) => other.metadata.deletionTimestamp === null)
    watched.leastReady = Math.min(watched.leastReady, active.filter(isReady).length)
    watched.mostActive = Math.max(watched.mostActive, active.length)
  })
  bed.plane.server.observe('DaemonSet', (event) => {
    const set = event.object as DaemonSet
    if (set.status !== (event.previous as DaemonSet | undefined)?.status) watched.statuses.push(set.status)
  })
  return watched
}

function apply(bed: Testbed, set: DaemonSet): void {
  bed.plane.kubectl.run({ verb: 'apply', objects: [set] }, 'apply')
}

function nodesOf(watched: Watched): string[] {
  return [...watched.pods.values()].map((pod) => pod.spec.nodeName).sort()
}

describe('a DaemonSet', () => {
  test('has one pod on every node, put there by the scheduler', () => {
    const bed = new Testbed({ nodes: 4 })
    const watched = watch(bed)
    apply(bed, daemonSetOf('agent'))
    bed.sim.run(20 * SECOND)
    expect(nodesOf(watched)).toEqual(['worker-1', 'worker-2', 'worker-3', 'worker-4'])
    expect(watched.statuses.at(-1)).toMatchObject({
      desiredNumberScheduled: 4,
      numberAvailable: 4,
      numberUnavailable: 0,
      updatedNumberScheduled: 4,
    })
    const bound = Array.from({ length: bed.trace.length }, (_, i) => bed.trace.hop(i)).filter(
      (hop) => hop.actor === 'kube-scheduler' && hop.action === 'chose',
    )
    expect(bound.length).toBe(4)
  })

  const recorded = recording('5-ds-mu0-ms1-1')
  test.skipIf(recorded.absent)(
    `with maxSurge 1 makes the new pod of a node before it deletes the old one, node by node, as recorded ${recorded.note}`,
    () => {
      const bed = new Testbed({ nodes: 5 })
      const watched = watch(bed)
      const updateStrategy = { type: 'RollingUpdate', maxUnavailable: 0, maxSurge: 1 } as const
      apply(bed, daemonSetOf('web', { updateStrategy }))
      bed.sim.run(30 * SECOND)
      watched.steps.length = 0
      watched.leastReady = Number.POSITIVE_INFINITY
      watched.mostActive = 0
      apply(bed, daemonSetOf('web', { updateStrategy, template: templateOf('web', 'v2') }))
      bed.sim.run(90 * SECOND)
      const seen = new Set<string>()
      const ready = new Set<string>()
      const roll = recorded.events.slice(recorded.events.findIndex((event) => event.k === 'cmd' && /PATCH/.test(String(event.m))))
      const wanted = roll.flatMap((event) => {
        if (event.k !== 'pod') return []
        if (event.e === 'A') return ['create']
        if (event.del !== undefined && event.del !== null && !seen.has(event.o!)) {
          seen.add(event.o!)
          return ['delete']
        }
        const conditions = (event.c ?? {}) as Record<string, string>
        if (conditions.Ready !== 'True' || ready.has(event.o!)) return []
        ready.add(event.o!)
        return ['ready']
      })
      // When an old pod is gone for good is the kubelet's.
      expect(watched.steps.filter((step) => step !== 'gone')).toEqual(wanted)
      expect(watched.leastReady).toBe(5)
      expect(watched.mostActive).toBe(6)
    },
  )

  test.each([
    [1, 1],
    [2, 2],
    ['50%', 3],
  ])('with maxUnavailable %s of 5 nodes has at most %i fewer ready', (maxUnavailable, most) => {
    const bed = new Testbed({ nodes: 5 })
    const watched = watch(bed)
    const updateStrategy = { type: 'RollingUpdate', maxUnavailable, maxSurge: 0 } as const
    apply(bed, daemonSetOf('web', { updateStrategy }))
    bed.sim.run(30 * SECOND)
    watched.leastReady = Number.POSITIVE_INFINITY
    watched.mostActive = 0
    apply(bed, daemonSetOf('web', { updateStrategy, template: templateOf('web', 'v2') }))
    bed.sim.run(120 * SECOND)
    expect(watched.leastReady).toBe(5 - most)
    expect(watched.mostActive).toBe(5)
    expect([...watched.pods.values()].every((pod) => pod.spec.containers[0]!.image === 'example/server:v2')).toBe(true)
    expect(watched.statuses.at(-1)).toMatchObject({ numberAvailable: 5, updatedNumberScheduled: 5 })
  })

  test('with OnDelete changes a pod only when somebody deletes it', () => {
    const bed = new Testbed()
    const watched = watch(bed)
    const updateStrategy = { type: 'OnDelete', maxUnavailable: 1, maxSurge: 0 } as const
    apply(bed, daemonSetOf('web', { updateStrategy }))
    bed.sim.run(20 * SECOND)
    apply(bed, daemonSetOf('web', { updateStrategy, template: templateOf('web', 'v2') }))
    bed.sim.run(40 * SECOND)
    const [name] = watched.pods.keys()
    bed.plane.kubectl.run({ verb: 'delete', kind: 'Pod', namespace: 'default', name: name!, gracePeriodSeconds: null }, 'delete')
    bed.sim.run(80 * SECOND)
    const images = [...watched.pods.values()].map((pod) => pod.spec.containers[0]!.image).sort()
    expect(images).toEqual(['example/server:v1', 'example/server:v1', 'example/server:v2'])
  })

  test('keeps off a node with a taint that it does not tolerate, leaves one that gets NoSchedule alone and one that gets NoExecute', () => {
    const bed = new Testbed({ nodes: 3 })
    const watched = watch(bed)
    const administrator = new ApiClient(bed.plane.access, {
      actor: 'kubectl',
      identity: ADMINISTRATOR,
      limit: null,
      network: 'kubectlNetwork',
    })
    const taint = (name: string, effect: 'NoSchedule' | 'NoExecute' | null): void => {
      const taints = effect === null ? [] : [{ key: 'mine', value: '', effect }]
      const change = (node: Node): Node => ({ ...node, spec: { ...node.spec, taints } })
      bed.sim.spawn(administrator.patch('Node', '', name, change, { cause: NO_CAUSE, why: 'taint' }))
    }
    taint('worker-3', 'NoSchedule')
    bed.sim.run(1 * SECOND)
    apply(bed, daemonSetOf('agent'))
    bed.sim.run(20 * SECOND)
    expect(nodesOf(watched)).toEqual(['worker-1', 'worker-2'])
    taint('worker-1', 'NoSchedule')
    taint('worker-2', 'NoExecute')
    taint('worker-3', null)
    bed.sim.run(60 * SECOND)
    expect(nodesOf(watched)).toEqual(['worker-1', 'worker-3'])
  })

  test('its pods stay on a node that has died, since they tolerate it', () => {
    const bed = new Testbed({ nodes: 3 })
    const watched = watch(bed)
    apply(bed, daemonSetOf('agent'))
    bed.sim.run(20 * SECOND)
    bed.kubelets[2]!.crash()
    bed.sim.run(900 * SECOND)
    expect(nodesOf(watched)).toEqual(['worker-1', 'worker-2', 'worker-3'])
    expect(watched.steps.filter((step) => step === 'delete')).toEqual([])
  })
})

describe('a ReplicationController', () => {
  test('keeps its pods as a ReplicaSet does, and takes them with it', () => {
    const bed = new Testbed()
    const watched = watch(bed)
    bed.plane.kubectl.run({ verb: 'apply', objects: [replicationControllerOf('old', 3)] }, 'apply')
    bed.sim.run(20 * SECOND)
    expect(bed.plane.server.peek('ReplicationController', 'default', 'old')!.status).toMatchObject({ replicas: 3, availableReplicas: 3 })
    const [name] = watched.pods.keys()
    bed.plane.kubectl.run({ verb: 'delete', kind: 'Pod', namespace: 'default', name: name!, gracePeriodSeconds: null }, 'delete')
    bed.sim.run(60 * SECOND)
    expect(watched.pods.size).toBe(3)
    bed.plane.kubectl.run(
      { verb: 'delete', kind: 'ReplicationController', namespace: 'default', name: 'old', gracePeriodSeconds: null },
      'delete',
    )
    bed.sim.run(100 * SECOND)
    expect(watched.pods.size).toBe(0)
  })
})
