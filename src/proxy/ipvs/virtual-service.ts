/**
 * One IPVS virtual service on one node: its destinations, their counters, and the scheduler that picks among them.
 *
 * What IPVS does on a change of destinations is done here and nowhere else: a new or returning destination goes to the head
 * of the list; a removed one that still has connections keeps its counters for the case that it returns; weight 0
 * ("quiesced") keeps its connections and gets no new ones.
 *
 * Source: Linux net/netfilter/ipvs/ip_vs_ctl.c, ip_vs_conn.c.
 */
import { InvariantError, invariant } from '../../invariant.ts'
import type { Nanos } from '../../units.ts'
import {
  CLASSIC_ACTIVE_LOAD,
  type Destination,
  DestinationList,
  NO_DESTINATION,
  NO_THRESHOLDS,
  type Thresholds,
  TOTAL_ACTIVE_LOAD,
} from './destination-list.ts'
import type { Below, Packet, Scheduler, SchedulerFlags } from './scheduler.ts'
import { SCHEDULERS, type SchedulerName } from './schedulers/index.ts'

/** ipvsadm(8): "an integer 0..65535". */
export const WEIGHT_MAX = 65535

/**
 * `classic`: 256 active + inactive. `total`: 256 active + all connections (stable 6.1.192, 6.12.104 and later). They differ in near ties only.
 *
 * `total` also stands for the bounded caches of lblc and lblcr, which 6.12.117 has; that they came with the formula is an assumption.
 */
export type OverheadFormula = 'classic' | 'total'

/** Clients stay with their destination (`ipvsadm -p`), as Kubernetes' `sessionAffinity: ClientIP` asks. */
export interface Persistence {
  /** How long a template outlives the last new connection, ns. Kubernetes' default is 10,800 s. */
  readonly timeout: Nanos
  /** Clients that agree in these bits share a template. An int32; -1 is one client. */
  readonly netmask: number
}

export interface VirtualServiceOptions {
  readonly scheduler: SchedulerName
  /** Default: neither. kube-proxy sets `port` for mh only. */
  readonly flags?: Partial<SchedulerFlags>
  /** Default: classic. */
  readonly overhead?: OverheadFormula
  /** Default: none. */
  readonly persistence?: Persistence | null
  /** Where twos draws from; it alone needs one. */
  readonly below?: Below
  /** When it is created: the caches of lblc and lblcr age in rounds from then on. Default: 0. */
  readonly createdAt?: Nanos
}

/** A scheduler that draws must be given where from: a draw of its own would not be repeatable. */
function noDraws(): never {
  throw new InvariantError('a virtual service with scheduler twos needs a random stream')
}

/** One IPVS virtual service: see the top of this file. Misuse, such as an unknown destination, throws {@link InvariantError}. */
export class VirtualService {
  readonly schedulerName: SchedulerName
  readonly persistence: Persistence | null
  /** To be read; changes go through the methods below. */
  readonly destinations: DestinationList
  readonly #scheduler: Scheduler

  constructor(options: VirtualServiceOptions) {
    this.schedulerName = options.scheduler
    this.persistence = options.persistence ?? null
    this.destinations = new DestinationList(options.overhead === 'total' ? TOTAL_ACTIVE_LOAD : CLASSIC_ACTIVE_LOAD)
    const flags = { fallback: options.flags?.fallback ?? false, port: options.flags?.port ?? false }
    const cache = { createdAt: options.createdAt ?? 0, isCacheLimited: options.overhead === 'total' }
    this.#scheduler = SCHEDULERS[options.scheduler](this.destinations, flags, options.below ?? noDraws, cache)
  }

  /**
   * Adds a destination at the head of the list and returns its slot; one that was removed and still has connections gets its old slot back.
   *
   * `address` is any int32 that names the backend; (address, port) must not be configured already.
   */
  add(address: number, port: number, weight: number, thresholds: Thresholds = NO_THRESHOLDS): Destination {
    invariant(weight >= 0 && weight <= WEIGHT_MAX, 'an IPVS weight is 0..65535')
    const known = this.destinations.find(address, port)
    invariant(known < 0 || !this.destinations.available(known), 'a destination is added once')
    const destination = this.destinations.link(address, port, weight)
    this.destinations.setThresholds(destination, thresholds)
    this.#scheduler.added(destination)
    return destination
  }

  /** Takes a destination out. Its slot stays taken while connections refer to it. */
  remove(destination: Destination): void {
    invariant(this.destinations.available(destination), 'only a configured destination can be removed')
    this.destinations.unlink(destination)
    this.#scheduler.removed(destination)
    this.destinations.release(destination)
  }

  /** Edits the weight; the place in the list stays. 0 quiesces. */
  setWeight(destination: Destination, weight: number): void {
    invariant(weight >= 0 && weight <= WEIGHT_MAX, 'an IPVS weight is 0..65535')
    invariant(this.destinations.available(destination), 'only a configured destination can be edited')
    this.destinations.setWeight(destination, weight)
    this.#scheduler.updated(destination)
  }

  /**
   * Limits the connections of a destination: none new from `upper` on, active and inactive together, until there are fewer than `lower`
   * (0: three quarters of `upper`). `upper` 0 lifts the limit. The edit is one like any other to the scheduler. kube-proxy sets none.
   */
  setThresholds(destination: Destination, thresholds: Thresholds): void {
    invariant(thresholds.upper >= 0 && thresholds.lower >= 0, 'an IPVS threshold is not negative')
    invariant(this.destinations.available(destination), 'only a configured destination can be edited')
    this.destinations.setThresholds(destination, thresholds)
    this.#scheduler.updated(destination)
  }

  /** The configured destination of that address and port, or NO_DESTINATION. */
  find(address: number, port: number): Destination {
    const destination = this.destinations.find(address, port)
    return destination >= 0 && this.destinations.available(destination) ? destination : NO_DESTINATION
  }

  /** The destination for a new connection, or NO_DESTINATION: the client is refused. Counts nothing yet: see {@link bind}. */
  pick(packet: Packet, now: Nanos): Destination {
    return this.#scheduler.pick(packet, now)
  }

  /** A connection takes its destination: counted active, or inactive. */
  bind(destination: Destination, active: boolean): void {
    if (destination < 0) invariant(false, 'a client that was refused has no destination to bind')
    this.destinations.hold(destination)
    this.destinations.count(destination, active ? 1 : 0, active ? 0 : 1)
    this.#scheduler.loadChanged(destination)
  }

  /** A connection goes from inactive to active. */
  activate(destination: Destination): void {
    this.destinations.count(destination, 1, -1)
    this.#scheduler.loadChanged(destination)
  }

  /** A connection goes from active to inactive. */
  deactivate(destination: Destination): void {
    this.destinations.count(destination, -1, 1)
    this.#scheduler.loadChanged(destination)
  }

  /** A connection is gone. The slot may be free afterwards. */
  unbind(destination: Destination, active: boolean): void {
    this.destinations.count(destination, active ? -1 : 0, active ? 0 : -1)
    this.#scheduler.loadChanged(destination)
    this.destinations.unhold(destination)
  }
}
