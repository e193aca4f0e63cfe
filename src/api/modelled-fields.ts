/**
 * Which fields of which kind the model acts on: the one place that says so.
 *
 * Conversion to the model's objects sees nothing but what {@link ./pick-fields.ts pickFields} takes out of a manifest by these tables, so a
 * field that is not here cannot have an effect; and what is left behind is what the user is warned of.
 *
 * A leaf names the type that the schema has already assured.
 */
export type Leaf = 'text' | 'number' | 'flag' | 'numberOrText' | 'texts' | 'numbers' | 'map' | 'quantities'

export interface FieldTable {
  readonly [field: string]: Leaf | FieldTable | readonly [FieldTable]
}

const METADATA = {
  name: 'text',
  namespace: 'text',
  labels: 'map',
  annotations: 'map',
  finalizers: 'texts',
  ownerReferences: [{ kind: 'text', name: 'text', uid: 'text', controller: 'flag', blockOwnerDeletion: 'flag' }],
} as const satisfies FieldTable

const LABEL_SELECTOR = {
  matchLabels: 'map',
  matchExpressions: [{ key: 'text', operator: 'text', values: 'texts' }],
} as const satisfies FieldTable

const HANDLER_PORT = { port: 'numberOrText' } as const satisfies FieldTable

const PROBE = {
  httpGet: HANDLER_PORT,
  tcpSocket: HANDLER_PORT,
  grpc: { port: 'number' },
  exec: {},
  initialDelaySeconds: 'number',
  periodSeconds: 'number',
  timeoutSeconds: 'number',
  successThreshold: 'number',
  failureThreshold: 'number',
  terminationGracePeriodSeconds: 'number',
} as const satisfies FieldTable

const CONTAINER = {
  name: 'text',
  image: 'text',
  imagePullPolicy: 'text',
  ports: [{ name: 'text', containerPort: 'number', hostPort: 'number', hostIP: 'text', protocol: 'text' }],
  resources: { requests: 'quantities', limits: 'quantities' },
  readinessProbe: PROBE,
  livenessProbe: PROBE,
  startupProbe: PROBE,
  lifecycle: {
    preStop: { sleep: { seconds: 'number' }, exec: { command: 'texts' } },
    postStart: { sleep: { seconds: 'number' }, exec: { command: 'texts' } },
  },
} as const satisfies FieldTable

const NODE_REQUIREMENT = { key: 'text', operator: 'text', values: 'texts' } as const satisfies FieldTable

const NODE_SELECTOR_TERM = { matchExpressions: [NODE_REQUIREMENT], matchFields: [NODE_REQUIREMENT] } as const satisfies FieldTable

const POD_AFFINITY_TERM = {
  labelSelector: LABEL_SELECTOR,
  namespaces: 'texts',
  namespaceSelector: LABEL_SELECTOR,
  topologyKey: 'text',
  matchLabelKeys: 'texts',
  mismatchLabelKeys: 'texts',
} as const satisfies FieldTable

const POD_AFFINITY = {
  requiredDuringSchedulingIgnoredDuringExecution: [POD_AFFINITY_TERM],
  preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 'number', podAffinityTerm: POD_AFFINITY_TERM }],
} as const satisfies FieldTable

const INIT_CONTAINER = { ...CONTAINER, restartPolicy: 'text' } as const satisfies FieldTable

