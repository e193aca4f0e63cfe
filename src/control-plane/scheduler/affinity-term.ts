import { type LabelSelector, type LabelSelectorRequirement, matchesSelector } from '../../api/labels.ts'
import type { Pod, PodAffinityTerm, StringMap } from '../../api/objects/index.ts'

/** A term of pod affinity, seen from the pod that has it: which pods it means, and what is "together". */
export interface AffinityTerm {
  /** Names that are given, or the pod's own namespace where the term says nothing of namespaces. */
  readonly namespaces: readonly string[]
  readonly namespaceSelector: LabelSelector | null
  /** null matches no pod. */
  readonly selector: LabelSelector | null
  readonly topologyKey: string
}

/**
 * The term with what it leaves to the pod filled in: the namespace, and the values of `matchLabelKeys` and `mismatchLabelKeys`
 * (labels that the pod lacks are passed over).
 *
 * Source: Kubernetes pkg/scheduler/framework/types.go (newAffinityTerm), pkg/registry/core/pod/strategy.go (applyMatchLabelKeys…).
 */
export function affinityTerm(pod: Pod, term: PodAffinityTerm): AffinityTerm {
  const { labels, namespace } = pod.metadata
  const own = term.namespaces.length === 0 && term.namespaceSelector === null
  return {
    namespaces: own ? [namespace] : term.namespaces,
    namespaceSelector: term.namespaceSelector,
    selector: withOwnLabels(term.selector, labels, term.matchLabelKeys, term.mismatchLabelKeys),
    topologyKey: term.topologyKey,
  }
}

/** The selector with a requirement more for each of the keys that the labels have. */
export function withOwnLabels(
  selector: LabelSelector | null,
  labels: StringMap,
  same: readonly string[],
  other: readonly string[] = [],
): LabelSelector | null {
  if (selector === null || same.length + other.length === 0) return selector
  const added: LabelSelectorRequirement[] = []
  for (const key of same) if (Object.hasOwn(labels, key)) added.push({ key, operator: 'In', values: [labels[key]!] })
  for (const key of other) if (Object.hasOwn(labels, key)) added.push({ key, operator: 'NotIn', values: [labels[key]!] })
  return { matchLabels: selector.matchLabels, matchExpressions: [...selector.matchExpressions, ...added] }
}

/** Whether the term means that pod. `namespaceLabels` are those of the pod's namespace. */
export function meansPod(term: AffinityTerm, pod: Pod, namespaceLabels: StringMap): boolean {
  if (term.selector === null) return false
  const { namespace, labels } = pod.metadata
  const inNamespace =
    term.namespaces.includes(namespace) || (term.namespaceSelector !== null && matchesSelector(term.namespaceSelector, namespaceLabels))
  return inNamespace && matchesSelector(term.selector, labels)
}
