import type { Endpoint, EndpointPort, EndpointSlice, Pod, Service } from '../../api/objects/index.ts'
import { HEADLESS_LABEL, SERVICE_NAME_LABEL } from '../../api/objects/index.ts'
import { treatmentOf } from '../../api/traffic-distribution.ts'
import type { KubernetesMinor } from '../../kubernetes-version.ts'
import { isReady, isTerminal } from '../conditions.ts'
import { emptyMeta } from '../empty-meta.ts'

/** Endpoints that have the same ports. */
export interface EndpointGroup {
  readonly ports: readonly EndpointPort[]
  readonly endpoints: readonly Endpoint[]
}

/**
 * Endpoints of the pods that a Service selects, by {@link portsId}: a named target port may differ from pod to pod. A Service without
 * endpoints has one group without ports.
 */
export function groupEndpoints(
  service: Service,
  selected: readonly Pod[],
  zoneOf: (nodeName: string) => string,
  version: KubernetesMinor,
): Map<string, EndpointGroup> {
  const groups = new Map<string, { ports: readonly EndpointPort[]; endpoints: Endpoint[] }>()
  for (const pod of selected) {
    if (pod.status.podIP === '' || isTerminal(pod)) continue
    const ports = portsOf(service, pod)
    const id = portsId(ports)
    const endpoint = endpointOf(service, pod, zoneOf(pod.spec.nodeName), version)
    const group = groups.get(id)
    if (group === undefined) groups.set(id, { ports, endpoints: [endpoint] })
    else group.endpoints.push(endpoint)
  }
  if (groups.size === 0) groups.set('', { ports: [], endpoints: [] })
  return groups
}

function endpointOf(service: Service, pod: Pod, zone: string, version: KubernetesMinor): Endpoint {
  const ready = isReady(pod)
  const terminating = pod.metadata.deletionTimestamp !== null
  const isReadyEndpoint = service.spec.publishNotReadyAddresses || (ready && !terminating)
  const { nodeName } = pod.spec
  return {
    address: pod.status.podIP,
    conditions: { ready: isReadyEndpoint, serving: ready, terminating },
    nodeName,
    zone,
    ...(isReadyEndpoint ? hintsFor(service, nodeName, zone, version) : {}),
    podName: pod.metadata.name,
    podUid: pod.metadata.uid,
  }
}

/** The Service's ports as this pod has them; a named target port that the pod lacks is left out. */
function portsOf(service: Service, pod: Pod): EndpointPort[] {
  const ports: EndpointPort[] = []
  for (const port of service.spec.ports) {
    const target = port.targetPort
    const number = typeof target === 'number' ? target : containerPort(pod, target, port.protocol)
    if (number !== undefined) ports.push({ name: port.name, protocol: port.protocol, port: number })
  }
  return ports
}

function containerPort(pod: Pod, name: string, protocol: string): number | undefined {
  for (const container of pod.spec.containers) {
    const port = container.ports.find((candidate) => candidate.name === name && candidate.protocol === protocol)
    if (port !== undefined) return port.containerPort
  }
  return undefined
}

export function portsId(ports: readonly EndpointPort[]): string {
  return ports.map((port) => `${port.name}:${port.port}/${port.protocol}`).join(',')
}

/** A slice of a Service, whose name the API server completes. */
export function newSlice(service: Service, ports: readonly EndpointPort[], endpoints: readonly Endpoint[]): EndpointSlice {
  const { name, namespace, uid, labels } = service.metadata
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      ...emptyMeta(`${name}-`, namespace),
      labels: { ...labels, [SERVICE_NAME_LABEL]: name, ...(service.spec.clusterIP === 'None' ? { [HEADLESS_LABEL]: '' } : {}) },
      ownerReferences: [{ kind: 'Service', name, uid, controller: true, blockOwnerDeletion: true }],
    },
    endpoints,
    ports,
  }
}

/**
 * Who shall use a ready endpoint under the Service's `trafficDistribution`: its own zone, and under PreferSameNode its own node before that.
 *
 * Source: kubernetes v1.36.2 staging/src/k8s.io/endpointslice/trafficdist/trafficdist.go. PreferSameZone is the newer name of PreferClose.
 */
function hintsFor({ spec }: Service, nodeName: string, zone: string, version: KubernetesMinor): Pick<Endpoint, 'hints'> {
  if (spec.trafficDistribution === undefined || treatmentOf(spec.trafficDistribution, version) !== 'followed') return {}
  const zones = zone === '' ? [] : [zone]
  const nodes = spec.trafficDistribution === 'PreferSameNode' && nodeName !== '' ? [nodeName] : []
  return zones.length === 0 && nodes.length === 0 ? {} : { hints: { zones, nodes } }
}
