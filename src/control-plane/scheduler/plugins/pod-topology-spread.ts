import type { Node, Pod } from '../../../api/objects/index.ts'
import { log } from '../../../engine/elementary.ts'
import type { ClusterCache } from '../cluster-cache.ts'
import type { ClusterEvent } from '../cluster-event.ts'
import type { NodeInfo } from '../node-info.ts'
import { MAX_SCORE, type PodFilter, type SchedulerPlugin } from '../plugin.ts'
import { HOSTNAME_LABEL, hasAllKeys, includes, matchingPods, ownConstraints, type SpreadConstraint, selects } from './spread-constraint.ts'

const MISMATCH = "node(s) didn't match pod topology spread constraints"

/** Constraints of pods that have none of their own. Source: podtopologyspread/plugin.go (systemDefaultConstraints). */
export const SYSTEM_DEFAULTS = [
  { topologyKey: HOSTNAME_LABEL, maxSkew: 3 },
  { topologyKey: 'topology.kubernetes.io/zone', maxSkew: 5 },
] as const

/**
 * Pods that belong together spread over domains (zones, hosts): no domain may have more than `maxSkew` pods above the least
 * (DoNotSchedule), or is scored the lower, the more it has (ScheduleAnyway).
 *
 * Source: Kubernetes v1.36.2 plugins/podtopologyspread/{filtering,scoring}.go.
 */
export const podTopologySpread: SchedulerPlugin = {
  name: 'PodTopologySpread',
  filter: (info, cluster) => spreadFilter(info.pod, cluster),
  score: (info, nodes, cluster) => spreadScores(info.pod, nodes, cluster),
  requeue: [
    { on: ['Pod added', 'Pod updated', 'Pod deleted', 'own update'], mayHelp: podMayHelp },
    { on: ['Node added', 'Node updated', 'Node deleted'], mayHelp: nodeMayHelp },
  ],
}

interface Domains {
  readonly constraint: SpreadConstraint
  /** 1 when the pod is one of those that it spreads. */
  readonly self: number
  readonly counts: Map<string, number>
  /** The smallest of the counts; null after a change. */
  least: number | null
}

function spreadFilter(pod: Pod, cluster: ClusterCache): PodFilter | null {
  const constraints = ownConstraints(pod, 'DoNotSchedule')
  if (constraints.length === 0) return null
  const all = constraints.map((constraint): Domains => {
    const pods = matchingPods(constraint, pod, cluster)
    const counts = new Map<string, number>()
    for (const info of cluster.nodes) {
      if (!hasAllKeys(constraints, info.node) || !includes(constraint, pod, info.node)) continue
      const domain = info.label(constraint.topologyKey)!
      counts.set(domain, (counts.get(domain) ?? 0) + (pods.get(info) ?? 0))
    }
    return { constraint, self: selects(constraint, pod) ? 1 : 0, counts, least: null }
  })
  return {
    reject({ node }) {
      for (const domains of all) {
        const { constraint, self, counts } = domains
        const { topologyKey, maxSkew } = constraint
        if (!Object.hasOwn(node.metadata.labels, topologyKey)) {
          return { code: 'UnschedulableAndUnresolvable', reasons: [`${MISMATCH} (missing required label)`] }
        }
        const skew = (counts.get(node.metadata.labels[topologyKey]!) ?? 0) + self - leastOf(domains)
        if (skew > maxSkew) return { code: 'Unschedulable', reasons: [MISMATCH] }
      }
      return null
    },
    suppose(other, { node }, sign) {
      if (other.pod.metadata.namespace !== pod.metadata.namespace || other.pod.metadata.deletionTimestamp !== null) return
      if (!hasAllKeys(constraints, node)) return
      for (const domains of all) {
        const { constraint, counts } = domains
        if (!selects(constraint, other.pod) || !includes(constraint, pod, node)) continue
        const domain = node.metadata.labels[constraint.topologyKey]!
        counts.set(domain, (counts.get(domain) ?? 0) + sign)
        domains.least = null
      }
    },
  }
}

/** Fewer domains than `minDomains` count as if there were one more without pods. */
function leastOf(domains: Domains): number {
  if (domains.least !== null) return domains.least
  let least = domains.counts.size < (domains.constraint.minDomains ?? 1) ? 0 : Number.MAX_SAFE_INTEGER
  for (const count of domains.counts.values()) least = Math.min(least, count)
  domains.least = least
  return least
}

