import { describe, expect, test } from 'vitest'
import type {
  AnyObject,
  LimitRange,
  OpaqueObject,
  Pod,
  PriorityClass,
  ResourceQuota,
  Role,
  RoleBinding,
} from '../../../src/api/objects/index.ts'
import { emptyMeta } from '../../../src/control-plane/empty-meta.ts'
import { type Identity, impersonated } from '../../../src/control-plane/identity.ts'
import type { KubectlVerb } from '../../../src/control-plane/kubectl/kubectl.ts'
import type { Propagation } from '../../../src/control-plane/propagation.ts'
import { SECOND } from '../../../src/units.ts'
import { containerOf, deploymentOf, podSpecOf, Testbed } from '../testbed.ts'

const WEB = { kind: 'Deployment', namespace: 'default', name: 'web' } as const

function run(bed: Testbed, command: KubectlVerb, seconds: number, as: Identity | null = null): string[] {
  const before = bed.plane.kubectl.refusals.length
  bed.plane.kubectl.run(command, command.verb, as)
  bed.sim.run(bed.sim.now + seconds * SECOND)
  return bed.plane.kubectl.refusals.slice(before).map(({ reason }) => reason)
}
const apply = (bed: Testbed, seconds: number, ...objects: AnyObject[]): string[] => run(bed, { verb: 'apply', objects }, seconds)

/** Everything that is stored, kept up to date. */
function stored(bed: Testbed): Map<string, AnyObject> {
  const objects = new Map<string, AnyObject>()
  bed.plane.server.observeCommits(({ type, object }) => {
    const key = `${object.kind}/${object.metadata.name}`
    if (type === 'DELETED') objects.delete(key)
    else objects.set(key, object)
  })
  return objects
}
const count = (objects: Map<string, AnyObject>, kind: string): number =>
  [...objects.keys()].filter((key) => key.startsWith(`${kind}/`)).length

const quota = (hard: Record<string, string>, scopes: ResourceQuota['spec']['scopes'] = []): ResourceQuota => ({
  apiVersion: 'v1',
  kind: 'ResourceQuota',
  metadata: emptyMeta('quota', 'default'),
  spec: { hard, scopes },
  status: { hard: {}, used: {} },
})
const podOf = (name: string, change: Partial<Pod['spec']> = {}): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: emptyMeta(name, 'default'),
  spec: { ...podSpecOf([containerOf('server')]), ...change },
  status: { phase: 'Pending', podIP: '', hostIP: '', startTime: null, conditions: [], containerStatuses: [] },
})
const usedOf = (bed: Testbed): Record<string, string> => ({ ...bed.plane.server.peek('ResourceQuota', 'default', 'quota')!.status.used })

describe('role-based access', () => {
  const role: Role = {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'Role',
    metadata: emptyMeta('scaler', 'default'),
    rules: [
      { verbs: ['get'], apiGroups: ['apps'], resources: ['deployments'], resourceNames: [] },
      { verbs: ['patch'], apiGroups: ['apps'], resources: ['deployments/scale'], resourceNames: ['web'] },
    ],
  }
  const binding: RoleBinding = {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'RoleBinding',
    metadata: emptyMeta('scaler', 'default'),
    subjects: [{ kind: 'User', name: 'jane', namespace: '' }],
    roleRef: { kind: 'Role', name: 'scaler' },
  }
  const jane = impersonated('jane')

  test('refuses until there is a binding, then allows what its role says and no more', () => {
    const bed = new Testbed()
    expect(apply(bed, 20, deploymentOf('web', 1))).toEqual([])
    expect(run(bed, { verb: 'scale', ...WEB, replicas: 2 }, 5, jane)).toEqual([
      '403 deployments.apps "web" is forbidden: User "jane" cannot get resource "deployments" in API group "apps" in the namespace "default"',
    ])
    expect(apply(bed, 2, role, binding)).toEqual([])
    expect(run(bed, { verb: 'scale', ...WEB, replicas: 2 }, 5, jane)).toEqual([])
    expect(bed.deployment('web')!.spec.replicas).toBe(2)
    expect(run(bed, { verb: 'delete', ...WEB, gracePeriodSeconds: null }, 5, jane)).toEqual([
      '403 deployments.apps "web" is forbidden: User "jane" cannot delete resource "deployments" in API group "apps" in the namespace "default"',
    ])
    expect(run(bed, { verb: 'delete', kind: 'RoleBinding', namespace: 'default', name: 'scaler', gracePeriodSeconds: null }, 2)).toEqual([])
    expect(run(bed, { verb: 'scale', ...WEB, replicas: 3 }, 5, jane)).toHaveLength(1)
  })

  test('a ClusterRole with the label of view becomes part of view, edit and admin', () => {
    const bed = new Testbed()
    const rules = [{ verbs: ['get'], apiGroups: ['stable.example.com'], resources: ['crontabs'], resourceNames: [] }]
    const metadata = { ...emptyMeta('crontabs', ''), labels: { 'rbac.authorization.k8s.io/aggregate-to-view': 'true' } }
    apply(bed, 5, { apiVersion: role.apiVersion, kind: 'ClusterRole', metadata, rules, aggregationRule: null })
    for (const name of ['view', 'edit', 'admin']) expect(bed.plane.server.peek('ClusterRole', '', name)!.rules).toContainEqual(rules[0])
    run(bed, { verb: 'delete', kind: 'ClusterRole', namespace: '', name: 'crontabs', gracePeriodSeconds: null }, 5)
    expect(bed.plane.server.peek('ClusterRole', '', 'view')!.rules).not.toContainEqual(rules[0])
  })
})

