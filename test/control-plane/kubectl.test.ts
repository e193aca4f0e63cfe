import { expect, test } from 'vitest'
import type { Deployment, Node, Pod, PodDisruptionBudget, ReplicaSet } from '../../src/api/objects/index.ts'
import { conditionOf } from '../../src/control-plane/conditions.ts'
import { emptyMeta } from '../../src/control-plane/empty-meta.ts'
import { type Identity, impersonated } from '../../src/control-plane/identity.ts'
import type { KubectlVerb } from '../../src/control-plane/kubectl/kubectl.ts'
import type { KubernetesMinor } from '../../src/kubernetes-version.ts'
import { MINUTE, SECOND } from '../../src/units.ts'
import { containerOf, deploymentOf, podSpecOf, serviceOf, Testbed } from './testbed.ts'

const WEB = { kind: 'Deployment', namespace: 'default', name: 'web' } as const

function run(bed: Testbed, command: KubectlVerb, seconds: number, as: Identity | null = null): string[] {
  const before = bed.plane.kubectl.refusals.length
  bed.plane.kubectl.run(command, command.verb, as)
  bed.sim.run(bed.sim.now + seconds * SECOND)
  return bed.plane.kubectl.refusals.slice(before).map(({ reason }) => reason)
}

function withWeb(replicas: number, change: Partial<Deployment['spec']> = {}, nodes = 3, version: KubernetesMinor = 36): Testbed {
  const bed = new Testbed({ nodes, version })
  expect(run(bed, { verb: 'apply', objects: [deploymentOf('web', replicas, change)] }, 20)).toEqual([])
  return bed
}

function setImage(bed: Testbed, image: string, seconds: number): void {
  run(bed, { verb: 'set image', namespace: 'default', name: 'web', images: [{ container: '*', image }] }, seconds)
}

/** Live pods, as the API server has them. */
function objectsOf<T>(bed: Testbed, kind: 'Pod' | 'ReplicaSet'): T[] {
  const found: T[] = []
  bed.sim.spawn(
    (function* () {
      found.push(...((yield* bed.plane.server.list(kind, 'default')) as T[]))
    })(),
  )
  bed.sim.run(bed.sim.now + SECOND)
  return found
}

const imageOf = (bed: Testbed): string => bed.deployment('web')!.spec.template.spec.containers[0]!.image
const progressing = (bed: Testbed): string => {
  const condition = conditionOf(bed.deployment('web')!.status.conditions, 'Progressing')
  return `${condition?.status}/${condition?.reason}`
}
const revision = (object: Deployment | ReplicaSet): string | undefined => object.metadata.annotations['deployment.kubernetes.io/revision']

test('undo puts the template before back, and its ReplicaSet gets a new revision and remembers the old one', () => {
  const bed = withWeb(3)
  setImage(bed, 'v2', 30)
  expect(revision(bed.deployment('web')!)).toBe('2')
  expect(run(bed, { verb: 'rollout undo', ...WEB, toRevision: 0 }, 30)).toEqual([])
  expect(imageOf(bed)).toBe('example/server:v1')
  const sets = objectsOf<ReplicaSet>(bed, 'ReplicaSet')
  expect(sets).toHaveLength(2)
  expect(sets.map((rs) => [revision(rs), rs.spec.replicas])).toEqual([
    ['3', 3],
    ['2', 0],
  ])
  expect(sets[0]!.metadata.annotations['deployment.kubernetes.io/revision-history']).toBe('1')
  expect(bed.deployment('web')!.spec.template.labels).toEqual({ app: 'web' })
  expect(run(bed, { verb: 'rollout undo', ...WEB, toRevision: 9 }, 5)).toEqual([expect.stringContaining('specified revision 9')])
})

test('reasons of Progressing come in the recorded order', () => {
  const bed = new Testbed({})
  const reasons: string[] = []
  bed.plane.server.observe('Deployment', ({ object }) => {
    const reason = conditionOf((object as Deployment).status.conditions, 'Progressing')?.reason
    if (reason !== undefined && reason !== reasons.at(-1)) reasons.push(reason)
  })
  run(bed, { verb: 'apply', objects: [deploymentOf('web', 4)] }, 20)
  setImage(bed, 'v2', 40)
  const rollout = ['NewReplicaSetCreated', 'ReplicaSetUpdated', 'NewReplicaSetAvailable']
  expect(reasons).toEqual([...rollout, ...rollout])
})

