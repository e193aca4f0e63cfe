/** Who asks, and how that is proved. */
export interface Identity {
  readonly user: string
  readonly groups: readonly string[]
  readonly credential: 'client certificate' | 'service account token'
}

/** Everybody who has proved who they are is in it. Source: apiserver pkg/authentication/group/authenticated_group_adder.go. */
const AUTHENTICATED = 'system:authenticated'
const SERVICE_ACCOUNT = 'system:serviceaccount:'

/** The administrator's kubeconfig, as kubeadm writes it. */
export const ADMINISTRATOR: Identity = {
  user: 'kubernetes-admin',
  groups: ['system:masters', AUTHENTICATED],
  credential: 'client certificate',
}

/** kube-controller-manager itself, which holds the lease; its controllers have identities of their own. */
export const CONTROLLER_MANAGER: Identity = {
  user: 'system:kube-controller-manager',
  groups: [AUTHENTICATED],
  credential: 'client certificate',
}

/**
 * Somebody that the administrator acts as (`--as`, `--as-group`). A service account brings its groups along where none are given.
 *
 * Source: apiserver pkg/endpoints/filters/impersonation.go.
 */
export function impersonated(user: string, groups: readonly string[] = []): Identity {
  const own = groups.length > 0 ? groups : serviceAccountGroups(user)
  return { user, groups: own.includes(AUTHENTICATED) ? own : [...own, AUTHENTICATED], credential: 'client certificate' }
}

/** Source: apiserver pkg/authentication/serviceaccount/util.go (MakeGroupNames). */
function serviceAccountGroups(user: string): readonly string[] {
  if (!user.startsWith(SERVICE_ACCOUNT)) return []
  const [namespace, name, ...rest] = user.slice(SERVICE_ACCOUNT.length).split(':')
  if (namespace === '' || name === undefined || name === '' || rest.length > 0) return []
  return ['system:serviceaccounts', `system:serviceaccounts:${namespace}`]
}

export const SCHEDULER: Identity = { user: 'system:kube-scheduler', groups: [AUTHENTICATED], credential: 'client certificate' }

/**
 * A controller of kube-controller-manager, which runs with `--use-service-account-credentials`: each controller has its own
 * service account and with it its own permissions.
 *
 * Source: Kubernetes cmd/kube-controller-manager/app/options; kubeadm sets the flag.
 */
export function controllerIdentity(name: string): Identity {
  const user = `${SERVICE_ACCOUNT}kube-system:${name}`
  return { user, groups: [...serviceAccountGroups(user), AUTHENTICATED], credential: 'service account token' }
}

/** A kubelet: certificate `system:node:NAME` in the group `system:nodes`. */
export function nodeIdentity(node: string): Identity {
  return { user: `system:node:${node}`, groups: ['system:nodes', AUTHENTICATED], credential: 'client certificate' }
}

/** A machine that joins with a bootstrap token. Source: kubeadm, plugin/pkg/auth/authenticator/token/bootstrap. */
export const BOOTSTRAPPER: Identity = {
  user: 'system:bootstrap:abcdef',
  groups: ['system:bootstrappers', 'system:bootstrappers:kubeadm:default-node-token', AUTHENTICATED],
  credential: 'service account token',
}

/** The API server's own loopback client. Source: apiserver pkg/server/config.go. */
export const API_SERVER: Identity = {
  user: 'system:apiserver',
  groups: ['system:masters', AUTHENTICATED],
  credential: 'client certificate',
}
