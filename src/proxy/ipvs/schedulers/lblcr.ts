/**
 * Locality-based least-connection with replication: an address stays with a set of destinations, which grows when they are overloaded.
 *
 * The least loaded of the set is taken; when that one is overloaded while another destination is idle, the least loaded of all
 * joins the set. A set that has not changed for 24 hours loses its most loaded member. Behind a ClusterIP the set
 * soon holds all endpoints, and it works as wlc.
 *
 * Simplified as lblc is: an address unused for 24 hours is forgotten, swept once a minute.
 *
 * Source: Linux net/netfilter/ipvs/ip_vs_lblcr.c.
 */
import type { Nanos } from '../../../units.ts'
import { type Destination, type DestinationList, NO_DESTINATION } from '../destination-list.ts'
import { LeastCost } from '../least-cost.ts'
import type { Packet, Scheduler } from '../scheduler.ts'
import { CACHE_EXPIRATION, isOverloaded, SWEEP_PERIOD } from './locality.ts'
import { OVERHEAD_PER_WEIGHT } from './wlc.ts'

interface DestinationSet {
  /** Newest first. A member keeps its slot. */
  readonly members: Destination[]
  lastChange: Nanos
  lastUse: Nanos
}

class LocalityBasedLeastConnectionWithReplication implements Scheduler {
  readonly #list: DestinationList
  readonly #least: LeastCost
  /** Asked-for address -> the destinations that hold it. */
  readonly #cache = new Map<number, DestinationSet>()
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
    let set = this.#cache.get(packet.destinationAddress)
    if (set !== undefined) {
      set.lastUse = now
      const destination = this.#leastLoaded(set)
      if (set.members.length > 1 && now > set.lastChange + CACHE_EXPIRATION) this.#dropMostLoaded(set, now)
      if (destination !== NO_DESTINATION && !isOverloaded(this.#list, destination)) return destination
    }
    const destination = this.#least.best()
    if (destination === NO_DESTINATION) return NO_DESTINATION
    if (set === undefined) {
      set = { members: [], lastChange: now, lastUse: now }
      this.#cache.set(packet.destinationAddress, set)
    }
    if (!set.members.includes(destination)) {
      this.#list.hold(destination)
      set.members.unshift(destination)
      set.lastChange = now
    }
    return destination
  }

  #leastLoaded(set: DestinationSet): Destination {
    const list = this.#list
    let best = NO_DESTINATION
    for (const member of set.members) {
      if (!list.available(member) || list.pickWeight(member) === 0) continue
      if (best === NO_DESTINATION || list.overhead(best) * list.weight(member) > list.overhead(member) * list.weight(best)) best = member
    }
    return best
  }

  #dropMostLoaded(set: DestinationSet, now: Nanos): void {
    const list = this.#list
    let worst = NO_DESTINATION
    for (const member of set.members) {
      if (list.weight(member) === 0) continue
      if (worst === NO_DESTINATION || list.overhead(worst) * list.weight(member) < list.overhead(member) * list.weight(worst))
        worst = member
    }
    if (worst === NO_DESTINATION) return
    set.members.splice(set.members.indexOf(worst), 1)
    set.lastChange = now
    list.unhold(worst)
  }

  #sweep(now: Nanos): void {
    if (now < this.#sweepAt) return
    this.#sweepAt = now - (now % SWEEP_PERIOD) + SWEEP_PERIOD
    for (const [address, set] of this.#cache) {
      if (now <= set.lastUse + CACHE_EXPIRATION) continue
      for (const member of set.members) this.#list.unhold(member)
      this.#cache.delete(address)
    }
  }
}

export function localityBasedLeastConnectionWithReplication(list: DestinationList): Scheduler {
  return new LocalityBasedLeastConnectionWithReplication(list)
}
