import type { Checked } from './rule-context.ts'

/** Rules of Roles and ClusterRoles. Source: kubernetes v1.36.2 pkg/apis/rbac/validation/validation.go (behaviour). */
export function checkRole(object: Checked): void {
  for (const rule of object.items('rules')) {
    if (rule.items('verbs').length === 0) (rule.at('verbs') ?? rule).complainAtKey('A rule needs at least one verb')
    if (rule.items('nonResourceURLs').length > 0) continue
    if (rule.items('apiGroups').length === 0)
      (rule.at('apiGroups') ?? rule).complainAtKey('A rule about resources needs at least one API group', '"" for the core group')
    if (rule.items('resources').length === 0) (rule.at('resources') ?? rule).complainAtKey('A rule needs at least one resource')
  }
}

/** Rules of RoleBindings and ClusterRoleBindings. Source: as above. */
export function checkBinding(object: Checked, namespaced: boolean): void {
  const role = object.at('roleRef', 'kind')
  const roles = namespaced ? ['Role', 'ClusterRole'] : ['ClusterRole']
  if (role !== null && !roles.includes(String(role.value))) role.complain(`Cannot bind a "${String(role.value)}" here`, roles.join(' or '))
  if (object.text('roleRef', 'name') === '') object.at('roleRef', 'name')?.complain('The name of the role is empty')
  for (const subject of object.items('subjects')) {
    const kind = subject.at('kind')
    if (kind !== null && !['User', 'Group', 'ServiceAccount'].includes(String(kind.value)))
      kind.complain(`Cannot use "${String(kind.value)}" as the kind of a subject`, 'one of User, Group, ServiceAccount')
    if (kind?.value === 'ServiceAccount' && !namespaced && (subject.text('namespace') ?? '') === '')
      subject.complainAtKey('A ServiceAccount needs its "namespace" here')
  }
}
