import { matchesSelector } from '../../api/labels.ts'
import type { ClusterRole, PolicyRule } from '../../api/objects/index.ts'

/**
 * The rules of a ClusterRole that aggregates others: those of every role that a selector matches, in the order of the selectors and of the
 * names, each once.
 *
 * Source: Kubernetes pkg/controller/clusterroleaggregation/clusterroleaggregation_controller.go (syncClusterRole).
 */
export function aggregatedRules(role: ClusterRole, all: Iterable<ClusterRole>): PolicyRule[] {
  const others = [...all].filter(({ metadata }) => metadata.name !== role.metadata.name)
  others.sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1))
  const rules = new Map<string, PolicyRule>()
  for (const selector of role.aggregationRule?.clusterRoleSelectors ?? [])
    for (const other of others)
      if (matchesSelector(selector, other.metadata.labels))
        for (const rule of other.rules) if (!rules.has(JSON.stringify(rule))) rules.set(JSON.stringify(rule), rule)
  return [...rules.values()]
}
