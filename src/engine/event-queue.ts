import { invariant } from '../invariant.ts'
import type { Nanos } from '../units.ts'

/** Names one pushed event for ever: slot + 2^24 * generation. */
export type EventKey = number

/** No slot, no bucket. */
export const NONE = -1

const BUCKETS = 7 * 256
const OCCUPANCY_WORDS = BUCKETS / 32
const SLOT_LIMIT = 0x100_0000
const GENERATION_LIMIT = 0x1fff_ffff
const WORD = 0x1_0000_0000

/** Up to so many events a bucket is sorted rather than spread. Source: our measurement, bench/event-queue.ts (8 to 32 are equal within noise). */
const SPARSE = 16
/** The time of a sentinel: it ends a walk to earlier times. */
const BEFORE_ALL = -1

const RECORD_BYTES = 32
const NEXT = 2
const PREVIOUS = 3
const GENERATION = 4
const HANDLER = 5
const A = 6
const B = 7

/**
 * The future event list: a radix wheel over integer nanoseconds.
 *
 * Order is exactly (time, order of pushing). No operation compares more than a handful of times:
 *
 * ```text
 *   time  = 7 bytes           level = the highest byte in which a time differs from `base`
 *   base  = a time <= now     bucket = level * 256 + that byte of the time
 *
 *   level 2   [ .. | b | .. ]   65,536 ns a bucket   -- a crowded first bucket is spread over the levels below,
 *   level 1   [ .. | b | .. ]      256 ns a bucket      a sparse one (<= 16) is sorted in place and becomes the front
 *   level 0   [ .. | b | .. ]        1 ns a bucket   -- all times in a bucket are equal: always sorted
 * ```
 *
 * All times of a bucket lie before all times of the next bucket, also across levels, so the first occupied bucket holds the minimum.
 * Equal times always share a bucket and are appended in the order of pushing; spreading and sorting keep that order.
 * `base` moves only to the start of a bucket that is not after the caller's limit, so every later push finds its time >= `base`.
 *
 * A bucket is a circular doubly linked list with a sentinel, hence a cancel is one unlink. An event is a record of 32 bytes in one
 * buffer (half a cache line: with a million events pending, the memory is what costs), an index into it is a slot.
 *
 * Cost: push and cancel O(1); an event is moved at most once a level (6 times), typically once or twice.
 */
export class EventQueue {
  /** Column view of the records, 4 numbers a slot; only the first (the time in ns) is read through it. */
  #times: Float64Array
  /** The same memory, 8 integers a slot: 0 and 1 are the time, then NEXT, PREVIOUS, GENERATION, HANDLER, A, B. */
  #words: Int32Array
  /** Slots below this index have been in use; the first 1,792 are the sentinels of the buckets. */
  #used = BUCKETS
  /** First free slot, linked through NEXT. */
  #free = NONE
  #size = 0
  #baseHigh = 0
  #baseLow = 0
  /** The first occupied bucket when its list is known to be sorted, otherwise NONE. */
  #front = NONE
  /** One bit a bucket, then one bit a word of those. */
  readonly #occupied = new Int32Array(OCCUPANCY_WORDS + 2)

