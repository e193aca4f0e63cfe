import type { LabelSelector } from '../../../api/labels.ts'
import type { Node, Pod } from '../../../api/objects/index.ts'
import { type AffinityTerm, affinityTerm, meansPod } from '../affinity-term.ts'
import type { ClusterCache } from '../cluster-cache.ts'
import type { ClusterEvent } from '../cluster-event.ts'
import type { NodeInfo } from '../node-info.ts'
import { MAX_SCORE, type PodFilter, type Rejection, type SchedulerPlugin } from '../plugin.ts'
import type { OwnTerm, PodInfo } from '../pod-info.ts'

/** What a required affinity of a placed pod adds to the score of being near it. Source: hardPodAffinityWeight. */
export const HARD_POD_AFFINITY_WEIGHT = 1

const NO_AFFINITY: Rejection = { code: 'UnschedulableAndUnresolvable', reasons: ["node(s) didn't match pod affinity rules"] }
const ANTI_AFFINITY: Rejection = { code: 'Unschedulable', reasons: ["node(s) didn't match pod anti-affinity rules"] }
const OTHERS_ANTI_AFFINITY: Rejection = { code: 'Unschedulable', reasons: ["node(s) didn't satisfy existing pods anti-affinity rules"] }

/**
 * Pods that want to be near other pods, or far from them. Anti-affinity works both ways: a placed pod keeps away what its terms
 * mean; and the preferences of placed pods count for those who come.
 *
 * Source: Kubernetes v1.36.2 plugins/interpodaffinity/{filtering,scoring}.go.
 */
export const interPodAffinity: SchedulerPlugin = {
  name: 'InterPodAffinity',
  filter: affinityFilter,
  score: affinityScores,
  requeue: [
    { on: ['Pod added', 'Pod updated', 'Pod deleted', 'own update'], mayHelp: podMayHelp },
    { on: ['Node added', 'Node updated'], mayHelp: nodeMayHelp },
    { on: ['Namespace changed'] },
  ],
}

/** Pods by topology key and value. */
class TopologyCounts {
  readonly #counts = new Map<string, Map<string, number>>()

  add(topologyKey: string, node: Node, count: number): void {
    const { labels } = node.metadata
    if (!Object.hasOwn(labels, topologyKey)) return
    const value = labels[topologyKey]!
    let values = this.#counts.get(topologyKey)
    if (values === undefined) {
      values = new Map()
      this.#counts.set(topologyKey, values)
    }
    const after = (values.get(value) ?? 0) + count
    if (after === 0) values.delete(value)
    else values.set(value, after)
    if (values.size === 0) this.#counts.delete(topologyKey)
  }

