import type { AnyObject, Pod, Service, Toleration } from '../api/objects/index.ts'
import type { RandomStream } from '../engine/random-stream.ts'
import type { AddressPool, PortPool } from './address-pools.ts'
import { MIRROR } from './installs/static-pods.ts'
import { objectKey } from './object-key.ts'

/** What admission may look at and take from. */
export interface AdmissionContext {
  readonly get: (key: string) => AnyObject | undefined
  readonly clusterIPs: AddressPool
  readonly nodePorts: PortPool
  readonly rng: RandomStream
}

/** The object as it will be stored, with the plugins that changed it, or why it is refused. */
export type Admitted =
  | { readonly ok: true; readonly object: AnyObject; readonly by: readonly string[] }
  | { readonly ok: false; readonly code: number; readonly message: string }

/** One admission plugin: gives back the same object when it has nothing to say, a changed one, or a refusal. */
interface Plugin {
  readonly name: string
  readonly admit: (object: AnyObject, context: AdmissionContext) => AnyObject | { readonly refuse: string }
}

/** Kubernetes gives every pod 300 s on a node that is not ready or unreachable, unless the pod says otherwise. */
const DEFAULT_TOLERATION_SECONDS = 300

/** In the API server's own order. Source: Kubernetes v1.36.2 pkg/kubeapiserver/options/plugins.go. */
const PLUGINS: readonly Plugin[] = [
  { name: 'NamespaceLifecycle', admit: namespaceExists },
  { name: 'ServiceAccount', admit: serviceAccountExists },
  { name: 'DefaultTolerationSeconds', admit: defaultTolerations },
]

/** Runs the admission chain for a new object. Service addresses are given last, as the REST storage does. */
export function admitCreate(object: AnyObject, context: AdmissionContext): Admitted {
  let current = object
  const by: string[] = []
  for (const plugin of PLUGINS) {
    const next = plugin.admit(current, context)
    if ('refuse' in next) return { ok: false, code: 403, message: next.refuse }
    if (next !== current) by.push(plugin.name)
    current = next
  }
  if (current.kind !== 'Service') return { ok: true, object: current, by }
  return allocateService(current as Service, by, context)
}

function namespaceExists(object: AnyObject, context: AdmissionContext): AnyObject | { refuse: string } {
  const namespace = object.metadata.namespace
  if (namespace === '') return object
  const held = context.get(objectKey('Namespace', '', namespace))
  if (held !== undefined && held.metadata.deletionTimestamp === null) return object
  if (held !== undefined) return { refuse: `unable to create new content in namespace ${namespace} because it is being terminated` }
  return { refuse: `namespaces "${namespace}" not found` }
}

function serviceAccountExists(object: AnyObject, context: AdmissionContext): AnyObject | { refuse: string } {
  if (object.kind !== 'Pod') return object
  const pod = object as Pod
  // Mirror pods have none. Source: plugin/pkg/admission/serviceaccount/admission.go.
  if (MIRROR in pod.metadata.annotations) return object
  const name = pod.spec.serviceAccountName
  if (context.get(objectKey('ServiceAccount', pod.metadata.namespace, name)) !== undefined) return object
  return { refuse: `error looking up service account ${pod.metadata.namespace}/${name}: serviceaccount "${name}" not found` }
}

function defaultTolerations(object: AnyObject): AnyObject {
  if (object.kind !== 'Pod') return object
  const pod = object as Pod
  const added: Toleration[] = []
  for (const key of ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable']) {
    const borne = pod.spec.tolerations.some((t) => (t.key === key || t.key === '') && (t.effect === 'NoExecute' || t.effect === ''))
    if (!borne) added.push({ key, operator: 'Exists', value: '', effect: 'NoExecute', tolerationSeconds: DEFAULT_TOLERATION_SECONDS })
  }
  if (added.length === 0) return object
  return { ...pod, spec: { ...pod.spec, tolerations: [...pod.spec.tolerations, ...added] } }
}

function allocateService(service: Service, by: readonly string[], context: AdmissionContext): Admitted {
  const spec = service.spec
  if (spec.type === 'ExternalName') return { ok: true, object: service, by }
  let clusterIP = spec.clusterIP
  if (clusterIP === '') clusterIP = context.clusterIPs.allocate(context.rng)
  else if (clusterIP !== 'None' && !context.clusterIPs.claim(clusterIP)) {
    return { ok: false, code: 422, message: `spec.clusterIP: provided IP "${clusterIP}" is not in the valid range or already allocated` }
  }
  const wantsNodePort = spec.type === 'NodePort' || spec.type === 'LoadBalancer'
  const ports = []
  for (const port of spec.ports) {
    if (!wantsNodePort) ports.push(port)
    else if (port.nodePort === 0) ports.push({ ...port, nodePort: context.nodePorts.allocate(context.rng) })
    else if (context.nodePorts.claim(port.nodePort)) ports.push(port)
    else return { ok: false, code: 422, message: `spec.ports.nodePort: ${port.nodePort} is not in the valid range or already allocated` }
  }
  return { ok: true, object: { ...service, spec: { ...spec, clusterIP, ports } }, by: [...by, 'Service addresses'] }
}

/** Namespaces that cannot be deleted. Source: Kubernetes pkg/kubeapiserver/options, NamespaceLifecycle's immortal namespaces. */
const IMMORTAL_NAMESPACES: ReadonlySet<string> = new Set(['default', 'kube-system', 'kube-public'])

/** Why a DELETE is not granted; null when it is. */
export function admitDelete(kind: string, name: string, propagation: string): { code: number; message: string } | null {
  if (kind === 'Namespace' && IMMORTAL_NAMESPACES.has(name))
    return { code: 403, message: `namespaces "${name}" is forbidden: this namespace may not be deleted` }
  if (propagation !== 'Background') return { code: 422, message: `propagationPolicy "${propagation}" is not modelled` }
  return null
}

/** Gives back what a removed Service held. */
export function releaseService(service: Service, context: AdmissionContext): void {
  context.clusterIPs.release(service.spec.clusterIP)
  for (const port of service.spec.ports) context.nodePorts.release(port.nodePort)
}
