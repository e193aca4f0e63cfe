import { GATEWAY_API } from '../gateway-api/kinds.ts'
import type { ManifestKind, PickedIngressBackend, PickedMetadata, PickedObject } from '../modelled-fields.ts'
import type {
  DaemonSet,
  DeploymentStrategy,
  Endpoint,
  EndpointSlice,
  Ingress,
  IngressBackend,
  KindMap,
  KubernetesObject,
  Node,
  PodDisruptionBudget,
  PriorityClass,
  Protocol,
  Service,
  StatefulSet,
  TaintEffect,
  TrafficDistribution,
} from '../objects/index.ts'
import { bytes } from '../quantity.ts'
import { autoscalerSpec, NEW_AUTOSCALER_STATUS } from './autoscaling.ts'
import { cronJobSpec, jobSpec, NEW_JOB_STATUS } from './batch.ts'
import { DAEMON_SET_DEFAULTS, DEPLOYMENT_DEFAULTS, STATEFUL_SET_DEFAULTS } from './defaults.ts'
import { gatewaySpec, httpRouteSpec } from './gateway.ts'
import { limitRangeItem, quantities, quotaScopes } from './limits.ts'
import { objectMeta } from './metadata.ts'
import { networkPolicySpec } from './network-policy.ts'
import { NEW_POD_STATUS, podSpec, podTemplate } from './pod.ts'
import { binding, policyRules } from './rbac.ts'
import { resources } from './resources.ts'
import { labelSelector } from './selector.ts'

/** Source: kubernetes v1.36.2 pkg/apis/core/types.go, DefaultClientIPServiceAffinitySeconds. */
export const DEFAULT_AFFINITY_SECONDS = 10_800

/** The namespace of an object that names none. */
export const DEFAULT_NAMESPACE = 'default'

/**
 * From a manifest's fields to the model's object, filling in what the API server fills in. An empty text in place of one of several values counts
 * as absent.
 *
 * Source of all defaults: kubernetes v1.36.2 pkg/apis/{apps,batch,core,discovery}/v1/defaults.go.
 */
