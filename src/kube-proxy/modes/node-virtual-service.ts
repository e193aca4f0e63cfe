import { ReseedableStream } from '../../engine/random-stream.ts'
import { ConnectionCounters, type Ending } from '../../proxy/ipvs/connection-counters.ts'
import { type Destination, NO_DESTINATION } from '../../proxy/ipvs/destination-list.ts'
import type { Packet } from '../../proxy/ipvs/scheduler.ts'
import { VirtualService } from '../../proxy/ipvs/virtual-service.ts'
import { GOLDEN_RATIO_32, mix32 } from '../../proxy/mix.ts'
import { MINUTE, type Nanos } from '../../units.ts'
import { EndpointSet } from '../endpoint-set.ts'
import type { IpvsScheduler } from '../kube-proxy-spec.ts'
import type { ServiceHistory, ServicePortId } from '../service-history.ts'
import type { SyncLog } from './sync-log.ts'

/** How often kube-proxy looks whether a drained destination can go. Source: kubernetes v1.36.2 pkg/proxy/ipvs/graceful_termination.go, rsCheckDeleteInterval. */
const DRAIN_CHECK_PERIOD: Nanos = MINUTE

const WEIGHT = 1
const QUIESCED = 0

/** A destination is known by its endpoint alone, which stands for address and port. */
const PORT = 0

export interface NodeVirtualServiceOptions {
  readonly history: ServiceHistory
  readonly servicePort: ServicePortId
  /** The node port's virtual service, as against the cluster IP's. */
  readonly nodePort: boolean
  readonly scheduler: IpvsScheduler
  readonly log: SyncLog
  /** Stands for the order in which this node's kube-proxy walks its Go maps. */
  readonly seed: number
}

/**
 * One virtual service in the kernel of one node, as its kube-proxy has programmed it.
 *
 * It is made when the first connection comes, and brought up to date when somebody looks: it replays the syncs and the checks of draining
 * destinations since the last look, in the order of their times. As nothing but connections changes it in between, the outcome is the same
 * as if every sync had been done when it happened; a test holds it to that.
 *
 * A sync adds new endpoints, each at the head of the list, in an order that is random (a Go map) but the same whenever it is replayed; then
 * it takes out those that are gone: at once without connections, else by weight 0, to be removed by the first check that finds no
 * connection left. An endpoint that comes back meanwhile is taken out and added anew.
 * Source: kubernetes v1.36.2 pkg/proxy/ipvs/{proxier,graceful_termination}.go.
 */
export class NodeVirtualService {
  readonly #history: ServiceHistory
  readonly #servicePort: ServicePortId
  readonly #nodePort: boolean
  readonly #scheduler: IpvsScheduler
  readonly #log: SyncLog
  readonly #seed: number
  #service: VirtualService
  #connections: ConnectionCounters
  /** Counts the times the virtual service was deleted and made again: connections of an earlier one mean nothing to it. */
  #generation = 0
  #exists = false
  /** The next sync to replay. */
  #nextSync: number
  /** Endpoints that kube-proxy wants in it. */
  #endpoints = EndpointSet.EMPTY
  /** Draining, in the order in which they were taken out. */
  #draining: Destination[] = []
  #nextCheck = NEVER

  constructor(options: NodeVirtualServiceOptions) {
    this.#history = options.history
    this.#servicePort = options.servicePort
    this.#nodePort = options.nodePort
    this.#scheduler = options.scheduler
    this.#log = options.log
    this.#seed = options.seed
    this.#service = new VirtualService({ scheduler: options.scheduler })
    this.#connections = new ConnectionCounters(this.#service)
    this.#nextSync = options.log.first
  }

  /** Whether the node has this virtual service, as of the last look. */
  get exists(): boolean {
    return this.#exists
  }

  get generation(): number {
    return this.#generation
  }

  /** The log that it replays: another one after the node booted anew. */
  get log(): SyncLog {
    return this.#log
  }

