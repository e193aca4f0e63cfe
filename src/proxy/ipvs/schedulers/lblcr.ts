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
import { Overload } from './locality.ts'
import { CACHE_EXPIRATION, type CacheEntry, LocalityCache } from './locality-cache.ts'
import { LoadJournal, MemberSet } from './member-set.ts'
import { OVERHEAD_PER_WEIGHT } from './wlc.ts'

interface DestinationSet extends CacheEntry {
  /** A member keeps its slot. */
  readonly members: MemberSet
  /** Tick at which it last got or lost a member. */
  lastChange: number
}

class LocalityBasedLeastConnectionWithReplication implements Scheduler {
  readonly #list: DestinationList
  readonly #least: LeastCost
  readonly #overload: Overload
  readonly #journal = new LoadJournal()
  /** Notes that the least of all has made up. */
  #noted = 0
  /** Asked-for address -> the destinations that hold it. */
  readonly #cache: LocalityCache<DestinationSet>

  constructor(list: DestinationList, options: CacheOptions) {
    this.#list = list
    this.#cache = new LocalityCache(options, ({ members }) => {
      for (const member of members.newestFirst) list.unhold(member)
    })
    this.#least = new LeastCost(list, OVERHEAD_PER_WEIGHT)
    this.#overload = new Overload(list)
  }

  added(destination: Destination): void {
    this.#least.added(destination)
    this.#overload.changed(destination)
    this.#journal.note(destination)
  }

  removed(destination: Destination): void {
    this.#least.removed(destination)
    this.#overload.changed(destination)
    this.#journal.note(destination)
  }

  updated(destination: Destination): void {
    this.loadChanged(destination)
  }

  loadChanged(destination: Destination): void {
    this.#overload.changed(destination)
    this.#journal.note(destination)
  }

  pick(packet: Packet, now: Nanos): Destination {
    this.#cache.age(now)
    const tick = tickAt(now)
    const set = this.#cache.get(packet.destinationAddress)
    if (set !== undefined) {
      set.lastUse = tick
      const destination = set.members.leastLoaded()
      if (set.members.newestFirst.length > 1 && tick > set.lastChange + CACHE_EXPIRATION) this.#dropMostLoaded(set, tick)
      if (destination !== NO_DESTINATION && !this.#overload.isOverloaded(destination)) return destination
    }
    const destination = this.#leastOfAll()
    if (destination === NO_DESTINATION) return NO_DESTINATION
    if (set === undefined) {
      const members = new MemberSet(this.#list, this.#journal, destination)
      const added = { members, lastChange: tick, lastUse: tick }
      if (this.#cache.add(packet.destinationAddress, added)) this.#list.hold(destination)
    } else if (!set.members.has(destination)) {
      this.#list.hold(destination)
      set.members.add(destination)
      set.lastChange = tick
    }
    return destination
  }

  /** It is asked for seldom, and makes up what has been noted when it is. */
  #leastOfAll(): Destination {
    const journal = this.#journal
    if (!journal.reachesBackTo(this.#noted)) this.#least.allChanged()
    else for (let note = this.#noted; note < journal.count; note += 1) this.#least.changed(journal.at(note))
    this.#noted = journal.count
    return this.#least.best()
  }

  #dropMostLoaded(set: DestinationSet, tick: number): void {
    const list = this.#list
    let worst = NO_DESTINATION
    for (const member of set.members.newestFirst) {
      if (list.weight(member) === 0) continue
      if (worst === NO_DESTINATION || list.overhead(worst) * list.weight(member) < list.overhead(member) * list.weight(worst))
        worst = member
    }
    if (worst === NO_DESTINATION) return
    set.members.remove(worst)
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