const CONVERSIONS: { readonly [K in ManifestKind]: (fields: PickedObject<K>) => KindMap[K] } = {
  Deployment({ metadata, spec }) {
    const type = spec?.strategy?.type || 'RollingUpdate'
    return {
      ...namespaced('apps/v1', 'Deployment', metadata),
      spec: {
        replicas: spec?.replicas ?? DEPLOYMENT_DEFAULTS.replicas,
        selector: labelSelector(spec?.selector),
        template: podTemplate(spec?.template),
        strategy: {
          type: type as DeploymentStrategy['type'],
          maxSurge: spec?.strategy?.rollingUpdate?.maxSurge ?? DEPLOYMENT_DEFAULTS.maxSurge,
          maxUnavailable: spec?.strategy?.rollingUpdate?.maxUnavailable ?? DEPLOYMENT_DEFAULTS.maxUnavailable,
        },
        minReadySeconds: spec?.minReadySeconds ?? DEPLOYMENT_DEFAULTS.minReadySeconds,
        revisionHistoryLimit: spec?.revisionHistoryLimit ?? DEPLOYMENT_DEFAULTS.revisionHistoryLimit,
        progressDeadlineSeconds: spec?.progressDeadlineSeconds ?? DEPLOYMENT_DEFAULTS.progressDeadlineSeconds,
        paused: spec?.paused ?? false,
      },
      status: {
        observedGeneration: 0,
        replicas: 0,
        updatedReplicas: 0,
        readyReplicas: 0,
        availableReplicas: 0,
        unavailableReplicas: 0,
        conditions: [],
      },
    }
  },

  ReplicaSet({ metadata, spec }) {
    return {
      ...namespaced('apps/v1', 'ReplicaSet', metadata),
      spec: {
        replicas: spec?.replicas ?? 1,
        selector: labelSelector(spec?.selector),
        template: podTemplate(spec?.template),
        minReadySeconds: spec?.minReadySeconds ?? 0,
      },
      status: { observedGeneration: 0, replicas: 0, readyReplicas: 0, availableReplicas: 0, terminatingReplicas: 0 },
    }
  },

  ReplicationController({ metadata, spec }) {
    const template = podTemplate(spec?.template)
    const selector = spec?.selector
    return {
      ...namespaced('v1', 'ReplicationController', metadata),
      spec: {
        replicas: spec?.replicas ?? 1,
        selector: selector === undefined || Object.keys(selector).length === 0 ? template.labels : selector,
        template,
        minReadySeconds: spec?.minReadySeconds ?? 0,
      },
      status: { observedGeneration: 0, replicas: 0, readyReplicas: 0, availableReplicas: 0, terminatingReplicas: 0 },
    }
  },

  StatefulSet({ metadata, spec }) {
    return {
      ...namespaced('apps/v1', 'StatefulSet', metadata),
      spec: {
        replicas: spec?.replicas ?? STATEFUL_SET_DEFAULTS.replicas,
        selector: labelSelector(spec?.selector),
        template: podTemplate(spec?.template),
        podManagementPolicy: (spec?.podManagementPolicy || 'OrderedReady') as StatefulSet['spec']['podManagementPolicy'],
        updateStrategy: {
          type: (spec?.updateStrategy?.type || 'RollingUpdate') as StatefulSet['spec']['updateStrategy']['type'],
          partition: spec?.updateStrategy?.rollingUpdate?.partition ?? STATEFUL_SET_DEFAULTS.partition,
        },
        minReadySeconds: spec?.minReadySeconds ?? 0,
        revisionHistoryLimit: spec?.revisionHistoryLimit ?? STATEFUL_SET_DEFAULTS.revisionHistoryLimit,
        ordinals: { start: spec?.ordinals?.start ?? 0 },
      },
      status: {
        observedGeneration: 0,
        replicas: 0,
        readyReplicas: 0,
        availableReplicas: 0,
        currentReplicas: 0,
        updatedReplicas: 0,
        currentRevision: '',
        updateRevision: '',
      },
    }
  },

  DaemonSet({ metadata, spec }) {
    return {
      ...namespaced('apps/v1', 'DaemonSet', metadata),
      spec: {
        selector: labelSelector(spec?.selector),
        template: podTemplate(spec?.template),
        updateStrategy: {
          type: (spec?.updateStrategy?.type || 'RollingUpdate') as DaemonSet['spec']['updateStrategy']['type'],
          maxUnavailable: spec?.updateStrategy?.rollingUpdate?.maxUnavailable ?? DAEMON_SET_DEFAULTS.maxUnavailable,
          maxSurge: spec?.updateStrategy?.rollingUpdate?.maxSurge ?? DAEMON_SET_DEFAULTS.maxSurge,
        },
        minReadySeconds: spec?.minReadySeconds ?? 0,
        revisionHistoryLimit: spec?.revisionHistoryLimit ?? DAEMON_SET_DEFAULTS.revisionHistoryLimit,
      },
      status: {
        observedGeneration: 0,
        currentNumberScheduled: 0,
        desiredNumberScheduled: 0,
        numberMisscheduled: 0,
        numberReady: 0,
        numberAvailable: 0,
        numberUnavailable: 0,
        updatedNumberScheduled: 0,
      },
    }
  },

  Job({ metadata, spec }) {
    return { ...namespaced('batch/v1', 'Job', metadata), spec: jobSpec(spec), status: NEW_JOB_STATUS }
  },

  CronJob({ metadata, spec }) {
    const template = spec?.jobTemplate
    return {
      ...namespaced('batch/v1', 'CronJob', metadata),
      spec: {
        ...cronJobSpec(spec),
        jobTemplate: {
          labels: template?.metadata?.labels ?? {},
          annotations: template?.metadata?.annotations ?? {},
          spec: jobSpec(template?.spec),
        },
      },
      status: { active: [], lastScheduleTime: null, lastSuccessfulTime: null },
    }
  },

  HorizontalPodAutoscaler({ metadata, spec }) {
    return {
      ...namespaced('autoscaling/v2', 'HorizontalPodAutoscaler', metadata),
      spec: autoscalerSpec(spec),
      status: NEW_AUTOSCALER_STATUS,
    }
  },

  Pod({ metadata, spec }) {
    return { ...namespaced('v1', 'Pod', metadata), spec: podSpec(spec), status: NEW_POD_STATUS }
  },

  Service({ metadata, spec }) {
    const affinitySeconds = spec?.sessionAffinityConfig?.clientIP?.timeoutSeconds ?? DEFAULT_AFFINITY_SECONDS
    return {
      ...namespaced('v1', 'Service', metadata),
      spec: {
        type: (spec?.type || 'ClusterIP') as Service['spec']['type'],
        clusterIP: spec?.clusterIP ?? '',
        ports: (spec?.ports ?? []).map((port) => ({
          name: port.name ?? '',
          protocol: protocol(port.protocol),
          port: port.port ?? 0,
          targetPort: port.targetPort || (port.port ?? 0),
          nodePort: port.nodePort ?? 0,
        })),
        selector: spec?.selector !== undefined && Object.keys(spec.selector).length > 0 ? spec.selector : null,
        publishNotReadyAddresses: spec?.publishNotReadyAddresses ?? false,
        ...(spec?.externalName === undefined ? {} : { externalName: spec.externalName }),
        ...(spec?.internalTrafficPolicy === 'Local' ? { internalTrafficPolicy: 'Local' } : {}),
        ...(spec?.externalTrafficPolicy === 'Local' ? { externalTrafficPolicy: 'Local' } : {}),
        ...(spec?.sessionAffinity === 'ClientIP' ? { affinitySeconds } : {}),
        ...(spec?.trafficDistribution ? { trafficDistribution: spec.trafficDistribution as TrafficDistribution } : {}),
      },
    }
  },

  /** An endpoint whose readiness is not told is ready; one whose serving is not told serves if it is ready. */
  EndpointSlice({ metadata, endpoints, ports }) {
    return {
      ...namespaced('discovery.k8s.io/v1', 'EndpointSlice', metadata),
      endpoints: (endpoints ?? []).map((endpoint) => {
        const ready = endpoint.conditions?.ready ?? true
        return {
          address: endpoint.addresses?.[0] ?? '',
          conditions: {
            ready,
            serving: endpoint.conditions?.serving ?? ready,
            terminating: endpoint.conditions?.terminating ?? false,
          },
          nodeName: endpoint.nodeName ?? '',
          zone: endpoint.zone ?? '',
          ...hintsOf(endpoint.hints),
          podName: endpoint.targetRef?.name ?? '',
          podUid: endpoint.targetRef?.uid ?? '',
        }
      }),
      ports: (ports ?? []).map((port): EndpointSlice['ports'][number] => ({
        name: port.name ?? '',
        protocol: protocol(port.protocol),
        port: port.port ?? 0,
      })),
    }
  },

  /** What can be allocated is the capacity where it is not told. */
  Node({ metadata, spec, status }) {
    const allocatable: Readonly<Record<string, number | string>> = { ...status?.capacity, ...status?.allocatable }
    return {
      ...clusterScoped('v1', 'Node', metadata),
      spec: {
        podCIDR: spec?.podCIDR ?? '',
        unschedulable: spec?.unschedulable ?? false,
        taints: (spec?.taints ?? []).map((taint): Node['spec']['taints'][number] => ({
          key: taint.key ?? '',
          value: taint.value ?? '',
          effect: taint.effect as TaintEffect,
        })),
      },
      status: {
        allocatable: { ...resources(allocatable), pods: bytes(String(allocatable.pods ?? 0)) },
        conditions: [],
        internalIP: (status?.addresses ?? []).find((address) => address.type === 'InternalIP')?.address ?? '',
        images: (status?.images ?? []).map((image) => ({ names: image.names ?? [], sizeBytes: image.sizeBytes ?? 0 })),
      },
    }
  },

  Ingress({ metadata, spec }) {
    return {
      ...namespaced('networking.k8s.io/v1', 'Ingress', metadata),
      spec: {
        ingressClassName: spec?.ingressClassName ?? '',
        defaultBackend: spec?.defaultBackend === undefined ? null : ingressBackend(spec.defaultBackend),
        rules: (spec?.rules ?? []).map((rule) => ({
          host: rule.host ?? '',
          paths: (rule.http?.paths ?? []).map((path): Ingress['spec']['rules'][number]['paths'][number] => ({
            path: path.path || '/',
            pathType: path.pathType as 'Exact' | 'Prefix' | 'ImplementationSpecific',
            backend: ingressBackend(path.backend),
          })),
        })),
        ...(spec?.tls === undefined ? {} : { tls: spec.tls.map(({ hosts }) => ({ hosts: hosts ?? [] })) }),
      },
    }
  },

  IngressClass({ metadata, spec }) {
    return { ...clusterScoped('networking.k8s.io/v1', 'IngressClass', metadata), spec: { controller: spec?.controller ?? '' } }
  },

  GatewayClass({ metadata, spec }) {
    return {
      ...clusterScoped(GATEWAY_API, 'GatewayClass', metadata),
      spec: { controllerName: spec?.controllerName ?? '' },
      status: { conditions: [] },
    }
  },

  Gateway({ metadata, spec }) {
    return { ...namespaced(GATEWAY_API, 'Gateway', metadata), spec: gatewaySpec(spec), status: { conditions: [], listeners: [] } }
  },

  HTTPRoute({ metadata, spec }) {
    const object = namespaced(GATEWAY_API, 'HTTPRoute', metadata)
    return { ...object, spec: httpRouteSpec(spec, object.metadata.namespace), status: { parents: [] } }
  },

  NetworkPolicy({ metadata, spec }) {
    return { ...namespaced('networking.k8s.io/v1', 'NetworkPolicy', metadata), spec: networkPolicySpec(spec) }
  },

  PodDisruptionBudget({ metadata, spec }) {
    return {
      ...namespaced('policy/v1', 'PodDisruptionBudget', metadata),
      spec: {
        minAvailable: spec?.minAvailable ?? null,
        maxUnavailable: spec?.maxUnavailable ?? null,
        selector: labelSelector(spec?.selector),
        unhealthyPodEvictionPolicy: (spec?.unhealthyPodEvictionPolicy ||
          'IfHealthyBudget') as PodDisruptionBudget['spec']['unhealthyPodEvictionPolicy'],
      },
      status: NEW_BUDGET_STATUS,
    }
  },

  Role({ metadata, rules }) {
    return { ...namespaced('rbac.authorization.k8s.io/v1', 'Role', metadata), rules: policyRules(rules) }
  },

  ClusterRole({ metadata, rules, aggregationRule }) {
    return {
      ...clusterScoped('rbac.authorization.k8s.io/v1', 'ClusterRole', metadata),
      rules: policyRules(rules),
      aggregationRule:
        aggregationRule === undefined
          ? null
          : { clusterRoleSelectors: (aggregationRule.clusterRoleSelectors ?? []).map((selector) => labelSelector(selector)) },
    }
  },

  RoleBinding(fields) {
    return { ...namespaced('rbac.authorization.k8s.io/v1', 'RoleBinding', fields.metadata), ...binding(fields) }
  },

  ClusterRoleBinding(fields) {
    return { ...clusterScoped('rbac.authorization.k8s.io/v1', 'ClusterRoleBinding', fields.metadata), ...binding(fields) }
  },

  LimitRange({ metadata, spec }) {
    return { ...namespaced('v1', 'LimitRange', metadata), spec: { limits: (spec?.limits ?? []).map(limitRangeItem) } }
  },

  ResourceQuota({ metadata, spec }) {
    return {
      ...namespaced('v1', 'ResourceQuota', metadata),
      spec: { hard: quantities(spec?.hard), scopes: quotaScopes(spec) },
      status: { hard: {}, used: {} },
    }
  },

  PriorityClass({ metadata, value, globalDefault, preemptionPolicy }) {
    return {
      ...clusterScoped('scheduling.k8s.io/v1', 'PriorityClass', metadata),
      value: value ?? 0,
      globalDefault: globalDefault ?? false,
      preemptionPolicy: (preemptionPolicy || 'PreemptLowerPriority') as PriorityClass['preemptionPolicy'],
    }
  },

  Namespace({ metadata }) {
    return clusterScoped('v1', 'Namespace', metadata)
  },

  ServiceAccount({ metadata }) {
    return namespaced('v1', 'ServiceAccount', metadata)
  },
}