const POD_SPEC = {
  nodeName: 'text',
  serviceAccountName: 'text',
  serviceAccount: 'text',
  initContainers: [INIT_CONTAINER],
  containers: [CONTAINER],
  nodeSelector: 'map',
  affinity: {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [NODE_SELECTOR_TERM] },
      preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 'number', preference: NODE_SELECTOR_TERM }],
    },
    podAffinity: POD_AFFINITY,
    podAntiAffinity: POD_AFFINITY,
  },
  topologySpreadConstraints: [
    {
      maxSkew: 'number',
      topologyKey: 'text',
      whenUnsatisfiable: 'text',
      labelSelector: LABEL_SELECTOR,
      minDomains: 'number',
      nodeAffinityPolicy: 'text',
      nodeTaintsPolicy: 'text',
      matchLabelKeys: 'texts',
    },
  ],
  tolerations: [{ key: 'text', operator: 'text', value: 'text', effect: 'text', tolerationSeconds: 'number' }],
  terminationGracePeriodSeconds: 'number',
  restartPolicy: 'text',
  priority: 'number',
  priorityClassName: 'text',
  preemptionPolicy: 'text',
  overhead: 'quantities',
  hostNetwork: 'flag',
  readinessGates: [{ conditionType: 'text' }],
} as const satisfies FieldTable

const POD_TEMPLATE = {
  metadata: { labels: 'map', annotations: 'map' },
  spec: POD_SPEC,
} as const satisfies FieldTable

const POLICY_RULE = { verbs: 'texts', apiGroups: 'texts', resources: 'texts', resourceNames: 'texts' } as const satisfies FieldTable

const BINDING = {
  subjects: [{ kind: 'text', name: 'text', namespace: 'text' }],
  roleRef: { kind: 'text', name: 'text' },
} as const satisfies FieldTable

const DISRUPTION = {
  type: 'text',
  rollingUpdate: { maxUnavailable: 'numberOrText', maxSurge: 'numberOrText' },
} as const satisfies FieldTable

const JOB_SPEC = {
  parallelism: 'number',
  completions: 'number',
  completionMode: 'text',
  backoffLimit: 'number',
  activeDeadlineSeconds: 'number',
  ttlSecondsAfterFinished: 'number',
  suspend: 'flag',
  podReplacementPolicy: 'text',
  podFailurePolicy: {
    rules: [
      {
        action: 'text',
        onExitCodes: { containerName: 'text', operator: 'text', values: 'numbers' },
        onPodConditions: [{ type: 'text', status: 'text' }],
      },
    ],
  },
  template: POD_TEMPLATE,
} as const satisfies FieldTable

const METRIC_TARGET = { averageUtilization: 'number', averageValue: 'numberOrText' } as const satisfies FieldTable

/** A metric that cannot be read in the model has a name, for what is said of it. */
const UNSERVED_METRIC = { metric: { name: 'text' } } as const satisfies FieldTable

const SCALING_RULES = {
  stabilizationWindowSeconds: 'number',
  selectPolicy: 'text',
  policies: [{ type: 'text', value: 'number', periodSeconds: 'number' }],
  tolerance: 'numberOrText',
} as const satisfies FieldTable

const POLICY_PORT = { protocol: 'text', port: 'numberOrText', endPort: 'number' } as const satisfies FieldTable

const POLICY_PEER = {
  podSelector: LABEL_SELECTOR,
  namespaceSelector: LABEL_SELECTOR,
  ipBlock: { cidr: 'text', except: 'texts' },
} as const satisfies FieldTable

const TYPE = { apiVersion: 'text', kind: 'text' } as const satisfies FieldTable

const INGRESS_BACKEND = { service: { name: 'text', port: { name: 'text', number: 'number' } } } as const satisfies FieldTable

