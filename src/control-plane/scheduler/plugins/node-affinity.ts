import { satisfies } from '../../../api/labels.ts'
import type { Node, NodeSelectorTerm, Pod, PodSpec } from '../../../api/objects/index.ts'
import type { NodeInfo } from '../node-info.ts'
import { normalised, type SchedulerPlugin } from '../plugin.ts'

/** Source: Kubernetes plugins/nodeaffinity/node_affinity.go, component-helpers/scheduling/corev1/nodeaffinity. */
export const nodeAffinity: SchedulerPlugin = {
  name: 'NodeAffinity',
  filter({ pod }) {
    if (!asksForNodes(pod)) return null
    const nodeNames = namedNodes(pod.spec.requiredNodeAffinity)
    if (nodeNames !== null && nodeNames.size === 0) {
      return { everywhere: true, code: 'UnschedulableAndUnresolvable', reasons: ['pod affinity terms conflict'] }
    }
    const reject = ({ node }: NodeInfo) =>
      matchesNode(pod, node)
        ? null
        : ({ code: 'UnschedulableAndUnresolvable', reasons: ["node(s) didn't match Pod's node affinity/selector"] } as const)
    return nodeNames === null ? { reject } : { reject, nodeNames }
  },
  score({ pod }, nodes) {
    const preferred = pod.spec.preferredNodeAffinity ?? []
    if (preferred.length === 0) return null
    return normalised(
      nodes.map(({ node }) => preferred.reduce((sum, { weight, term }) => sum + (matchesTerm(term, node) ? weight : 0), 0)),
      false,
    )
  },
  requeue: [
    { on: ['Node added'], mayHelp: (pod, event) => event.kind === 'Node added' && matchesNode(pod, event.node) },
    {
      on: ['Node updated'],
      mayHelp: (pod, event) => event.kind === 'Node updated' && matchesNode(pod, event.node) && !matchesNode(pod, event.before),
    },
  ],
}

function asksForNodes({ spec }: Pod): boolean {
  return spec.requiredNodeAffinity.length > 0 || Object.keys(spec.nodeSelector).length > 0
}

/** Whether the node has what `nodeSelector` and the required terms ask for. */
export function matchesNode({ spec }: { readonly spec: PodSpec }, node: Node): boolean {
  const { labels } = node.metadata
  for (const key of Object.keys(spec.nodeSelector)) if (!Object.hasOwn(labels, key) || labels[key] !== spec.nodeSelector[key]) return false
  return spec.requiredNodeAffinity.length === 0 || spec.requiredNodeAffinity.some((term) => matchesTerm(term, node))
}

/** A term without requirements matches nothing. */
function matchesTerm({ matchExpressions, matchFields = [] }: NodeSelectorTerm, node: Node): boolean {
  if (matchExpressions.length + matchFields.length === 0) return false
  const { labels, name } = node.metadata
  return (
    matchExpressions.every((requirement) =>
      satisfies(requirement, Object.hasOwn(labels, requirement.key) ? labels[requirement.key] : undefined),
    ) && matchFields.every((requirement) => satisfies(requirement, requirement.key === 'metadata.name' ? name : undefined))
  )
}

/** The nodes that the terms name in `matchFields`, when each of them does; null otherwise. */
function namedNodes(terms: readonly NodeSelectorTerm[]): ReadonlySet<string> | null {
  if (terms.length === 0) return null
  const all = new Set<string>()
  for (const { matchFields = [] } of terms) {
    let named: readonly string[] | null = null
    for (const { key, operator, values } of matchFields) {
      if (key !== 'metadata.name' || operator !== 'In') continue
      named = named === null ? values : named.filter((name) => values.includes(name))
    }
    if (named === null) return null
    for (const name of named) all.add(name)
  }
  return all
}
