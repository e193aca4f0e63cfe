/**
 * Locality-based least-connection: an address that clients ask for stays with its destination until that is overloaded.
 *
 * Made for caching proxies, where each address is a site whose pages are cached. Behind a ClusterIP there is one address, so a
 * Service uses one endpoint until it is overloaded while another is idle, and then another one.
 *
 * Simplified: an address unused for 24 hours is forgotten, swept once a minute; the kernel also shortens that to 6 minutes when it
 * knows more than 16,384 addresses.
 *
 * Source: Linux net/netfilter/ipvs/ip_vs_lblc.c.
 */
import type { Nanos } from '../../../units.ts'
import { type Destination, type DestinationList, NO_DESTINATION } from '../destination-list.ts'
import { LeastCost } from '../least-cost.ts'
import type { Packet, Scheduler } from '../scheduler.ts'
import { CACHE_EXPIRATION, isOverloaded, SWEEP_PERIOD } from './locality.ts'
import { OVERHEAD_PER_WEIGHT } from './wlc.ts'

class LocalityBasedLeastConnection implements Scheduler {
  readonly #list: DestinationList
  readonly #least: LeastCost
  /** Asked-for address -> the destination that holds it. A cached destination keeps its slot. */
  readonly #cache = new Map<number, { destination: Destination; lastUse: Nanos }>()
  #sweepAt: Nanos = SWEEP_PERIOD

  constructor(list: DestinationList) {
    this.#list = list
    this.#least = new LeastCost(list, OVERHEAD_PER_WEIGHT)
  }

  added(destination: Destination): void {
    this.#least.added(destination)
  }

  removed(destination: Destination): void {
    this.#least.removed(destination)
  }

  updated(destination: Destination): void {
    this.#least.changed(destination)
  }

  loadChanged(destination: Destination): void {
    this.#least.changed(destination)
  }

  pick(packet: Packet, now: Nanos): Destination {
    this.#sweep(now)
    const cached = this.#cache.get(packet.destinationAddress)
    if (cached !== undefined) {
      cached.lastUse = now
      const { destination } = cached
      const usable = this.#list.available(destination) && this.#list.weight(destination) > 0
      if (usable && !isOverloaded(this.#list, destination)) return destination
    }
    const destination = this.#least.best()
    if (destination === NO_DESTINATION || destination === cached?.destination) return destination
    if (cached !== undefined) this.#list.unhold(cached.destination)
    this.#list.hold(destination)
    this.#cache.set(packet.destinationAddress, { destination, lastUse: now })
    return destination
  }

  #sweep(now: Nanos): void {
    if (now < this.#sweepAt) return
    this.#sweepAt = now - (now % SWEEP_PERIOD) + SWEEP_PERIOD
    for (const [address, { destination, lastUse }] of this.#cache) {
      if (now <= lastUse + CACHE_EXPIRATION) continue
      this.#list.unhold(destination)
      this.#cache.delete(address)
    }
  }
}

export function localityBasedLeastConnection(list: DestinationList): Scheduler {
  return new LocalityBasedLeastConnection(list)
}
