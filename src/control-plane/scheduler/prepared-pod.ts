import type { ClusterCache } from './cluster-cache.ts'
import type { NodeInfo } from './node-info.ts'
import type { NominatedPods } from './nominated-pods.ts'
import type { PodFilter, Rejection } from './plugin.ts'
import type { WeightedPlugin } from './plugins/index.ts'
import type { PodInfo } from './pod-info.ts'

/** Which plugin keeps a pod from a node, and why. */
export interface NodeVerdict {
  readonly plugin: string
  readonly rejection: Rejection
}

/** One pod in one scheduling cycle: the filters that concern it, prepared (PreFilter). */
export class PreparedPod {
  readonly info: PodInfo
  /** A plugin that rejects it on every node. */
  readonly everywhere: NodeVerdict | null
  /** The nodes that come into question; null for all. */
  readonly nodeNames: ReadonlySet<string> | null
  /** The plugin that said so. */
  readonly namedBy: string
  readonly #filters: readonly { readonly plugin: string; readonly filter: PodFilter }[]

  constructor(info: PodInfo, cluster: ClusterCache, plugins: readonly WeightedPlugin[]) {
    this.info = info
    const filters: { plugin: string; filter: PodFilter }[] = []
    let everywhere: NodeVerdict | null = null
    let nodeNames: ReadonlySet<string> | null = null
    let namedBy = ''
    for (const { plugin } of plugins) {
      const filter = plugin.filter?.(info, cluster) ?? null
      if (filter === null) continue
      if ('everywhere' in filter) {
        everywhere ??= { plugin: plugin.name, rejection: filter }
        continue
      }
      filters.push({ plugin: plugin.name, filter })
      if (filter.nodeNames === undefined) continue
      nodeNames = filter.nodeNames
      namedBy = plugin.name
    }
    this.#filters = filters
    this.everywhere = everywhere
    this.nodeNames = nodeNames
    this.namedBy = namedBy
  }

  /** The first filter that objects; null when the pod fits. */
  verdictOn(node: NodeInfo): NodeVerdict | null {
    for (const { plugin, filter } of this.#filters) {
      const rejection = filter.reject(node)
      if (rejection !== null) return { plugin, rejection }
    }
    return null
  }

  /**
   * The same, where room on the node may be promised to pods of at least the same priority: it must fit beside them, and also
   * without them, since they may never come.
   *
   * Source: Kubernetes pkg/scheduler/framework/runtime/framework.go (RunFilterPluginsWithNominatedPods).
   */
  verdictBeside(nominated: NominatedPods, node: NodeInfo): NodeVerdict | null {
    const promised = nominated.on(node.name)
    if (promised.length === 0) return this.verdictOn(node)
    const { key, pod } = this.info
    const others = promised.filter((other) => other.key !== key && other.pod.spec.priority >= pod.spec.priority)
    if (others.length === 0) return this.verdictOn(node)
    const together = node.copy()
    for (const other of others) {
      together.add(other)
      this.suppose(other, together, 1)
    }
    const verdict = this.verdictOn(together)
    for (const other of others) this.suppose(other, together, -1)
    return verdict ?? this.verdictOn(node)
  }

  suppose(other: PodInfo, node: NodeInfo, sign: 1 | -1): void {
    for (const { filter } of this.#filters) filter.suppose?.(other, node, sign)
  }
}

/** The weighted sum of all plugins' scores for each node. */
export function totalScores(
  info: PodInfo,
  nodes: readonly NodeInfo[],
  cluster: ClusterCache,
  plugins: readonly WeightedPlugin[],
): number[] {
  const totals = nodes.map(() => 0)
  for (const { plugin, weight } of plugins) {
    if (weight === 0) continue
    const scores = plugin.score?.(info, nodes, cluster) ?? null
    if (scores === null) continue
    for (let i = 0; i < totals.length; i++) totals[i]! += weight * scores[i]!
  }
  return totals
}
