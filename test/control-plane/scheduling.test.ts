import { describe, expect, test } from 'vitest'
import type { AnyObject, Node, Pod, PodSpec, PriorityClass } from '../../src/api/objects/index.ts'
import { ApiClient } from '../../src/control-plane/api-client.ts'
import { conditionOf, isTerminal } from '../../src/control-plane/conditions.ts'
import { emptyMeta } from '../../src/control-plane/empty-meta.ts'
import { ADMINISTRATOR } from '../../src/control-plane/identity.ts'
import { keyOf } from '../../src/control-plane/object-key.ts'
import { spreadOf, termOf } from '../../src/control-plane/scheduler/test-objects.ts'
import type { KubernetesMinor } from '../../src/kubernetes-version.ts'
import { SECOND } from '../../src/units.ts'
import { containerOf, deploymentOf, podSpecOf, Testbed, type TestbedOptions } from './testbed.ts'

/** The scheduler in a whole control plane: 3 nodes of 8 cores, in three zones, unless said otherwise. */

interface Wanted {
  readonly cpu?: number
  readonly priority?: number
  readonly labels?: Readonly<Record<string, string>>
  readonly spec?: Partial<PodSpec>
}

function podOf(name: string, { cpu = 100, priority = 0, labels = {}, spec = {} }: Wanted = {}): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { ...emptyMeta(name, 'default'), labels },
    spec: { ...podSpecOf([containerOf('c', { requests: { cpuMilli: cpu, memoryBytes: 0 } })]), ...classOf(priority), ...spec },
    status: { phase: 'Pending', podIP: '', hostIP: '', startTime: null, conditions: [], containerStatuses: [] },
  }
}

/** The class of that priority. */
function classOf(priority: number): Partial<PodSpec> {
  return priority === 0 ? {} : { priorityClassName: `p${priority}` }
}

function priorityClass(name: string, value: number): PriorityClass {
  return {
    apiVersion: 'scheduling.k8s.io/v1',
    kind: 'PriorityClass',
    metadata: emptyMeta(name, ''),
    value,
    globalDefault: false,
    preemptionPolicy: 'PreemptLowerPriority',
  }
}

class Cluster extends Testbed {
  constructor(options: TestbedOptions = {}) {
    super({ startUp: SECOND, ...options })
    for (const value of [1, 2, 5, 10, 50]) this.plane.server.seed(priorityClass(`p${value}`, value))
    this.plane.server.seed({ ...priorityClass('never', 10), preemptionPolicy: 'Never' })
  }
  apply(...objects: readonly AnyObject[]): void {
    this.plane.kubectl.run({ verb: 'apply', objects }, 'apply')
  }
  pod(name: string): Pod | undefined {
    return this.plane.server.peek('Pod', 'default', name)
  }
  nodeOf(name: string): string {
    return this.pod(name)?.spec.nodeName ?? 'gone'
  }
  scheduled(name: string): { status: string; message: string } {
    const condition = conditionOf(this.pod(name)!.status.conditions, 'PodScheduled')
    return { status: condition?.status ?? 'none', message: condition?.message ?? '' }
  }
  story(key: string): string[] {
    return [...this.trace].filter((hop) => hop.subject === key && hop.actor === 'kube-scheduler').map((hop) => hop.action)
  }
}

const until = (cluster: Cluster, seconds: number): void => cluster.sim.run(seconds * SECOND)

test('a pod that fits nowhere says why, as Kubernetes does', () => {
  const cluster = new Cluster()
  cluster.apply(podOf('big', { cpu: 9000 }))
  until(cluster, 5)
  expect(cluster.scheduled('big')).toEqual({
    status: 'False',
    message:
      '0/3 nodes are available: 3 Insufficient cpu. no new claims to deallocate, preemption: 0/3 nodes are available: 3 Preemption is not helpful for scheduling.',
  })
})

test('before 1.34 nothing is said of claims, and a full node has no victims of equal priority', () => {
  const cluster = new Cluster({ version: 33 })
  cluster.apply(...['a', 'b', 'c'].map((name) => podOf(name, { cpu: 7000 })))
  until(cluster, 5)
  cluster.apply(podOf('late', { cpu: 2000 }))
  until(cluster, 10)
  expect(cluster.scheduled('late').message).toBe(
    '0/3 nodes are available: 3 Insufficient cpu. preemption: 0/3 nodes are available: 3 No preemption victims found for incoming pod.',
  )
})

