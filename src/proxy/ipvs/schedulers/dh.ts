/**
 * Destination hashing: the address that the client asked for decides.
 *
 * Made for caching proxies, where clients ask for many addresses. Behind a ClusterIP there is one address, so all connections
 * go to one endpoint. Weights play no part, but a destination of weight 0 refuses.
 *
 * Source: Linux net/netfilter/ipvs/ip_vs_dh.c.
 */
import { type Destination, type DestinationList, NO_DESTINATION } from '../destination-list.ts'
import type { Packet, Scheduler } from '../scheduler.ts'
import { dealSlots, slotOf } from './hash-slots.ts'

class DestinationHashing implements Scheduler {
  readonly #list: DestinationList
  #slots: Int32Array

  constructor(list: DestinationList) {
    this.#list = list
    this.#slots = dealSlots(list, () => 1)
  }

  added(): void {
    this.#slots = dealSlots(this.#list, () => 1)
  }

  removed(): void {
    this.#slots = dealSlots(this.#list, () => 1)
  }

  updated(): void {}

  loadChanged(): void {}

  pick(packet: Packet): Destination {
    const destination = this.#slots[slotOf(packet.destinationAddress)]!
    return destination !== NO_DESTINATION && this.#list.pickWeight(destination) > 0 ? destination : NO_DESTINATION
  }
}

export function destinationHashing(list: DestinationList): Scheduler {
  return new DestinationHashing(list)
}
