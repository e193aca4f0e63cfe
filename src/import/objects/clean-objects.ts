import { pickFields } from '../../api/pick-fields.ts'
import { cleanPodSpec, type PodSurroundings } from './clean-pod-spec.ts'
import { isKept, isKeptAnnotation, KEPT_KINDS, type KeptKind, keptFields } from './kept-fields.ts'
import type { DumpedObject } from './read-objects.ts'
import { at, compareTexts, type Fields, fieldsAt, isFields, listAt, textAt, textsAt } from './values.ts'

/** An object as it is written into the scenario's manifests. */
export interface CleanObject {
  readonly kind: string
  readonly namespace: string
  readonly name: string
  readonly value: Fields
}

const API_VERSIONS: Readonly<Record<KeptKind, readonly string[]>> = {
  ...{ Service: ['v1'], Pod: ['v1'], ReplicationController: ['v1'], LimitRange: ['v1'], ResourceQuota: ['v1'] },
  ...{ Deployment: ['apps/v1'], StatefulSet: ['apps/v1'], DaemonSet: ['apps/v1'], ReplicaSet: ['apps/v1'] },
  ...{ HorizontalPodAutoscaler: ['autoscaling/v2', 'autoscaling/v1'], PodDisruptionBudget: ['policy/v1'] },
  ...{ Ingress: ['networking.k8s.io/v1'], IngressClass: ['networking.k8s.io/v1'], NetworkPolicy: ['networking.k8s.io/v1'] },
  ...{ PriorityClass: ['scheduling.k8s.io/v1'] },
}

/** Read for what they say of the cluster, and not imported as objects. */
const READ_OTHERWISE = ['Node', 'EndpointSlice', 'Namespace', 'ConfigMap']

/** What the model's cluster has by itself, or has no use for. */
const OWN_DAEMON_SETS = ['kube-proxy']

/** Fields of every object that only the cluster writes: not worth a word. */
const WRITTEN_BY_CLUSTER =
  /^(status|apiVersion|kind|metadata\.(uid|resourceVersion|generation|creationTimestamp|managedFields|selfLink|generateName|deletion\w+))$/

/** The objects that the manifests get, in the order in which they are written, without what the model has no use for. */
export function cleanObjects(objects: readonly DumpedObject[], around: Omit<PodSurroundings, 'owner'>): CleanObject[] {
  const { notes } = around
  const clean: CleanObject[] = []
  for (const object of objects) {
    const { kind, apiVersion, namespace, name } = object
    const shown = namespace === '' ? name : `${namespace}/${name}`
    if (READ_OTHERWISE.includes(kind)) continue
    if (!isKept(kind) || !API_VERSIONS[kind].includes(apiVersion)) {
      // Of what is not read at all not even names are told.
      notes.leaveOut(`${kind} (${apiVersion})`, whyNot(kind))
      continue
    }
    const why = whyLeftOut(object)
    if (why !== null) notes.leaveOut(kind, why, shown)
    else clean.push({ kind, namespace, name, value: cleanObject(object, kind, { ...around, owner: `${kind} ${shown}` }) })
  }
  const order = (object: CleanObject) => KEPT_KINDS.indexOf(object.kind as KeptKind)
  return clean.toSorted((a, b) => order(a) - order(b) || compareTexts(a.namespace, b.namespace) || compareTexts(a.name, b.name))
}

function whyNot(kind: string): string {
  if (kind === 'Secret') return 'secrets are never read'
  if (kind === 'Job' || kind === 'CronJob') return 'how long its pods run is not known; add it to the manifests with `run` in workloads'
  return 'the model does not act on it, or gets it from elsewhere'
}

