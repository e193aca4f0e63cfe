import type { ClusterCache } from './cluster-cache.ts'
import type { NodeInfo } from './node-info.ts'
import type { NominatedPods } from './nominated-pods.ts'
import type { NodeVerdict, PreparedPod } from './prepared-pod.ts'

/** Below this many nodes all are looked at. Source: schedule_one.go (minFeasibleNodesToFind). */
export const MIN_FEASIBLE_NODES = 100

/**
 * How many fitting nodes are enough: all below 100; then `percentageOfNodesToScore`, or where that is 0 a share that falls from 50 % by 1 % for
 * every 125 nodes, at least 5 %; at least 100 nodes in any case.
 *
 * Source: Kubernetes pkg/scheduler/schedule_one.go (numFeasibleNodesToFind).
 */
export function feasibleNodesToFind(nodes: number, percentageOfNodesToScore = 0): number {
  if (nodes < MIN_FEASIBLE_NODES) return nodes
  const percentage = percentageOfNodesToScore === 0 ? Math.max(5, 50 - Math.trunc(nodes / 125)) : percentageOfNodesToScore
  return Math.max(MIN_FEASIBLE_NODES, Math.trunc((nodes * percentage) / 100))
}

/** What filtering found. */
export interface Filtered {
  readonly feasible: readonly NodeInfo[]
  /** Why not, for every other node that was looked at. */
  readonly verdicts: ReadonlyMap<NodeInfo, NodeVerdict>
  /** Where the next pod's search begins. */
  readonly next: number
}

/**
 * The nodes on which the pod fits, from `start` on and until there are enough.
 *
 * The real scheduler filters 16 nodes at a time and so may find a few more before it stops.
 */
export function findFeasible(
  prepared: PreparedPod,
  cluster: ClusterCache,
  nominated: NominatedPods,
  start: number,
  percentageOfNodesToScore = 0,
): Filtered {
  const { nodes } = cluster
  const { everywhere, nodeNames } = prepared
  const verdicts = new Map<NodeInfo, NodeVerdict>()
  if (everywhere !== null) {
    for (const node of nodes) verdicts.set(node, everywhere)
    return { feasible: [], verdicts, next: start }
  }
  const promised = nominated.nodeOf(prepared.info.key)
  const promisedNode = promised === undefined ? undefined : cluster.node(promised)
  if (promisedNode !== undefined && prepared.verdictBeside(nominated, promisedNode) === null) {
    return { feasible: [promisedNode], verdicts, next: start }
  }
  if (nodeNames !== null) return amongNamed(prepared, cluster, nominated, start)
  const enough = feasibleNodesToFind(nodes.length, percentageOfNodesToScore)
  const feasible: NodeInfo[] = []
  let looked = 0
  for (; looked < nodes.length && feasible.length < enough; looked++) {
    const node = nodes[(start + looked) % nodes.length]!
    const verdict = prepared.verdictBeside(nominated, node)
    if (verdict === null) feasible.push(node)
    else verdicts.set(node, verdict)
  }
  return { feasible, verdicts, next: nodes.length === 0 ? 0 : (start + looked) % nodes.length }
}

/** The pod names its nodes, as those of a DaemonSet do: no others are looked at. */
function amongNamed(prepared: PreparedPod, cluster: ClusterCache, nominated: NominatedPods, start: number): Filtered {
  const verdicts = new Map<NodeInfo, NodeVerdict>()
  const feasible: NodeInfo[] = []
  let looked = 0
  for (const name of prepared.nodeNames!) {
    const node = cluster.node(name)
    if (node === undefined) continue
    looked++
    const verdict = prepared.verdictBeside(nominated, node)
    if (verdict === null) feasible.push(node)
    else verdicts.set(node, verdict)
  }
  if (feasible.length === 0) {
    const rejection = { code: 'UnschedulableAndUnresolvable', reasons: [`node(s) didn't satisfy plugin(s) [${prepared.namedBy}]`] } as const
    for (const node of cluster.nodes) if (!verdicts.has(node)) verdicts.set(node, { plugin: prepared.namedBy, rejection })
  }
  return { feasible, verdicts, next: cluster.nodes.length === 0 ? 0 : (start + looked) % cluster.nodes.length }
}

/**
 * `0/5 nodes are available: 2 Insufficient cpu, 3 node(s) were unschedulable.` Reasons are sorted as texts, count first.
 *
 * Source: Kubernetes pkg/scheduler/framework/types.go (FitError.Error).
 */
export function noNodeMessage(nodes: number, reasons: Iterable<readonly string[]>, after = ''): string {
  const counts = new Map<string, number>()
  for (const list of reasons) for (const reason of list) counts.set(reason, (counts.get(reason) ?? 0) + 1)
  const lines = [...counts].map(([reason, count]) => `${count} ${reason}`).toSorted()
  const why = lines.length === 0 ? '' : `: ${lines.join(', ')}.`
  return `0/${nodes} nodes are available${why}${after === '' ? '' : ` ${after}`}`
}
