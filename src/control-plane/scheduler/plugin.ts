import type { Pod } from '../../api/objects/index.ts'
import type { ClusterCache } from './cluster-cache.ts'
import type { ClusterEvent, ClusterEventKind } from './cluster-event.ts'
import type { NodeInfo } from './node-info.ts'
import type { PodInfo } from './pod-info.ts'

/** `UnschedulableAndUnresolvable`: driving other pods out would not help. */
export type RejectionCode = 'Unschedulable' | 'UnschedulableAndUnresolvable'

/** Why a pod cannot run on a node. */
export interface Rejection {
  readonly code: RejectionCode
  readonly reasons: readonly string[]
}

/** A filter that has been prepared for one pod. */
export interface PodFilter {
  readonly reject: (node: NodeInfo) => Rejection | null
  /** Only these nodes come into question (PreFilterResult). */
  readonly nodeNames?: ReadonlySet<string>
  /** What if that pod were on that node (1), or were not (-1)? Undone by the opposite. Absent where only the node itself is looked at. */
  readonly suppose?: (info: PodInfo, node: NodeInfo, sign: 1 | -1) => void
}

/** A filter that rejects the pod whatever the node. */
export interface PreFilterRejection extends Rejection {
  readonly everywhere: true
}

/** When a pod that the plugin rejected is worth another try. */
export interface RequeueRule {
  readonly on: readonly ClusterEventKind[]
  /** The queueing hint: whether this very event may help this very pod. Absent: always. */
  readonly mayHelp?: (pod: Pod, event: ClusterEvent) => boolean
}

/** One plugin of kube-scheduler, with the extension points that it has. */
export interface SchedulerPlugin {
  readonly name: string
  /** PreFilter and Filter. null: the pod has nothing to do with this plugin (Skip). */
  readonly filter?: (pod: PodInfo, cluster: ClusterCache) => PodFilter | PreFilterRejection | null
  /** PreScore, Score and NormalizeScore: 0 to 100 for each of the nodes that passed. null: Skip. */
  readonly score?: (pod: PodInfo, nodes: readonly NodeInfo[], cluster: ClusterCache) => number[] | null
  readonly requeue?: readonly RequeueRule[]
}

export const MAX_SCORE = 100

/** The largest becomes 100. Source: Kubernetes plugins/helper/normalize_score.go. */
export function normalised(scores: readonly number[], reverse: boolean): number[] {
  let max = 0
  for (const score of scores) max = Math.max(max, score)
  if (max === 0) return scores.map(() => (reverse ? MAX_SCORE : 0))
  return scores.map((score) => {
    const scaled = Math.trunc((MAX_SCORE * score) / max)
    return reverse ? MAX_SCORE - scaled : scaled
  })
}
