import { convert } from '../../../src/api/convert/convert.ts'
import type { PickedObject } from '../../../src/api/modelled-fields.ts'
import type { Container, Node, Pod } from '../../../src/api/objects/index.ts'
import { emptyMeta } from '../../../src/control-plane/empty-meta.ts'
import { ClusterCache } from '../../../src/control-plane/scheduler/cluster-cache.ts'
import type { NodeInfo } from '../../../src/control-plane/scheduler/node-info.ts'
import type { Rejection, SchedulerPlugin } from '../../../src/control-plane/scheduler/plugin.ts'
import { defaultPlugins } from '../../../src/control-plane/scheduler/plugins/index.ts'
import { brokenLinear, type ScoringStrategy } from '../../../src/control-plane/scheduler/plugins/scoring-strategy.ts'
import { PodInfo } from '../../../src/control-plane/scheduler/pod-info.ts'
import { scoredRequests } from '../../../src/control-plane/scheduler/pod-resources.ts'
import { type Case, casesIn, type Outcome, Tally } from './outcome.ts'

/** What the plugins of kube-scheduler v1.36.2 gave: a score for each node, or whether a node is filtered out, and why. */
export function check(file: unknown): Outcome {
  const tally = new Tally()
  const { namespaces } = file as { namespaces: readonly Case[] }
  for (const row of casesIn(file)) {
    const kind = KINDS.get(row.category)
    tally.attempt(row.id, () => {
      const reason = kind === undefined ? `"${row.category}" is not known` : notModelled(row)
      if (reason === null) kind!(row, namespaces, tally)
      else tally.skip(row.id, reason)
    })
  }
  return tally
}

type Check = (row: Case, namespaces: readonly Case[], tally: Tally) => void

const KINDS: ReadonlyMap<string, Check> = new Map<string, Check>([
  ['balancedAllocation', scores('NodeResourcesBalancedAllocation')],
  ['binPacking', scores('NodeResourcesFit', shaped)],
  ['brokenLinear', checkBrokenLinear],
  ['fitFilter', checkFit],
  ['fitScore', scores('NodeResourcesFit', ({ scoringStrategy }) => strategyOf(scoringStrategy.Type, scoringStrategy))],
  ['hostPorts', checkSingleNode('NodePorts')],
  ['imageLocality', scores('ImageLocality')],
  ['leastAllocated', scores('NodeResourcesFit', ({ resources }) => strategyOf('LeastAllocated', { Resources: resources }))],
  ['mostAllocated', scores('NodeResourcesFit', ({ resources }) => strategyOf('MostAllocated', { Resources: resources }))],
  ['nodeAffinityFilter', checkNodeAffinity],
  ['nodeAffinityScore', scores('NodeAffinity')],
  ['podAffinityFilter', checkEveryNode('InterPodAffinity')],
  ['podAffinityScore', scores('InterPodAffinity')],
  ['podRequests', checkRequests],
  ['requestedToCapacityRatio', scores('NodeResourcesFit', shaped)],
  ['spreadFilter', checkSpread],
  ['spreadScore', scores('PodTopologySpread')],
  ['taintFilter', checkSingleNode('TaintToleration')],
  ['taintScore', scores('TaintToleration')],
])

