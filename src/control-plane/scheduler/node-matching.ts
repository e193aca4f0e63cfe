import type { Node, NodeSelectorRequirement, NodeSelectorTerm, PodSpec } from '../../api/objects/index.ts'

/**
 * Whether the node has what `nodeSelector` and the required node affinity ask for.
 *
 * Source: Kubernetes component-helpers/scheduling/corev1/nodeaffinity.
 */
export function matchesNode({ spec }: { readonly spec: PodSpec }, node: Node): boolean {
  const { labels } = node.metadata
  for (const key of Object.keys(spec.nodeSelector)) if (labels[key] !== spec.nodeSelector[key]) return false
  return spec.requiredNodeAffinity.length === 0 || spec.requiredNodeAffinity.some((term) => matchesTerm(term, node))
}

/** A term without requirements matches nothing. */
function matchesTerm({ matchExpressions, matchFields = [] }: NodeSelectorTerm, node: Node): boolean {
  if (matchExpressions.length + matchFields.length === 0) return false
  const { labels, name } = node.metadata
  return (
    matchExpressions.every((requirement) => holds(requirement, labels[requirement.key])) &&
    matchFields.every((requirement) => holds(requirement, requirement.key === 'metadata.name' ? name : undefined))
  )
}

function holds({ operator, values }: NodeSelectorRequirement, value: string | undefined): boolean {
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value)
    case 'NotIn':
      return value === undefined || !values.includes(value)
    case 'Exists':
      return value !== undefined
    case 'DoesNotExist':
      return value === undefined
    case 'Gt':
      return value !== undefined && Number(value) > Number(values[0])
    case 'Lt':
      return value !== undefined && Number(value) < Number(values[0])
  }
}
