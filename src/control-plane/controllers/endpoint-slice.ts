import type { Endpoint, EndpointPort, EndpointSlice, Pod, Service } from '../../api/objects/index.ts'
import { HEADLESS_LABEL, SERVICE_NAME_LABEL } from '../../api/objects/index.ts'
import { treatmentOf } from '../../api/traffic-distribution.ts'
import type { Wait } from '../../engine/process.ts'
import type { HopId } from '../../engine/trace.ts'
import type { KubernetesMinor } from '../../kubernetes-version.ts'
import { isReady, isTerminal } from '../conditions.ts'
import { emptyMeta } from '../empty-meta.ts'
import type { Informer } from '../informer.ts'
import { keyOf, objectKey } from '../object-key.ts'
import { OwnerIndex } from '../owner-index.ts'
import { PodsByLabel } from '../pods-by-label.ts'
import { SelectingServices } from '../selecting-services.ts'
import type { WatchEvent } from '../watch-cache.ts'
import { Controller, type ControllerManager, type Outcome } from './controller.ts'
import { packEndpoints } from './endpoint-packing.ts'

/** Source: `--concurrent-service-endpoint-syncs`. */
export const WORKERS = 5
/** Source: `--max-endpoints-per-slice`. */
export const MAX_ENDPOINTS_PER_SLICE = 100

/** The slice is to go. */
const REMOVED = -1

/**
 * The EndpointSlice controller: says which pods are behind a Service, and in which condition.
 *
 * An endpoint is ready when its pod is Ready and not being deleted; while it is being deleted it still counts as serving
 * as long as it is Ready, and as terminating. Pods without an address, or finished, have no endpoint.
 *
 * Source: Kubernetes pkg/controller/endpointslice, staging/src/k8s.io/endpointslice/{reconciler,utils}.go.
 */
export class EndpointSliceController extends Controller {
  readonly #services: Informer<'Service'>
  readonly #nodes: Informer<'Node'>
  /** By Service and slice: the revision that was written last, or {@link REMOVED}. */
  readonly #written = new Map<string, Map<string, number>>()
  readonly #slices: OwnerIndex<'EndpointSlice'>
  readonly #selecting = new SelectingServices()
  readonly #podsByLabel = new PodsByLabel()