/** Objects that others of the dumps make, and those that the model has by itself. */
function whyLeftOut({ kind, namespace, name, value }: DumpedObject): string | null {
  const owners = listAt(value, 'metadata', 'ownerReferences').filter((owner) => at(owner, 'controller') === true)
  if (owners.length > 0) return 'its owner makes it again'
  if (kind === 'Pod' && Object.hasOwn(textsAt(value, 'metadata', 'annotations'), 'kubernetes.io/config.mirror'))
    return 'it is a static pod of the control plane'
  if (kind === 'Pod' && ['Succeeded', 'Failed'].includes(textAt(value, 'status', 'phase'))) return 'it has ended'
  if (kind === 'DaemonSet' && namespace === 'kube-system' && OWN_DAEMON_SETS.includes(name))
    return 'kube-proxy is part of every node of the model'
  if (kind === 'PriorityClass' && name.startsWith('system-')) return 'every cluster has it'
  if (kind === 'Service' && isIPv6Only(value)) return 'the model has IPv4 only'
  return null
}

function isIPv6Only(service: Fields): boolean {
  const families = listAt(service, 'spec', 'ipFamilies')
  return families.length > 0 && !families.includes('IPv4')
}

function cleanObject({ apiVersion, kind, value }: DumpedObject, kept: KeptKind, around: PodSurroundings): Fields {
  const { picked, leftOut } = pickFields(value, keptFields(kept))
  for (const { path } of leftOut) {
    const steps = path.filter((step) => typeof step === 'string')
    if (!WRITTEN_BY_CLUSTER.test(steps.join('.')) && steps[0] !== 'status') around.notes.leaveOut(`field ${steps.at(-1)}`, 'not modelled')
  }
  const clean: Record<string, unknown> = { apiVersion, kind, ...(picked as Fields), metadata: cleanMetadata(picked) }
  const spec = fieldsAt(picked, 'spec')
  if (kept === 'Service') clean.spec = cleanService(spec, value, around)
  else if (kept === 'Pod') clean.spec = cleanPodSpec(spec, around)
  else if (isFields(at(spec, 'template'))) clean.spec = { ...spec, template: cleanTemplate(fieldsAt(spec, 'template'), around) }
  return clean
}

function cleanMetadata(object: unknown): Fields {
  const labels = textsAt(object, 'metadata', 'labels')
  const annotations = Object.entries(textsAt(object, 'metadata', 'annotations')).filter(([name]) => isKeptAnnotation(name))
  const namespace = textAt(object, 'metadata', 'namespace')
  return {
    name: textAt(object, 'metadata', 'name'),
    ...(namespace === '' ? {} : { namespace }),
    ...(Object.keys(labels).length === 0 ? {} : { labels }),
    ...(annotations.length === 0 ? {} : { annotations: Object.fromEntries(annotations) }),
  }
}

function cleanTemplate(template: Fields, around: PodSurroundings): Fields {
  const labels = textsAt(template, 'metadata', 'labels')
  return { metadata: Object.keys(labels).length === 0 ? {} : { labels }, spec: cleanPodSpec(fieldsAt(template, 'spec'), around) }
}

/** Source: kube-apiserver --service-node-port-range, its default, which is the model's. */
const NODE_PORT_FIRST = 30_000
const NODE_PORT_LAST = 32_767

/** Cluster IPs are allocated anew, so that they come from the model's own network; that there is none stays. */
function cleanService(spec: Fields, whole: Fields, { notes, owner }: PodSurroundings): Fields {
  const clean: Record<string, unknown> = { ...spec }
  if (clean.clusterIP !== 'None') delete clean.clusterIP
  if (listAt(whole, 'spec', 'ipFamilies').includes('IPv6')) notes.leaveOut('IPv6 address of a Service', 'the model has IPv4 only', owner)
  const ports = listAt(spec, 'ports')
  if (ports.length === 0) return clean
  clean.ports = ports.map((port) => {
    const nodePort = at(port, 'nodePort')
    if (typeof nodePort !== 'number' || (nodePort >= NODE_PORT_FIRST && nodePort <= NODE_PORT_LAST)) return port
    const { nodePort: _left, ...rest } = port as Fields
    if (nodePort !== 0) notes.leaveOut('node port outside 30000 to 32767', 'the model allocates another one', owner)
    return rest
  })
  return clean
}