  /** `capacity`: events for which memory is taken at once; it doubles when they are not enough. */
  constructor(capacity = 1024) {
    const slots = BUCKETS + Math.max(1, capacity)
    const records = new ArrayBuffer(slots * RECORD_BYTES)
    this.#times = new Float64Array(records)
    this.#words = new Int32Array(records)
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      this.#times[bucket << 2] = BEFORE_ALL
      this.#words[(bucket << 3) + NEXT] = bucket
      this.#words[(bucket << 3) + PREVIOUS] = bucket
      this.#words[(bucket << 3) + GENERATION] = NONE
    }
  }

  /** Events that are waiting. */
  get size(): number {
    return this.#size
  }

  /**
   * Adds an event; `time` is an integer, not before the last popped time or the last limit that was answered with NONE.
   *
   * Returns its key: slot + 2^24 * generation, below 2^53 (it does not fit an Int32Array).
   */
  push(time: Nanos, handler: number, a: number, b: number): EventKey {
    let slot = this.#free
    if (slot === NONE) {
      slot = this.#used
      if (slot << 2 >= this.#times.length) this.#grow()
      this.#used = slot + 1
    } else {
      this.#free = this.#words[(slot << 3) + NEXT]!
    }
    const words = this.#words
    const record = slot << 3
    this.#times[slot << 2] = time
    words[record + HANDLER] = handler
    words[record + A] = a
    words[record + B] = b
    this.#size++
    const bucket = bucketOf(time, this.#baseHigh, this.#baseLow)
    if (bucket <= this.#front) this.#pushFront(slot, bucket, time)
    else this.#append(slot, bucket)
    return words[record + GENERATION]! * SLOT_LIMIT + slot
  }

  /**
   * Removes the first event if its time is not after `limit` and returns its slot, otherwise NONE.
   *
   * The slot is free again, but its columns can be read until the next push.
   */
  popUntil(limit: Nanos): number {
    let front = this.#front
    if (front === NONE) {
      front = this.#findFront(limit)
      if (front === NONE) return NONE
    }
    const slot = this.#words[(front << 3) + NEXT]!
    if (this.#times[slot << 2]! > limit) return NONE
    this.#remove(slot)
    return slot
  }

  timeAt(slot: number): Nanos {
    return this.#times[slot << 2]!
  }

  handlerAt(slot: number): number {
    return this.#words[(slot << 3) + HANDLER]!
  }

  aAt(slot: number): number {
    return this.#words[(slot << 3) + A]!
  }

  bAt(slot: number): number {
    return this.#words[(slot << 3) + B]!
  }

  /** The slot of an event that is still waiting; NONE when it was popped or cancelled, or for a negative key. */
  slotOf(key: EventKey): number {
    if (key < 0) return NONE
    const slot = key & (SLOT_LIMIT - 1)
    if (slot >= this.#used) return NONE
    return this.#words[(slot << 3) + GENERATION] === Math.floor(key / SLOT_LIMIT) ? slot : NONE
  }

  /** Takes a waiting event out, by the slot that {@link slotOf} gave. O(1). */
  cancelSlot(slot: number): void {
    this.#remove(slot)
  }

  /** Unlinks a waiting event and frees its slot; from here on its key is stale. */
  #remove(slot: number): void {
    const words = this.#words
    const record = slot << 3
    const next = words[record + NEXT]!
    const previous = words[record + PREVIOUS]!
    words[(previous << 3) + NEXT] = next
    words[(next << 3) + PREVIOUS] = previous
    if (next === previous) this.#vacate(next)
    this.#size--
    const generation = words[record + GENERATION]! + 1
    words[record + GENERATION] = generation
    if (generation === GENERATION_LIMIT) return // a worn-out slot is left alone, so that a stale key can never match again
    words[record + NEXT] = this.#free
    this.#free = slot
  }

  #append(slot: number, bucket: number): void {
    const words = this.#words
    const last = words[(bucket << 3) + PREVIOUS]!
    words[(last << 3) + NEXT] = slot
    words[(slot << 3) + PREVIOUS] = last
    words[(slot << 3) + NEXT] = bucket
    words[(bucket << 3) + PREVIOUS] = slot
    if (last === bucket) this.#occupy(bucket)
  }

  /** A push at or before the front: before it, the front is first no longer; into it, the list stays sorted. */
  #pushFront(slot: number, bucket: number, time: Nanos): void {
    if (bucket === this.#front) {
      const words = this.#words
      const times = this.#times
      let before = words[(bucket << 3) + PREVIOUS]!
      let steps = 0
      while (times[before << 2]! > time && steps < SPARSE) {
        before = words[(before << 3) + PREVIOUS]!
        steps++
      }
      if (steps < SPARSE) {
        const after = words[(before << 3) + NEXT]!
        words[(before << 3) + NEXT] = slot
        words[(slot << 3) + PREVIOUS] = before
        words[(slot << 3) + NEXT] = after
        words[(after << 3) + PREVIOUS] = slot
        return
      }
    }
    this.#front = NONE
    this.#append(slot, bucket)
  }

  /** Makes the first occupied bucket the front; NONE when there is none, or when it starts after `limit`. */
  #findFront(limit: Nanos): number {
    for (;;) {
      const bucket = firstOccupied(this.#occupied)
      if (bucket === NONE) return NONE
      if (bucket < 256 || this.#sortSparse(bucket)) {
        this.#front = bucket
        return bucket
      }
      if (!this.#spread(bucket, limit)) return NONE
    }
  }

  /** Sorts the list of a bucket by insertion, stably, if it is short. */
  #sortSparse(bucket: number): boolean {
    const words = this.#words
    const times = this.#times
    const first = words[(bucket << 3) + NEXT]!
    let slot = first
    for (let count = 0; slot !== bucket; count++) {
      if (count === SPARSE) return false
      slot = words[(slot << 3) + NEXT]!
    }
    slot = words[(first << 3) + NEXT]!
    while (slot !== bucket) {
      const next = words[(slot << 3) + NEXT]!
      const time = times[slot << 2]!
      const previous = words[(slot << 3) + PREVIOUS]!
      if (times[previous << 2]! > time) {
        let before = words[(previous << 3) + PREVIOUS]!
        while (times[before << 2]! > time) before = words[(before << 3) + PREVIOUS]!
        words[(previous << 3) + NEXT] = next
        words[(next << 3) + PREVIOUS] = previous
        const after = words[(before << 3) + NEXT]!
        words[(before << 3) + NEXT] = slot
        words[(slot << 3) + PREVIOUS] = before
        words[(slot << 3) + NEXT] = after
        words[(after << 3) + PREVIOUS] = slot
      }
      slot = next
    }
    return true
  }

  /** Moves `base` to the start of a bucket and its events to the levels below; false, and nothing done, if that start is after `limit`. */
  #spread(bucket: number, limit: Nanos): boolean {
    const shift = (bucket >> 8) << 3
    const byte = bucket & 255
    let high = this.#baseHigh
    let low = 0
    if (shift < 32) low = (this.#baseLow & (-256 << shift)) | (byte << shift)
    else high = (high & (-256 << (shift - 32))) | (byte << (shift - 32))
    if (high * WORD + (low >>> 0) > limit) return false
    this.#baseHigh = high
    this.#baseLow = low
    const words = this.#words
    const times = this.#times
    let slot = words[(bucket << 3) + NEXT]!
    words[(bucket << 3) + NEXT] = bucket
    words[(bucket << 3) + PREVIOUS] = bucket
    this.#vacate(bucket)
    while (slot !== bucket) {
      const next = words[(slot << 3) + NEXT]!
      this.#append(slot, bucketOf(times[slot << 2]!, high, low))
      slot = next
    }
    return true
  }

  #occupy(bucket: number): void {
    const word = bucket >> 5
    const occupied = this.#occupied
    occupied[word]! |= 1 << bucket
    occupied[OCCUPANCY_WORDS + (word >> 5)]! |= 1 << word
  }

  #vacate(bucket: number): void {
    const word = bucket >> 5
    const occupied = this.#occupied
    const rest = occupied[word]! & ~(1 << bucket)
    occupied[word] = rest
    if (rest === 0) occupied[OCCUPANCY_WORDS + (word >> 5)]! &= ~(1 << word)
    if (this.#front === bucket) this.#front = NONE
  }

  #grow(): void {
    const slots = Math.min(SLOT_LIMIT, (this.#times.length >> 2) * 2)
    invariant(slots << 2 > this.#times.length, 'More than 16 million events are pending')
    const records = new ArrayBuffer(slots * RECORD_BYTES)
    const words = new Int32Array(records)
    words.set(this.#words)
    this.#words = words
    this.#times = new Float64Array(records)
  }
}

/**
 * The bucket of a time, seen from a base that is not after it.
 *
 * The bit operators see 32 bits, so the high word is split off by a product; `| 0` takes the low word modulo 2^32.
 */
function bucketOf(time: Nanos, baseHigh: number, baseLow: number): number {
  const high = (time * (1 / WORD)) | 0
  if (high === baseHigh) {
    const low = time | 0
    const level = (31 - Math.clz32((low ^ baseLow) | 1)) >> 3
    return (level << 8) | ((low >>> (level << 3)) & 255)
  }
  const level = (31 - Math.clz32(high ^ baseHigh)) >> 3
  return ((level + 4) << 8) | ((high >>> (level << 3)) & 255)
}

/** The first bucket whose bit is set, or NONE. */
function firstOccupied(occupied: Int32Array): number {
  let word = 0
  let summary = occupied[OCCUPANCY_WORDS]!
  if (summary === 0) {
    summary = occupied[OCCUPANCY_WORDS + 1]!
    if (summary === 0) return NONE
    word = 32
  }
  word += 31 - Math.clz32(summary & -summary)
  const bits = occupied[word]!
  return (word << 5) + 31 - Math.clz32(bits & -bits)
}
