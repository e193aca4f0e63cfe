import { ReseedableStream } from '../../engine/random-stream.ts'
import { NO_TEMPLATE, PersistentConnections } from '../../proxy/affinity/persistent-connections.ts'
import { ConnectionCounters } from '../../proxy/ipvs/connection-counters.ts'
import { type Destination, NO_DESTINATION } from '../../proxy/ipvs/destination-list.ts'
import type { ReuseRules } from '../../proxy/ipvs/reuse-rules.ts'
import type { Below, Packet } from '../../proxy/ipvs/scheduler.ts'
import type { Ending } from '../../proxy/ipvs/timeouts.ts'
import { TupleConnections } from '../../proxy/ipvs/tuple-connections.ts'
import { VirtualService } from '../../proxy/ipvs/virtual-service.ts'
import { GOLDEN_RATIO_32, mix32 } from '../../proxy/mix.ts'
import { MINUTE, type Nanos, SECOND } from '../../units.ts'
import { EndpointSet } from '../endpoint-set.ts'
import type { IpvsScheduler } from '../kube-proxy-spec.ts'
import { realServersOf } from '../routing.ts'
import type { ServiceHistory, ServicePortId } from '../service-history.ts'
import { type Entry, NODE_PORT } from './mode.ts'
import type { SyncLog } from './sync-log.ts'

/** How often kube-proxy looks whether a drained destination can go. Source: kubernetes v1.36.2 pkg/proxy/ipvs/graceful_termination.go, rsCheckDeleteInterval. */
export const DRAIN_CHECK_PERIOD: Nanos = MINUTE

const WEIGHT = 1
const QUIESCED = 0

/** A connection of a virtual service: its destination, or its entry where reuse of ports matters, or its template when clients are persistent. */
export type Connection = number

/** Destinations are fewer, and so are entries. */
const TEMPLATES_FROM = 2_097_152

export interface NodeVirtualServiceOptions {
  readonly history: ServiceHistory
  readonly servicePort: ServicePortId
  readonly node: number
  /** The cluster IP's virtual service or the node port's. */
  readonly entry: Entry
  readonly scheduler: IpvsScheduler
  /** What twos draws from. */
  readonly below: Below
  /** What a client's use of a port again leads to; null: to nothing, and connections are only counted. */
  readonly reuse: ReuseRules | null
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
 * connection left; those of UDP always at once. An endpoint that comes back meanwhile is taken out and added anew.
 * Source: kubernetes v1.36.2 pkg/proxy/ipvs/{proxier,graceful_termination}.go.
 */
export class NodeVirtualService {
  readonly #history: ServiceHistory
  readonly #servicePort: ServicePortId
  readonly #node: number
  readonly #entry: Entry
  readonly #scheduler: IpvsScheduler
  readonly #below: Below
  readonly #log: SyncLog
  readonly #seed: number
  /** Flows of UDP are never active, and destinations of them are not drained. */
  readonly #isUdp: boolean
  #service: VirtualService
  #connections: ConnectionCounters
  readonly #reuse: ReuseRules | null
  /** Of TCP where reuse of ports matters and clients are not persistent. */
  #tuples: TupleConnections | null
  /** Made when the Service first has session affinity. */
  #persistent: PersistentConnections | null = null
  /** 0: without persistence. */
  #affinity: Nanos = 0
  /** By destination. */
  readonly #endpointOf: number[] = []
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
    this.#node = options.node
    this.#entry = options.entry
    this.#scheduler = options.scheduler
    this.#below = options.below
    this.#log = options.log
    this.#seed = options.seed
    this.#isUdp = options.history.isUdp(options.servicePort)
    this.#service = newService(options.scheduler, options.below)
    this.#connections = new ConnectionCounters(this.#service)
    this.#reuse = this.#isUdp ? null : options.reuse
    this.#tuples = this.#newTuples()
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