/** The tables, by kind. */
export const MODELLED_FIELDS = {
  Deployment: {
    ...TYPE,
    metadata: METADATA,
    spec: {
      replicas: 'number',
      selector: LABEL_SELECTOR,
      template: POD_TEMPLATE,
      strategy: { type: 'text', rollingUpdate: { maxSurge: 'numberOrText', maxUnavailable: 'numberOrText' } },
      minReadySeconds: 'number',
      revisionHistoryLimit: 'number',
      progressDeadlineSeconds: 'number',
      paused: 'flag',
    },
  },
  ReplicaSet: {
    ...TYPE,
    metadata: METADATA,
    spec: { replicas: 'number', selector: LABEL_SELECTOR, template: POD_TEMPLATE, minReadySeconds: 'number' },
  },
  ReplicationController: {
    ...TYPE,
    metadata: METADATA,
    spec: { replicas: 'number', selector: 'map', template: POD_TEMPLATE, minReadySeconds: 'number' },
  },
  StatefulSet: {
    ...TYPE,
    metadata: METADATA,
    spec: {
      replicas: 'number',
      selector: LABEL_SELECTOR,
      template: POD_TEMPLATE,
      podManagementPolicy: 'text',
      updateStrategy: { type: 'text', rollingUpdate: { partition: 'number' } },
      minReadySeconds: 'number',
      revisionHistoryLimit: 'number',
      ordinals: { start: 'number' },
    },
  },
  DaemonSet: {
    ...TYPE,
    metadata: METADATA,
    spec: {
      selector: LABEL_SELECTOR,
      template: POD_TEMPLATE,
      updateStrategy: DISRUPTION,
      minReadySeconds: 'number',
      revisionHistoryLimit: 'number',
    },
  },
  Job: { ...TYPE, metadata: METADATA, spec: JOB_SPEC },
  CronJob: {
    ...TYPE,
    metadata: METADATA,
    spec: {
      schedule: 'text',
      timeZone: 'text',
      startingDeadlineSeconds: 'number',
      concurrencyPolicy: 'text',
      suspend: 'flag',
      successfulJobsHistoryLimit: 'number',
      failedJobsHistoryLimit: 'number',
      jobTemplate: { metadata: { labels: 'map', annotations: 'map' }, spec: JOB_SPEC },
    },
  },
  HorizontalPodAutoscaler: {
    ...TYPE,
    metadata: METADATA,
    spec: {
      scaleTargetRef: { kind: 'text', name: 'text' },
      minReplicas: 'number',
      maxReplicas: 'number',
      /** Of autoscaling/v1. */
      targetCPUUtilizationPercentage: 'number',
      metrics: [
        {
          type: 'text',
          resource: { name: 'text', target: METRIC_TARGET },
          containerResource: { name: 'text', container: 'text', target: METRIC_TARGET },
          pods: UNSERVED_METRIC,
          object: UNSERVED_METRIC,
          external: UNSERVED_METRIC,
        },
      ],
      behavior: { scaleUp: SCALING_RULES, scaleDown: SCALING_RULES },
    },
  },
  Pod: { ...TYPE, metadata: METADATA, spec: POD_SPEC },
  Service: {
    ...TYPE,
    metadata: METADATA,
    spec: {
      type: 'text',
      clusterIP: 'text',
      ports: [{ name: 'text', protocol: 'text', port: 'number', targetPort: 'numberOrText', nodePort: 'number' }],
      selector: 'map',
      publishNotReadyAddresses: 'flag',
      externalName: 'text',
      internalTrafficPolicy: 'text',
      externalTrafficPolicy: 'text',
      trafficDistribution: 'text',
      sessionAffinity: 'text',
      sessionAffinityConfig: { clientIP: { timeoutSeconds: 'number' } },
    },
  },
  EndpointSlice: {
    ...TYPE,
    metadata: METADATA,
    endpoints: [
      {
        addresses: 'texts',
        conditions: { ready: 'flag', serving: 'flag', terminating: 'flag' },
        nodeName: 'text',
        zone: 'text',
        hints: { forZones: [{ name: 'text' }], forNodes: [{ name: 'text' }] },
        targetRef: { name: 'text', uid: 'text' },
      },
    ],
    ports: [{ name: 'text', protocol: 'text', port: 'number' }],
  },
  Node: {
    ...TYPE,
    metadata: METADATA,
    spec: {
      podCIDR: 'text',
      unschedulable: 'flag',
      taints: [{ key: 'text', value: 'text', effect: 'text' }],
    },
    status: {
      capacity: 'quantities',
      allocatable: 'quantities',
      addresses: [{ type: 'text', address: 'text' }],
      images: [{ names: 'texts', sizeBytes: 'number' }],
    },
  },
  Ingress: {
    ...TYPE,
    metadata: METADATA,
    spec: {
      ingressClassName: 'text',
      defaultBackend: INGRESS_BACKEND,
      tls: [{ hosts: 'texts' }],
      rules: [{ host: 'text', http: { paths: [{ path: 'text', pathType: 'text', backend: INGRESS_BACKEND }] } }],
    },
  },
  IngressClass: { ...TYPE, metadata: METADATA, spec: { controller: 'text' } },
  GatewayClass: { ...TYPE, metadata: METADATA, spec: { controllerName: 'text' } },
  Gateway: {
    ...TYPE,
    metadata: METADATA,
    spec: {
      gatewayClassName: 'text',
      listeners: [{ name: 'text', hostname: 'text', port: 'number', protocol: 'text', allowedRoutes: { namespaces: { from: 'text' } } }],
    },
  },
  HTTPRoute: {
    ...TYPE,
    metadata: METADATA,
    spec: {
      parentRefs: [{ kind: 'text', namespace: 'text', name: 'text', sectionName: 'text', port: 'number' }],
      hostnames: 'texts',
      rules: [
        {
          matches: [
            {
              path: { type: 'text', value: 'text' },
              headers: [{ type: 'text', name: 'text', value: 'text' }],
              queryParams: [{ name: 'text' }],
              method: 'text',
            },
          ],
          filters: [{ type: 'text' }],
          backendRefs: [{ kind: 'text', namespace: 'text', name: 'text', port: 'number', weight: 'number' }],
        },
      ],
    },
  },
  NetworkPolicy: {
    ...TYPE,
    metadata: METADATA,
    spec: {
      podSelector: LABEL_SELECTOR,
      policyTypes: 'texts',
      ingress: [{ from: [POLICY_PEER], ports: [POLICY_PORT] }],
      egress: [{ to: [POLICY_PEER], ports: [POLICY_PORT] }],
    },
  },
  PodDisruptionBudget: {
    ...TYPE,
    metadata: METADATA,
    spec: {
      minAvailable: 'numberOrText',
      maxUnavailable: 'numberOrText',
      selector: LABEL_SELECTOR,
      unhealthyPodEvictionPolicy: 'text',
    },
  },
  ClusterRole: {
    ...TYPE,
    metadata: METADATA,
    rules: [POLICY_RULE],
    aggregationRule: { clusterRoleSelectors: [LABEL_SELECTOR] },
  },
  ClusterRoleBinding: { ...TYPE, metadata: METADATA, ...BINDING },
  Role: { ...TYPE, metadata: METADATA, rules: [POLICY_RULE] },
  RoleBinding: { ...TYPE, metadata: METADATA, ...BINDING },
  LimitRange: {
    ...TYPE,
    metadata: METADATA,
    spec: {
      limits: [
        {
          type: 'text',
          min: 'quantities',
          max: 'quantities',
          default: 'quantities',
          defaultRequest: 'quantities',
          maxLimitRequestRatio: 'quantities',
        },
      ],
    },
  },
  ResourceQuota: {
    ...TYPE,
    metadata: METADATA,
    spec: {
      hard: 'quantities',
      scopes: 'texts',
      scopeSelector: { matchExpressions: [{ scopeName: 'text', operator: 'text', values: 'texts' }] },
    },
  },
  PriorityClass: { ...TYPE, metadata: METADATA, value: 'number', globalDefault: 'flag', preemptionPolicy: 'text' },
  Namespace: { ...TYPE, metadata: METADATA },
  ServiceAccount: { ...TYPE, metadata: METADATA },
} as const satisfies Readonly<Record<string, FieldTable>>

