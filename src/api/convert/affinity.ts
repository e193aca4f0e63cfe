import type { PickedPodAffinity, PickedPodAffinityTerm, PickedPodSpec } from '../modelled-fields.ts'
import type {
  NodeSelectorRequirement,
  NodeSelectorTerm,
  PodAffinity,
  PodAffinityTerm,
  PodSpec,
  TopologySpreadConstraint,
} from '../objects/pod.ts'
import { optionalSelector } from './selector.ts'

type PlacementFields = Pick<
  PodSpec,
  'requiredNodeAffinity' | 'preferredNodeAffinity' | 'podAffinity' | 'podAntiAffinity' | 'topologySpreadConstraints'
>

/** What a pod's spec says of where it wants to be. Source of defaults: kubernetes v1.36.2 pkg/apis/core/v1/defaults.go. */
export function placement(spec: PickedPodSpec | undefined): PlacementFields {
  const { nodeAffinity, podAffinity, podAntiAffinity } = spec?.affinity ?? {}
  const terms = nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? []
  const preferred = nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []
  const spread = spec?.topologySpreadConstraints ?? []
  return {
    requiredNodeAffinity: terms.map(nodeSelectorTerm),
    ...(preferred.length === 0
      ? {}
      : {
          preferredNodeAffinity: preferred.map(({ weight, preference }) => ({
            weight: weight ?? 0,
            term: nodeSelectorTerm(preference ?? {}),
          })),
        }),
    ...(podAffinity === undefined ? {} : { podAffinity: podTerms(podAffinity) }),
    ...(podAntiAffinity === undefined ? {} : { podAntiAffinity: podTerms(podAntiAffinity) }),
    ...(spread.length === 0 ? {} : { topologySpreadConstraints: spread.map(spreadConstraint) }),
  }
}

interface Requirement {
  readonly key?: string
  readonly operator?: string
  readonly values?: readonly string[]
}

function nodeSelectorTerm(term: {
  readonly matchExpressions?: readonly Requirement[]
  readonly matchFields?: readonly Requirement[]
}): NodeSelectorTerm {
  const fields = term.matchFields ?? []
  return {
    matchExpressions: (term.matchExpressions ?? []).map(nodeRequirement),
    ...(fields.length === 0 ? {} : { matchFields: fields.map(nodeRequirement) }),
  }
}

function nodeRequirement({ key, operator, values }: Requirement): NodeSelectorRequirement {
  return { key: key ?? '', operator: operator as NodeSelectorRequirement['operator'], values: values ?? [] }
}

function podTerms(affinity: PickedPodAffinity): PodAffinity {
  return {
    required: (affinity.requiredDuringSchedulingIgnoredDuringExecution ?? []).map(podTerm),
    preferred: (affinity.preferredDuringSchedulingIgnoredDuringExecution ?? []).map(({ weight, podAffinityTerm }) => ({
      weight: weight ?? 0,
      term: podTerm(podAffinityTerm ?? {}),
    })),
  }
}

function podTerm(term: PickedPodAffinityTerm): PodAffinityTerm {
  return {
    selector: optionalSelector(term.labelSelector),
    namespaces: term.namespaces ?? [],
    namespaceSelector: optionalSelector(term.namespaceSelector),
    topologyKey: term.topologyKey ?? '',
    matchLabelKeys: term.matchLabelKeys ?? [],
    mismatchLabelKeys: term.mismatchLabelKeys ?? [],
  }
}

function spreadConstraint(constraint: NonNullable<PickedPodSpec['topologySpreadConstraints']>[number]): TopologySpreadConstraint {
  return {
    maxSkew: constraint.maxSkew ?? 0,
    topologyKey: constraint.topologyKey ?? '',
    whenUnsatisfiable: constraint.whenUnsatisfiable as TopologySpreadConstraint['whenUnsatisfiable'],
    selector: optionalSelector(constraint.labelSelector),
    minDomains: constraint.minDomains ?? null,
    nodeAffinityPolicy: (constraint.nodeAffinityPolicy || 'Honor') as 'Honor' | 'Ignore',
    nodeTaintsPolicy: (constraint.nodeTaintsPolicy || 'Ignore') as 'Honor' | 'Ignore',
    matchLabelKeys: constraint.matchLabelKeys ?? [],
  }
}
