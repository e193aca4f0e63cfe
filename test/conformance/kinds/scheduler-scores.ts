import type { Container, Node, NodeSelectorTerm, Pod, Toleration } from '../../../src/api/objects/index.ts'
import { bytes, cpuMilli } from '../../../src/api/quantity.ts'
import { emptyMeta } from '../../../src/control-plane/empty-meta.ts'
import { FILTERS } from '../../../src/control-plane/scheduler/filter.ts'
import { NodeInfo, podRequests } from '../../../src/control-plane/scheduler/node-info.ts'
import { balancedAllocation, leastAllocated, taintToleration } from '../../../src/control-plane/scheduler/score.ts'
import { containerOf, podSpecOf } from '../../control-plane/testbed.ts'
import { type Case, casesIn, type Outcome, Tally } from './outcome.ts'

/** What the plugins of kube-scheduler v1.36.2 gave: a score for each node, or whether a node is filtered out. */
export function check(file: unknown): Outcome {
  const tally = new Tally()
  for (const row of casesIn(file)) {
    const score = SCORES.get(row.category)
    const filter = FILTER_PLUGINS.get(row.category)
    tally.attempt(row.id, () => {
      if (score !== undefined) checkScores(row, score, tally)
      else if (filter !== undefined) checkFilter(row, filter, tally)
      else tally.skip(row.id, `"${row.category}" is not checked: the model has no such plugin, or reads other inputs`)
    })
  }
  return tally
}

type Score = (pod: Pod, nodes: NodeInfo[]) => number[] | null

const SCORES: ReadonlyMap<string, Score> = new Map<string, Score>([
  ['balancedAllocation', (pod, nodes) => balancedAllocation(pod, nodes, podRequests(pod), 36)],
  ['leastAllocated', leastAllocated],
  ['taintScore', taintToleration],
])

const FILTER_PLUGINS: ReadonlyMap<string, string> = new Map([
  ['taintFilter', 'TaintToleration'],
  ['nodeAffinityFilter', 'NodeAffinity'],
])

function checkScores({ id, input, expected }: Case, score: Score, tally: Tally): void {
  const reason = notModelled(input) ?? noScores(input, expected)
  if (reason !== null) {
    tally.skip(id, reason)
    return
  }
  const nodes = nodesOf(input)
  const scores = score(podOf(input.pod), nodes)
  tally.same(id, scores === null ? null : Object.fromEntries(nodes.map((info, i) => [info.node.metadata.name, scores[i]])), expected.scores)
}

function noScores(input: Case, expected: Case): string | null {
  if (expected.scores === undefined || Object.keys(expected.scores).length === 0) return 'the recording has no scores'
  const isDefault =
    input.resources === undefined ||
    (input.resources?.length === 2 && input.resources.every((r: Case) => ['cpu', 'memory'].includes(r.Name) && r.Weight === 1))
  return isDefault ? null : 'resources other than CPU and memory with equal weights are not modelled'
}

function checkFilter({ id, input, expected }: Case, plugin: string, tally: Tally): void {
  const verdict = expected.filter ?? expected
  const reason = notModelled(input) ?? noVerdict(id, input, expected)
  if (reason !== null) {
    tally.skip(id, reason)
    return
  }
  const { reject } = FILTERS.find((candidate) => candidate.name === plugin)!
  const pod = podOf(input.pod)
  const isRejected = reject(pod, nodeOf(input.node), podRequests(pod)) !== null
  tally.same(id, isRejected ? 'rejected' : 'Success', verdict.code === 'Success' ? 'Success' : 'rejected')
}

function noVerdict(id: string, input: Case, expected: Case): string | null {
  const code = (expected.filter ?? expected)?.code
  if (code === undefined || input.node === undefined) return 'the recording asks for no single node'
  if (code === 'Error' || id.includes('invalid value')) return 'an invalid pod is refused when the manifest is read'
  if ((expected.preFilterNodeNames ?? null) !== null) return 'the model has no pre-filter that names nodes'
  return null
}

function notModelled(input: Case): string | null {
  const text = JSON.stringify(input)
  if (/"operator":"(Gt|Lt)","value"/.test(text)) return 'numeric tolerations (alpha in 1.35) are not modelled'
  if (text.includes('"memory":"0"')) return 'an explicit request of 0 is not told from none'
  if (text.includes('addedAffinity')) return "the scheduler's own added affinity is not modelled"
  return null
}

const GIBI = 1024 * 1024 * 1024

function podOf(raw: Case): Pod {
  const spec = raw.spec ?? {}
  const containers: Container[] = (spec.containers ?? []).map((container: Case, i: number) => {
    const requests = container.resources?.requests ?? {}
    return containerOf(`c${i}`, { requests: { cpuMilli: cpuMilli(requests.cpu ?? '0'), memoryBytes: bytes(requests.memory ?? '0') } })
  })
  const tolerations: Toleration[] = (spec.tolerations ?? []).map((toleration: Case) => ({
    key: toleration.key ?? '',
    operator: toleration.operator ?? 'Equal',
    value: toleration.value ?? '',
    effect: toleration.effect ?? '',
    tolerationSeconds: null,
  }))
  const terms: NodeSelectorTerm[] =
    spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms?.map((term: Case) => ({
      matchExpressions: [...(term.matchExpressions ?? []), ...(term.matchFields ?? [])].map((e: Case) => ({
        ...e,
        values: e.values ?? [],
      })),
    })) ?? []
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: emptyMeta('p', 'default'),
    spec: { ...podSpecOf(containers), nodeName: '', tolerations, nodeSelector: spec.nodeSelector ?? {}, requiredNodeAffinity: terms },
    status: { phase: 'Pending', podIP: '', hostIP: '', startTime: null, conditions: [], containerStatuses: [] },
  }
}

function nodeOf(raw: Case): NodeInfo {
  const allocatable = raw.allocatable ?? {}
  const node: Node = {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { ...emptyMeta(raw.name ?? '', ''), labels: raw.labels ?? {} },
    spec: { podCIDR: '', unschedulable: false, taints: (raw.taints ?? []).map((taint: Case) => ({ value: '', ...taint })) },
    status: {
      allocatable: {
        cpuMilli: allocatable.cpu === undefined ? 8000 : cpuMilli(allocatable.cpu),
        memoryBytes: allocatable.memory === undefined ? GIBI : bytes(allocatable.memory),
        pods: Number(allocatable.pods ?? 110),
      },
      conditions: [],
      internalIP: '',
    },
  }
  return new NodeInfo(node)
}

function nodesOf(input: Case): NodeInfo[] {
  const nodes: NodeInfo[] = input.nodes.map(nodeOf)
  for (const raw of input.existingPods ?? []) nodes.find((info) => info.node.metadata.name === raw.spec.nodeName)?.add(podOf(raw))
  return nodes
}