/** Kinds that a manifest can make and the model acts on. */
export type ManifestKind = keyof typeof MODELLED_FIELDS

/** Which `apiVersion` each of them has in the model. */
export const MODELLED_API_VERSIONS: Readonly<Record<ManifestKind, string>> = {
  Deployment: 'apps/v1',
  ReplicaSet: 'apps/v1',
  ReplicationController: 'v1',
  StatefulSet: 'apps/v1',
  DaemonSet: 'apps/v1',
  Job: 'batch/v1',
  CronJob: 'batch/v1',
  HorizontalPodAutoscaler: 'autoscaling/v2',
  Pod: 'v1',
  Service: 'v1',
  EndpointSlice: 'discovery.k8s.io/v1',
  Node: 'v1',
  Ingress: 'networking.k8s.io/v1',
  IngressClass: 'networking.k8s.io/v1',
  GatewayClass: 'gateway.networking.k8s.io/v1',
  Gateway: 'gateway.networking.k8s.io/v1',
  HTTPRoute: 'gateway.networking.k8s.io/v1',
  NetworkPolicy: 'networking.k8s.io/v1',
  PodDisruptionBudget: 'policy/v1',
  ClusterRole: 'rbac.authorization.k8s.io/v1',
  ClusterRoleBinding: 'rbac.authorization.k8s.io/v1',
  Role: 'rbac.authorization.k8s.io/v1',
  RoleBinding: 'rbac.authorization.k8s.io/v1',
  LimitRange: 'v1',
  ResourceQuota: 'v1',
  PriorityClass: 'scheduling.k8s.io/v1',
  Namespace: 'v1',
  ServiceAccount: 'v1',
}

