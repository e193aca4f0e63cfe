import type { Container, Kind, KindMap, PodTemplate } from '../../api/objects/index.ts'

/** What commands know of a kind: its names, and which of them may be used with it. */
export interface CommandKind {
  readonly kind: Kind
  /** As the API and its short names spell it, the singular first. */
  readonly names: readonly string[]
  readonly namespaced: boolean
  /** Has `spec.replicas` and a scale subresource. */
  readonly scales: boolean
  /** Has `spec.template`, so that images can be set and a restart be asked for. */
  readonly templated: boolean
}

const NO = { scales: false, templated: false } as const

/**
 * The kinds that commands can name; another one is a line here.
 *
 * Source: kubernetes v1.36.2, the resources' names in the API and the short names in pkg/registry.
 */
export const COMMAND_KINDS: readonly CommandKind[] = [
  {
    kind: 'Deployment',
    names: ['deployment', 'deployments', 'deploy', 'deployment.apps', 'deployments.apps'],
    namespaced: true,
    scales: true,
    templated: true,
  },
  {
    kind: 'ReplicaSet',
    names: ['replicaset', 'replicasets', 'rs', 'replicaset.apps', 'replicasets.apps'],
    namespaced: true,
    scales: true,
    templated: true,
  },
  {
    kind: 'StatefulSet',
    names: ['statefulset', 'statefulsets', 'sts', 'statefulset.apps', 'statefulsets.apps'],
    namespaced: true,
    scales: true,
    templated: true,
  },
  {
    kind: 'DaemonSet',
    names: ['daemonset', 'daemonsets', 'ds', 'daemonset.apps', 'daemonsets.apps'],
    namespaced: true,
    scales: false,
    templated: true,
  },
  {
    kind: 'ReplicationController',
    names: ['replicationcontroller', 'replicationcontrollers', 'rc'],
    namespaced: true,
    scales: true,
    templated: true,
  },
  { kind: 'Job', names: ['job', 'jobs', 'job.batch', 'jobs.batch'], namespaced: true, ...NO },
  { kind: 'CronJob', names: ['cronjob', 'cronjobs', 'cj', 'cronjob.batch', 'cronjobs.batch'], namespaced: true, ...NO },
  { kind: 'Pod', names: ['pod', 'pods', 'po'], namespaced: true, ...NO },
  { kind: 'Service', names: ['service', 'services', 'svc'], namespaced: true, ...NO },
  {
    kind: 'Ingress',
    names: ['ingress', 'ingresses', 'ing', 'ingress.networking.k8s.io', 'ingresses.networking.k8s.io'],
    namespaced: true,
    ...NO,
  },
  {
    kind: 'IngressClass',
    names: ['ingressclass', 'ingressclasses', 'ingressclass.networking.k8s.io', 'ingressclasses.networking.k8s.io'],
    namespaced: false,
    ...NO,
  },
  {
    kind: 'Gateway',
    names: ['gateway', 'gateways', 'gtw', 'gateway.gateway.networking.k8s.io', 'gateways.gateway.networking.k8s.io'],
    namespaced: true,
    ...NO,
  },
  {
    kind: 'GatewayClass',
    names: ['gatewayclass', 'gatewayclasses', 'gc', 'gatewayclass.gateway.networking.k8s.io', 'gatewayclasses.gateway.networking.k8s.io'],
    namespaced: false,
    ...NO,
  },
  {
    kind: 'HTTPRoute',
    names: ['httproute', 'httproutes', 'httproute.gateway.networking.k8s.io', 'httproutes.gateway.networking.k8s.io'],
    namespaced: true,
    ...NO,
  },
  {
    kind: 'NetworkPolicy',
    names: ['networkpolicy', 'networkpolicies', 'netpol', 'networkpolicy.networking.k8s.io', 'networkpolicies.networking.k8s.io'],
    namespaced: true,
    ...NO,
  },
  { kind: 'Namespace', names: ['namespace', 'namespaces', 'ns'], namespaced: false, ...NO },
  { kind: 'Node', names: ['node', 'nodes', 'no'], namespaced: false, ...NO },
  {
    kind: 'PodDisruptionBudget',
    names: ['poddisruptionbudget', 'poddisruptionbudgets', 'pdb', 'poddisruptionbudget.policy', 'poddisruptionbudgets.policy'],
    namespaced: true,
    ...NO,
  },
  { kind: 'LimitRange', names: ['limitrange', 'limitranges', 'limits'], namespaced: true, ...NO },
  { kind: 'ResourceQuota', names: ['resourcequota', 'resourcequotas', 'quota'], namespaced: true, ...NO },
  {
    kind: 'PriorityClass',
    names: ['priorityclass', 'priorityclasses', 'pc', 'priorityclass.scheduling.k8s.io', 'priorityclasses.scheduling.k8s.io'],
    namespaced: false,
    ...NO,
  },
  { kind: 'Role', names: ['role', 'roles', 'role.rbac.authorization.k8s.io', 'roles.rbac.authorization.k8s.io'], namespaced: true, ...NO },
  {
    kind: 'RoleBinding',
    names: ['rolebinding', 'rolebindings', 'rolebinding.rbac.authorization.k8s.io', 'rolebindings.rbac.authorization.k8s.io'],
    namespaced: true,
    ...NO,
  },
  {
    kind: 'ClusterRole',
    names: ['clusterrole', 'clusterroles', 'clusterrole.rbac.authorization.k8s.io', 'clusterroles.rbac.authorization.k8s.io'],
    namespaced: false,
    ...NO,
  },
  {
    kind: 'ClusterRoleBinding',
    names: [
      ...['clusterrolebinding', 'clusterrolebindings'],
      ...['clusterrolebinding.rbac.authorization.k8s.io', 'clusterrolebindings.rbac.authorization.k8s.io'],
    ],
    namespaced: false,
    ...NO,
  },
  {
    kind: 'HorizontalPodAutoscaler',
    names: [
      'horizontalpodautoscaler',
      'horizontalpodautoscalers',
      'hpa',
      'horizontalpodautoscaler.autoscaling',
      'horizontalpodautoscalers.autoscaling',
    ],
    namespaced: true,
    ...NO,
  },
]

