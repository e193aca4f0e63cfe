/**
 * When a destination counts as overloaded to the locality-based schedulers lblc and lblcr: it has more active connections than its weight, while another
 * one runs at less than half of its weight.
 *
 * The kernel walks the list for the other one; here those that run at less than half are counted as their counters change.
 *
 * Source: Linux net/netfilter/ipvs/ip_vs_lblc.c, ip_vs_lblcr.c.
 */
import type { Destination, DestinationList } from '../destination-list.ts'

export class Overload {
  readonly #list: DestinationList
  /** By slot: 1 while it is configured and runs at less than half of its weight. */
  #isIdle = new Uint8Array(16)
  #idle = 0

  constructor(list: DestinationList) {
    this.#list = list
  }

  /** To be told of everything that may change: a destination comes or goes, its weight, its counters. */
  changed(destination: Destination): void {
    const list = this.#list
    const isIdle = list.available(destination) && list.active(destination) * 2 < list.weight(destination) ? 1 : 0
    if (destination >= this.#isIdle.length) this.#grow(destination)
    this.#idle += isIdle - this.#isIdle[destination]!
    this.#isIdle[destination] = isIdle
  }

  isOverloaded(destination: Destination): boolean {
    return this.#idle > 0 && this.#list.active(destination) > this.#list.weight(destination)
  }

  #grow(destination: Destination): void {
    const isIdle = new Uint8Array(destination * 2)
    isIdle.set(this.#isIdle)
    this.#isIdle = isIdle
  }
}
