/**
 * Round robin.
 *
 * Walks the ring of destinations on from the last pick and takes the first that is not quiesced; the last pick itself is
 * tried last. A new destination stands at the head, so it is reached only after the wrap. When the last pick is removed the
 * cursor steps back to the one before it, so that none is skipped.
 *
 * Source: Linux net/netfilter/ipvs/ip_vs_rr.c.
 */
import { type Destination, type DestinationList, NO_DESTINATION } from '../destination-list.ts'
import type { Scheduler } from '../scheduler.ts'

class RoundRobin implements Scheduler {
  readonly #list: DestinationList
  /** The last pick; NO_DESTINATION is the head of the ring. */
  #cursor: Destination = NO_DESTINATION

  constructor(list: DestinationList) {
    this.#list = list
  }

  added(): void {}

  removed(destination: Destination): void {
    if (destination === this.#cursor) this.#cursor = this.#list.previous(destination)
  }

  updated(): void {}

  loadChanged(): void {}

  pick(): Destination {
    const list = this.#list
    let candidate = this.#cursor
    for (let tried = 0; tried < list.size; ) {
      candidate = list.next(candidate)
      if (candidate === NO_DESTINATION) continue
      tried += 1
      if (list.pickWeight(candidate) > 0) {
        this.#cursor = candidate
        return candidate
      }
    }
    return NO_DESTINATION
  }
}

export function roundRobin(list: DestinationList): Scheduler {
  return new RoundRobin(list)
}