describe('a resource quota', () => {
  test('lets as many pods in as it says, and the ReplicaSet controller tells of the others and tries again', () => {
    const bed = new Testbed()
    const objects = stored(bed)
    apply(bed, 5, quota({ pods: '5' }))
    expect(usedOf(bed)).toEqual({ pods: '0' })
    apply(bed, 40, deploymentOf('web', 8))
    expect(count(objects, 'Pod')).toBe(5)
    expect(usedOf(bed)).toEqual({ pods: '5' })
    const events = [...objects.values()].filter((object) => object.kind === 'Event') as OpaqueObject[]
    const failures = events
      .map(({ content }) => content as { reason: string; message: string })
      .filter(({ reason }) => reason === 'FailedCreate')
    expect(failures.length).toBeGreaterThan(0)
    expect(failures[0]!.message).toMatch(
      /^Error creating: pods "web-\w+-\w+" is forbidden: exceeded quota: quota, requested: pods=1, used: pods=5, limited: pods=5$/,
    )
    run(bed, { verb: 'scale', ...WEB, replicas: 2 }, 60)
    expect(usedOf(bed)).toEqual({ pods: '2' })
  })

  test('wants to know what pods need of what it limits, and adds it up', () => {
    const bed = new Testbed()
    apply(bed, 5, quota({ 'requests.cpu': '250m', 'limits.memory': '1Gi' }))
    expect(apply(bed, 5, podOf('a'))).toEqual(['403 pods "a" is forbidden: failed quota: quota: must specify limits.memory for: server'])
    const limited = podSpecOf([containerOf('server', { limits: { cpuMilli: 0, memoryBytes: 300 * 1024 * 1024 } })])
    expect(apply(bed, 5, podOf('a', limited), podOf('b', limited))).toEqual([])
    expect(usedOf(bed)).toEqual({ 'requests.cpu': '200m', 'limits.memory': '600Mi' })
    expect(apply(bed, 5, podOf('c', limited))).toEqual([
      '403 pods "c" is forbidden: exceeded quota: quota, requested: requests.cpu=100m, used: requests.cpu=200m, limited: requests.cpu=250m',
    ])
  })

  test('of best-effort pods is no matter to others', () => {
    const bed = new Testbed()
    apply(bed, 5, quota({ pods: '0' }, [{ scopeName: 'BestEffort', operator: 'Exists', values: [] }]))
    const bestEffort = podSpecOf([containerOf('server', { requests: { cpuMilli: 0, memoryBytes: 0 } })])
    expect(apply(bed, 5, podOf('a'))).toEqual([])
    expect(apply(bed, 5, podOf('b', bestEffort))).toHaveLength(1)
  })

  // The usual guard: a quota of 0 forbids terms that name other namespaces, with a selector even of none.
  test('of pods that look at other namespaces is about those alone', () => {
    const bed = new Testbed()
    apply(bed, 5, quota({ pods: '0' }, [{ scopeName: 'CrossNamespacePodAffinity', operator: 'Exists', values: [] }]))
    const selector = { matchLabels: {}, matchExpressions: [] }
    const term = { selector, namespaces: [], namespaceSelector: null, topologyKey: 'zone', matchLabelKeys: [], mismatchLabelKeys: [] }
    expect(apply(bed, 5, podOf('a', { podAntiAffinity: { required: [term], preferred: [] } }))).toEqual([])
    const named = { required: [], preferred: [{ weight: 1, term: { ...term, namespaces: ['other'] } }] }
    expect(apply(bed, 5, podOf('b', { podAffinity: named }))).toHaveLength(1)
    const selected = { required: [{ ...term, namespaceSelector: selector }], preferred: [] }
    expect(apply(bed, 5, podOf('c', { podAntiAffinity: selected }))).toHaveLength(1)
  })

  test('counts objects of a kind', () => {
    const bed = new Testbed()
    apply(bed, 5, quota({ 'count/deployments.apps': '1' }))
    expect(apply(bed, 5, deploymentOf('web', 0))).toEqual([])
    expect(apply(bed, 5, deploymentOf('api', 0))).toEqual([
      '403 deployments.apps "api" is forbidden: exceeded quota: quota, requested: count/deployments.apps=1, used: count/deployments.apps=1, limited: count/deployments.apps=1',
    ])
    run(bed, { verb: 'delete', ...WEB, gracePeriodSeconds: null }, 5)
    expect(apply(bed, 5, deploymentOf('api', 0))).toEqual([])
  })
})

