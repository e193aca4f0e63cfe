import type { AnyObject, Service } from '../api/objects/index.ts'
import { DEFAULT_INGRESS_CLASS } from './admission/default-ingress-class.ts'
import { TOLERATION_SECONDS } from './admission/default-toleration-seconds.ts'
import { LIMIT_BOUNDS, LIMIT_DEFAULTS } from './admission/limit-ranger.ts'
import { NAMESPACE_LIFECYCLE } from './admission/namespace-lifecycle.ts'
import type { AdmissionContext, Plugin } from './admission/plugin.ts'
import { ONE_DEFAULT_PRIORITY, PRIORITY } from './admission/priority.ts'
import { SERVICE_ACCOUNT } from './admission/service-account.ts'

export type { AdmissionContext } from './admission/plugin.ts'

/** The object as it will be stored, with the plugins that changed it, or why it is refused. */
export type Admitted = AdmittedObject | { readonly ok: false; readonly code: number; readonly message: string }

export interface AdmittedObject {
  readonly ok: true
  readonly object: AnyObject
  readonly by: readonly string[]
}

/**
 * In the API server's own order: one more plugin is a file and a line here. NodeRestriction is asked earlier, since it is about every verb;
 * ResourceQuota comes last and takes time, since it writes.
 *
 * Source: Kubernetes v1.36.2 pkg/kubeapiserver/options/plugins.go.
 */
const MUTATING: readonly Plugin[] = [
  NAMESPACE_LIFECYCLE,
  LIMIT_DEFAULTS,
  SERVICE_ACCOUNT,
  PRIORITY,
  TOLERATION_SECONDS,
  DEFAULT_INGRESS_CLASS,
]
const VALIDATING: readonly Plugin[] = [LIMIT_BOUNDS, ONE_DEFAULT_PRIORITY]

/** Runs the admission chain for a new object. `asked` is the name as the client gave it, which may be only the beginning of one. */
export function admitCreate(object: AnyObject, context: AdmissionContext, asked: string = object.metadata.name): Admitted {
  let current = object
  const by: string[] = []
  for (const plugin of MUTATING) {
    const next = plugin.admit(current, context, asked)
    if ('refuse' in next) return { ok: false, code: next.code ?? 403, message: next.refuse }
    if (next !== current) by.push(plugin.name)
    current = next
  }
  for (const plugin of VALIDATING) {
    const next = plugin.admit(current, context, asked)
    if ('refuse' in next) return { ok: false, code: next.code ?? 403, message: next.refuse }
  }
  return { ok: true, object: current, by }
}

/** Gives a Service its addresses, as the REST storage does once an object is admitted. */
export function allocateAddresses(admitted: AdmittedObject, context: AdmissionContext): Admitted {
  if (admitted.object.kind !== 'Service') return admitted
  const service = admitted.object as Service
  const { spec } = service
  if (spec.type === 'ExternalName') return admitted
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
  return { ok: true, object: { ...service, spec: { ...spec, clusterIP, ports } }, by: [...admitted.by, 'Service addresses'] }
}

/** Namespaces that cannot be deleted. Source: Kubernetes pkg/kubeapiserver/options, NamespaceLifecycle's immortal namespaces. */
const IMMORTAL_NAMESPACES: ReadonlySet<string> = new Set(['default', 'kube-system', 'kube-public'])

/** Why a DELETE is not granted; null when it is. */
export function admitDelete(kind: string, name: string): { code: number; message: string } | null {
  if (kind === 'Namespace' && IMMORTAL_NAMESPACES.has(name))
    return { code: 403, message: `namespaces "${name}" is forbidden: this namespace may not be deleted` }
  return null
}

/** Gives back what a removed Service held. */
export function releaseService(service: Service, context: AdmissionContext): void {
  context.clusterIPs.release(service.spec.clusterIP)
  for (const port of service.spec.ports) context.nodePorts.release(port.nodePort)
}
