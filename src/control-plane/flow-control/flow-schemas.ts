import type { Identity } from '../identity.ts'

/** What flow control looks at in a request. */
export interface RequestAttributes {
  readonly identity: Identity
  readonly verb: string
  readonly kind: string
  /** Empty for what belongs to no namespace. */
  readonly namespace: string
}

type Subject =
  | { readonly user: string }
  | { readonly group: string }
  /** `*`: every service account of the namespace. */
  | { readonly serviceAccount: string; readonly namespace: string }

interface ResourceRule {
  /** null: every verb. */
  readonly verbs: readonly string[] | null
  readonly kinds: readonly string[]
  /** null: every namespace. */
  readonly namespaces: readonly string[] | null
}

/** A FlowSchema: which requests it takes, to which priority level, and what tells its flows apart. */
export interface FlowSchema {
  readonly name: string
  /** The schema with the smallest number that matches takes the request. */
  readonly matchingPrecedence: number
  readonly priorityLevel: string
  /** null: all its requests are one flow. */
  readonly distinguisher: 'ByUser' | 'ByNamespace' | null
  readonly subjects: readonly Subject[]
  /** null: every resource. */
  readonly resources: readonly ResourceRule[] | null
}

const KUBE_SYSTEM = 'kube-system'
const LOCK_VERBS = ['get', 'create', 'update']
const locks = (configMapNamespaces: readonly string[] | null): readonly ResourceRule[] => [
  { verbs: LOCK_VERBS, kinds: ['Endpoints', 'ConfigMap'], namespaces: configMapNamespaces },
  { verbs: LOCK_VERBS, kinds: ['Lease'], namespaces: null },
]

/**
 * The mandatory schemas (exempt, catch-all) and the suggested ones, in the order in which they are tried. `probes` (health checks of the
 * API server itself) is left out: nobody asks for them here.
 *
 * Source: Kubernetes v1.36 apiserver/pkg/apis/flowcontrol/bootstrap/default.go.
 */
export const FLOW_SCHEMAS: readonly FlowSchema[] = [
  {
    name: 'exempt',
    matchingPrecedence: 1,
    priorityLevel: 'exempt',
    distinguisher: null,
    subjects: [{ group: 'system:masters' }],
    resources: null,
  },
  {
    name: 'system-leader-election',
    matchingPrecedence: 100,
    priorityLevel: 'leader-election',
    distinguisher: 'ByUser',
    subjects: [
      { user: 'system:kube-controller-manager' },
      { user: 'system:kube-scheduler' },
      { serviceAccount: '*', namespace: KUBE_SYSTEM },
    ],
    resources: locks([KUBE_SYSTEM]),
  },
  {
    name: 'endpoint-controller',
    matchingPrecedence: 150,
    priorityLevel: 'workload-high',
    distinguisher: 'ByUser',
    subjects: [
      { user: 'system:kube-controller-manager' },
      { serviceAccount: 'endpoint-controller', namespace: KUBE_SYSTEM },
      { serviceAccount: 'endpointslicemirroring-controller', namespace: KUBE_SYSTEM },
    ],
    resources: [{ verbs: LOCK_VERBS, kinds: ['Endpoints'], namespaces: null }],
  },
  {
    name: 'workload-leader-election',
    matchingPrecedence: 200,
    priorityLevel: 'leader-election',
    distinguisher: 'ByUser',
    subjects: [{ serviceAccount: '*', namespace: KUBE_SYSTEM }],
    resources: locks(null),
  },
  {
    name: 'system-node-high',
    matchingPrecedence: 400,
    priorityLevel: 'node-high',
    distinguisher: 'ByUser',
    subjects: [{ group: 'system:nodes' }],
    resources: [{ verbs: null, kinds: ['Node', 'Lease'], namespaces: null }],
  },
  {
    name: 'system-nodes',
    matchingPrecedence: 500,
    priorityLevel: 'system',
    distinguisher: 'ByUser',
    subjects: [{ group: 'system:nodes' }],
    resources: null,
  },
  {
    name: 'kube-controller-manager',
    matchingPrecedence: 800,
    priorityLevel: 'workload-high',
    distinguisher: 'ByNamespace',
    subjects: [{ user: 'system:kube-controller-manager' }],
    resources: null,
  },
  {
    name: 'kube-scheduler',
    matchingPrecedence: 800,
    priorityLevel: 'workload-high',
    distinguisher: 'ByNamespace',
    subjects: [{ user: 'system:kube-scheduler' }],
    resources: null,
  },
  {
    name: 'kube-system-service-accounts',
    matchingPrecedence: 900,
    priorityLevel: 'workload-high',
    distinguisher: 'ByNamespace',
    subjects: [{ serviceAccount: '*', namespace: KUBE_SYSTEM }],
    resources: null,
  },
  {
    name: 'service-accounts',
    matchingPrecedence: 9000,
    priorityLevel: 'workload-low',
    distinguisher: 'ByUser',
    subjects: [{ group: 'system:serviceaccounts' }],
    resources: null,
  },
  {
    name: 'global-default',
    matchingPrecedence: 9900,
    priorityLevel: 'global-default',
    distinguisher: 'ByUser',
    subjects: [{ group: 'system:unauthenticated' }, { group: 'system:authenticated' }],
    resources: null,
  },
  {
    name: 'catch-all',
    matchingPrecedence: 10_000,
    priorityLevel: 'catch-all',
    distinguisher: 'ByUser',
    subjects: [{ group: 'system:unauthenticated' }, { group: 'system:authenticated' }],
    resources: null,
  },
]

/** The first schema that takes the request. Everybody here is authenticated, so there always is one. */
export function flowSchemaOf(schemas: readonly FlowSchema[], request: RequestAttributes): FlowSchema {
  return (
    schemas.find(({ subjects, resources }) => isSubject(subjects, request.identity) && (resources?.some(takes(request)) ?? true)) ??
    schemas[schemas.length - 1]!
  )
}

/** What tells the flows of one schema apart. */
export function distinguisherOf(schema: FlowSchema, request: RequestAttributes): string {
  if (schema.distinguisher === null) return ''
  return schema.distinguisher === 'ByUser' ? request.identity.user : request.namespace
}

function isSubject(subjects: readonly Subject[], identity: Identity): boolean {
  return subjects.some((subject) => {
    if ('user' in subject) return subject.user === '*' || subject.user === identity.user
    if ('group' in subject) return subject.group === 'system:authenticated' || identity.groups.includes(subject.group)
    const prefix = `system:serviceaccount:${subject.namespace}:`
    return subject.serviceAccount === '*' ? identity.user.startsWith(prefix) : identity.user === prefix + subject.serviceAccount
  })
}

function takes({ verb, kind, namespace }: RequestAttributes): (rule: ResourceRule) => boolean {
  return ({ verbs, kinds, namespaces }) =>
    (verbs === null || verbs.includes(verb)) && kinds.includes(kind) && (namespaces === null || namespaces.includes(namespace))
}
