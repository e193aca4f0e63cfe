import type { ClusterRole, ClusterRoleBinding, PolicyRule, Subject } from '../../api/objects/index.ts'
import { emptyMeta } from '../empty-meta.ts'
import { aggregatedRules } from './aggregation.ts'
import { CLUSTER_ROLE_BINDINGS, CLUSTER_ROLES } from './cluster-roles.ts'
import { CONTROLLER_ROLES } from './controller-roles.ts'

const API_VERSION = 'rbac.authorization.k8s.io/v1'
const CONTROLLER_PREFIX = 'system:controller:'

/**
 * The roles and bindings that are there as soon as the API server is, aggregated as their controller keeps them.
 *
 * Source: Kubernetes pkg/registry/rbac/rest/storage_rbac.go (the post-start hook `rbac/bootstrap-roles`).
 */
export function bootstrapRoles(): (ClusterRole | ClusterRoleBinding)[] {
  const roles: ClusterRole[] = CLUSTER_ROLES.map(({ name, rules, labels, aggregates }) => ({
    ...clusterRole(name, rules, labels),
    aggregationRule:
      aggregates === undefined ? null : { clusterRoleSelectors: [{ matchLabels: { [aggregates]: 'true' }, matchExpressions: [] }] },
  }))
  // `admin` takes over `edit`, and that `view`: three rounds reach the end of the chain.
  let aggregated = roles
  for (let round = 0; round < 3; round++) {
    const before = aggregated
    aggregated = before.map((role) => (role.aggregationRule === null ? role : { ...role, rules: aggregatedRules(role, before) }))
  }
  const bindings = CLUSTER_ROLE_BINDINGS.map(({ role, kind, to }) => clusterRoleBinding(role, { kind, name: to, namespace: '' }))
  for (const [name, rules] of Object.entries(CONTROLLER_ROLES)) {
    aggregated.push(clusterRole(CONTROLLER_PREFIX + name, rules))
    bindings.push(clusterRoleBinding(CONTROLLER_PREFIX + name, { kind: 'ServiceAccount', name, namespace: 'kube-system' }))
  }
  return [...aggregated, ...bindings]
}

function clusterRole(name: string, rules: readonly PolicyRule[], labels: Readonly<Record<string, string>> = {}): ClusterRole {
  const metadata = { ...emptyMeta(name, ''), labels: { 'kubernetes.io/bootstrapping': 'rbac-defaults', ...labels } }
  return { apiVersion: API_VERSION, kind: 'ClusterRole', metadata, rules, aggregationRule: null }
}

function clusterRoleBinding(role: string, subject: Subject): ClusterRoleBinding {
  const metadata = { ...emptyMeta(role, ''), labels: { 'kubernetes.io/bootstrapping': 'rbac-defaults' } }
  return {
    apiVersion: API_VERSION,
    kind: 'ClusterRoleBinding',
    metadata,
    subjects: [subject],
    roleRef: { kind: 'ClusterRole', name: role },
  }
}
