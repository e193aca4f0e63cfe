import type { PolicyRule } from '../../api/objects/index.ts'

export const READ = ['get', 'list', 'watch'] as const
export const WRITE = ['create', 'update', 'patch', 'delete', 'deletecollection'] as const
export const READ_WRITE = [...READ, ...WRITE] as const

/**
 * A rule of a bootstrap role. Verbs, groups and resources are written with blanks between them; `core` is the group without a name;
 * `name` is the only object that is meant.
 */
export function rule(verbs: string | readonly string[], groups: string, resources: string, name?: string): PolicyRule {
  return {
    verbs: typeof verbs === 'string' ? verbs.split(' ') : verbs,
    apiGroups: groups.split(' ').map((group) => (group === 'core' ? '' : group)),
    resources: resources.split(' '),
    resourceNames: name === undefined ? [] : [name],
  }
}

/** Source: Kubernetes plugin/pkg/auth/authorizer/rbac/bootstrappolicy/policy.go (eventsRule). */
export const EVENTS: PolicyRule = rule('create update patch', 'core events.k8s.io', 'events')
