import type { Endpoint, EndpointSlice, Pod } from '../../api/objects/index.ts'
import { SERVICE_NAME_LABEL } from '../../api/objects/index.ts'
import type { Wait } from '../../engine/process.ts'
import type { HopId } from '../../engine/trace.ts'
import { isReady, isTerminal } from '../conditions.ts'
import type { Informer } from '../informer.ts'
import { keyOf, objectKey } from '../object-key.ts'
import { OwnerIndex } from '../owner-index.ts'
import { PodsByLabel } from '../pods-by-label.ts'
import { SelectingServices } from '../selecting-services.ts'
import type { WatchEvent } from '../watch-cache.ts'
import { Controller, type ControllerManager, type Outcome } from './controller.ts'
import { groupEndpoints, newSlice, portsId } from './endpoint-groups.ts'
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
    const selected = this.#podsByLabel.selected(service.metadata.namespace, service.spec.selector)
    const groups = groupEndpoints(service, selected, (node) => this.#zoneOf(node), this.access.version)
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

  #zoneOf(nodeName: string): string {
    return this.#nodes.get(objectKey('Node', '', nodeName))?.metadata.labels['topology.kubernetes.io/zone'] ?? ''
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

/** What changed, for the story. */
function describe(before: readonly Endpoint[], after: readonly Endpoint[]): string {
  const ready = (list: readonly Endpoint[]): number => list.filter((endpoint) => endpoint.conditions.ready).length
  return `endpoints: ${ready(before)} of ${before.length} ready before, ${ready(after)} of ${after.length} now`
}