describe('a limit range', () => {
  const range = (change: Partial<LimitRange['spec']['limits'][number]>): LimitRange => ({
    apiVersion: 'v1',
    kind: 'LimitRange',
    metadata: emptyMeta('range', 'default'),
    spec: { limits: [{ type: 'Container', min: {}, max: {}, default: {}, defaultRequest: {}, maxLimitRequestRatio: {}, ...change }] },
  })

  test('gives containers what they do not say', () => {
    const bed = new Testbed()
    apply(bed, 5, range({ default: { cpu: '1', memory: '512Mi' }, defaultRequest: { cpu: '500m', memory: '256Mi' } }))
    apply(bed, 5, podOf('a', podSpecOf([containerOf('server', { requests: { cpuMilli: 0, memoryBytes: 0 } })])))
    const [container] = bed.plane.server.peek('Pod', 'default', 'a')!.spec.containers
    expect(container!.requests).toEqual({ cpuMilli: 500, memoryBytes: 256 * 1024 * 1024 })
    expect(container!.limits).toEqual({ cpuMilli: 1000, memoryBytes: 512 * 1024 * 1024 })
  })

  // Texts of Kubernetes plugin/pkg/admission/limitranger/admission.go.
  test.each([
    ['min', { min: { cpu: '200m' } }, 'minimum cpu usage per Container is 200m, but request is 100m'],
    ['max without a limit', { max: { memory: '1Gi' } }, 'maximum memory usage per Container is 1Gi.  No limit is specified'],
    [
      'ratio',
      { maxLimitRequestRatio: { memory: '2' } },
      'memory max limit to request ratio per Container is 2, but no limit is specified or limit is 0',
    ],
    ['of the pod', { type: 'Pod' as const, min: { cpu: '1' } }, 'minimum cpu usage per Pod is 1, but request is 100m'],
  ])('refuses by %s', (_what, change, message) => {
    const bed = new Testbed()
    apply(bed, 5, range(change))
    expect(apply(bed, 5, podOf('a'))).toEqual([`403 pods "a" is forbidden: ${message}`])
  })
})

describe('a priority class', () => {
  const classOf = (name: string, value: number, globalDefault = false): PriorityClass => ({
    apiVersion: 'scheduling.k8s.io/v1',
    kind: 'PriorityClass',
    metadata: emptyMeta(name, ''),
    value,
    globalDefault,
    preemptionPolicy: 'PreemptLowerPriority',
  })

  test('gives its value to pods that name it, the default one to those that name none', () => {
    const bed = new Testbed()
    apply(bed, 5, classOf('high', 1000), classOf('usual', 7, true))
    apply(bed, 5, podOf('a', { priorityClassName: 'high' }), podOf('b'), podOf('c', { priorityClassName: 'system-node-critical' }))
    expect(['a', 'b', 'c'].map((name) => bed.plane.server.peek('Pod', 'default', name)!.spec.priority)).toEqual([1000, 7, 2_000_001_000])
    expect(bed.plane.server.peek('Pod', 'default', 'b')!.spec.priorityClassName).toBe('usual')
  })

  test.each([
    ['a class that is not there', { priorityClassName: 'none' }, 'no PriorityClass with name none was found'],
    [
      'a number of its own',
      { priority: 5 },
      'the integer value of priority (5) must not be provided in pod spec; priority admission controller computed 0 from the given PriorityClass name',
    ],
  ])('refuses %s', (_what, change, message) => {
    expect(apply(new Testbed(), 5, podOf('a', change))).toEqual([`403 pods "a" is forbidden: ${message}`])
  })

  test('can be the default only once', () => {
    const bed = new Testbed()
    apply(bed, 5, classOf('usual', 7, true))
    expect(apply(bed, 5, classOf('other', 8, true))).toEqual([
      '403 priorityclasses.scheduling.k8s.io "other" is forbidden: PriorityClass usual is already marked as default. Only one default can exist',
    ])
  })
})

