/**
 * Leaves of a tree over destinations, in the order of their list, of which new ones come to the head: leaves are handed out from the right to the left. One
 * that is removed leaves a gap; when no leaf is left at the head, all are laid out afresh.
 */
import type { Destination } from './destination-list.ts'

export class LeafOrder {
  /** How many there are, a power of two. */
  leaves = 0
  /** Leaves below this are free. */
  #head = 0
  /** Leaf -> destination. */
  #destinations = new Int32Array(0)
  /** Destination -> leaf. */
  #leafOf = new Int32Array(0)

  /** Lays all of them out, in this order, with as many free leaves at the head. Slots are below `slots`. */
  layOut(destinations: readonly Destination[], slots: number): void {
    let leaves = 2
    while (leaves < destinations.length * 2) leaves *= 2
    this.leaves = leaves
    this.#head = leaves - destinations.length
    this.#destinations = new Int32Array(leaves)
    this.#leafOf = new Int32Array(Math.max(slots, leaves))
    for (const [index, destination] of destinations.entries()) {
      this.#destinations[this.#head + index] = destination
      this.#leafOf[destination] = this.#head + index
    }
  }

  /** The leaf for one that has come to the head, or -1: all must be laid out afresh. */
  add(destination: Destination): number {
    if (this.#head === 0 || destination >= this.#leafOf.length) return -1
    this.#head -= 1
    this.#destinations[this.#head] = destination
    this.#leafOf[destination] = this.#head
    return this.#head
  }

  leafOf(destination: Destination): number {
    return this.#leafOf[destination]!
  }

  at(leaf: number): Destination {
    return this.#destinations[leaf]!
  }
}
