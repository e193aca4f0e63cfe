import type { ClusterRoleBinding, Kind } from '../api/objects/index.ts'
import type { ApiServer } from './api-server.ts'
import { type Attempt, attributesOf, forbiddenMessage } from './authorization/attributes.ts'
import { RbacAuthorizer } from './authorization/rbac.ts'
import { emptyMeta } from './empty-meta.ts'
import type { Identity } from './identity.ts'
import { Informer } from './informer.ts'

export type { Attempt, Verb } from './authorization/attributes.ts'

/** Source: apiserver pkg/authentication/user/user.go (SystemPrivilegedGroup): may do anything, whatever the rules say. */
const PRIVILEGED = 'system:masters'
const NODES = 'system:nodes'

/** What the Node authorizer gives to every kubelet; there is no such object. Source: plugin/pkg/auth/authorizer/node/node_authorizer.go. */
const NODE_RULES: ClusterRoleBinding = {
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'ClusterRoleBinding',
  metadata: emptyMeta('system:node', ''),
  subjects: [{ kind: 'Group', name: NODES, namespace: '' }],
  roleRef: { kind: 'ClusterRole', name: 'system:node' },
}

/**
 * Who may do what, asked in the API server's order: the privileged group, the Node authorizer, RBAC. The first that says yes decides.
 *
 * It sees roles and bindings through informers of its own: a new binding counts a moment after it was written.
 *
 * Source: Kubernetes pkg/kubeapiserver/authorizer/config.go; kubeadm sets `--authorization-mode=Node,RBAC`.
 */
export class Authorizer {
  readonly #rbac: RbacAuthorizer
  readonly #nodes: RbacAuthorizer

  constructor(server: ApiServer) {
    const informer = <K extends Kind>(kind: K): Informer<K> => new Informer(server, kind, { name: 'kube-apiserver', network: 'loopback' })
    const roles = informer('Role')
    const clusterRoles = informer('ClusterRole')
    const roleBindings = informer('RoleBinding')
    const clusterRoleBindings = informer('ClusterRoleBinding')
    const role = (key: string) => roles.get(key)
    const clusterRole = (key: string) => clusterRoles.get(key)
    this.#rbac = new RbacAuthorizer({
      role,
      clusterRole,
      roleBindings: () => roleBindings.values(),
      clusterRoleBindings: () => clusterRoleBindings.values(),
    })
    this.#nodes = new RbacAuthorizer({ role, clusterRole, roleBindings: () => [], clusterRoleBindings: () => [NODE_RULES] })
    for (const each of [roles, clusterRoles, roleBindings, clusterRoleBindings] as readonly Informer<Kind>[]) {
      each.listen(() => {
        this.#rbac.forget()
        this.#nodes.forget()
      })
      each.startSynced()
    }
  }

  /** null when it is allowed, otherwise the message of the 403. */
  refusal(identity: Identity, attempt: Attempt): string | null {
    if (identity.groups.includes(PRIVILEGED)) return null
    const attributes = attributesOf(attempt)
    if (identity.groups.includes(NODES) && this.#nodes.decide(identity, attributes).allowed) return null
    const { allowed, reason } = this.#rbac.decide(identity, attributes)
    return allowed ? null : forbiddenMessage(identity.user, attempt.kind, attributes, reason)
  }
}