test('required anti-affinity keeps three pods on three nodes, and a fourth out until one of them goes', () => {
  const cluster = new Cluster()
  const alone = { podAntiAffinity: { required: [termOf({ app: 'db' }, 'kubernetes.io/hostname')], preferred: [] } }
  const names = ['a', 'b', 'c', 'd']
  cluster.apply(...names.map((name) => podOf(name, { labels: { app: 'db' }, spec: alone })))
  until(cluster, 10)
  const placed = names.filter((name) => cluster.nodeOf(name) !== '')
  expect(new Set(placed.map((name) => cluster.nodeOf(name))).size).toBe(3)
  const waiting = names.find((name) => cluster.nodeOf(name) === '')!
  expect(cluster.scheduled(waiting).message).toContain("3 node(s) didn't match pod anti-affinity rules")
  const freed = cluster.nodeOf(placed[0]!)
  cluster.plane.kubectl.run({ verb: 'delete', kind: 'Pod', namespace: 'default', name: placed[0]! } as never, 'delete')
  until(cluster, 60)
  expect(cluster.nodeOf(waiting)).toBe(freed)
})

test('hard topology spread keeps zones within the skew, counted over every placement', () => {
  const cluster = new Cluster({ nodes: 5 })
  const spread = { topologySpreadConstraints: [spreadOf({ app: 'web' }, 'topology.kubernetes.io/zone')] }
  cluster.apply(...Array.from({ length: 9 }, (_, i) => podOf(`w${i}`, { labels: { app: 'web' }, spec: spread })))
  until(cluster, 20)
  const zones = new Map<string, number>()
  for (let i = 0; i < 9; i++) {
    const node = cluster.plane.server.peek('Node', '', cluster.nodeOf(`w${i}`))!
    const zone = node.metadata.labels['topology.kubernetes.io/zone']!
    zones.set(zone, (zones.get(zone) ?? 0) + 1)
  }
  expect([...zones.values()]).toEqual([3, 3, 3])
})

test('pods of one host port get a node each', () => {
  const cluster = new Cluster()
  const port = { containers: [containerOf('c', { ports: [{ name: '', containerPort: 80, hostPort: 80, protocol: 'TCP' }] })] }
  cluster.apply(...['a', 'b', 'c', 'd'].map((name) => podOf(name, { spec: port })))
  until(cluster, 10)
  const nodes = ['a', 'b', 'c', 'd'].map((name) => cluster.nodeOf(name))
  expect(nodes.toSorted()).toEqual(['', 'worker-1', 'worker-2', 'worker-3'])
})

test('a pod that waits for a label comes in when a node gets it', () => {
  const cluster = new Cluster()
  cluster.apply(podOf('ssd', { spec: { nodeSelector: { disk: 'ssd' } } }))
  until(cluster, 5)
  expect(cluster.nodeOf('ssd')).toBe('')
  const label = function* () {
    const { access } = cluster.plane
    const client = new ApiClient(access, { actor: 'test', identity: ADMINISTRATOR, limit: null, network: 'kubectlNetwork' })
    const change = (node: Node): Node => ({
      ...node,
      metadata: { ...node.metadata, labels: { ...node.metadata.labels, disk: 'ssd' } },
    })
    yield* client.patch('Node', '', 'worker-2', change, { cause: -1, why: 'label' })
  }
  cluster.sim.spawn(label())
  until(cluster, 8)
  expect(cluster.nodeOf('ssd')).toBe('worker-2')
})