function spreadScores(pod: Pod, nodes: readonly NodeInfo[], cluster: ClusterCache): number[] | null {
  const hasOwn = (pod.spec.topologySpreadConstraints ?? []).length > 0
  const constraints = hasOwn ? ownConstraints(pod, 'ScheduleAnyway') : defaultConstraints(pod, cluster)
  if (constraints.length === 0) return null
  // a node without a zone is still spread over by its host name
  const counted = nodes.map(({ node }) => !hasOwn || hasAllKeys(constraints, node))
  const hosts = counted.filter((is) => is).length
  const sums = nodes.map(() => 0)
  let counting = constraints[0]!
  let pods = matchingPods(counting, pod, cluster)
  for (const constraint of constraints) {
    const { topologyKey, maxSkew } = constraint
    // the default constraints share one selector
    if (constraint.selector !== counting.selector) {
      counting = constraint
      pods = matchingPods(constraint, pod, cluster)
    }
    if (topologyKey === HOSTNAME_LABEL) {
      const weight = log(hosts + 2)
      for (const [i, info] of nodes.entries()) {
        if (info.label(topologyKey) !== undefined) sums[i]! += (pods.get(info) ?? 0) * weight + (maxSkew - 1)
      }
      continue
    }
    const values = nodes.map((info) => info.label(topologyKey))
    const domains = new Map<string, number>()
    for (let i = 0; i < nodes.length; i++) if (counted[i]) domains.set(values[i] ?? '', 0)
    for (const [info, count] of pods) {
      const domain = info.label(topologyKey) ?? ''
      const before = domains.get(domain)
      if (before === undefined || (hasOwn && !hasAllKeys(constraints, info.node)) || !includes(constraint, pod, info.node)) continue
      domains.set(domain, before + count)
    }
    const weight = log(domains.size + 2)
    for (const [i, value] of values.entries()) {
      if (value !== undefined && counted[i]) sums[i]! += domains.get(value)! * weight + (maxSkew - 1)
    }
  }
  const scores = sums.map((sum, i) => (counted[i] ? Math.round(sum) : -1))
  return spreadNormalised(scores)
}

/** The fewest pods become the most; nodes that lack a key (-1) stay at 0. */
function spreadNormalised(scores: readonly number[]): number[] {
  let max = 0
  let min = Number.MAX_SAFE_INTEGER
  for (const score of scores) {
    if (score < 0) continue
    max = Math.max(max, score)
    min = Math.min(min, score)
  }
  return scores.map((score) => {
    if (score < 0) return 0
    return max === 0 ? MAX_SCORE : Math.trunc((MAX_SCORE * (max + min - score)) / max)
  })
}

function defaultConstraints(pod: Pod, cluster: ClusterCache): SpreadConstraint[] {
  const selector = cluster.defaultSelector(pod)
  if (selector === null) return []
  return SYSTEM_DEFAULTS.map((constraint) => ({ ...constraint, selector, minDomains: null, honourAffinity: true, honourTaints: false }))
}

function podMayHelp(pod: Pod, event: ClusterEvent): boolean {
  if (event.kind === 'own update') {
    return event.pod.spec.tolerations !== event.before.spec.tolerations || event.pod.metadata.labels !== event.before.metadata.labels
  }
  if (event.kind !== 'Pod added' && event.kind !== 'Pod updated' && event.kind !== 'Pod deleted') return false
  if (event.pod.metadata.namespace !== pod.metadata.namespace) return false
  const constraints = ownConstraints(pod, 'DoNotSchedule')
  const isSpread = (other: Pod) => constraints.some((constraint) => selects(constraint, other))
  return event.kind === 'Pod updated' ? isSpread(event.pod) !== isSpread(event.before) : isSpread(event.pod)
}

function nodeMayHelp(pod: Pod, event: ClusterEvent): boolean {
  const constraints = ownConstraints(pod, 'DoNotSchedule')
  if (event.kind === 'Node added' || event.kind === 'Node deleted') return hasAllKeys(constraints, event.node)
  if (event.kind !== 'Node updated') return false
  const domains = (node: Node) =>
    hasAllKeys(constraints, node) ? constraints.map(({ topologyKey }) => node.metadata.labels[topologyKey]).join('\n') : null
  return domains(event.node) !== domains(event.before) || event.node.spec.taints !== event.before.spec.taints
}
