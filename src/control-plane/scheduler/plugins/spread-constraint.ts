import { type LabelSelector, matchesSelector } from '../../../api/labels.ts'
import type { Node, Pod, TopologySpreadConstraint } from '../../../api/objects/index.ts'
import { withOwnLabels } from '../affinity-term.ts'
import type { ClusterCache } from '../cluster-cache.ts'
import type { NodeInfo } from '../node-info.ts'
import { matchesNode } from './node-affinity.ts'
import { untolerated } from './taint-toleration.ts'

export const HOSTNAME_LABEL = 'kubernetes.io/hostname'

/** A constraint of one pod, with `matchLabelKeys` filled in. */
export interface SpreadConstraint extends Pick<TopologySpreadConstraint, 'maxSkew' | 'topologyKey' | 'minDomains'> {
  /** null matches no pod. */
  readonly selector: LabelSelector | null
  readonly honourAffinity: boolean
  readonly honourTaints: boolean
}

/** The pod's own constraints of that kind. */
export function ownConstraints(pod: Pod, kind: TopologySpreadConstraint['whenUnsatisfiable']): SpreadConstraint[] {
  return (pod.spec.topologySpreadConstraints ?? [])
    .filter((constraint) => constraint.whenUnsatisfiable === kind)
    .map((constraint) => ({
      maxSkew: constraint.maxSkew,
      topologyKey: constraint.topologyKey,
      minDomains: constraint.minDomains,
      selector: withOwnLabels(constraint.selector, pod.metadata.labels, constraint.matchLabelKeys),
      honourAffinity: constraint.nodeAffinityPolicy === 'Honor',
      honourTaints: constraint.nodeTaintsPolicy === 'Honor',
    }))
}

export function selects({ selector }: SpreadConstraint, pod: Pod): boolean {
  return selector !== null && matchesSelector(selector, pod.metadata.labels)
}

/** Whether the node's pods count for the constraint. Source: podtopologyspread/common.go (matchNodeInclusionPolicies). */
export function includes(constraint: SpreadConstraint, pod: Pod, node: Node): boolean {
  if (constraint.honourAffinity && !matchesNode(pod, node)) return false
  return !constraint.honourTaints || untolerated(pod, node) === undefined
}

export function hasAllKeys(constraints: readonly SpreadConstraint[], node: Node): boolean {
  return constraints.every(({ topologyKey }) => Object.hasOwn(node.metadata.labels, topologyKey))
}

/** Pods on each node that the constraint counts: of the pod's namespace, and not being deleted. An empty selector counts none. */
export function matchingPods({ selector }: SpreadConstraint, pod: Pod, cluster: ClusterCache): ReadonlyMap<NodeInfo, number> {
  if (selector === null || isEmpty(selector)) return NOBODY
  return cluster.counts({ namespaces: [pod.metadata.namespace], selectors: [selector], terminating: false })
}

const NOBODY: ReadonlyMap<NodeInfo, number> = new Map()

function isEmpty(selector: LabelSelector): boolean {
  return Object.keys(selector.matchLabels).length + selector.matchExpressions.length === 0
}
