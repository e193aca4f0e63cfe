/**
 * Source hashing: the client's address decides (and its port, with the port flag).
 *
 * A destination holds as many of the 256 slots in a row as its weight, one at least: even one of weight 0, which then refuses its
 * clients, unless the fallback flag lets them look for another slot.
 *
 * Source: Linux net/netfilter/ipvs/ip_vs_sh.c.
 */
import { type Destination, type DestinationList, NO_DESTINATION } from '../destination-list.ts'
import type { Packet, Scheduler, SchedulerFlags } from '../scheduler.ts'
import { dealSlots, SLOTS, slotOf } from './hash-slots.ts'

class SourceHashing implements Scheduler {
  readonly #list: DestinationList
  readonly #flags: SchedulerFlags
  #slots: Int32Array

  constructor(list: DestinationList, flags: SchedulerFlags) {
    this.#list = list
    this.#flags = flags
    this.#slots = this.#deal()
  }

  added(): void {
    this.#slots = this.#deal()
  }

  removed(): void {
    this.#slots = this.#deal()
  }

  updated(): void {
    this.#slots = this.#deal()
  }

  loadChanged(): void {}

  pick(packet: Packet): Destination {
    const home = slotOf(packet.sourceAddress + (this.#flags.port ? packet.sourcePort : 0))
    const destination = this.#slots[home]!
    if (destination === NO_DESTINATION || this.#list.pickWeight(destination) > 0) return destination
    if (!this.#flags.fallback) return NO_DESTINATION
    for (let step = 0; step < SLOTS; step += 1) {
      // The offset of a step is itself shifted by the home slot, so each home has its own order of trials.
      const slot = (((step + home) % SLOTS) + home) % SLOTS
      const other = this.#slots[slot]!
      if (this.#list.pickWeight(other) > 0) return other
    }
    return NO_DESTINATION
  }

  #deal(): Int32Array {
    return dealSlots(this.#list, (destination) => this.#list.weight(destination))
  }
}

export function sourceHashing(list: DestinationList, flags: SchedulerFlags): Scheduler {
  return new SourceHashing(list, flags)
}