const BY_NAME: ReadonlyMap<string, CommandKind> = new Map(COMMAND_KINDS.flatMap((entry) => entry.names.map((name) => [name, entry])))

/** The kind that a name such as `deploy` or `pods` stands for; undefined when it is none of those that commands may name. */
export function commandKind(name: string): CommandKind | undefined {
  return BY_NAME.get(name.toLowerCase())
}

/** An object of a kind that `scales`, as far as that goes. */
interface Scaled {
  readonly spec: { readonly replicas: number }
}

/** The object with that many replicas; the same one when it has them. */
export function withReplicas<K extends Kind>(object: KindMap[K], replicas: number): KindMap[K] {
  const scaled = object as unknown as Scaled
  return scaled.spec.replicas === replicas ? object : ({ ...object, spec: { ...scaled.spec, replicas } } as KindMap[K])
}

export function replicasOf(object: KindMap[Kind]): number {
  return (object as unknown as Scaled).spec.replicas
}

/** An object of a kind that is `templated`, as far as that goes. */
interface Templated {
  readonly spec: { readonly template: PodTemplate }
}

/** The object with its pod template changed; the same one when `change` gives back what it got. */
export function withTemplate<K extends Kind>(object: KindMap[K], change: (template: PodTemplate) => PodTemplate): KindMap[K] {
  const { spec } = object as unknown as Templated
  const template = change(spec.template)
  return template === spec.template ? object : ({ ...object, spec: { ...spec, template } } as unknown as KindMap[K])
}

/** The containers of a template, init containers among them, each changed; the same template when none does. */
export function withContainers(template: PodTemplate, change: (container: Container) => Container): PodTemplate {
  const containers = template.spec.containers.map(change)
  const initContainers = template.spec.initContainers.map(change)
  const unchanged = (after: readonly Container[], before: readonly Container[]): boolean =>
    after.every((container, i) => container === before[i])
  if (unchanged(containers, template.spec.containers) && unchanged(initContainers, template.spec.initContainers)) return template
  return { ...template, spec: { ...template.spec, containers, initContainers } }
}