/** Versions that are read as well and become the one of the model. */
const OLDER_API_VERSIONS: Readonly<Partial<Record<ManifestKind, string>>> = { HorizontalPodAutoscaler: 'autoscaling/v1' }

export function isManifestKind(apiVersion: string, kind: string): kind is ManifestKind {
  if (!Object.hasOwn(MODELLED_FIELDS, kind)) return false
  const known = kind as ManifestKind
  return MODELLED_API_VERSIONS[known] === apiVersion || OLDER_API_VERSIONS[known] === apiVersion
}

type LeafValue = {
  text: string
  number: number
  flag: boolean
  numberOrText: number | string
  texts: readonly string[]
  numbers: readonly number[]
  map: Readonly<Record<string, string>>
  quantities: Readonly<Record<string, number | string>>
}

/** What {@link ./pick-fields.ts pickFields} gives for a table: every field may be absent. */
export type Picked<T extends FieldTable> = {
  readonly [K in keyof T]?: T[K] extends Leaf
    ? LeafValue[T[K]]
    : T[K] extends readonly [infer E extends FieldTable]
      ? readonly Picked<E>[]
      : T[K] extends FieldTable
        ? Picked<T[K]>
        : never
}

export type PickedIngressBackend = Picked<typeof INGRESS_BACKEND>
export type PickedObject<K extends ManifestKind> = Picked<(typeof MODELLED_FIELDS)[K]>
export type PickedMetadata = Picked<typeof METADATA>
export type PickedPodSpec = Picked<typeof POD_SPEC>
export type PickedPodAffinity = Picked<typeof POD_AFFINITY>
export type PickedPodAffinityTerm = Picked<typeof POD_AFFINITY_TERM>
export type PickedPodTemplate = Picked<typeof POD_TEMPLATE>
export type PickedContainer = Picked<typeof INIT_CONTAINER>
export type PickedProbe = Picked<typeof PROBE>
export type PickedJobSpec = Picked<typeof JOB_SPEC>
export type PickedPolicyRules = NonNullable<PickedObject<'Role'>['rules']>
export type PickedPolicyPeer = Picked<typeof POLICY_PEER>
export type PickedPolicyPort = Picked<typeof POLICY_PORT>
export type PickedSelector = Picked<typeof LABEL_SELECTOR>
