import type { Pod, Resources } from '../../api/objects/index.ts'
import { log } from '../../engine/elementary.ts'
import type { KubernetesMinor } from '../../kubernetes-version.ts'
import { tolerates } from '../controllers/taints.ts'
import { controllerOf } from '../owner-index.ts'
import { type NodeInfo, scoredRequests } from './node-info.ts'

const ZONE_LABEL = 'topology.kubernetes.io/zone'
const MAX_SCORE = 100

/** One score plugin: a score of 0 to 100 for every node that passed the filters, or null to stay out of it. */
export interface ScorePlugin {
  readonly name: string
  readonly weight: number
  readonly score: (pod: Pod, nodes: readonly NodeInfo[], requests: Resources, version: KubernetesMinor) => number[] | null
}

/** Source: Kubernetes v1.36.2 default plugins and weights. */
export const SCORES: readonly ScorePlugin[] = [
  { name: 'TaintToleration', weight: 3, score: taintToleration },
  { name: 'NodeResourcesFit', weight: 1, score: leastAllocated },
  { name: 'PodTopologySpread', weight: 2, score: topologySpread },
  { name: 'NodeResourcesBalancedAllocation', weight: 1, score: balancedAllocation },
]

/** The weighted sum of all plugins for each node. */
export function totalScores(pod: Pod, nodes: readonly NodeInfo[], requests: Resources, version: KubernetesMinor): number[] {
  const totals = nodes.map(() => 0)
  for (const plugin of SCORES) {
    const scores = plugin.score(pod, nodes, requests, version)
    if (scores === null) continue
    for (let i = 0; i < totals.length; i++) totals[i]! += plugin.weight * scores[i]!
  }
  return totals
}

/** Fewer PreferNoSchedule taints that are not tolerated are better. Source: tainttoleration/taint_toleration.go. */
export function taintToleration(pod: Pod, nodes: readonly NodeInfo[]): number[] {
  const counts = nodes.map(
    (info) =>
      info.node.spec.taints.filter(
        (taint) => taint.effect === 'PreferNoSchedule' && !pod.spec.tolerations.some((toleration) => tolerates(toleration, taint)),
      ).length,
  )
  const most = Math.max(0, ...counts)
  return counts.map((count) => (most === 0 ? MAX_SCORE : MAX_SCORE - Math.trunc((MAX_SCORE * count) / most)))
}

/** The share of CPU and of memory that stays free, averaged. Source: noderesources/least_allocated.go. */
export function leastAllocated(pod: Pod, nodes: readonly NodeInfo[]): number[] {
  const wanted = scoredRequests(pod)
  return nodes.map((info) => {
    const { allocatable } = info.node.status
    const cpu = freeShare(allocatable.cpuMilli, info.scoredCpuMilli + wanted.cpuMilli)
    const memory = freeShare(allocatable.memoryBytes, info.scoredMemoryBytes + wanted.memoryBytes)
    return Math.trunc((cpu + memory) / 2)
  })
}

function freeShare(capacity: number, requested: number): number {
  return capacity === 0 || requested > capacity ? 0 : Math.trunc(((capacity - requested) * MAX_SCORE) / capacity)
}

/**
 * How much nearer the pod brings the used shares of CPU and memory to each other: 50 + (50 + with − without) / 2, where each
 * is (1 − standard deviation) · 100. A pod that asks for nothing is left out.
 *
 * Up to 1.35 the state with the pod was the score.
 *
 * Source: noderesources/balanced_allocation.go.
 */
export function balancedAllocation(_pod: Pod, nodes: readonly NodeInfo[], requests: Resources, version: KubernetesMinor): number[] | null {
  if (requests.cpuMilli === 0 && requests.memoryBytes === 0) return null
  return nodes.map((info) => {
    const { allocatable } = info.node.status
    const evenness = (cpuMilli: number, memoryBytes: number): number => {
      const cpu = Math.min(1, cpuMilli / allocatable.cpuMilli)
      const memory = Math.min(1, memoryBytes / allocatable.memoryBytes)
      return Math.trunc((1 - Math.abs(cpu - memory) / 2) * MAX_SCORE)
    }
    const after = evenness(info.cpuMilli + requests.cpuMilli, info.memoryBytes + requests.memoryBytes)
    if (version < 36) return after
    const before = evenness(info.cpuMilli, info.memoryBytes)
    return 50 + Math.trunc((50 + after - before) / 2)
  })
}

/**
 * The default soft constraints: pods that belong together spread over hosts (maxSkew 3) and zones (maxSkew 5).
 *
 * "Together" is taken to be "of the same ReplicaSet"; kube-scheduler merges the selectors of all Services and the
 * ReplicaSet that match the pod, and the template hash in the ReplicaSet's makes that the same set.
 *
 * Source: podtopologyspread/{plugin,scoring}.go (systemDefaultConstraints).
 */
export function topologySpread(pod: Pod, nodes: readonly NodeInfo[]): number[] | null {
  const owner = controllerOf(pod.metadata)
  if (owner === undefined) return null
  const perZone = new Map<string, number>()
  for (const info of nodes) {
    const zone = info.node.metadata.labels[ZONE_LABEL]
    if (zone !== undefined) perZone.set(zone, (perZone.get(zone) ?? 0) + info.ownedBy(owner.uid))
  }
  const hostWeight = log(nodes.length + 2)
  const zoneWeight = log(perZone.size + 2)
  const scores = nodes.map((info) => {
    const zone = info.node.metadata.labels[ZONE_LABEL]
    const host = info.ownedBy(owner.uid) * hostWeight + (3 - 1)
    return Math.round(host + (zone === undefined ? 0 : perZone.get(zone)! * zoneWeight + (5 - 1)))
  })
  const max = Math.max(...scores)
  const min = Math.min(...scores)
  return scores.map((score) => (max === 0 ? MAX_SCORE : Math.trunc((MAX_SCORE * (max + min - score)) / max)))
}