  /** Replays what has happened up to `now`, which never goes back. */
  catchUp(now: Nanos): void {
    while (this.#nextSync < this.#log.end || this.#nextCheck <= now) {
      const syncAt = this.#nextSync < this.#log.end ? this.#log.timeOf(this.#nextSync) : NEVER
      if (this.#nextCheck < syncAt) this.#check()
      else this.#replaySync()
    }
  }

  /** Picks a destination and counts the connection; NO_DESTINATION: refused. {@link catchUp} first. */
  connect(packet: Packet, now: Nanos): Destination {
    return this.#connections.connect(packet, now)
  }

  endpointOf(destination: Destination): number {
    return this.#service.destinations.address(destination)
  }

  /** Whether new packets of a connection without an answer are still sent there. {@link catchUp} first. */
  accepts(destination: Destination): boolean {
    const { destinations } = this.#service
    return destinations.available(destination) && destinations.weight(destination) !== QUIESCED
  }

  /** The connection is forgotten at once. */
  expire(destination: Destination): void {
    this.#service.unbind(destination, true)
  }

  /** {@link catchUp} first. */
  finish(destination: Destination, ending: Ending, now: Nanos): void {
    this.#connections.finish(destination, ending, now)
  }

  /** Endpoint, weight, active and inactive connections of every destination, the newest first. For tests and inspection. */
  snapshot(): { endpoint: number; weight: number; active: number; inactive: number }[] {
    const list = this.#service.destinations
    const rows = []
    for (let at = list.first; at !== NO_DESTINATION; at = list.next(at)) {
      rows.push({ endpoint: list.address(at), weight: list.weight(at), active: list.active(at), inactive: list.inactive(at) })
    }
    return rows
  }

  #replaySync(): void {
    const sync = this.#nextSync++
    const time = this.#log.timeOf(sync)
    const rules = this.#history.rules(this.#servicePort, this.#log.serviceRevisionOf(sync))
    if (rules === null || (this.#nodePort && rules.nodePort === 0)) {
      if (this.#exists) this.#delete()
      return
    }
    this.#exists = true
    const wanted = this.#history.endpoints(rules.endpointPort, this.#log.sliceRevisionOf(sync))
    if (wanted === this.#endpoints) return
    this.#connections.drain(time)
    const had = this.#endpoints
    this.#endpoints = wanted
    this.#add(sync, had, wanted)
    this.#remove(sync, had, wanted, time)
  }

  #add(sync: number, had: EndpointSet, wanted: EndpointSet): void {
    for (const endpoint of this.#shuffled(sync, wanted, had)) {
      const draining = this.#service.find(endpoint, PORT)
      if (draining !== NO_DESTINATION) {
        this.#draining.splice(this.#draining.indexOf(draining), 1)
        this.#service.remove(draining)
      }
      this.#service.add(endpoint, PORT, WEIGHT)
    }
  }

  #remove(sync: number, had: EndpointSet, wanted: EndpointSet, time: Nanos): void {
    for (const endpoint of this.#shuffled(~sync, had, wanted)) {
      const destination = this.#service.find(endpoint, PORT)
      if (this.#isIdle(destination)) {
        this.#service.remove(destination)
        continue
      }
      this.#service.setWeight(destination, QUIESCED)
      this.#draining.push(destination)
      if (this.#nextCheck === NEVER) this.#nextCheck = this.#checkAfter(time)
    }
  }

  /** The checks run from the start of kube-proxy on, which is close before its first sync. */
  #checkAfter(time: Nanos): Nanos {
    const phase = this.#log.startedAt % DRAIN_CHECK_PERIOD
    return (Math.floor((time - phase) / DRAIN_CHECK_PERIOD) + 1) * DRAIN_CHECK_PERIOD + phase
  }

  #check(): void {
    const time = this.#nextCheck
    this.#connections.drain(time)
    const draining: Destination[] = []
    for (const destination of this.#draining) {
      if (this.#isIdle(destination)) this.#service.remove(destination)
      else draining.push(destination)
    }
    this.#draining = draining
    this.#nextCheck = draining.length > 0 ? time + DRAIN_CHECK_PERIOD : NEVER
  }

  #isIdle(destination: Destination): boolean {
    const { destinations } = this.#service
    return destinations.active(destination) + destinations.inactive(destination) === 0
  }

  /** The Service is gone: the virtual service with everything in it. */
  #delete(): void {
    this.#service = new VirtualService({ scheduler: this.#scheduler })
    this.#connections = new ConnectionCounters(this.#service)
    this.#generation++
    this.#exists = false
    this.#endpoints = EndpointSet.EMPTY
    this.#draining = []
    this.#nextCheck = NEVER
  }

  /** The members of `set` that are not in `without`, in the order of a Go map: a function of (node, virtual service, sync). */
  #shuffled(sync: number, set: EndpointSet, without: EndpointSet): number[] {
    const known = new Set(without.endpoints)
    const members: number[] = []
    for (const endpoint of set.endpoints) if (!known.has(endpoint)) members.push(endpoint)
    if (members.length < 2) return members
    const stream = new ReseedableStream(mix32(this.#seed ^ Math.imul(sync, GOLDEN_RATIO_32)))
    for (let last = members.length - 1; last > 0; last--) {
      const other = stream.below(last + 1)
      const member = members[last]!
      members[last] = members[other]!
      members[other] = member
    }
    return members
  }
}

const NEVER: Nanos = Number.POSITIVE_INFINITY
