import { GATEWAY_API, gatewayModel } from './gateway-api/kinds.ts'
import type { NameRule } from './names.ts'
import {
  complaintsAboutDns1035Label,
  complaintsAboutDns1123Label,
  complaintsAboutDns1123Subdomain,
  complaintsAboutPathSegmentName,
} from './names.ts'

/** A kind that Kubernetes itself serves, or one of the Gateway API. */
export interface KnownKind {
  readonly apiVersion: string
  readonly kind: string
  readonly namespaced: boolean
  /** The rule of `metadata.name`. */
  readonly nameRule: NameRule
  /** Loads the kind's schema validator, and nothing but what it needs. */
  readonly load: () => Promise<object>
}

type Loaders = Readonly<Record<string, () => Promise<object>>>

/**
 * Namespaced kinds, by API version. Imports are written out so that a bundler sees them.
 *
 * Source: kubernetes v1.36.2, the stable APIs; kinds that only answer a request (reviews, bindings, evictions, scales) are left out.
 */
const NAMESPACED: Readonly<Record<string, Loaders>> = {
  v1: {
    ConfigMap: () => import('kubernetes-models/v1/ConfigMap'),
    Endpoints: () => import('kubernetes-models/v1/Endpoints'),
    Event: () => import('kubernetes-models/v1/Event'),
    LimitRange: () => import('kubernetes-models/v1/LimitRange'),
    PersistentVolumeClaim: () => import('kubernetes-models/v1/PersistentVolumeClaim'),
    Pod: () => import('kubernetes-models/v1/Pod'),
    PodTemplate: () => import('kubernetes-models/v1/PodTemplate'),
    ReplicationController: () => import('kubernetes-models/v1/ReplicationController'),
    ResourceQuota: () => import('kubernetes-models/v1/ResourceQuota'),
    Secret: () => import('kubernetes-models/v1/Secret'),
    Service: () => import('kubernetes-models/v1/Service'),
    ServiceAccount: () => import('kubernetes-models/v1/ServiceAccount'),
  },
  'apps/v1': {
    ControllerRevision: () => import('kubernetes-models/apps/v1/ControllerRevision'),
    DaemonSet: () => import('kubernetes-models/apps/v1/DaemonSet'),
    Deployment: () => import('kubernetes-models/apps/v1/Deployment'),
    ReplicaSet: () => import('kubernetes-models/apps/v1/ReplicaSet'),
    StatefulSet: () => import('kubernetes-models/apps/v1/StatefulSet'),
  },
  'autoscaling/v1': { HorizontalPodAutoscaler: () => import('kubernetes-models/autoscaling/v1/HorizontalPodAutoscaler') },
  'autoscaling/v2': { HorizontalPodAutoscaler: () => import('kubernetes-models/autoscaling/v2/HorizontalPodAutoscaler') },
  'batch/v1': {
    CronJob: () => import('kubernetes-models/batch/v1/CronJob'),
    Job: () => import('kubernetes-models/batch/v1/Job'),
  },
  'coordination.k8s.io/v1': { Lease: () => import('kubernetes-models/coordination.k8s.io/v1/Lease') },
  'discovery.k8s.io/v1': { EndpointSlice: () => import('kubernetes-models/discovery.k8s.io/v1/EndpointSlice') },
  'events.k8s.io/v1': { Event: () => import('kubernetes-models/events.k8s.io/v1/Event') },
  'networking.k8s.io/v1': {
    Ingress: () => import('kubernetes-models/networking.k8s.io/v1/Ingress'),
    NetworkPolicy: () => import('kubernetes-models/networking.k8s.io/v1/NetworkPolicy'),
  },
  'policy/v1': { PodDisruptionBudget: () => import('kubernetes-models/policy/v1/PodDisruptionBudget') },
  'rbac.authorization.k8s.io/v1': {
    Role: () => import('kubernetes-models/rbac.authorization.k8s.io/v1/Role'),
    RoleBinding: () => import('kubernetes-models/rbac.authorization.k8s.io/v1/RoleBinding'),
  },
  'storage.k8s.io/v1': { CSIStorageCapacity: () => import('kubernetes-models/storage.k8s.io/v1/CSIStorageCapacity') },
}

