import { type LabelSelector, matchesSelector } from '../../api/labels.ts'
import type { Pod } from '../../api/objects/index.ts'
import type { NodeInfo } from './node-info.ts'
import type { PodInfo } from './pod-info.ts'
import { SelectorIndex } from './selector-index.ts'

/** Which pods are counted: those of these namespaces that every selector matches. */
export interface PodQuery {
  readonly namespaces: readonly string[]
  readonly selectors: readonly LabelSelector[]
  /** Whether pods that are being deleted count. */
  readonly terminating: boolean
}

export function queryMatches(query: PodQuery, pod: Pod): boolean {
  const { namespace, labels, deletionTimestamp } = pod.metadata
  if (!query.terminating && deletionTimestamp !== null) return false
  return query.namespaces.includes(namespace) && query.selectors.every((selector) => matchesSelector(selector, labels))
}

interface Counted {
  readonly query: PodQuery
  readonly nodes: Map<NodeInfo, number>
}

/**
 * How many pods that a query matches are on each node. A query is counted once, over all pods, when it is first asked; from
 * then on each pod that comes or goes changes the counts of the queries that match it.
 */
export class PodCounts {
  readonly #counted = new Map<string, Counted>()
  readonly #index = new SelectorIndex<Counted>()

  /** Nodes with at least one such pod. `nodes` are all there are. */
  of(query: PodQuery, nodes: Iterable<NodeInfo>): ReadonlyMap<NodeInfo, number> {
    const id = JSON.stringify(query)
    const known = this.#counted.get(id)
    if (known !== undefined) return known.nodes
    const counted: Counted = { query, nodes: new Map() }
    for (const node of nodes) for (const info of node.pods.values()) count(counted, info, node, 1)
    this.#counted.set(id, counted)
    const all: LabelSelector = {
      matchLabels: Object.assign({}, ...query.selectors.map((selector) => selector.matchLabels)),
      matchExpressions: query.selectors.flatMap((selector) => selector.matchExpressions),
    }
    this.#index.add(counted, query.namespaces, all)
    return counted.nodes
  }

  /** A pod has come to a node (1) or has left it (-1). */
  change(info: PodInfo, node: NodeInfo, sign: 1 | -1): void {
    const { namespace, labels } = info.pod.metadata
    this.#index.forEachCandidate(namespace, labels, (counted) => count(counted, info, node, sign))
  }
}

function count({ query, nodes }: Counted, info: PodInfo, node: NodeInfo, sign: 1 | -1): void {
  if (!queryMatches(query, info.pod)) return
  const after = (nodes.get(node) ?? 0) + sign
  if (after === 0) nodes.delete(node)
  else nodes.set(node, after)
}
