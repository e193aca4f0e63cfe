/** Who asks, and how that is proved. */
export interface Identity {
  readonly user: string
  readonly groups: readonly string[]
  readonly credential: 'client certificate' | 'service account token'
}

/** The administrator's kubeconfig, as kubeadm writes it. */
export const ADMINISTRATOR: Identity = { user: 'kubernetes-admin', groups: ['system:masters'], credential: 'client certificate' }

/** Somebody that the administrator acts as (`--as`): known by name only. Source: apiserver pkg/endpoints/filters/impersonation.go. */
export function impersonated(user: string): Identity {
  return { user, groups: ['system:authenticated'], credential: 'client certificate' }
}

/** kube-controller-manager itself, which holds the lease; its controllers have identities of their own. */
export const CONTROLLER_MANAGER: Identity = { user: 'system:kube-controller-manager', groups: [], credential: 'client certificate' }

export const SCHEDULER: Identity = { user: 'system:kube-scheduler', groups: [], credential: 'client certificate' }

/**
 * A controller of kube-controller-manager, which runs with `--use-service-account-credentials`: each controller has its own
 * service account and with it its own permissions.
 *
 * Source: Kubernetes cmd/kube-controller-manager/app/options; kubeadm sets the flag.
 */
export function controllerIdentity(name: string): Identity {
  return { user: `system:serviceaccount:kube-system:${name}`, groups: ['system:serviceaccounts'], credential: 'service account token' }
}

/** A kubelet: certificate `system:node:NAME` in the group `system:nodes`. */
export function nodeIdentity(node: string): Identity {
  return { user: `system:node:${node}`, groups: ['system:nodes'], credential: 'client certificate' }
}

/** A machine that joins with a bootstrap token. Source: kubeadm, plugin/pkg/auth/authenticator/token/bootstrap. */
export const BOOTSTRAPPER: Identity = {
  user: 'system:bootstrap:abcdef',
  groups: ['system:bootstrappers'],
  credential: 'service account token',
}

/** The API server's own loopback client. Source: apiserver pkg/server/config.go. */
export const API_SERVER: Identity = { user: 'system:apiserver', groups: ['system:masters'], credential: 'client certificate' }
