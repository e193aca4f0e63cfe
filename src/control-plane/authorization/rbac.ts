import type { ClusterRole, ClusterRoleBinding, PolicyRule, Role, RoleBinding, RoleRef, Subject } from '../../api/objects/index.ts'
import type { Identity } from '../identity.ts'
import { objectKey } from '../object-key.ts'
import type { Attributes } from './attributes.ts'

/** The role objects as the API server's informers have them. */
export interface RoleObjects {
  readonly role: (key: string) => Role | undefined
  readonly clusterRole: (key: string) => ClusterRole | undefined
  readonly roleBindings: () => Iterable<RoleBinding>
  readonly clusterRoleBindings: () => Iterable<ClusterRoleBinding>
}

export interface Decision {
  readonly allowed: boolean
  /** What went wrong on the way, such as a role that is not there. */
  readonly reason: string
}

/** Rules of one identity in one namespace, and what they come to for each resource that has been asked about. */
interface Grants {
  readonly rules: readonly PolicyRule[]
  readonly reason: string
  /** By verb and resource: every name, or the names that are allowed. */
  readonly decided: Map<string, true | ReadonlySet<string>>
}

/**
 * Role-based access control: who has a binding to a role one of whose rules covers the request, may.
 *
 * ClusterRoleBindings count everywhere, RoleBindings in their namespace. What has been decided is remembered until one of the objects changes.
 *
 * Source: Kubernetes plugin/pkg/auth/authorizer/rbac/rbac.go, pkg/registry/rbac/validation/rule.go.
 */
export class RbacAuthorizer {
  readonly #objects: RoleObjects
  /** By who asks, and the namespace. */
  readonly #grants = new Map<Identity, Map<string, Grants>>()

  constructor(objects: RoleObjects) {
    this.#objects = objects
  }

  /** A role or a binding has changed. */
  forget(): void {
    this.#grants.clear()
  }

  decide(identity: Identity, attributes: Attributes): Decision {
    const grants = this.#grantsOf(identity, attributes.namespace)
    const { verb, group, resource, subresource, name } = attributes
    const key = `${verb} ${group} ${resource}/${subresource}`
    let allowed = grants.decided.get(key)
    if (allowed === undefined) {
      allowed = namesAllowed(grants.rules, attributes)
      grants.decided.set(key, allowed)
    }
    return { allowed: allowed === true || (name !== '' && allowed.has(name)), reason: grants.reason }
  }

  #grantsOf(identity: Identity, namespace: string): Grants {
    let byNamespace = this.#grants.get(identity)
    if (byNamespace === undefined) {
      byNamespace = new Map()
      this.#grants.set(identity, byNamespace)
    }
    let grants = byNamespace.get(namespace)
    if (grants === undefined) {
      grants = this.#resolve(identity, namespace)
      byNamespace.set(namespace, grants)
    }
    return grants
  }

  #resolve(identity: Identity, namespace: string): Grants {
    const rules: PolicyRule[] = []
    const missing: string[] = []
    const take = (binding: RoleBinding | ClusterRoleBinding): void => {
      if (!binding.subjects.some((subject) => isMeant(identity, subject, binding.metadata.namespace))) return
      const role = this.#role(binding.roleRef, binding.metadata.namespace)
      if (role === undefined) missing.push(notFound(binding.roleRef))
      else rules.push(...role.rules)
    }
    for (const binding of this.#objects.clusterRoleBindings()) take(binding)
    if (namespace !== '') for (const binding of this.#objects.roleBindings()) if (binding.metadata.namespace === namespace) take(binding)
    const text = missing.length === 1 ? missing[0]! : `[${missing.join(', ')}]`
    return { rules, reason: missing.length === 0 ? '' : `RBAC: ${text}`, decided: new Map() }
  }

  #role({ kind, name }: RoleRef, namespace: string): Role | ClusterRole | undefined {
    return kind === 'Role'
      ? this.#objects.role(objectKey('Role', namespace, name))
      : this.#objects.clusterRole(objectKey('ClusterRole', '', name))
  }
}

function notFound({ kind, name }: RoleRef): string {
  return `${kind.toLowerCase()}.rbac.authorization.k8s.io "${name}" not found`
}

/** Source: pkg/registry/rbac/validation/rule.go (appliesToUser). A ServiceAccount without a namespace is one of the binding's own. */
function isMeant(identity: Identity, subject: Subject, namespace: string): boolean {
  if (subject.kind === 'User') return identity.user === subject.name
  if (subject.kind === 'Group') return identity.groups.includes(subject.name)
  const home = subject.namespace === '' ? namespace : subject.namespace
  return home !== '' && identity.user === `system:serviceaccount:${home}:${subject.name}`
}

/** Which names the rules allow; true is every one, and also requests without a name. */
function namesAllowed(rules: readonly PolicyRule[], attributes: Attributes): true | ReadonlySet<string> {
  const names = new Set<string>()
  for (const rule of rules) {
    if (!covers(rule, attributes)) continue
    if (rule.resourceNames.length === 0) return true
    for (const name of rule.resourceNames) names.add(name)
  }
  return names
}

/** Source: Kubernetes pkg/apis/rbac/v1/evaluation_helpers.go (VerbMatches, APIGroupMatches, ResourceMatches). */
function covers(rule: PolicyRule, { verb, group, resource, subresource }: Attributes): boolean {
  if (!rule.verbs.includes('*') && !rule.verbs.includes(verb)) return false
  if (!rule.apiGroups.includes('*') && !rule.apiGroups.includes(group)) return false
  if (rule.resources.includes('*')) return true
  if (subresource === '') return rule.resources.includes(resource)
  return rule.resources.includes(`${resource}/${subresource}`) || rule.resources.includes(`*/${subresource}`)
}
