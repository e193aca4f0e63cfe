import { invariant } from '../invariant.ts'

/**
 * The values that something had, by the etcd revision at which each began. Values are immutable.
 *
 * Readers stand at different revisions: a node that is up to date gets its answer from the last entry at once, one that lags behind by a
 * search over the few entries that are still kept.
 */
export class Versions<T> {
  readonly #revisions: number[] = [0]
  readonly #values: T[]

  /** `initial` holds from revision 0. */
  constructor(initial: T) {
    this.#values = [initial]
  }

  get length(): number {
    return this.#revisions.length
  }

  get latest(): T {
    return this.#values[this.#values.length - 1]!
  }

  /** From `revision` on it is `value`. Revisions never go back; a second value at the same revision replaces the first. */
  set(revision: number, value: T): void {
    const last = this.#revisions.length - 1
    invariant(revision >= this.#revisions[last]!, `Revision ${revision} came after ${this.#revisions[last]}`)
    if (revision === this.#revisions[last]) {
      this.#values[last] = value
      return
    }
    this.#revisions.push(revision)
    this.#values.push(value)
  }

  /** The value at a revision. O(1) at or after the last change. Before the oldest entry kept, the oldest. */
  at(revision: number): T {
    const last = this.#revisions.length - 1
    return this.#revisions[last]! <= revision ? this.#values[last]! : this.#values[this.indexAt(revision)]!
  }

  /** Which entry holds at a revision: the last that began at or before it. */
  indexAt(revision: number): number {
    const revisions = this.#revisions
    let low = 0
    let high = revisions.length
    while (high - low > 1) {
      const middle = (low + high) >>> 1
      if (revisions[middle]! <= revision) low = middle
      else high = middle
    }
    return low
  }

  revisionOf(index: number): number {
    return this.#revisions[index]!
  }

  valueOf(index: number): T {
    return this.#values[index]!
  }

  /** Drops what nobody at or after `revision` can ask for. Gives the number of entries dropped. */
  prune(revision: number): number {
    const keepFrom = this.indexAt(revision)
    if (keepFrom > 0) {
      this.#revisions.splice(0, keepFrom)
      this.#values.splice(0, keepFrom)
    }
    return keepFrom
  }
}
