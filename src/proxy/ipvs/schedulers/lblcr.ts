/**
 * Locality-based least-connection with replication: an address stays with a set of destinations, which grows when they are overloaded.
 *
 * The least loaded of the set is taken; when that one is overloaded while another destination is idle, the least loaded of all
 * joins the set. A set that has not changed for 24 hours loses its most loaded member. Behind a ClusterIP the set
 * soon holds all endpoints, and it works as wlc.
 *
 * How the addresses age is told in locality-cache.ts.
 *
 * Source: Linux net/netfilter/ipvs/ip_vs_lblcr.c.
 */
import type { Nanos } from '../../../units.ts'
import { type Destination, type DestinationList, NO_DESTINATION } from '../destination-list.ts'
import { tickAt } from '../kernel-timer.ts'
import { LeastCost } from '../least-cost.ts'
import type { Below, CacheOptions, Packet, Scheduler, SchedulerFlags } from '../scheduler.ts'
import { isOverloaded } from './locality.ts'
import { CACHE_EXPIRATION, type CacheEntry, LocalityCache } from './locality-cache.ts'
import { OVERHEAD_PER_WEIGHT } from './wlc.ts'

interface DestinationSet extends CacheEntry {
  /** Newest first. A member keeps its slot. */
  readonly members: Destination[]
  /** Tick at which it last got or lost a member. */
  lastChange: number
}

class LocalityBasedLeastConnectionWithReplication implements Scheduler {
  readonly #list: DestinationList
  readonly #least: LeastCost
  /** Asked-for address -> the destinations that hold it. */
  readonly #cache: LocalityCache<DestinationSet>

  constructor(list: DestinationList, options: CacheOptions) {
    this.#list = list
    this.#cache = new LocalityCache(options, ({ members }) => {
      for (const member of members) list.unhold(member)
    })
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
    this.#cache.age(now)
    const tick = tickAt(now)
    const set = this.#cache.get(packet.destinationAddress)
    if (set !== undefined) {
      set.lastUse = tick
      const destination = this.#leastLoaded(set)
      if (set.members.length > 1 && tick > set.lastChange + CACHE_EXPIRATION) this.#dropMostLoaded(set, tick)
      if (destination !== NO_DESTINATION && !isOverloaded(this.#list, destination)) return destination
    }
    const destination = this.#least.best()
    if (destination === NO_DESTINATION) return NO_DESTINATION
    if (set === undefined) {
      const added = { members: [destination], lastChange: tick, lastUse: tick }
      if (this.#cache.add(packet.destinationAddress, added)) this.#list.hold(destination)
    } else if (!set.members.includes(destination)) {
      this.#list.hold(destination)
      set.members.unshift(destination)
      set.lastChange = tick
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

  #dropMostLoaded(set: DestinationSet, tick: number): void {
    const list = this.#list
    let worst = NO_DESTINATION
    for (const member of set.members) {
      if (list.weight(member) === 0) continue
      if (worst === NO_DESTINATION || list.overhead(worst) * list.weight(member) < list.overhead(member) * list.weight(worst))
        worst = member
    }
    if (worst === NO_DESTINATION) return
    set.members.splice(set.members.indexOf(worst), 1)
    set.lastChange = tick
    list.unhold(worst)
  }
}

export function localityBasedLeastConnectionWithReplication(
  list: DestinationList,
  _flags: SchedulerFlags,
  _below: Below,
  options: CacheOptions,
): Scheduler {
  return new LocalityBasedLeastConnectionWithReplication(list, options)
}
