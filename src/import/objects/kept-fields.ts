import { type FieldTable, type ManifestKind, MODELLED_FIELDS } from '../../api/modelled-fields.ts'

/**
 * Which kinds an import keeps, and which of their fields: those that the model acts on, and what their schema asks for besides. Everything else
 * stays behind, and with it environment variables, arguments, volumes, data of Secrets and ConfigMaps, and what the cluster wrote (status, uid,
 * managedFields).
 */
const KEPT = [
  'Service',
  'Deployment',
  'StatefulSet',
  'DaemonSet',
  'ReplicaSet',
  'ReplicationController',
  'Pod',
  'HorizontalPodAutoscaler',
  'PodDisruptionBudget',
  'Ingress',
  'IngressClass',
  'NetworkPolicy',
  'PriorityClass',
  'LimitRange',
  'ResourceQuota',
] as const satisfies readonly ManifestKind[]

export type KeptKind = (typeof KEPT)[number]

/** The order in which they are written: what others refer to comes first. */
export const KEPT_KINDS: readonly KeptKind[] = [
  ...(['PriorityClass', 'LimitRange', 'ResourceQuota', 'IngressClass', 'Service'] as const),
  ...(['Deployment', 'StatefulSet', 'DaemonSet', 'ReplicaSet', 'ReplicationController', 'Pod'] as const),
  ...(['HorizontalPodAutoscaler', 'PodDisruptionBudget', 'Ingress', 'NetworkPolicy'] as const),
]

/** Required by the schema, and without effect in the model. */
const REQUIRED: Readonly<Partial<Record<KeptKind, FieldTable>>> = {
  StatefulSet: { spec: { serviceName: 'text' } },
  HorizontalPodAutoscaler: {
    spec: {
      scaleTargetRef: { apiVersion: 'text' },
      metrics: [
        {
          resource: { target: { type: 'text', value: 'numberOrText' } },
          containerResource: { target: { type: 'text', value: 'numberOrText' } },
        },
      ],
    },
  },
}

export function isKept(kind: string): kind is KeptKind {
  return (KEPT as readonly string[]).includes(kind)
}

/** The fields that are kept of a kind. */
export function keptFields(kind: KeptKind): FieldTable {
  const required = REQUIRED[kind]
  return required === undefined ? MODELLED_FIELDS[kind] : merged(MODELLED_FIELDS[kind], required)
}

function merged(a: FieldTable, b: FieldTable): FieldTable {
  const both: Record<string, FieldTable[string]> = { ...a }
  for (const [field, shape] of Object.entries(b)) {
    const known = both[field]
    if (known === undefined || typeof known === 'string' || typeof shape === 'string') both[field] = shape
    else if (isList(known) && isList(shape)) both[field] = [merged(known[0], shape[0])]
    else if (!isList(known) && !isList(shape)) both[field] = merged(known, shape)
  }
  return both
}

function isList(shape: FieldTable[string]): shape is readonly [FieldTable] {
  return Array.isArray(shape)
}

/** Annotations that the model acts on; none of them holds a secret. All others stay behind. */
const KEPT_ANNOTATIONS: readonly RegExp[] = [
  /^kubernetes\.io\/ingress\.class$/,
  /^ingressclass\.kubernetes\.io\/is-default-class$/,
  /^controller\.kubernetes\.io\/pod-deletion-cost$/,
  /^nginx\.ingress\.kubernetes\.io\/(affinity|affinity-mode|canary|canary-weight|canary-weight-total|load-balance|proxy-connect-timeout|proxy-read-timeout|proxy-next-upstream|proxy-next-upstream-tries|proxy-next-upstream-timeout|ssl-redirect|force-ssl-redirect)$/,
]

export function isKeptAnnotation(name: string): boolean {
  return KEPT_ANNOTATIONS.some((pattern) => pattern.test(name))
}