  constructor(manager: ControllerManager) {
    super(manager, { name: 'endpointslice-controller', workers: WORKERS })
    this.#services = manager.informer('Service')
    const pods = manager.informer('Pod')
    this.#nodes = manager.informer('Node')
    const slices = manager.informer('EndpointSlice')
    this.#slices = new OwnerIndex(slices)
    this.#services.listen((event) => {
      if (event.type === 'DELETED') this.#selecting.remove(event.object)
      else this.#selecting.put(event.object)
      if (event.type === 'DELETED') this.#written.delete(keyOf(event.object))
      else this.enqueue(keyOf(event.object), event)
    })
    pods.listen((event) => {
      if (event.type === 'DELETED') this.#podsByLabel.remove(event.object)
      else this.#podsByLabel.put(event.object)
      this.#podChanged(event)
    })
    slices.listen((event) => {
      if (event.type !== 'DELETED') return
      const { namespace, name, labels } = event.object.metadata
      const service = labels[SERVICE_NAME_LABEL]
      if (service === undefined) return
      const key = objectKey('Service', namespace, service)
      this.#written.get(key)?.delete(name)
      this.enqueue(key, event)
    })
  }

  protected *reconcile(key: string, cause: HopId): Generator<Wait, Outcome, unknown> {
    const service = this.#services.get(key)
    if (service === undefined || service.spec.selector === null || service.spec.type === 'ExternalName') return 'done'
    const existing = this.#slices.of(service.metadata.uid)
    if (this.#isStale(key, existing)) return 'retry'
    const groups = this.#desired(service)
    const write: EndpointSlice[] = []
    const create: EndpointSlice[] = []
    const remove = existing.filter((slice) => !groups.has(portsId(slice.ports)))
    for (const [id, { ports, endpoints }] of groups) {
      const own = existing.filter((slice) => portsId(slice.ports) === id)
      const plan = packEndpoints(own, endpoints, MAX_ENDPOINTS_PER_SLICE)
      for (const { slice, endpoints } of plan.update) write.push({ ...slice, endpoints })
      for (const endpoints of plan.create) create.push(newSlice(service, ports, endpoints))
      remove.push(...plan.remove)
    }
    // A slice that would go is used for one that would come.
    while (create.length > 0 && remove.length > 0) {
      const { endpoints, ports } = create.shift()!
      write.push({ ...remove.shift()!, endpoints, ports })
    }
    let succeeded = true
    for (const slice of write) {
      const before = existing.find((candidate) => candidate.metadata.name === slice.metadata.name)!
      const response = yield* this.client.update(slice, { cause, why: describe(before.endpoints, slice.endpoints) })
      if (response.code === 200) this.#wrote(key, response.object!)
      succeeded = (response.code === 200 || response.code === 404) && succeeded
    }
    for (const slice of create) {
      const response = yield* this.client.create(slice, { cause, why: describe([], slice.endpoints) })
      if (response.code === 201) this.#wrote(key, response.object!)
      succeeded = response.code === 201 && succeeded
    }
    for (const slice of remove) succeeded = (yield* this.#remove(key, slice, cause)) && succeeded
    return succeeded ? 'done' : 'retry'
  }

  *#remove(service: string, slice: EndpointSlice, cause: HopId): Generator<Wait, boolean, unknown> {
    const { namespace, name } = slice.metadata
    const response = yield* this.client.delete('EndpointSlice', namespace, name, null, { cause, why: 'no endpoint left for these ports' })
    if (response.code === 200) this.#ownWrites(service).set(name, REMOVED)
    return response.code === 200 || response.code === 404
  }

  #wrote(service: string, { metadata }: EndpointSlice): void {
    this.#ownWrites(service).set(metadata.name, metadata.resourceVersion)
  }

  #ownWrites(service: string): Map<string, number> {
    let written = this.#written.get(service)
    if (written === undefined) {
      written = new Map()
      this.#written.set(service, written)
    }
    return written
  }

  /**
   * Whether the cache does not show yet what the controller itself has written: it would then find nothing to do, or do it twice.
   *
   * Source: Kubernetes staging/src/k8s.io/endpointslice/util (EndpointSliceTracker, StaleSlices).
   */
  #isStale(service: string, cached: readonly EndpointSlice[]): boolean {
    for (const [name, revision] of this.#written.get(service) ?? []) {
      const seen = cached.find(({ metadata }) => metadata.name === name)
      if (revision === REMOVED ? seen !== undefined : seen === undefined || seen.metadata.resourceVersion < revision) return true
    }
    return false
  }

  /** Endpoints by the set of ports they have: a named target port may differ from pod to pod. */
  #desired(service: Service): Map<string, { ports: readonly EndpointPort[]; endpoints: Endpoint[] }> {
    const groups = new Map<string, { ports: readonly EndpointPort[]; endpoints: Endpoint[] }>()
    for (const pod of this.#podsByLabel.selected(service.metadata.namespace, service.spec.selector!)) {
      if (pod.status.podIP === '' || isTerminal(pod)) continue
      const ports = portsOf(service, pod)
      const id = portsId(ports)
      const group = groups.get(id)
      if (group === undefined) groups.set(id, { ports, endpoints: [this.#endpointOf(service, pod)] })
      else group.endpoints.push(this.#endpointOf(service, pod))
    }
    if (groups.size === 0) groups.set('', { ports: [], endpoints: [] })
    return groups
  }

  #endpointOf(service: Service, pod: Pod): Endpoint {
    const ready = isReady(pod)
    const terminating = pod.metadata.deletionTimestamp !== null
    const isReadyEndpoint = service.spec.publishNotReadyAddresses || (ready && !terminating)
    const { nodeName } = pod.spec
    const zone = this.#nodes.get(objectKey('Node', '', nodeName))?.metadata.labels['topology.kubernetes.io/zone'] ?? ''
    return {
      address: pod.status.podIP,
      conditions: { ready: isReadyEndpoint, serving: ready, terminating },
      nodeName,
      zone,
      ...(isReadyEndpoint ? hintsFor(service, nodeName, zone, this.access.version) : {}),
      podName: pod.metadata.name,
      podUid: pod.metadata.uid,
    }
  }

  /** Only what an endpoint is made of wakes the Services that select the pod. Source: endpointslice/util (podEndpointsChanged). */
  #podChanged(event: WatchEvent<Pod>): void {
    const before = event.previous
    if (event.type === 'MODIFIED' && before !== undefined && sameForEndpoints(before, event.object)) return
    for (const service of this.#selecting.of(event.object, before)) this.enqueue(keyOf(service), event)
  }
}

function sameForEndpoints(a: Pod, b: Pod): boolean {
  return (
    a.status.podIP === b.status.podIP &&
    a.spec.nodeName === b.spec.nodeName &&
    isReady(a) === isReady(b) &&
    isTerminal(a) === isTerminal(b) &&
    (a.metadata.deletionTimestamp === null) === (b.metadata.deletionTimestamp === null) &&
    a.metadata.labels === b.metadata.labels
  )
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

function portsId(ports: readonly EndpointPort[]): string {
  return ports.map((port) => `${port.name}:${port.port}/${port.protocol}`).join(',')
}

function newSlice(service: Service, ports: readonly EndpointPort[], endpoints: readonly Endpoint[]): EndpointSlice {
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

/** What changed, for the story. */
function describe(before: readonly Endpoint[], after: readonly Endpoint[]): string {
  const ready = (list: readonly Endpoint[]): number => list.filter((endpoint) => endpoint.conditions.ready).length
  return `endpoints: ${ready(before)} of ${before.length} ready before, ${ready(after)} of ${after.length} now`
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