test('a rollout that stands still exceeds its progress deadline, told by rollout status, and recovers when it moves again', () => {
  const bed = withWeb(2, { progressDeadlineSeconds: 30 })
  expect(progressing(bed)).toBe('True/NewReplicaSetAvailable')
  for (const kubelet of bed.kubelets) kubelet.crash()
  setImage(bed, 'v2', 20)
  expect(progressing(bed)).toMatch(/^True\//)
  const refusals = run(bed, { verb: 'rollout status', ...WEB, timeoutSeconds: null }, 60)
  expect(refusals).toEqual([expect.stringContaining('exceeded its progress deadline')])
  expect(progressing(bed)).toBe('False/ProgressDeadlineExceeded')
})

test('a paused Deployment keeps its pods when its template changes, but follows scaling; resumed, it rolls out', () => {
  const bed = withWeb(2)
  run(bed, { verb: 'rollout pause', ...WEB }, 2)
  expect(progressing(bed)).toBe('Unknown/DeploymentPaused')
  setImage(bed, 'v2', 20)
  run(bed, { verb: 'scale', ...WEB, replicas: 4 }, 20)
  const images = () => objectsOf<Pod>(bed, 'Pod').map((pod) => pod.spec.containers[0]!.image)
  expect(images()).toEqual(Array.from({ length: 4 }, () => 'example/server:v1'))
  expect(run(bed, { verb: 'rollout restart', ...WEB }, 2)).toEqual([expect.stringContaining('paused')])
  run(bed, { verb: 'rollout resume', ...WEB }, 40)
  expect(images()).toEqual(Array.from({ length: 4 }, () => 'v2'))
  expect(progressing(bed)).toBe('True/NewReplicaSetAvailable')
})

test('a Deployment that is paused in the middle of a rollout stands: nothing is written of it while nothing changes', () => {
  const bed = withWeb(3)
  setImage(bed, 'v2', 1)
  run(bed, { verb: 'rollout pause', ...WEB }, 20)
  const sizes = () => objectsOf<ReplicaSet>(bed, 'ReplicaSet').map(({ spec }) => spec.replicas)
  expect(sizes().filter((size) => size > 0)).toHaveLength(2)
  let writes = 0
  for (const kind of ['Deployment', 'ReplicaSet']) bed.plane.server.observe(kind, () => writes++)
  bed.sim.run(bed.sim.now + 60 * SECOND)
  expect(writes).toBe(0)
  run(bed, { verb: 'rollout resume', ...WEB }, 40)
  expect(sizes().filter((size) => size > 0)).toEqual([3])
})

test('terminating replicas are in the status since 1.35', () => {
  expect(withWeb(1).deployment('web')!.status.terminatingReplicas).toBe(0)
  expect(withWeb(1, {}, 1, 34).deployment('web')!.status).not.toHaveProperty('terminatingReplicas')
})

test('restart replaces every pod', () => {
  const bed = withWeb(2)
  const names = () => objectsOf<Pod>(bed, 'Pod').map((pod) => pod.metadata.name)
  const before = names()
  expect(run(bed, { verb: 'rollout restart', ...WEB }, 40)).toEqual([])
  expect(names()).toHaveLength(2)
  expect(names().filter((name) => before.includes(name))).toEqual([])
})

test('labels are set and removed, changed only with overwrite, and a pod that loses its label is let go and replaced', () => {
  const bed = withWeb(2)
  const [pod] = objectsOf<Pod>(bed, 'Pod')
  const target = { kind: 'Pod', namespace: 'default', name: pod!.metadata.name } as const
  const label = (changes: { key: string; value: string | null }[], overwrite = false) =>
    run(bed, { verb: 'label', ...target, changes, overwrite }, 5)
  expect(label([{ key: 'tier', value: 'a' }])).toEqual([])
  expect(label([{ key: 'tier', value: 'b' }])).toEqual([expect.stringContaining('already has a value (a)')])
  expect(label([{ key: 'tier', value: 'b' }], true)).toEqual([])
  expect(bed.plane.server.peek('Pod', 'default', target.name)!.metadata.labels.tier).toBe('b')
  label([{ key: 'tier', value: null }])
  expect(bed.plane.server.peek('Pod', 'default', target.name)!.metadata.labels).not.toHaveProperty('tier')
})

test('a cordoned node is tainted and gets no pods; uncordoned it gets some again', () => {
  const bed = new Testbed({ nodes: 2 })
  run(bed, { verb: 'cordon', node: 'worker-1' }, 5)
  const taints = () => bed.plane.server.peek('Node', '', 'worker-1')!.spec.taints.map((taint) => `${taint.key}:${taint.effect}`)
  expect(taints()).toEqual(['node.kubernetes.io/unschedulable:NoSchedule'])
  run(bed, { verb: 'apply', objects: [deploymentOf('web', 4)] }, 20)
  const nodes = () => objectsOf<Pod>(bed, 'Pod').map((pod) => pod.spec.nodeName)
  expect(new Set(nodes())).toEqual(new Set(['worker-2']))
  run(bed, { verb: 'uncordon', node: 'worker-1' }, 5)
  expect(taints()).toEqual([])
  run(bed, { verb: 'scale', ...WEB, replicas: 8 }, 20)
  expect(nodes()).toContain('worker-1')
})

function budget(change: Partial<PodDisruptionBudget['spec']>): PodDisruptionBudget {
  return {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: emptyMeta('web', 'default'),
    spec: {
      minAvailable: null,
      maxUnavailable: null,
      selector: { matchLabels: { app: 'web' }, matchExpressions: [] },
      unhealthyPodEvictionPolicy: 'IfHealthyBudget',
      ...change,
    },
    status: {
      observedGeneration: 0,
      disruptionsAllowed: 0,
      currentHealthy: 0,
      desiredHealthy: 0,
      expectedPods: 0,
      disruptedPods: {},
      conditions: [],
    },
  }
}

function drainOf(node: string, more: Partial<Extract<KubectlVerb, { verb: 'drain' }>> = {}): KubectlVerb {
  return { verb: 'drain', node, ignoreDaemonSets: false, force: false, gracePeriodSeconds: null, timeoutSeconds: null, ...more }
}

test('a drain never takes more pods than the budget allows, tries again every 5 s, and ends with an empty node', () => {
  const bed = withWeb(4, {}, 2)
  run(bed, { verb: 'apply', objects: [budget({ minAvailable: 3 })] }, 5)
  expect(bed.plane.server.peek('PodDisruptionBudget', 'default', 'web')!.status).toMatchObject({ disruptionsAllowed: 1, expectedPods: 4 })
  let fewest = 4
  bed.plane.server.observe('Deployment', () => {
    fewest = Math.min(fewest, bed.deployment('web')!.status.availableReplicas)
  })
  expect(run(bed, drainOf('worker-1'), 120)).toEqual([])
  expect(fewest).toBe(3)
  expect(new Set(objectsOf<Pod>(bed, 'Pod').map((pod) => pod.spec.nodeName))).toEqual(new Set(['worker-2']))
  expect(bed.deployment('web')!.status.availableReplicas).toBe(4)
})

test('a drain that a budget never allows fails at its timeout and leaves the pods', () => {
  const bed = withWeb(2, {}, 1)
  run(bed, { verb: 'apply', objects: [budget({ maxUnavailable: 0 })] }, 5)
  const refusals = run(bed, drainOf('worker-1', { timeoutSeconds: 30 }), 60)
  expect(refusals.filter((reason) => reason.includes('was not granted within 30 s'))).toHaveLength(2)
  expect(bed.deployment('web')!.status.availableReplicas).toBe(2)
})

test('a drain gives up pods of which no API server says whether they are gone, and tells of the others', () => {
  const bed = withWeb(2, {}, 1)
  const { server } = bed.plane
  server.observe('Pod', ({ object }) => {
    if (object.metadata.deletionTimestamp !== null) bed.sim.after(SECOND / 4, () => server.crash(0))
  })
  const refusals = run(bed, drainOf('worker-1'), 120)
  expect(
    refusals.filter((reason) => /^error when waiting for the pod to terminate: The connection .* was refused/.test(reason)),
  ).toHaveLength(2)
  expect(refusals.at(-1)).toBe('drained only in part: 0 of 2 pods evicted')
})

test('a drain stops at pods without a controller unless it is forced', () => {
  const bed = new Testbed({ nodes: 1 })
  const pod: Pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: emptyMeta('lone', 'default'),
    spec: podSpecOf([containerOf('server')]),
    status: { phase: 'Pending', podIP: '', hostIP: '', startTime: null, conditions: [], containerStatuses: [] },
  }
  run(bed, { verb: 'create', objects: [pod] }, 10)
  expect(run(bed, drainOf('worker-1'), 30)).toEqual([expect.stringContaining('no controller manages')])
  expect(run(bed, drainOf('worker-1', { force: true }), 60)).toEqual([])
  expect(objectsOf(bed, 'Pod')).toEqual([])
})