/** Kinds of which there is one set for the whole cluster. Source: as above. */
const CLUSTER_SCOPED: Readonly<Record<string, Loaders>> = {
  v1: {
    Namespace: () => import('kubernetes-models/v1/Namespace'),
    Node: () => import('kubernetes-models/v1/Node'),
    PersistentVolume: () => import('kubernetes-models/v1/PersistentVolume'),
  },
  'admissionregistration.k8s.io/v1': {
    MutatingWebhookConfiguration: () => import('kubernetes-models/admissionregistration.k8s.io/v1/MutatingWebhookConfiguration'),
    ValidatingAdmissionPolicy: () => import('kubernetes-models/admissionregistration.k8s.io/v1/ValidatingAdmissionPolicy'),
    ValidatingAdmissionPolicyBinding: () => import('kubernetes-models/admissionregistration.k8s.io/v1/ValidatingAdmissionPolicyBinding'),
    ValidatingWebhookConfiguration: () => import('kubernetes-models/admissionregistration.k8s.io/v1/ValidatingWebhookConfiguration'),
  },
  'apiextensions.k8s.io/v1': {
    CustomResourceDefinition: () => import('kubernetes-models/apiextensions.k8s.io/v1/CustomResourceDefinition'),
  },
  'apiregistration.k8s.io/v1': { APIService: () => import('kubernetes-models/apiregistration.k8s.io/v1/APIService') },
  'certificates.k8s.io/v1': {
    CertificateSigningRequest: () => import('kubernetes-models/certificates.k8s.io/v1/CertificateSigningRequest'),
  },
  'flowcontrol.apiserver.k8s.io/v1': {
    FlowSchema: () => import('kubernetes-models/flowcontrol.apiserver.k8s.io/v1/FlowSchema'),
    PriorityLevelConfiguration: () => import('kubernetes-models/flowcontrol.apiserver.k8s.io/v1/PriorityLevelConfiguration'),
  },
  'networking.k8s.io/v1': {
    IPAddress: () => import('kubernetes-models/networking.k8s.io/v1/IPAddress'),
    IngressClass: () => import('kubernetes-models/networking.k8s.io/v1/IngressClass'),
    ServiceCIDR: () => import('kubernetes-models/networking.k8s.io/v1/ServiceCIDR'),
  },
  'node.k8s.io/v1': { RuntimeClass: () => import('kubernetes-models/node.k8s.io/v1/RuntimeClass') },
  'rbac.authorization.k8s.io/v1': {
    ClusterRole: () => import('kubernetes-models/rbac.authorization.k8s.io/v1/ClusterRole'),
    ClusterRoleBinding: () => import('kubernetes-models/rbac.authorization.k8s.io/v1/ClusterRoleBinding'),
  },
  'scheduling.k8s.io/v1': { PriorityClass: () => import('kubernetes-models/scheduling.k8s.io/v1/PriorityClass') },
  'storage.k8s.io/v1': {
    CSIDriver: () => import('kubernetes-models/storage.k8s.io/v1/CSIDriver'),
    CSINode: () => import('kubernetes-models/storage.k8s.io/v1/CSINode'),
    StorageClass: () => import('kubernetes-models/storage.k8s.io/v1/StorageClass'),
    VolumeAttachment: () => import('kubernetes-models/storage.k8s.io/v1/VolumeAttachment'),
  },
}

/** Kinds whose names do not follow the usual rule, which is a DNS subdomain. Source: kubernetes v1.36.2 pkg/apis/.../validation. */
const NAME_RULES: ReadonlyMap<string, NameRule> = new Map([
  ['Namespace', complaintsAboutDns1123Label],
  ['Service', complaintsAboutDns1035Label],
  ['Role', complaintsAboutPathSegmentName],
  ['RoleBinding', complaintsAboutPathSegmentName],
  ['ClusterRole', complaintsAboutPathSegmentName],
  ['ClusterRoleBinding', complaintsAboutPathSegmentName],
  ['CronJob', complaintsAboutCronJobName],
])

/** A CronJob's Jobs get eleven more characters, and must stay within 63. */
function complaintsAboutCronJobName(value: string): string[] {
  const complaints = complaintsAboutDns1123Subdomain(value)
  if (value.length > 52) complaints.push('must be at most 52 characters')
  return complaints
}

/** A group that Kubernetes has given up altogether. */
const REMOVED_GROUP = 'extensions'

/** Kinds of the Gateway API, whose definitions are taken to be installed. */
const GATEWAY_KINDS: readonly KnownKind[] = [
  ...kindsOf({ [GATEWAY_API]: { Gateway: gatewayModel('Gateway'), HTTPRoute: gatewayModel('HTTPRoute') } }, true),
  ...kindsOf({ [GATEWAY_API]: { GatewayClass: gatewayModel('GatewayClass') } }, false),
]

const OWN: readonly KnownKind[] = [...kindsOf(NAMESPACED, true), ...kindsOf(CLUSTER_SCOPED, false)]

const KNOWN: readonly KnownKind[] = [...OWN, ...GATEWAY_KINDS]

const BUILT_IN_GROUPS: ReadonlySet<string> = new Set([...OWN.map((known) => groupOf(known.apiVersion)), REMOVED_GROUP])

/** The kind, or null when Kubernetes serves none of that API version and name. */
export function knownKind(apiVersion: string, kind: string): KnownKind | null {
  return KNOWN.find((known) => known.apiVersion === apiVersion && known.kind === kind) ?? null
}

/** Whether the group is Kubernetes' own, so that only Kubernetes' own kinds can be in it. */
export function isBuiltInGroup(apiVersion: string): boolean {
  return BUILT_IN_GROUPS.has(groupOf(apiVersion))
}

export function apiVersionsOf(kind: string): string[] {
  return KNOWN.filter((known) => known.kind === kind).map((known) => known.apiVersion)
}

export function kindsIn(apiVersion: string): string[] {
  return KNOWN.filter((known) => known.apiVersion === apiVersion).map((known) => known.kind)
}

export function knownKindNames(): string[] {
  return [...new Set(KNOWN.map((known) => known.kind))]
}

/** Alpha and beta APIs come and go with the version of the cluster. */
export function isPreRelease(apiVersion: string): boolean {
  return /(^|\/)v\d+(alpha|beta)\d+$/.test(apiVersion)
}

function groupOf(apiVersion: string): string {
  const slash = apiVersion.indexOf('/')
  return slash < 0 ? '' : apiVersion.slice(0, slash)
}

function kindsOf(table: Readonly<Record<string, Loaders>>, namespaced: boolean): KnownKind[] {
  return Object.entries(table).flatMap(([apiVersion, loaders]) =>
    Object.entries(loaders).map(([kind, load]) => {
      const nameRule = NAME_RULES.get(kind) ?? complaintsAboutDns1123Subdomain
      return { apiVersion, kind, namespaced, nameRule, load }
    }),
  )
}