  /** Picks a destination and counts the connection; NO_DESTINATION: refused; SYN_DROPPED: lost. {@link catchUp} first. */
  connect(packet: Packet, now: Nanos): Connection {
    if (this.#affinity === 0) {
      this.#persistent?.drain(now)
      if (this.#tuples !== null) return this.#tuples.connect(packet, now)
      const destination = this.#connections.connect(packet, now)
      if (this.#isUdp && destination !== NO_DESTINATION) this.#service.deactivate(destination)
      return destination
    }
    // What ended before counts no more when the scheduler looks.
    this.#connections.drain(now)
    this.#tuples?.drain(now)
    this.#persistent ??= new PersistentConnections(this.#service)
    const template = this.#persistent.connect(packet, this.#affinity, now)
    if (template === NO_TEMPLATE) return NO_DESTINATION
    if (this.#isUdp) this.#service.deactivate(this.#persistent.destinationOf(template))
    return TEMPLATES_FROM + template
  }

  endpointOf(connection: Connection): number {
    return this.#endpointOf[this.#destinationOf(connection)]!
  }

  /** Whether new packets of a connection without an answer are still sent there. {@link catchUp} first. */
  accepts(connection: Connection): boolean {
    if (this.#tuples !== null && connection < TEMPLATES_FROM) return this.#tuples.accepts(connection)
    const { destinations } = this.#service
    const destination = this.#destinationOf(connection)
    return destinations.available(destination) && destinations.weight(destination) !== QUIESCED
  }

  /** The connection is forgotten at once. */
  expire(connection: Connection, now: Nanos): void {
    if (connection >= TEMPLATES_FROM) this.#persistent!.expire(connection - TEMPLATES_FROM, !this.#isUdp)
    else if (this.#tuples !== null) this.#tuples.expire(connection, now)
    else this.#service.unbind(connection, !this.#isUdp)
  }

  /** {@link catchUp} first. */
  finish(connection: Connection, ending: Ending, now: Nanos): void {
    if (connection >= TEMPLATES_FROM) this.#persistent!.finish(connection - TEMPLATES_FROM, ending, now)
    else if (this.#tuples !== null) this.#tuples.finish(connection, ending, now)
    else this.#connections.finish(connection, ending, now)
  }

  /** Endpoint, weight, active and inactive connections of every destination, the newest first. For tests and inspection. */
  snapshot(): { endpoint: number; weight: number; active: number; inactive: number }[] {
    const list = this.#service.destinations
    const rows = []
    for (let at = list.first; at !== NO_DESTINATION; at = list.next(at)) {
      rows.push({ endpoint: this.#endpointOf[at]!, weight: list.weight(at), active: list.active(at), inactive: list.inactive(at) })
    }
    return rows
  }

  #replaySync(): void {
    const sync = this.#nextSync++
    const time = this.#log.timeOf(sync)
    const rules = this.#history.rules(this.#servicePort, this.#log.serviceRevisionOf(sync))
    if (rules === null || (this.#entry === NODE_PORT && rules.nodePort === 0)) {
      if (this.#exists) this.#delete()
      return
    }
    this.#exists = true
    this.#affinity = rules.affinitySeconds * SECOND
    const endpoints = this.#history.endpoints(rules.endpointPort, this.#log.sliceRevisionOf(sync)).seenFrom(this.#node)
    const wanted = realServersOf(endpoints, rules, this.#node, this.#entry)
    if (wanted.equals(this.#endpoints)) return
    this.#drain(time)
    const had = this.#endpoints
    this.#endpoints = wanted
    this.#add(sync, had, wanted)
    this.#remove(sync, had, wanted, time)
  }

  #add(sync: number, had: EndpointSet, wanted: EndpointSet): void {
    for (const endpoint of this.#shuffled(sync, wanted, had)) {
      const draining = this.#find(endpoint)
      if (draining !== NO_DESTINATION) {
        this.#draining.splice(this.#draining.indexOf(draining), 1)
        this.#service.remove(draining)
      }
      const { addresses } = this.#history
      const added = this.#service.add(addresses.ipv4(addresses.addressOf(endpoint)), addresses.portOf(endpoint), WEIGHT)
      this.#endpointOf[added] = endpoint
    }
  }

  #remove(sync: number, had: EndpointSet, wanted: EndpointSet, time: Nanos): void {
    for (const endpoint of this.#shuffled(~sync, had, wanted)) {
      const destination = this.#find(endpoint)
      if (this.#isUdp || this.#isIdle(destination)) {
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
    this.#drain(time)
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
    this.#service = newService(this.#scheduler, this.#below)
    this.#connections = new ConnectionCounters(this.#service)
    this.#tuples = this.#newTuples()
    this.#persistent = null
    this.#generation++
    this.#exists = false
    this.#endpoints = EndpointSet.EMPTY
    this.#draining = []
    this.#nextCheck = NEVER
  }

  #find(endpoint: number): Destination {
    const { addresses } = this.#history
    return this.#service.find(addresses.ipv4(addresses.addressOf(endpoint)), addresses.portOf(endpoint))
  }

  #destinationOf(connection: Connection): Destination {
    if (connection >= TEMPLATES_FROM) return this.#persistent!.destinationOf(connection - TEMPLATES_FROM)
    return this.#tuples === null ? connection : this.#tuples.destinationOf(connection)
  }

  #newTuples(): TupleConnections | null {
    return this.#reuse === null ? null : new TupleConnections(this.#service, this.#reuse)
  }

  #drain(now: Nanos): void {
    this.#connections.drain(now)
    this.#tuples?.drain(now)
    this.#persistent?.drain(now)
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

/** kube-proxy has mh look at the client's port too, and gives no other scheduler a flag. Source: kubernetes v1.36.2 pkg/proxy/ipvs/proxier.go. */
function newService(scheduler: IpvsScheduler, below: Below): VirtualService {
  return new VirtualService({ scheduler, flags: { port: scheduler === 'mh' }, below })
}

const NEVER: Nanos = Number.POSITIVE_INFINITY
