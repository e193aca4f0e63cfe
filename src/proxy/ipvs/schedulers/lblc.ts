/**
 * Locality-based least-connection: an address that clients ask for stays with its destination until that is overloaded.
 *
 * Made for caching proxies, where each address is a site whose pages are cached. Behind a ClusterIP there is one address, so a
 * Service uses one endpoint until it is overloaded while another is idle, and then another one.
 *
 * How the addresses age is told in locality-cache.ts.
 *
 * Source: Linux net/netfilter/ipvs/ip_vs_lblc.c.
 */
import type { Nanos } from '../../../units.ts'
import { type Destination, type DestinationList, NO_DESTINATION } from '../destination-list.ts'
import { tickAt } from '../kernel-timer.ts'
import { LeastCost } from '../least-cost.ts'
import type { Below, CacheOptions, Packet, Scheduler, SchedulerFlags } from '../scheduler.ts'
import { Overload } from './locality.ts'
import { type CacheEntry, LocalityCache } from './locality-cache.ts'
import { OVERHEAD_PER_WEIGHT } from './wlc.ts'

interface CachedDestination extends CacheEntry {
  destination: Destination
}

class LocalityBasedLeastConnection implements Scheduler {
  readonly #list: DestinationList
  readonly #least: LeastCost
  readonly #overload: Overload
  /** Asked-for address -> the destination that holds it. A cached destination keeps its slot. */
  readonly #cache: LocalityCache<CachedDestination>

  constructor(list: DestinationList, options: CacheOptions) {
    this.#list = list
    this.#cache = new LocalityCache(options, ({ destination }) => list.unhold(destination))
    this.#least = new LeastCost(list, OVERHEAD_PER_WEIGHT)
    this.#overload = new Overload(list)
  }

  added(destination: Destination): void {
    this.#least.added(destination)
    this.#overload.changed(destination)
  }

  removed(destination: Destination): void {
    this.#least.removed(destination)
    this.#overload.changed(destination)
  }

  updated(destination: Destination): void {
    this.#least.changed(destination)
    this.#overload.changed(destination)
  }

  loadChanged(destination: Destination): void {
    this.#least.changed(destination)
    this.#overload.changed(destination)
  }

  pick(packet: Packet, now: Nanos): Destination {
    this.#cache.age(now)
    const cached = this.#cache.get(packet.destinationAddress)
    if (cached !== undefined) {
      cached.lastUse = tickAt(now)
      const { destination } = cached
      const usable = this.#list.available(destination) && this.#list.weight(destination) > 0
      if (usable && !this.#overload.isOverloaded(destination)) return destination
    }
    const destination = this.#least.best()
    if (destination === NO_DESTINATION || destination === cached?.destination) return destination
    if (cached === undefined) {
      if (this.#cache.add(packet.destinationAddress, { destination, lastUse: tickAt(now) })) this.#list.hold(destination)
      return destination
    }
    this.#list.unhold(cached.destination)
    this.#list.hold(destination)
    cached.destination = destination
    this.#cache.replaced()
    return destination
  }
}

export function localityBasedLeastConnection(
  list: DestinationList,
  _flags: SchedulerFlags,
  _below: Below,
  options: CacheOptions,
): Scheduler {
  return new LocalityBasedLeastConnection(list, options)
}
