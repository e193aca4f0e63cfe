import type { AnyObject, Pod } from '../api/objects/index.ts'
import type { Identity } from './identity.ts'

export type Verb = 'get' | 'create' | 'update' | 'patch' | 'delete' | 'bind'

/** What somebody wants to do to which object. `current` is what is stored now, if anything. */
export interface Attempt {
  readonly verb: Verb
  readonly kind: string
  readonly name: string
  readonly current: AnyObject | undefined
}

/** Verbs on kinds that the bootstrap roles give to each component. `*` is every kind. */
type Rules = readonly { readonly verbs: readonly Verb[]; readonly kinds: readonly string[] }[]

const WRITE: readonly Verb[] = ['get', 'create', 'update', 'patch', 'delete']
const EVENTS = { verbs: ['create', 'update', 'patch'], kinds: ['Event'] } as const
/** What competing for a lease needs. */
const LEASES = { verbs: ['get', 'create', 'update'], kinds: ['Lease'] } as const

/**
 * The bootstrap roles of the components that the model has, reduced to the kinds it has.
 *
 * Source: Kubernetes v1.36.2 plugin/pkg/auth/authorizer/rbac/bootstrappolicy/{policy,controller_policy}.go.
 */
const ROLES = new Map<string, Rules>([
  [
    'system:serviceaccount:kube-system:deployment-controller',
    [{ verbs: ['get', 'update', 'patch'], kinds: ['Deployment', 'Pod'] }, { verbs: WRITE, kinds: ['ReplicaSet'] }, EVENTS],
  ],
  [
    'system:serviceaccount:kube-system:replicaset-controller',
    [{ verbs: ['get', 'update', 'patch'], kinds: ['ReplicaSet'] }, { verbs: WRITE, kinds: ['Pod'] }, EVENTS],
  ],
  [
    'system:serviceaccount:kube-system:replication-controller',
    [
      { verbs: ['get', 'update', 'patch'], kinds: ['ReplicationController'] },
      { verbs: WRITE, kinds: ['Pod'] },
    ],
  ],
  [
    'system:serviceaccount:kube-system:statefulset-controller',
    [
      { verbs: ['get', 'update', 'patch'], kinds: ['StatefulSet'] },
      { verbs: WRITE, kinds: ['ControllerRevision', 'Pod'] },
    ],
  ],
  [
    'system:serviceaccount:kube-system:daemon-set-controller',
    [
      { verbs: ['get', 'update', 'patch'], kinds: ['DaemonSet'] },
      { verbs: WRITE, kinds: ['ControllerRevision', 'Pod'] },
    ],
  ],
  [
    'system:serviceaccount:kube-system:job-controller',
    [
      { verbs: ['get', 'update', 'patch'], kinds: ['Job'] },
      { verbs: WRITE, kinds: ['Pod'] },
    ],
  ],
  [
    'system:serviceaccount:kube-system:cronjob-controller',
    [
      { verbs: ['get', 'update', 'patch'], kinds: ['CronJob'] },
      { verbs: WRITE, kinds: ['Job'] },
    ],
  ],
  ['system:serviceaccount:kube-system:ttl-after-finished-controller', [{ verbs: ['get', 'delete'], kinds: ['Job'] }]],
  ['system:serviceaccount:kube-system:endpointslice-controller', [{ verbs: WRITE, kinds: ['EndpointSlice'] }]],
  ['system:serviceaccount:kube-system:service-account-controller', [{ verbs: ['get', 'create', 'update'], kinds: ['ServiceAccount'] }]],
  ['system:serviceaccount:kube-system:generic-garbage-collector', [{ verbs: ['get', 'update', 'patch', 'delete'], kinds: ['*'] }]],
  ['system:serviceaccount:kube-system:disruption-controller', [{ verbs: ['get', 'update'], kinds: ['PodDisruptionBudget'] }]],
  ['system:serviceaccount:kube-system:namespace-controller', [{ verbs: ['get', 'update', 'delete'], kinds: ['*'] }]],
  ['system:serviceaccount:kube-system:pod-garbage-collector', [{ verbs: ['get', 'patch', 'delete'], kinds: ['Pod', 'Node'] }]],
  [
    'system:serviceaccount:kube-system:node-controller',
    [
      { verbs: ['get', 'update', 'patch'], kinds: ['Node', 'Pod'] },
      { verbs: ['delete'], kinds: ['Pod'] },
    ],
  ],
  ['system:bootstrap:abcdef', [{ verbs: ['get', 'create'], kinds: ['CertificateSigningRequest', 'ConfigMap'] }]],
  [
    'system:serviceaccount:kube-system:certificate-controller',
    [{ verbs: ['get', 'update', 'patch'], kinds: ['CertificateSigningRequest'] }],
  ],
  ['system:kube-controller-manager', [LEASES]],
  ['system:kube-scheduler', [{ verbs: ['get', 'bind', 'patch', 'update', 'delete'], kinds: ['Pod'] }, LEASES]],
])

/** Whether it may; null when it may, otherwise the reason that a 403 carries. */
export function authorize(identity: Identity, attempt: Attempt): string | null {
  if (identity.groups.includes('system:masters')) return null
  if (identity.groups.includes('system:nodes')) return authorizeNode(identity, attempt)
  const rules = ROLES.get(identity.user) ?? []
  for (const rule of rules) {
    if (rule.verbs.includes(attempt.verb) && (rule.kinds.includes('*') || rule.kinds.includes(attempt.kind))) return null
  }
  return `User "${identity.user}" cannot ${attempt.verb} ${attempt.kind}`
}

/**
 * The Node authorizer together with NodeRestriction: a kubelet touches its own Node and Lease, and the pods bound to it.
 *
 * Source: Kubernetes plugin/pkg/auth/authorizer/node, plugin/pkg/admission/noderestriction.
 */
function authorizeNode(identity: Identity, attempt: Attempt): string | null {
  const node = identity.user.slice('system:node:'.length)
  const own = attempt.kind === 'Node' || attempt.kind === 'Lease' ? attempt.name === node : isPodOf(attempt.current, node)
  // Its Node, its Lease, and the mirrors of its static pods.
  if (attempt.verb === 'create' && (attempt.kind === 'Pod' || own)) return null
  if (own && (attempt.verb === 'get' || attempt.verb === 'patch' || attempt.verb === 'update' || attempt.verb === 'delete')) return null
  return `User "${identity.user}" cannot ${attempt.verb} ${attempt.kind} "${attempt.name}"`
}

function isPodOf(object: AnyObject | undefined, node: string): boolean {
  return object !== undefined && object.kind === 'Pod' && (object as Pod).spec.nodeName === node
}
