/** A kind as the API's paths, its rules and its messages name it. */
export interface Resource {
  /** Empty for the core group. */
  readonly group: string
  /** The plural, in lower case. */
  readonly resource: string
}

const GROUPS: Readonly<Record<string, readonly string[]>> = {
  '': [
    ...['ConfigMap', 'Endpoints', 'Event', 'LimitRange', 'Namespace', 'Node', 'PersistentVolume', 'PersistentVolumeClaim', 'Pod'],
    ...['PodTemplate', 'ReplicationController', 'ResourceQuota', 'Secret', 'Service', 'ServiceAccount'],
  ],
  'admissionregistration.k8s.io': [
    ...['MutatingWebhookConfiguration', 'ValidatingAdmissionPolicy', 'ValidatingAdmissionPolicyBinding', 'ValidatingWebhookConfiguration'],
  ],
  'apiextensions.k8s.io': ['CustomResourceDefinition'],
  apps: ['ControllerRevision', 'DaemonSet', 'Deployment', 'ReplicaSet', 'StatefulSet'],
  autoscaling: ['HorizontalPodAutoscaler'],
  batch: ['CronJob', 'Job'],
  'certificates.k8s.io': ['CertificateSigningRequest'],
  'coordination.k8s.io': ['Lease'],
  'discovery.k8s.io': ['EndpointSlice'],
  'flowcontrol.apiserver.k8s.io': ['FlowSchema', 'PriorityLevelConfiguration'],
  'gateway.networking.k8s.io': ['Gateway', 'GatewayClass', 'HTTPRoute'],
  'networking.k8s.io': ['Ingress', 'IngressClass', 'NetworkPolicy'],
  'node.k8s.io': ['RuntimeClass'],
  policy: ['PodDisruptionBudget'],
  'rbac.authorization.k8s.io': ['ClusterRole', 'ClusterRoleBinding', 'Role', 'RoleBinding'],
  'scheduling.k8s.io': ['PriorityClass'],
  'storage.k8s.io': ['CSIDriver', 'CSINode', 'CSIStorageCapacity', 'StorageClass', 'VolumeAttachment'],
}

const RESOURCES: ReadonlyMap<string, Resource> = new Map(
  Object.entries(GROUPS).flatMap(([group, kinds]) => kinds.map((kind) => [kind, { group, resource: plural(kind) }])),
)

/** The resource of a kind. Of a kind that Kubernetes does not serve itself only the name can be guessed, and no group is known. */
export function resourceOf(kind: string): Resource {
  return RESOURCES.get(kind) ?? { group: '', resource: plural(kind) }
}

/** Whether Kubernetes serves that kind itself. */
export function isServed(kind: string): boolean {
  return RESOURCES.has(kind)
}

/** `deployments.apps`, or `pods` in the core group. Source: apimachinery pkg/runtime/schema (GroupResource.String). */
export function qualifiedResource(kind: string): string {
  const { group, resource } = resourceOf(kind)
  return group === '' ? resource : `${resource}.${group}`
}

/** Source: apimachinery pkg/api/meta/restmapper.go (UnsafeGuessKindToResource). */
function plural(kind: string): string {
  const singular = kind.toLowerCase()
  if (singular === 'endpoints') return singular
  if (singular.endsWith('s')) return `${singular}es`
  if (singular.endsWith('y')) return `${singular.slice(0, -1)}ies`
  return `${singular}s`
}