test('a namespace that is deleted takes nothing new, and goes with everything in it', () => {
  const bed = new Testbed({})
  const inShop = <T extends { metadata: Deployment['metadata'] }>(object: T): T => ({
    ...object,
    metadata: { ...object.metadata, namespace: 'shop' },
  })
  run(bed, { verb: 'apply', objects: [{ apiVersion: 'v1', kind: 'Namespace', metadata: emptyMeta('shop', '') }] }, 2)
  expect(run(bed, { verb: 'apply', objects: [inShop(deploymentOf('web', 3)), inShop(serviceOf('web'))] }, 20)).toEqual([])
  const remove: KubectlVerb = { verb: 'delete', kind: 'Namespace', namespace: '', name: 'shop', gracePeriodSeconds: null }
  run(bed, remove, 2)
  expect(bed.plane.server.peek('Namespace', '', 'shop')!.status).toEqual({ phase: 'Terminating' })
  const refused = run(bed, { verb: 'create', objects: [inShop(deploymentOf('late', 1))] }, 2)
  expect(refused).toEqual([expect.stringMatching(/^403 .*being terminated/)])
  bed.sim.run(bed.sim.now + 2 * MINUTE)
  expect(bed.plane.server.peek('Namespace', '', 'shop')).toBeUndefined()
  for (const kind of bed.plane.server.kinds) {
    if (kind === 'Lease') continue
    const left = [...bedKeys(bed, kind)].filter((namespace) => namespace === 'shop')
    expect(left, kind).toEqual([])
  }
  const writes = bed.plane.server.writes
  bed.sim.run(bed.sim.now + MINUTE)
  // Only heartbeats, and the two leases renewed every 2 s: nobody goes on trying to fill it.
  expect(bed.plane.server.writes - writes).toBeLessThan(3 * 8 + 2 * 31)
  expect(run(bed, { ...remove, name: 'kube-system' }, 5)).toEqual([expect.stringMatching(/^403 /)])
})