  of(topologyKey: string, node: Node): number {
    const { labels } = node.metadata
    return Object.hasOwn(labels, topologyKey) ? (this.#counts.get(topologyKey)?.get(labels[topologyKey]!) ?? 0) : 0
  }

  get isEmpty(): boolean {
    return this.#counts.size === 0
  }

  get keys(): IterableIterator<string> {
    return this.#counts.keys()
  }
}

function affinityFilter(info: PodInfo, cluster: ClusterCache): PodFilter | null {
  const { pod } = info
  const ownLabels = cluster.namespaceLabels(pod.metadata.namespace)
  const near = info.termsOf('required affinity').map(({ term }) => resolved(term, cluster))
  const far = info.termsOf('required anti-affinity').map(({ term }) => resolved(term, cluster))
  const keepingAway = cluster.terms.meaning(pod, ownLabels).filter(({ kind }) => kind === 'required anti-affinity')
  if (near.length + far.length + keepingAway.length === 0) return null

  const nearby = new TopologyCounts()
  for (const [other, count] of podsOfAll(near, cluster)) {
    for (const { topologyKey } of near) nearby.add(topologyKey, other.node, count)
  }
  const avoided = new TopologyCounts()
  for (const term of far) {
    for (const [other, count] of podsOfAll([term], cluster)) avoided.add(term.topologyKey, other.node, count)
  }
  const forbidden = new TopologyCounts()
  for (const { term, nodes } of keepingAway) for (const [other, count] of nodes) forbidden.add(term.topologyKey, other.node, count)

  const meansItself = near.length > 0 && near.every((term) => meansPod(term, pod, ownLabels))
  return {
    reject({ node }) {
      if (near.length > 0) {
        const { labels } = node.metadata
        if (!near.every(({ topologyKey }) => Object.hasOwn(labels, topologyKey))) return NO_AFFINITY
        // the first of a group that wants to be together may start anywhere
        const isFirst = nearby.isEmpty && meansItself
        if (!isFirst && !near.every(({ topologyKey }) => nearby.of(topologyKey, node) > 0)) return NO_AFFINITY
      }
      if (far.some(({ topologyKey }) => avoided.of(topologyKey, node) > 0)) return ANTI_AFFINITY
      for (const key of forbidden.keys) if (forbidden.of(key, node) > 0) return OTHERS_ANTI_AFFINITY
      return null
    },
    suppose(other, { node }, sign) {
      for (const { term } of other.termsOf('required anti-affinity')) {
        if (meansPod(term, pod, ownLabels)) forbidden.add(term.topologyKey, node, sign)
      }
      const labels = cluster.namespaceLabels(other.pod.metadata.namespace)
      if (near.length > 0 && near.every((term) => meansPod(term, other.pod, labels))) {
        for (const { topologyKey } of near) nearby.add(topologyKey, node, sign)
      }
      for (const term of far) if (meansPod(term, other.pod, labels)) avoided.add(term.topologyKey, node, sign)
    },
  }
}

/** The term with its namespace selector turned into the names that it selects now. */
function resolved(term: AffinityTerm, cluster: ClusterCache): AffinityTerm {
  return { ...term, namespaces: cluster.namespacesOf(term.namespaces, term.namespaceSelector), namespaceSelector: null }
}

/** Pods that every one of the terms means, by node. */
function podsOfAll(terms: readonly AffinityTerm[], cluster: ClusterCache): Iterable<readonly [NodeInfo, number]> {
  const selectors: LabelSelector[] = []
  let namespaces: readonly string[] | null = null
  for (const term of terms) {
    if (term.selector === null) return []
    selectors.push(term.selector)
    namespaces = namespaces === null ? term.namespaces : namespaces.filter((name) => term.namespaces.includes(name))
  }
  if (namespaces === null || namespaces.length === 0) return []
  return cluster.counts({ namespaces, selectors, terminating: true })
}

function affinityScores(info: PodInfo, nodes: readonly NodeInfo[], cluster: ClusterCache): number[] | null {
  const near = info.termsOf('preferred affinity')
  const far = info.termsOf('preferred anti-affinity')
  if (near.length + far.length === 0 && cluster.terms.isEmpty) return null
  const wish = new TopologyCounts()
  const own = (terms: readonly OwnTerm[], sign: 1 | -1): void => {
    for (const { term, weight } of terms) {
      for (const [other, count] of podsOfAll([resolved(term, cluster)], cluster)) {
        wish.add(term.topologyKey, other.node, sign * weight * count)
      }
    }
  }
  own(near, 1)
  own(far, -1)
  for (const { kind, weight, term, nodes: holders } of cluster.terms.meaning(
    info.pod,
    cluster.namespaceLabels(info.pod.metadata.namespace),
  )) {
    const each = kind === 'preferred affinity' ? weight : kind === 'preferred anti-affinity' ? -weight : HARD_POD_AFFINITY_WEIGHT
    if (kind === 'required anti-affinity') continue
    for (const [other, count] of holders) wish.add(term.topologyKey, other.node, each * count)
  }
  if (wish.isEmpty) return null
  const keys = [...wish.keys]
  const sums = nodes.map(({ node }) => keys.reduce((sum, key) => sum + wish.of(key, node), 0))
  let max = Number.NEGATIVE_INFINITY
  let min = Number.POSITIVE_INFINITY
  for (const sum of sums) {
    max = Math.max(max, sum)
    min = Math.min(min, sum)
  }
  return sums.map((sum) => (max === min ? 0 : Math.trunc(MAX_SCORE * ((sum - min) / (max - min)))))
}

/** In a hint the namespace selector is taken to match: another try too many does no harm. */
function mayMean(term: AffinityTerm, pod: Pod): boolean {
  return meansPod(term.namespaceSelector === null ? term : { ...term, namespaces: [pod.metadata.namespace] }, pod, {})
}

function podMayHelp(pod: Pod, event: ClusterEvent): boolean {
  if (event.kind === 'own update') return event.pod.metadata.labels !== event.before.metadata.labels
  if (event.kind !== 'Pod added' && event.kind !== 'Pod updated' && event.kind !== 'Pod deleted') return false
  const near = (pod.spec.podAffinity?.required ?? []).map((term) => affinityTerm(pod, term))
  const far = (pod.spec.podAntiAffinity?.required ?? []).map((term) => affinityTerm(pod, term))
  const isWanted = (other: Pod) => near.length > 0 && near.every((term) => mayMean(term, other))
  const isAvoided = (other: Pod) => far.some((term) => mayMean(term, other))
  if (event.kind === 'Pod added') return isWanted(event.pod)
  if (event.kind === 'Pod updated') {
    return (isWanted(event.pod) && !isWanted(event.before)) || (isAvoided(event.before) && !isAvoided(event.pod))
  }
  const keptAway = (event.pod.spec.podAntiAffinity?.required ?? []).some((term) => mayMean(affinityTerm(event.pod, term), pod))
  return isAvoided(event.pod) || keptAway
}

function nodeMayHelp(pod: Pod, event: ClusterEvent): boolean {
  if (event.kind === 'Node added') return true
  if (event.kind !== 'Node updated') return false
  const { labels } = event.node.metadata
  const before = event.before.metadata.labels
  if (labels === before) return false
  const terms = [...(pod.spec.podAffinity?.required ?? []), ...(pod.spec.podAntiAffinity?.required ?? [])]
  // without terms of its own it was kept away by others', whose keys it does not know
  return terms.length === 0 || terms.some(({ topologyKey }) => labels[topologyKey] !== before[topologyKey])
}
