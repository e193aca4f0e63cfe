/**
 * What an IPVS scheduler is: it picks a destination for a new connection, and is told whatever may change its picks.
 *
 * One algorithm, one file in `schedulers/`, one line in `schedulers/index.ts`.
 */
import type { Nanos } from '../../units.ts'
import type { Destination, DestinationList } from './destination-list.ts'

/** The first packet of a connection, as far as a scheduler may look at it. Addresses are int32, ports 0..65535. */
export interface Packet {
  readonly protocol: number
  readonly sourceAddress: number
  readonly sourcePort: number
  readonly destinationAddress: number
  readonly destinationPort: number
}

/** Scheduler flags of a virtual service (`ipvsadm -b`): only sh and mh look at them. */
export interface SchedulerFlags {
  /** When the hashed destination cannot be used, look for another instead of refusing. */
  readonly fallback: boolean
  /** Hash the source port too. */
  readonly port: boolean
}

export interface Scheduler {
  /** `destination` has been put at the head of the list. */
  added(destination: Destination): void
  /** `destination` has been taken out of the list; the list still knows what stood before it. */
  removed(destination: Destination): void
  /** Its weight was set, to the same value or another. */
  updated(destination: Destination): void
  /** Its counters have changed. Called for every connection: cheap, or empty. */
  loadChanged(destination: Destination): void
  /** The destination for a new connection, or NO_DESTINATION: the packet is refused. */
  pick(packet: Packet, now: Nanos): Destination
}

/** What the caches of lblc and lblcr depend on. */
export interface CacheOptions {
  /** From then on their timer runs. */
  readonly createdAt: Nanos
  /** Whether the kernel bounds the cache and counts its entries right, as those of 2026 do. */
  readonly isCacheLimited: boolean
}

/** Makes the scheduler's state for one (empty) destination list; only twos draws from `below`, only lblc and lblcr look at `cache`. */
export type SchedulerFactory = (destinations: DestinationList, flags: SchedulerFlags, below: Below, cache: CacheOptions) => Scheduler

/** A uniform integer in [0, n) from a seeded stream. */
export type Below = (n: number) => number