describe('deleting a Deployment', () => {
  const remove = (bed: Testbed, propagation: Propagation, seconds: number): void => {
    run(bed, { verb: 'delete', ...WEB, gracePeriodSeconds: null, propagation }, seconds)
  }
  const order = (bed: Testbed): string[] => {
    const gone: string[] = []
    bed.plane.server.observeCommits(({ type, object }) => {
      if (type === 'DELETED' && object.kind !== 'Event' && !gone.includes(object.kind)) gone.push(object.kind)
    })
    return gone
  }

  test('in the background takes the owner first', () => {
    const bed = new Testbed()
    apply(bed, 20, deploymentOf('web', 2))
    const gone = order(bed)
    const objects = stored(bed)
    remove(bed, 'Background', 60)
    expect(gone).toEqual(['Deployment', 'ReplicaSet', 'Pod'])
    expect([...objects.values()].filter(({ kind }) => kind === 'Pod' || kind === 'ReplicaSet')).toEqual([])
  })

  test('in the foreground takes the pods first and the owner last', () => {
    const bed = new Testbed()
    apply(bed, 20, deploymentOf('web', 2))
    const gone = order(bed)
    const held: (readonly string[])[] = []
    bed.plane.server.observeCommits(({ object }) => {
      if (object.kind === 'Deployment' && object.metadata.deletionTimestamp !== null) held.push(object.metadata.finalizers)
    })
    remove(bed, 'Foreground', 60)
    expect(held[0]).toEqual(['foregroundDeletion'])
    expect(gone).toEqual(['Pod', 'ReplicaSet', 'Deployment'])
  })

  test('as orphans leaves its ReplicaSet, which belongs to nobody then and keeps its pods', () => {
    const bed = new Testbed()
    const objects = stored(bed)
    apply(bed, 20, deploymentOf('web', 2))
    remove(bed, 'Orphan', 60)
    expect(bed.deployment('web')).toBeUndefined()
    const sets = [...objects.values()].filter(({ kind }) => kind === 'ReplicaSet')
    expect(sets.map(({ metadata }) => metadata.ownerReferences)).toEqual([[]])
    expect(count(objects, 'Pod')).toBe(2)
  })
})

test('an owner in another namespace is none: what names it is deleted, and told', () => {
  const bed = new Testbed()
  const objects = stored(bed)
  apply(bed, 5, deploymentOf('web', 0), { apiVersion: 'v1', kind: 'Namespace', metadata: emptyMeta('other', '') })
  const { uid } = bed.deployment('web')!.metadata
  const ownerReferences = [{ kind: 'Deployment', name: 'web', uid, controller: false }]
  const owned: Pod = { ...podOf('p'), metadata: { ...emptyMeta('p', 'other'), ownerReferences } }
  apply(bed, 5, owned)
  expect(bed.plane.server.peek('Pod', 'other', 'p')?.metadata.deletionTimestamp ?? 'gone').not.toBe(null)
  const reasons = [...objects.values()]
    .filter(({ kind }) => kind === 'Event')
    .map((event) => (event as OpaqueObject).content as { reason: string })
  expect(reasons.map(({ reason }) => reason)).toContain('OwnerRefInvalidNamespace')
})

test('a kubelet may not touch what is not its own', () => {
  const bed = new Testbed()
  const node: Identity = { user: 'system:node:worker-1', groups: ['system:nodes'], credential: 'client certificate' }
  expect(run(bed, { verb: 'cordon', node: 'worker-1' }, 2, node)).toEqual([])
  expect(run(bed, { verb: 'cordon', node: 'worker-2' }, 2, node)).toEqual([
    '403 nodes "worker-2" is forbidden: node "worker-1" is not allowed to modify node "worker-2"',
  ])
})
