import type { LeftOutField } from './pick-fields.ts'
import type { SourcePath } from './source-text.ts'

/**
 * How a field that the model does not act on is to be told: not at all, as inert, or as something that may change the answer.
 *
 * Paths here are written without indexes and from the nearest part that has one meaning everywhere: `template.spec` and a Pod's `spec` are
 * both a pod's spec.
 */
export type LeftOutClass = 'silent' | 'inert-field' | 'unmodelled-field'

/**
 * Neither when things happen nor where traffic goes can depend on these: what a container runs is described by the scenario's workloads, and
 * what the API server fills in itself is ignored on input.
 */
const INERT: ReadonlySet<string> = new Set([
  // containers
  ...['args', 'command', 'env', 'envFrom', 'securityContext', 'stdin', 'stdinOnce', 'terminationMessagePath', 'terminationMessagePolicy'],
  ...['tty', 'volumeMounts', 'volumeDevices', 'workingDir'],
  // details of a probe's question: the answer is the workload's
  ...['path', 'host', 'scheme', 'httpHeaders', 'service'].flatMap((field) => [`httpGet.${field}`, `grpc.${field}`, `tcpSocket.${field}`]),
  // pods
  ...[
    'automountServiceAccountToken',
    'enableServiceLinks',
    'hostAliases',
    'hostIPC',
    'hostPID',
    'hostUsers',
    'hostname',
    'imagePullSecrets',
  ],
  ...['setHostnameAsFQDN', 'shareProcessNamespace', 'subdomain', 'os'],
  // names in DNS are not modelled; a Job's own selector only says which pods are its own
  ...['serviceName', 'manualSelector'],
  // accounts
  'secrets',
  // which certificate a host has
  'tls.secretName',
  // ports
  'appProtocol',
  // names of what a reference already names by uid or is told by its kind
  ...[
    'ownerReferences.apiVersion',
    'roleRef.apiGroup',
    'subjects.apiGroup',
    'targetRef.apiVersion',
    'targetRef.kind',
    'targetRef.namespace',
  ],
  ...['targetRef.fieldPath', 'targetRef.resourceVersion', 'endpoints.hostname'],
  // that such a metric always fails is told by a warning of its own
  ...['pods.target', 'object.target', 'external.target', 'object.describedObject', 'metric.selector'],
  // a node's account of itself
  ...['status.nodeInfo', 'status.daemonEndpoints', 'status.config', 'status.conditions', 'status.phase', 'providerID'],
  ...['status.runtimeHandlers', 'status.features', 'podCIDRs'],
])

/** The API server sets these itself: `kubectl get -o yaml` prints them, `kubectl apply` ignores them. */
const SERVER_SET: ReadonlySet<string> = new Set([
  ...['creationTimestamp', 'deletionTimestamp', 'deletionGracePeriodSeconds', 'generateName', 'generation', 'managedFields'],
  ...['resourceVersion', 'selfLink', 'uid'],
])

/** Values that say what the model does anyway. Source of the defaults: kubernetes v1.36.2 pkg/apis/core/v1/defaults.go. */
const NEUTRAL: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  ['addressType', 'IPv4'],
  ['allocateLoadBalancerNodePorts', true],
  ['dnsPolicy', 'ClusterFirst'],
  ['ipFamilyPolicy', 'SingleStack'],
  ['schedulerName', 'default-scheduler'],
  ['managedBy', 'kubernetes.io/job-controller'],
])

/** Required by the API, and told by what stands beside them: the kind of a target, the amount that a metric is to have. */
const REDUNDANT: ReadonlySet<string> = new Set(['scaleTargetRef.apiVersion', 'target.type'])

/** Fields that make no difference while they are empty. */
function isEmpty(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return value === '' || value === false
  return Object.keys(value).length === 0
}

export function classOf(kind: string, { path, value }: LeftOutField): LeftOutClass {
  const names = path.filter((step) => typeof step === 'string')
  const last = names[names.length - 1] ?? ''
  const parent = names[names.length - 2] ?? ''
  if (isEmpty(value) || (NEUTRAL.has(last) && NEUTRAL.get(last) === value)) return 'silent'
  if (isSingleStack(last, value) || REDUNDANT.has(`${parent}.${last}`)) return 'silent'
  // the API server makes a Job's selector itself, and kubectl prints it
  if (kind === 'Job' && names.join('.').startsWith('spec.selector')) return 'inert-field'
  if (parent === 'metadata') return SERVER_SET.has(last) || last === 'name' || last === 'namespace' ? 'inert-field' : 'unmodelled-field'
  if (names[0] === 'status' && kind !== 'Node') return 'inert-field'
  // what an init container runs decides how long the pod waits for it
  if ((last === 'command' || last === 'args') && parent === 'initContainers') return 'unmodelled-field'
  // a hook holds the container back; a probe's question does not
  if (parent === 'exec') return /Probe$/.test(names[names.length - 3] ?? '') ? 'inert-field' : 'unmodelled-field'
  const suffixes = [last, `${parent}.${last}`, names.slice(-3).join('.')]
  return suffixes.some((suffix) => INERT.has(suffix)) ? 'inert-field' : 'unmodelled-field'
}

/** The address lists that a Service of one IPv4 address is printed with. */
function isSingleStack(field: string, value: unknown): boolean {
  if (!Array.isArray(value) || value.length !== 1) return false
  return (field === 'ipFamilies' && value[0] === 'IPv4') || field === 'clusterIPs'
}

/** `spec.containers[].env`: the path of all fields of that name, for one warning. */
export function fieldPath(path: SourcePath): string {
  return path.map((step, index) => (typeof step === 'number' ? '[]' : `${index === 0 ? '' : '.'}${step}`)).join('')
}
