import type { PolicyRule } from '../../api/objects/index.ts'
import { EVENTS, READ, READ_WRITE, rule, WRITE } from './rules.ts'

const AGGREGATE = 'rbac.authorization.k8s.io/aggregate-to-'

/** A role that the API server makes when it starts. */
export interface BootstrapRole {
  readonly name: string
  readonly rules: readonly PolicyRule[]
  readonly labels?: Readonly<Record<string, string>>
  /** The label whose bearers' rules it takes over. */
  readonly aggregates?: string
}

/**
 * The API server's own ClusterRoles, without rules about resources that the model does not have. `admin`, `edit` and `view` are the sum of
 * others.
 *
 * Source: Kubernetes v1.36.2 plugin/pkg/auth/authorizer/rbac/bootstrappolicy/policy.go (ClusterRoles).
 */
export const CLUSTER_ROLES: readonly BootstrapRole[] = [
  { name: 'cluster-admin', rules: [rule('*', '*', '*')] },
  { name: 'admin', rules: [], aggregates: `${AGGREGATE}admin` },
  { name: 'edit', rules: [], labels: { [`${AGGREGATE}admin`]: 'true' }, aggregates: `${AGGREGATE}edit` },
  { name: 'view', rules: [], labels: { [`${AGGREGATE}edit`]: 'true' }, aggregates: `${AGGREGATE}view` },
  {
    name: 'system:aggregate-to-admin',
    labels: { [`${AGGREGATE}admin`]: 'true' },
    rules: [rule(READ_WRITE, 'rbac.authorization.k8s.io', 'roles rolebindings')],
  },
  {
    name: 'system:aggregate-to-edit',
    labels: { [`${AGGREGATE}edit`]: 'true' },
    rules: [
      rule(READ, 'core', 'secrets'),
      rule('impersonate', 'core', 'serviceaccounts'),
      rule(WRITE, 'core', 'pods'),
      rule('create', 'core', 'pods/eviction'),
      rule(WRITE, 'core', 'replicationcontrollers replicationcontrollers/scale serviceaccounts services'),
      rule(WRITE, 'core', 'persistentvolumeclaims configmaps secrets events'),
      rule(WRITE, 'apps', 'statefulsets statefulsets/scale daemonsets deployments deployments/scale replicasets replicasets/scale'),
      rule(WRITE, 'autoscaling', 'horizontalpodautoscalers'),
      rule(WRITE, 'batch', 'jobs cronjobs'),
      rule(WRITE, 'policy', 'poddisruptionbudgets'),
      rule(WRITE, 'networking.k8s.io', 'networkpolicies ingresses'),
      rule(READ_WRITE, 'coordination.k8s.io', 'leases'),
    ],
  },
  {
    name: 'system:aggregate-to-view',
    labels: { [`${AGGREGATE}view`]: 'true' },
    rules: [
      rule(READ, 'core', 'pods replicationcontrollers replicationcontrollers/scale serviceaccounts services services/status endpoints'),
      rule(READ, 'core', 'persistentvolumeclaims persistentvolumeclaims/status configmaps'),
      rule(READ, 'core', 'limitranges resourcequotas bindings events pods/status resourcequotas/status namespaces/status'),
      rule(READ, 'core', 'replicationcontrollers/status pods/log'),
      rule(READ, 'core', 'namespaces'),
      rule(READ, 'discovery.k8s.io', 'endpointslices'),
      rule(READ, 'apps', 'controllerrevisions statefulsets statefulsets/status statefulsets/scale daemonsets daemonsets/status'),
      rule(READ, 'apps', 'deployments deployments/status deployments/scale replicasets replicasets/status replicasets/scale'),
      rule(READ, 'autoscaling', 'horizontalpodautoscalers horizontalpodautoscalers/status'),
      rule(READ, 'batch', 'jobs cronjobs cronjobs/status jobs/status'),
      rule(READ, 'policy', 'poddisruptionbudgets poddisruptionbudgets/status'),
      rule(READ, 'networking.k8s.io', 'networkpolicies ingresses ingresses/status'),
    ],
  },
  {
    name: 'system:kube-scheduler',
    rules: [
      EVENTS,
      rule('create', 'coordination.k8s.io', 'leases'),
      rule('get list update watch', 'coordination.k8s.io', 'leases', 'kube-scheduler'),
      rule('get list watch', 'core', 'nodes'),
      rule('delete get list watch', 'core', 'pods'),
      rule('create', 'core', 'bindings pods/binding'),
      rule('patch update', 'core', 'pods/status'),
      rule(READ, 'core', 'replicationcontrollers services namespaces persistentvolumeclaims persistentvolumes'),
      rule(READ, 'apps extensions', 'replicasets statefulsets'),
      rule(READ, 'policy', 'poddisruptionbudgets'),
      rule(READ, 'storage.k8s.io', 'csinodes csidrivers csistoragecapacities storageclasses volumeattachments'),
    ],
  },
  {
    name: 'system:kube-controller-manager',
    rules: [
      EVENTS,
      rule('create', 'coordination.k8s.io', 'leases'),
      rule('get list update watch', 'coordination.k8s.io', 'leases', 'kube-controller-manager'),
      rule('create', 'core', 'secrets serviceaccounts'),
      rule('delete', 'core', 'secrets'),
      rule('get', 'core', 'namespaces secrets serviceaccounts configmaps'),
      rule('update', 'core', 'secrets serviceaccounts'),
      rule('list watch', '*', '*'),
    ],
  },
  {
    name: 'system:node-bootstrapper',
    rules: [rule('create get list watch', 'certificates.k8s.io', 'certificatesigningrequests')],
  },
  {
    name: 'system:node',
    rules: [
      rule('create get list watch', 'core', 'nodes'),
      rule('patch update', 'core', 'nodes/status'),
      rule('patch update', 'core', 'nodes'),
      rule(READ, 'core', 'services'),
      rule(READ, 'core', 'pods'),
      rule('create delete', 'core', 'pods'),
      rule('patch update', 'core', 'pods/status'),
      rule('create', 'core', 'pods/eviction'),
      EVENTS,
      rule('get', 'core', 'configmaps secrets persistentvolumeclaims persistentvolumes'),
      rule('create delete get patch update', 'coordination.k8s.io', 'leases'),
    ],
  },
]

/** Whom those roles are given to. Source: as above (ClusterRoleBindings); the role of nodes is given by the Node authorizer. */
export const CLUSTER_ROLE_BINDINGS: readonly { readonly role: string; readonly kind: 'User' | 'Group'; readonly to: string }[] = [
  { role: 'cluster-admin', kind: 'Group', to: 'system:masters' },
  { role: 'system:kube-scheduler', kind: 'User', to: 'system:kube-scheduler' },
  { role: 'system:kube-controller-manager', kind: 'User', to: 'system:kube-controller-manager' },
  // Of kubeadm. Source: cmd/kubeadm/app/phases/bootstraptoken/node/tlsbootstrap.go.
  { role: 'system:node-bootstrapper', kind: 'Group', to: 'system:bootstrappers:kubeadm:default-node-token' },
]