const NEW_BUDGET_STATUS: PodDisruptionBudget['status'] = {
  observedGeneration: 0,
  disruptionsAllowed: 0,
  currentHealthy: 0,
  desiredHealthy: 0,
  expectedPods: 0,
  disruptedPods: {},
  conditions: [],
}

/** The model's object of a manifest that has passed all checks. */
export function convert<K extends ManifestKind>(kind: K, fields: PickedObject<K>): KindMap[K] {
  return CONVERSIONS[kind](fields)
}

type Header<K extends string> = Omit<KubernetesObject, 'kind'> & { readonly kind: K }

function namespaced<K extends string>(apiVersion: string, kind: K, metadata: PickedMetadata | undefined): Header<K> {
  return { apiVersion, kind, metadata: objectMeta(metadata, metadata?.namespace || DEFAULT_NAMESPACE) }
}

/** A namespace that was written is dropped, as the API server does. */
function clusterScoped<K extends string>(apiVersion: string, kind: K, metadata: PickedMetadata | undefined): Header<K> {
  return { apiVersion, kind, metadata: objectMeta(metadata, '') }
}

function protocol(text: string | undefined): Protocol {
  return (text || 'TCP') as Protocol
}

/** A port is given by its number or its name. */
function ingressBackend(backend: PickedIngressBackend | undefined): IngressBackend {
  const { name = '', port } = backend?.service ?? {}
  const { name: portName = '', number = 0 } = port ?? {}
  return { service: name, port: number || portName }
}

type PickedHints = NonNullable<PickedObject<'EndpointSlice'>['endpoints']>[number]['hints']

function hintsOf(hints: PickedHints): Pick<Endpoint, 'hints'> {
  const names = (list: readonly { readonly name?: string }[] | undefined) => (list ?? []).map(({ name }) => name ?? '')
  const [zones, nodes] = [names(hints?.forZones), names(hints?.forNodes)]
  return zones.length === 0 && nodes.length === 0 ? {} : { hints: { zones, nodes } }
}
