import { invariant } from '../invariant.ts'
import type { Nanos } from '../units.ts'
import type { StoreEvent } from './etcd.ts'

/** Events that compaction has taken away leave the array in runs of this many at least. */
const FREED_AT = 4096

/**
 * Every change of the store since the last compaction, in revision order: what watches and reads of the past are served from.
 *
 * One event a revision, without gaps, so the place of a revision is a subtraction.
 *
 * Source: etcd server/storage/mvcc (kvstore_compaction.go, watchable_store.go).
 */
export class EtcdHistory<T> {
  #events: StoreEvent<T>[] = []
  #start = 0
  /** Of the first event that is kept. */
  #first = 0
  #compacted = 0

  /** Revisions at or below this one are compacted: nobody can watch or read from them any more. */
  get compactedRevision(): number {
    return this.#compacted
  }

  /** Events that are kept. */
  get length(): number {
    return this.#events.length - this.#start
  }

  add(event: StoreEvent<T>): void {
    if (this.length === 0) this.#first = event.revision
    invariant(event.revision === this.#first + this.length, 'The history of etcd has a gap')
    this.#events.push(event)
  }

  /** What came after that revision; null when it is compacted. */
  since(revision: number): readonly StoreEvent<T>[] | null {
    if (revision < this.#compacted) return null
    return this.#events.slice(this.#start + Math.max(0, revision + 1 - this.#first))
  }

  /** Forgets what came up to that revision. */
  compact(revision: number): void {
    if (revision <= this.#compacted) return
    this.#compacted = revision
    const gone = Math.min(this.length, Math.max(0, revision + 1 - this.#first))
    this.#start += gone
    this.#first += gone
    if (this.#start < FREED_AT && this.#start < this.#events.length) return
    this.#events = this.#events.slice(this.#start)
    this.#start = 0
  }

  /** The newest revision that there was at that time; the compacted one when that is longer ago. */
  revisionAt(time: Nanos): number {
    let low = this.#start
    let high = this.#events.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.#events[middle]!.at <= time) low = middle + 1
      else high = middle
    }
    return low === this.#start ? this.#compacted : this.#events[low - 1]!.revision
  }
}