describe('preemption', () => {
  const versions: readonly KubernetesMinor[] = [28, 32, 33, 36]

  test.each(versions)('in 1.%d a more important pod drives out the least that makes room, gracefully', (version) => {
    const cluster = new Cluster({ version })
    cluster.apply(
      podOf('high-1', { cpu: 7900, priority: 50 }),
      podOf('high-2', { cpu: 7900, priority: 50 }),
      podOf('low-1', { cpu: 4000, priority: 1 }),
      podOf('low-2', { cpu: 3900, priority: 2 }),
    )
    until(cluster, 10)
    const shared = cluster.nodeOf('low-1')
    expect(cluster.nodeOf('low-2')).toBe(shared)
    let promised = ''
    cluster.plane.server.observeCommits(({ object }) => {
      if (object.kind === 'Pod' && object.metadata.name === 'vip') promised ||= (object as Pod).status.nominatedNodeName ?? ''
    })
    cluster.apply(podOf('vip', { cpu: 3000, priority: 10 }))
    until(cluster, 14)
    const victim = cluster.pod('low-1')
    expect(conditionOf(victim?.status.conditions ?? [], 'DisruptionTarget')?.reason ?? 'already gone').toMatch(
      /PreemptionByScheduler|already gone/,
    )
    until(cluster, 60)
    expect([cluster.nodeOf('vip'), cluster.nodeOf('low-1'), cluster.nodeOf('low-2')]).toEqual([shared, 'gone', shared])
    expect([cluster.nodeOf('high-1'), cluster.nodeOf('high-2')]).not.toContain('gone')
    expect(promised).toBe(shared)
    expect(cluster.story('Pod/default/vip')).toContain('preempts')
  })

  test('not with preemptionPolicy Never', () => {
    const cluster = new Cluster({ nodes: 1 })
    cluster.apply(podOf('low', { cpu: 7000 }))
    until(cluster, 5)
    cluster.apply(podOf('vip', { cpu: 3000, spec: { priorityClassName: 'never' } }))
    until(cluster, 30)
    expect([cluster.nodeOf('low'), cluster.nodeOf('vip')]).toEqual(['worker-1', ''])
    expect(cluster.scheduled('vip').message).toMatch(/preemption: not eligible due to preemptionPolicy=Never\.$/)
  })

  test('a lesser pod does not take the room that is being made', () => {
    const cluster = new Cluster({ nodes: 1 })
    cluster.apply(podOf('low', { cpu: 7000 }))
    until(cluster, 5)
    cluster.apply(podOf('vip', { cpu: 7000, priority: 10 }))
    until(cluster, 6)
    cluster.apply(podOf('thief', { cpu: 2000, priority: 5 }))
    until(cluster, 60)
    expect([cluster.nodeOf('vip'), cluster.nodeOf('thief')]).toEqual(['worker-1', ''])
  })
})

test('no node is ever promised more than it has, at any moment', () => {
  const cluster = new Cluster({ nodes: 4, seed: 'overcommit' })
  const committed = new Map<string, Map<string, number>>()
  let worst = 0
  cluster.plane.server.observeCommits(({ object, type }) => {
    if (object.kind !== 'Pod') return
    const pod = object as Pod
    for (const pods of committed.values()) pods.delete(keyOf(pod))
    // a pod that has ended holds nothing, even before it is removed
    if (type === 'DELETED' || isTerminal(pod) || pod.spec.nodeName === '') return
    const pods = committed.get(pod.spec.nodeName) ?? new Map<string, number>()
    committed.set(pod.spec.nodeName, pods)
    pods.set(keyOf(pod), pod.spec.containers[0]!.requests.cpuMilli)
    worst = Math.max(
      worst,
      [...pods.values()].reduce((a, b) => a + b, 0),
    )
  })
  const template = (cpu: number, priority: number) => ({
    labels: { app: `d${cpu}` },
    annotations: {},
    spec: { ...podSpecOf([containerOf('c', { requests: { cpuMilli: cpu, memoryBytes: 0 } })]), ...classOf(priority) },
  })
  for (const [i, cpu] of [700, 1100, 1900, 2600].entries()) {
    cluster.apply(
      deploymentOf(`d${cpu}`, 8, { template: template(cpu, i % 3), selector: { matchLabels: { app: `d${cpu}` }, matchExpressions: [] } }),
    )
  }
  until(cluster, 90)
  expect(worst).toBeGreaterThan(7000)
  expect(worst).toBeLessThanOrEqual(8000)
})

test('the same seed gives the same placement, another seed another', () => {
  const placement = (seed: string): string => {
    const cluster = new Cluster({ nodes: 6, seed })
    cluster.apply(deploymentOf('web', 20))
    until(cluster, 20)
    return [...cluster.trace]
      .filter(({ action }) => action === 'chose')
      .map(({ subject, detail }) => `${subject} ${detail}`)
      .join('\n')
  }
  expect(placement('a')).toBe(placement('a'))
  expect(placement('b')).not.toBe(placement('a'))
})
