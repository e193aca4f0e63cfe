/**
 * Which fields of which kind the model acts on: the one place that says so.
 *
 * Conversion to the model's objects sees nothing but what {@link ./pick-fields.ts pickFields} takes out of a manifest by these tables, so a
 * field that is not here cannot have an effect; and what is left behind is what the user is warned of.
 *
 * A leaf names the type that the schema has already assured.
 */
export type Leaf = 'text' | 'number' | 'flag' | 'numberOrText' | 'texts' | 'map' | 'quantity'

export interface FieldTable {
  readonly [field: string]: Leaf | FieldTable | readonly [FieldTable]
}

const METADATA = {
  name: 'text',
  namespace: 'text',
  labels: 'map',
  annotations: 'map',
  finalizers: 'texts',
  ownerReferences: [{ kind: 'text', name: 'text', uid: 'text', controller: 'flag' }],
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

const RESOURCE_LIST = { cpu: 'quantity', memory: 'quantity' } as const satisfies FieldTable

const CONTAINER = {
  name: 'text',
  image: 'text',
  imagePullPolicy: 'text',
  ports: [{ name: 'text', containerPort: 'number', hostPort: 'number', protocol: 'text' }],
  resources: { requests: RESOURCE_LIST, limits: RESOURCE_LIST },
  readinessProbe: PROBE,
  livenessProbe: PROBE,
  startupProbe: PROBE,
  lifecycle: {
    preStop: { sleep: { seconds: 'number' }, exec: { command: 'texts' } },
    postStart: { sleep: { seconds: 'number' }, exec: { command: 'texts' } },
  },
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
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: [{ matchExpressions: [{ key: 'text', operator: 'text', values: 'texts' }] }],
      },
    },
  },
  tolerations: [{ key: 'text', operator: 'text', value: 'text', effect: 'text', tolerationSeconds: 'number' }],
  terminationGracePeriodSeconds: 'number',
  restartPolicy: 'text',
  priority: 'number',
  hostNetwork: 'flag',
  readinessGates: [{ conditionType: 'text' }],
} as const satisfies FieldTable

const POD_TEMPLATE = {
  metadata: { labels: 'map', annotations: 'map' },
  spec: POD_SPEC,
} as const satisfies FieldTable

const TYPE = { apiVersion: 'text', kind: 'text' } as const satisfies FieldTable

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
      capacity: { cpu: 'quantity', memory: 'quantity', pods: 'quantity' },
      allocatable: { cpu: 'quantity', memory: 'quantity', pods: 'quantity' },
      addresses: [{ type: 'text', address: 'text' }],
      images: [{ names: 'texts' }],
    },
  },
  Namespace: { ...TYPE, metadata: METADATA },
  ServiceAccount: { ...TYPE, metadata: METADATA },
} as const satisfies Readonly<Record<string, FieldTable>>

/** Kinds that a manifest can make and the model acts on. */
export type ManifestKind = keyof typeof MODELLED_FIELDS

/** Which `apiVersion` each of them has. */
export const MODELLED_API_VERSIONS: Readonly<Record<ManifestKind, string>> = {
  Deployment: 'apps/v1',
  ReplicaSet: 'apps/v1',
  Pod: 'v1',
  Service: 'v1',
  EndpointSlice: 'discovery.k8s.io/v1',
  Node: 'v1',
  Namespace: 'v1',
  ServiceAccount: 'v1',
}

export function isManifestKind(apiVersion: string, kind: string): kind is ManifestKind {
  return Object.hasOwn(MODELLED_FIELDS, kind) && MODELLED_API_VERSIONS[kind as ManifestKind] === apiVersion
}

type LeafValue = {
  text: string
  number: number
  flag: boolean
  numberOrText: number | string
  texts: readonly string[]
  map: Readonly<Record<string, string>>
  quantity: number | string
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

export type PickedObject<K extends ManifestKind> = Picked<(typeof MODELLED_FIELDS)[K]>
export type PickedMetadata = Picked<typeof METADATA>
export type PickedPodSpec = Picked<typeof POD_SPEC>
export type PickedPodTemplate = Picked<typeof POD_TEMPLATE>
export type PickedContainer = Picked<typeof INIT_CONTAINER>
export type PickedProbe = Picked<typeof PROBE>
export type PickedSelector = Picked<typeof LABEL_SELECTOR>