function bedKeys(bed: Testbed, kind: string): string[] {
  const found: string[] = []
  bed.sim.spawn(
    (function* () {
      for (const object of yield* bed.plane.server.list(kind, null)) found.push(object.metadata.namespace)
    })(),
  )
  bed.sim.run(bed.sim.now + SECOND / 10)
  return found
}

test('an out-of-service taint on a dead node frees its pods at once: evicted by the taint, removed by the next pod GC', () => {
  const bed = withWeb(2, {}, 2)
  bed.kubelets[0]!.crash()
  bed.sim.run(bed.sim.now + 70 * SECOND)
  const onDead = () => objectsOf<Pod>(bed, 'Pod').filter((pod) => pod.spec.nodeName === 'worker-1')
  expect(onDead()).toHaveLength(1)
  const add: Node['spec']['taints'] = [{ key: 'node.kubernetes.io/out-of-service', value: 'x', effect: 'NoExecute' }]
  run(bed, { verb: 'taint', node: 'worker-1', add, remove: [], overwrite: false }, 25)
  expect(onDead()).toEqual([])
  expect(bed.deployment('web')!.status.availableReplicas).toBe(2)
})

test('pods of a node that was deleted are removed after the quarantine of 40 s', () => {
  const bed = withWeb(2, {}, 2)
  bed.kubelets[0]!.crash()
  const gone = bed.sim.now
  run(bed, { verb: 'delete', kind: 'Node', namespace: '', name: 'worker-1', gracePeriodSeconds: null }, 39)
  const onDead = () => objectsOf<Pod>(bed, 'Pod').filter((pod) => pod.spec.nodeName === 'worker-1').length
  expect(onDead()).toBe(1)
  bed.sim.run(gone + 85 * SECOND)
  expect(onDead()).toBe(0)
})

test('another identity may do only what it is allowed', () => {
  const bed = withWeb(1)
  expect(run(bed, { verb: 'scale', ...WEB, replicas: 3 }, 5, impersonated('jane'))).toEqual([
    '403 deployments.apps "web" is forbidden: User "jane" cannot get resource "deployments" in API group "apps" in the namespace "default"',
  ])
  expect(bed.deployment('web')!.spec.replicas).toBe(1)
})

test('expose makes a Service with the selector, and delete -l takes all that match', () => {
  const bed = withWeb(3)
  const port = { port: 80, targetPort: 8080, protocol: 'TCP', type: 'ClusterIP' } as const
  run(bed, { verb: 'expose', ...WEB, as: 'shop', ...port }, 5)
  expect(bed.plane.server.peek('Service', 'default', 'shop')!.spec).toMatchObject({ selector: { app: 'web' }, ports: [{ port: 80 }] })
  const before = objectsOf<Pod>(bed, 'Pod').map((pod) => pod.metadata.name)
  const selector = { matchLabels: { app: 'web' }, matchExpressions: [] }
  run(bed, { verb: 'delete', kind: 'Pod', namespace: 'default', name: { selector }, gracePeriodSeconds: 1 }, 20)
  const after = objectsOf<Pod>(bed, 'Pod').map((pod) => pod.metadata.name)
  expect(after).toHaveLength(3)
  expect(after.filter((name) => before.includes(name))).toEqual([])
})
