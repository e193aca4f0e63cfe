/**
 * Maglev hashing: a table of 4,093 entries in which every destination has its own order of preference.
 *
 * Destinations take entries in turns, a heavier one several a turn, each the next free entry of its own permutation. So
 * a change of destinations moves few clients, and two nodes with the same destinations agree (but for the list
 * order where two compete for an entry). The hash keys are constants of the kernel. A destination that goes to weight 0 keeps
 * its entries and refuses, unless the fallback flag lets clients look for another.
 *
 * Sources: Linux net/netfilter/ipvs/ip_vs_mh.c (CONFIG_IP_VS_MH_TAB_INDEX=12); Eisenbud et al., "Maglev", NSDI 2016.
 */
import { type Destination, type DestinationList, NO_DESTINATION } from '../destination-list.ts'
import type { Packet, Scheduler, SchedulerFlags } from '../scheduler.ts'
import { sipHash32 } from './sip-hash.ts'
import { greatestCommonDivisor } from './wrr.ts'

/** A prime, for the default table index 12. */
export const TABLE_SIZE = 4093
/** Turns of a destination are cut to this many bits: half the table index. */
const TURN_BITS = 6
const OFFSET_KEY = 2654435761
const SKIP_KEY = 2654446892

class MaglevHashing implements Scheduler {
  readonly #list: DestinationList
  readonly #flags: SchedulerFlags
  /** null until the first pick after a change. */
  #table: Int32Array | null = null

  constructor(list: DestinationList, flags: SchedulerFlags) {
    this.#list = list
    this.#flags = flags
  }

  added(): void {
    this.#table = null
  }

  removed(): void {
    this.#table = null
  }

  updated(): void {
    this.#table = null
  }

  loadChanged(): void {}

  pick(packet: Packet): Destination {
    this.#table ??= fillTable(this.#list)
    const table = this.#table
    const client = packet.sourceAddress + (this.#flags.port ? packet.sourcePort : 0)
    const home = sipHash32(client, OFFSET_KEY) % TABLE_SIZE
    const destination = table[home]!
    if (destination === NO_DESTINATION || this.#list.pickWeight(destination) > 0) return destination
    if (!this.#flags.fallback) return NO_DESTINATION
    for (let step = 0; step < TABLE_SIZE; step += 1) {
      const other = table[sipHash32(client + ((step + home) % TABLE_SIZE), OFFSET_KEY) % TABLE_SIZE]!
      if (this.#list.pickWeight(other) > 0) return other
    }
    return NO_DESTINATION
  }
}

/** The lookup table; all NO_DESTINATION while no destination ever had a weight. */
function fillTable(list: DestinationList): Int32Array {
  const table = new Int32Array(TABLE_SIZE).fill(NO_DESTINATION)
  const seats = takeSeats(list)
  if (seats.length === 0) return table
  let filled = 0
  for (;;) {
    for (const seat of seats) {
      for (let turn = 0; turn < seat.turns; turn += 1) {
        while (table[seat.entry] !== NO_DESTINATION) seat.entry = (seat.entry + seat.skip) % TABLE_SIZE
        table[seat.entry] = seat.destination
        filled += 1
        if (filled === TABLE_SIZE) return table
      }
    }
  }
}

interface Seat {
  readonly destination: Destination
  /** Entries it takes a round. */
  readonly turns: number
  /** The entry it would like next. */
  entry: number
  readonly skip: number
}

/** Destinations that ever had a weight, in list order. A drained one counts with its last weight. */
function takeSeats(list: DestinationList): Seat[] {
  const destinations: Destination[] = []
  let divisor = 0
  let weightMax = 0
  for (let destination = list.first; destination !== NO_DESTINATION; destination = list.next(destination)) {
    const weight = list.lastWeight(destination)
    if (weight === 0) continue
    destinations.push(destination)
    divisor = greatestCommonDivisor(weight, divisor)
    if (weight > weightMax) weightMax = weight
  }
  const bits = 32 - Math.clz32(Math.floor(weightMax / Math.max(divisor, 1)))
  const shift = Math.max(0, bits - TURN_BITS)
  return destinations.map((destination) => {
    const key = list.address(destination) + list.port(destination)
    return {
      destination,
      turns: Math.max(1, Math.floor(list.lastWeight(destination) / divisor) >>> shift),
      entry: sipHash32(key, OFFSET_KEY) % TABLE_SIZE,
      skip: (sipHash32(key, SKIP_KEY) % (TABLE_SIZE - 1)) + 1,
    }
  })
}

export function maglevHashing(list: DestinationList, flags: SchedulerFlags): Scheduler {
  return new MaglevHashing(list, flags)
}