function notModelled({ id, category, input, expected }: Case): string | null {
  const text = JSON.stringify(input)
  if (/"operator":"(Gt|Lt)","value"/.test(text)) return 'numeric tolerations (alpha in 1.35) are not modelled'
  if (text.includes('"memory":"0"') && category !== 'fitFilter') return 'an explicit request of 0 is not told from none'
  if (text.includes('ddedAffinity')) return "the scheduler's own added affinity is not modelled"
  if (input.ignoredResourceGroups !== undefined || text.includes('ignoredResource')) return 'ignored resources are not modelled'
  if (input.pod?.spec?.resources !== undefined) return 'resources of the whole pod (spec.resources) are not modelled'
  if (id.includes('ImageVolume')) return 'image volumes are not modelled, nor recorded'
  if (input.matchLabelKeysGate === false && text.includes('"matchLabelKeys"'))
    return 'the gate MatchLabelKeysInPodTopologySpread is on, as by default'
  if (text.includes('dra.io') || text.includes('resourceClaims')) return 'dynamic resources are not modelled'
  if (input.hardPodAffinityWeight !== undefined && input.hardPodAffinityWeight !== 1) return 'hardPodAffinityWeight is the default, 1'
  if (input.ignorePreferredTermsOfExistingPods === true) return 'ignorePreferredTermsOfExistingPods is off, as by default'
  if (id.includes('invalid value') || /\{\{\.bad|invalid key/.test(text)) return 'an invalid pod is refused when the manifest is read'
  if (category === 'balancedAllocation' && !isDefaultResources(input.resources)) return 'balance of other resources is not modelled'
  if (category === 'nodeAffinityFilter' && input.node === undefined) return 'the recording asks for no single node'
  if (expected.scores !== undefined && Object.keys(expected.scores).length === 0) return 'the recording has no scores'
  return null
}

function isDefaultResources(resources: readonly Case[] | undefined): boolean {
  return resources === undefined || resources.every(({ Name, Weight }) => ['cpu', 'memory'].includes(Name) && Weight === 1)
}

function strategyOf(type: ScoringStrategy['type'], { Resources, RequestedToCapacityRatio }: Case): ScoringStrategy {
  const resources = ((Resources ?? []) as Case[]).map(({ Name, Weight }) => ({ name: Name, weight: Weight }))
  if (type !== 'RequestedToCapacityRatio') return { type, resources }
  const shape = (RequestedToCapacityRatio.Shape as Case[]).map(({ Utilization, Score }) => ({ utilization: Utilization, score: Score }))
  return { type, resources, shape }
}

function shaped({ resources, shape }: Case): ScoringStrategy {
  return { ...strategyOf('LeastAllocated', { Resources: resources }), type: 'RequestedToCapacityRatio', shape }
}

function pluginOf(name: string, strategy?: ScoringStrategy): SchedulerPlugin {
  return defaultPlugins(strategy).find(({ plugin }) => plugin.name === name)!.plugin
}

function scores(name: string, strategyOfInput?: (input: Case) => ScoringStrategy): Check {
  return ({ id, input, expected }, namespaces, tally) => {
    const cluster = clusterOf(input, namespaces)
    const nodes = cluster.nodes.filter((info) => !(input.failedNodes ?? []).some((failed: Case) => failed.name === info.name))
    const got = pluginOf(name, strategyOfInput?.(input)).score!(new PodInfo(podOf(input.pod)), nodes, cluster)
    const byName = Object.fromEntries(nodes.map((info, i) => [info.name, got?.[i] ?? 0]))
    if (expected.scores === undefined) tally.same(id, got === null || got.every((score) => score === 0) ? 'Skip' : byName, 'Skip')
    else tally.same(id, sorted(byName), sorted(expected.scores))
  }
}

/** What a filter says of a node, as the recordings have it. */
function verdict(plugin: string, pod: Pod, cluster: ClusterCache, node: NodeInfo): { code: string; reasons?: readonly string[] } {
  const filter = pluginOf(plugin).filter!(new PodInfo(pod), cluster)
  if (filter === null) return { code: 'Success' }
  const rejection: Rejection | null = 'everywhere' in filter ? filter : filter.reject(node)
  return rejection === null ? { code: 'Success' } : { code: rejection.code, reasons: rejection.reasons }
}

function checkSingleNode(plugin: string): Check {
  return ({ id, input, expected }, namespaces, tally) => {
    const name = input.node?.name ?? 'm1'
    const cluster = clusterOf({ ...input, nodes: [input.node ?? { name }] }, namespaces)
    const pods = (input.existingPods ?? []) as Case[]
    for (const [i, pod] of pods.entries()) cluster.place(podOf(pod, i), name)
    tally.same(id, verdict(plugin, podOf(input.pod), cluster, cluster.node(name)!), recorded(expected.filter ?? expected))
  }
}

/** The node that is asked about, and the nodes that the pre-filter names. */
function checkNodeAffinity({ id, input, expected }: Case, namespaces: readonly Case[], tally: Tally): void {
  const cluster = clusterOf({ nodes: [input.node] }, namespaces)
  const pod = podOf(input.pod)
  const filter = pluginOf('NodeAffinity').filter!(new PodInfo(pod), cluster)
  const names = filter !== null && 'nodeNames' in filter && filter.nodeNames !== undefined ? [...filter.nodeNames].toSorted() : null
  const wanted = expected.preFilterNodeNames ?? null
  if (expected.preFilter?.code === 'UnschedulableAndUnresolvable') {
    tally.same(id, verdict('NodeAffinity', pod, cluster, cluster.nodes[0]!), recorded(expected.preFilter))
    return
  }
  tally.same(
    id,
    { names, ...verdict('NodeAffinity', pod, cluster, cluster.nodes[0]!) },
    { names: wanted === null ? null : [...wanted].toSorted(), ...recorded(expected.filter ?? { code: 'Success' }) },
  )
}

function checkEveryNode(plugin: string): Check {
  return ({ id, input, expected }, namespaces, tally) => {
    const cluster = clusterOf(input, namespaces)
    const pod = podOf(input.pod)
    const nodes = (input.nodes as Case[]).map(({ name }) => cluster.node(name)!)
    const wanted = expected.filter === null ? nodes.map(() => ({ code: 'Success' })) : expected.filter.map(recorded)
    tally.same(
      id,
      nodes.map((node) => verdict(plugin, pod, cluster, node)),
      wanted,
    )
  }
}

function checkSpread({ id, input, expected }: Case, namespaces: readonly Case[], tally: Tally): void {
  const cluster = clusterOf(input, namespaces)
  const pod = podOf(input.pod)
  const got = cluster.nodes.map((node) => [node.name, verdict('PodTopologySpread', pod, cluster, node).code])
  tally.same(id, sorted(Object.fromEntries(got)), sorted(expected.filter))
}

function checkFit({ id, input, expected }: Case, namespaces: readonly Case[], tally: Tally): void {
  const cluster = clusterOf({ nodes: [{ name: 'n', allocatable: input.nodeAllocatable }] }, namespaces)
  for (const [i, pod] of (input.existingPods as Case[]).entries()) cluster.place(podOf(pod, i), 'n')
  tally.same(id, verdict('NodeResourcesFit', podOf(input.pod), cluster, cluster.node('n')!), recorded(expected.filter))
}

function checkRequests({ id, input, expected }: Case, _namespaces: readonly Case[], tally: Tally): void {
  const { cpuMilli, memoryBytes } = scoredRequests(podOf(input.pod))
  tally.same(id, { cpu: cpuMilli, memory: memoryBytes }, expected)
}

function checkBrokenLinear({ id, input, expected }: Case, _namespaces: readonly Case[], tally: Tally): void {
  tally.same(id, brokenLinear(input.points, input.p), expected)
}

function recorded({ code, reasons }: Case): { code: string; reasons?: readonly string[] } {
  return code === 'Success' || code === 'Skip' ? { code: 'Success' } : { code, reasons }
}

function sorted(map: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(map).toSorted(([a], [b]) => (a < b ? -1 : 1)))
}

const ALLOCATABLE = { cpu: '8', memory: '1Gi', pods: '110' }

function clusterOf(input: Case, namespaces: readonly Case[]): ClusterCache {
  const cluster = new ClusterCache(36)
  for (const { name, labels } of namespaces) cluster.setNamespace(name, labels)
  for (const raw of [...(input.nodes ?? []), ...(input.failedNodes ?? [])]) cluster.setNode(nodeOf(raw))
  for (const [i, raw] of ((input.existingPods ?? []) as Case[]).entries()) {
    const { nodeName } = raw.spec
    if (nodeName !== undefined) cluster.place(podOf(raw, i), nodeName)
  }
  for (const [i, object] of ((input.objects ?? []) as Case[]).entries()) addObject(cluster, object, i)
  return cluster
}

/** A Service or workload that selects the pod. */
function addObject(cluster: ClusterCache, { kind, name, namespace, spec }: Case, index: number): void {
  const metadata = emptyMeta(name ?? `object-${index}`, namespace ?? 'default')
  if (kind === 'Service') cluster.setService({ ...convert('Service', { spec }), metadata }, false)
  else cluster.setWorkload({ kind, metadata, spec }, false)
}

function podOf(raw: Case, index = -1): Pod {
  const { namespace = 'default', labels = {}, ownerReferences = [], deletionTimestamp } = raw
  const pod = convert('Pod', { metadata: { namespace, labels }, spec: raw.spec } as PickedObject<'Pod'>)
  const init = (raw.spec?.initContainers ?? []) as Case[]
  const initContainers = pod.spec.initContainers.map(
    (container, i): Container => (init[i]!.restartPolicy === 'Always' ? { ...container, restartPolicy: 'Always' } : container),
  )
  return {
    ...pod,
    metadata: {
      ...pod.metadata,
      name: index < 0 ? 'incoming' : `existing-${index}`,
      ownerReferences: (ownerReferences as Case[]).map(({ kind, name, uid = '', controller = true }) => ({ kind, name, uid, controller })),
      deletionTimestamp: deletionTimestamp === undefined ? null : 0,
    },
    spec: { ...pod.spec, initContainers, nodeName: '' },
  }
}

function nodeOf({ name = '', labels = {}, taints = [], unschedulable = false, allocatable, images = [] }: Case): Node {
  const fields = {
    metadata: { name, labels },
    spec: { taints, unschedulable },
    status: { allocatable: { ...ALLOCATABLE, ...allocatable }, images },
  }
  return convert('Node', fields as PickedObject<'Node'>)
}
