import type { Service } from '../api/objects/index.ts'
import type { LoadContext } from './load-context.ts'
import { find, type Inventory } from './load-inventory.ts'
import { hostAndPath } from './parse-target.ts'
import type { Path } from './parse-yaml.ts'
import type { TrafficSource, TrafficTarget } from './scenario.ts'

/** The Service and the pod that an address names, where it names a pod: `http://POD.SERVICE.NAMESPACE.svc`. */
export function podOf(text: string): { pod: string; service: string; namespace: string } | null {
  const host = hostAndPath(text)?.host ?? ''
  const match = /^([a-z0-9-]+)\.([a-z0-9-]+)\.([a-z0-9-]+)\.svc(?:\.cluster\.local)?$/.exec(host)
  return match === null ? null : { pod: match[1]!, service: match[2]!, namespace: match[3]! }
}

export function isHeadless({ spec }: Service): boolean {
  return spec.type === 'ClusterIP' && spec.clusterIP === 'None'
}

/**
 * Pods behind a headless Service: clients connect to them straight, at the pods' own port. `pod` null: any of them. The port is the one that is
 * given, or 80 where the pods have it, or the only one.
 */
export function loadHeadlessTarget(
  context: LoadContext,
  target: { path: Path; text: string; from: TrafficSource | undefined; service: Service; pod: string | null },
): TrafficTarget | undefined {
  const { path, text, from, service, pod } = target
  const { name, namespace } = service.metadata
  const address = hostAndPath(text)!
  if (from?.kind === 'external') {
    context.mistake(path, `Service "${name}" is headless: its pods have no address outside the cluster`, 'from: { pods: SELECTOR }')
    return undefined
  }
  if (text.trim().startsWith('udp:')) {
    context.mistake(
      path,
      `Service "${name}" is headless, and UDP straight to pods is not modelled`,
      'http://, or a Service with a cluster IP',
    )
    return undefined
  }
  if (pod !== null && !hasPod(context.inventory, namespace, pod)) {
    context.mistake(
      path,
      `No StatefulSet of the namespace "${namespace}" has a pod "${pod}"`,
      'the name of a StatefulSet, a dash and a number',
    )
    return undefined
  }
  const port = portOf(service, address.port)
  if (typeof port !== 'number') {
    context.mistake(
      path,
      `Service "${name}" is headless: clients connect to the pods’ own ports, and ${address.port === null ? 'the address does not say which' : `${address.port} is none of them`}`,
      port.length === 0 ? 'a TCP port in the manifest of the Service' : `:${port.join(', :')}`,
    )
    return undefined
  }
  return { namespace, service: name, port, host: address.host, path: address.path, straight: { pod } }
}

/** The port, or those to choose from. A target port that has a name may be any. */
function portOf({ spec }: Service, given: number | null): number | readonly number[] {
  const tcp = spec.ports.filter(({ protocol }) => protocol === 'TCP')
  const ports = tcp.flatMap(({ targetPort }) => (typeof targetPort === 'number' ? targetPort : []))
  if (given !== null && (ports.includes(given) || ports.length < tcp.length)) return given
  if (given !== null) return ports
  if (ports.includes(80)) return 80
  return ports.length === 1 && tcp.length === 1 ? ports[0]! : ports
}

function hasPod(inventory: Inventory, namespace: string, pod: string): boolean {
  const match = /^(.*)-\d+$/.exec(pod)
  return match !== null && (inventory.mayHave(match[1]!) || find(inventory.of('StatefulSet'), namespace, match[1]!) !== undefined)
}
