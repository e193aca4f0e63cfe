import { type Nanos, SECOND } from '../units.ts'
import type { WatchEvent } from './watch-cache.ts'

/** Source: Kubernetes apiserver/pkg/storage/cacher/watch_cache.go (defaultLowerBoundCapacity, defaultUpperBoundCapacity). */
export const CAPACITY_MIN = 100
export const CAPACITY_MAX = 102_400
/** Source: watch_cache.go: bookmark period 60 s and 15 s. */
export const EVENT_FRESH: Nanos = 75 * SECOND
/** Events that have been dropped leave the array in runs of this many at least. */
const COMPACTED_AT = 1024

/**
 * The last events of a watch cache, from which a watch that comes back is told what it missed.
 *
 * It holds at most `capacity` events, and drops the oldest for a new one. The capacity doubles (to 102,400) when even the oldest of a full
 * history is younger than 75 s, and halves (to 100) when the newest quarter of it reaches back further than that.
 *
 * Source: Kubernetes apiserver/pkg/storage/cacher/watch_cache.go (resizeCacheLocked, getAllEventsSinceLocked).
 */
export class WatchHistory {
  #events: WatchEvent[] = []
  #times: Nanos[] = []
  #start = 0
  #capacity = CAPACITY_MIN
  /** Of the list that the cache was filled from. */
  #listRevision = 0
  #dropped = false

  get capacity(): number {
    return this.#capacity
  }

  /** Begins anew after a list of that revision. */
  reset(listRevision: number): void {
    this.#events = []
    this.#times = []
    this.#start = 0
    this.#capacity = CAPACITY_MIN
    this.#listRevision = listRevision
    this.#dropped = false
  }

  add(event: WatchEvent, now: Nanos): void {
    const size = this.#events.length - this.#start
    if (size === this.#capacity) {
      if (now - this.#times[this.#start]! < EVENT_FRESH) this.#capacity = Math.min(2 * this.#capacity, CAPACITY_MAX)
      else if (now - this.#times[this.#events.length - (this.#capacity >> 2)]! > EVENT_FRESH)
        this.#capacity = Math.max(this.#capacity >> 1, CAPACITY_MIN)
      if (size >= this.#capacity) this.#drop(size - this.#capacity + 1)
    }
    this.#events.push(event)
    this.#times.push(now)
  }

  /** What came after that revision, oldest first; null when some of it may be gone ("too old resource version"). */
  since(revision: number): WatchEvent[] | null {
    const oldest = this.#dropped ? this.#events[this.#start]!.revision : this.#listRevision + 1
    if (revision < oldest - 1) return null
    let low = this.#start
    let high = this.#events.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.#events[middle]!.revision <= revision) low = middle + 1
      else high = middle
    }
    return this.#events.slice(low)
  }

  #drop(count: number): void {
    this.#start += count
    this.#dropped = true
    if (this.#start < COMPACTED_AT || this.#start * 2 < this.#events.length) return
    this.#events = this.#events.slice(this.#start)
    this.#times = this.#times.slice(this.#start)
    this.#start = 0
  }
}
