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
/** ns a bucket of each level. */
const WIDTHS = new Float64Array([1, 0x100, 0x1_0000, 0x100_0000, WORD, WORD * 0x100, WORD * 0x1_0000])

/** Up to so many events a bucket moves to the front whole; a more crowded one is spread first. Source: our measurement, bench/event-queue.ts. */
const SPARSE = 16
/** Room of the front: what it cannot hold goes back to the buckets. */
const FRONT = 64

const RECORD_BYTES = 32
const NEXT = 2
const PREVIOUS = 3
const GENERATION = 4
const HANDLER = 5
const A = 6
const B = 7

/**
 * The future event list: a radix wheel over integer nanoseconds, and a small sorted front.
 *
 * Order is exactly (time, order of pushing). No operation compares more than a handful of times:
 *
 * ```text
 *   time  = 7 bytes           level = the highest byte in which a time differs from `base`
 *   base  = a time <= now     bucket = level * 256 + that byte of the time
 *
 *   front     t t t t .       sorted: all that is earlier than `frontEnd`. Pops take the first of it
 *   level 0   [ .. | b | .. ]        1 ns a bucket   -- all times in a bucket are equal
 *   level 1   [ .. | b | .. ]      256 ns a bucket
 *   level 2   [ .. | b | .. ]   65,536 ns a bucket   -- when the front is empty the first occupied bucket becomes the front,
 *                                                       or, where it is crowded (> 16), is spread over the levels below
 * ```
 *
 * All times of a bucket lie before all times of the next bucket, also across levels, so the first occupied bucket holds the earliest events.
 * Equal times always share a bucket and are appended in the order of pushing; spreading and sorting keep that order. While there is nothing
 * in the buckets `frontEnd` is endless: a queue of few events is a sorted array, and nothing else. When the front is full, its later half goes back
 * to the buckets, each event before those of its time that were pushed later.
 *
 * `base` moves only to the start of a bucket that is not after the caller's limit, so every later push finds its time >= `base`.
 *
 * A bucket is a circular doubly linked list with a sentinel, hence a cancel is one unlink, or a look through the front. An event is a record of 32
 * bytes in one buffer (half a cache line: with a million events pending, the memory is what costs), an index into it is a slot.
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
  /** The front, from #head on and before #tail: times in ascending order, and the slots of the events. */
  readonly #frontTimes = new Float64Array(FRONT)
  readonly #frontSlots = new Int32Array(FRONT)
  #head = 0
  #tail = 0
  /** Everything earlier than this is in the front, and nothing later. Of events at this very time the front may hold the first, the rest is in the bucket. */
  #frontEnd = Number.POSITIVE_INFINITY
  /** One bit a bucket, then one bit a word of those. */
  readonly #occupied = new Int32Array(OCCUPANCY_WORDS + 2)

  /** `capacity`: events for which memory is taken at once; it doubles when they are not enough. */
  constructor(capacity = 1024) {
    const slots = BUCKETS + Math.max(1, capacity)
    const records = new ArrayBuffer(slots * RECORD_BYTES)
    this.#times = new Float64Array(records)
    this.#words = new Int32Array(records)
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
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
    return this.keyOf(this.add(time, handler, a, b))
  }

  /** As {@link push}, but returns the slot, which is a small integer and hence no object wherever it goes. */
  add(time: Nanos, handler: number, a: number, b: number): number {
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
    if (time < this.#frontEnd) this.#insert(slot, time)
    else this.#append(slot, bucketOf(time, this.#baseHigh, this.#baseLow))
    return slot
  }

  /** The key of the event that has this slot now. */
  keyOf(slot: number): EventKey {
    return this.#words[(slot << 3) + GENERATION]! * SLOT_LIMIT + slot
  }

  /**
   * Removes the first event if its time is not after `limit` and returns its slot, otherwise NONE.
   *
   * The slot is free again, but its columns can be read until the next push.
   */
  popUntil(limit: Nanos): number {
    if (this.#head === this.#tail && !this.#fillFront(limit)) return NONE
    const head = this.#head
    if (this.#frontTimes[head]! > limit) return NONE
    const slot = this.#frontSlots[head]!
    this.#head = head + 1
    this.#release(slot)
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
    return this.#words[(slot << 3) + GENERATION] === Math.floor(key * (1 / SLOT_LIMIT)) ? slot : NONE
  }

  /** Takes a waiting event out, by the slot that {@link slotOf} gave. O(1). */
  cancelSlot(slot: number): void {
    const tail = this.#tail
    const isInFront = this.#head < tail && this.#times[slot << 2]! <= this.#frontTimes[tail - 1]! && this.#takeFromFront(slot)
    if (!isInFront) this.#unlink(slot)
    this.#release(slot)
  }

  /** Frees the slot of an event that is in no list any more; from here on its key is stale. */
  #release(slot: number): void {
    const words = this.#words
    const record = slot << 3
    this.#size--
    const generation = words[record + GENERATION]! + 1
    words[record + GENERATION] = generation
    if (generation === GENERATION_LIMIT) return // a worn-out slot is left alone, so that a stale key can never match again
    words[record + NEXT] = this.#free
    this.#free = slot
  }

  #unlink(slot: number): void {
    const words = this.#words
    const record = slot << 3
    const next = words[record + NEXT]!
    const previous = words[record + PREVIOUS]!
    words[(previous << 3) + NEXT] = next
    words[(next << 3) + PREVIOUS] = previous
    if (next === previous) this.#vacate(next)
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

  /** Puts an event before all others of its bucket. */
  #prepend(slot: number, bucket: number): void {
    const words = this.#words
    const first = words[(bucket << 3) + NEXT]!
    words[(first << 3) + PREVIOUS] = slot
    words[(slot << 3) + NEXT] = first
    words[(slot << 3) + PREVIOUS] = bucket
    words[(bucket << 3) + NEXT] = slot
    if (first === bucket) this.#occupy(bucket)
  }

  /** Puts an event into the front, behind those of its time: the side of it that is shorter makes room. */
  #insert(slot: number, time: Nanos): void {
    if (this.#tail === FRONT) {
      this.#makeRoom()
      if (time >= this.#frontEnd) {
        this.#append(slot, bucketOf(time, this.#baseHigh, this.#baseLow))
        return
      }
    }
    const times = this.#frontTimes
    const slots = this.#frontSlots
    const head = this.#head
    const tail = this.#tail
    let place = tail
    if (head > 0 && head < tail && time < times[(head + tail) >> 1]!) {
      place = head - 1
      this.#head = place
      while (times[place + 1]! <= time) {
        times[place] = times[place + 1]!
        slots[place] = slots[place + 1]!
        place++
      }
    } else {
      this.#tail = tail + 1
      while (place > head && times[place - 1]! > time) {
        times[place] = times[place - 1]!
        slots[place] = slots[place - 1]!
        place--
      }
    }
    times[place] = time
    slots[place] = slot
  }

  /** The front has reached the end of its room: what is left of it moves to the beginning, its later half to the buckets if that is not enough. */
  #makeRoom(): void {
    const times = this.#frontTimes
    const slots = this.#frontSlots
    const head = this.#head
    if (head < FRONT / 2) {
      const middle = (head + FRONT) >> 1
      for (let place = FRONT - 1; place >= middle; place--) {
        this.#prepend(slots[place]!, bucketOf(times[place]!, this.#baseHigh, this.#baseLow))
      }
      this.#frontEnd = times[middle]!
      this.#tail = middle
    }
    times.copyWithin(0, head, this.#tail)
    slots.copyWithin(0, head, this.#tail)
    this.#tail -= head
    this.#head = 0
  }

  /** Takes an event out of the front; false when it is not there. */
  #takeFromFront(slot: number): boolean {
    const times = this.#frontTimes
    const slots = this.#frontSlots
    const last = this.#tail - 1
    let place = this.#head
    while (place <= last && slots[place] !== slot) place++
    if (place > last) return false
    for (; place < last; place++) {
      times[place] = times[place + 1]!
      slots[place] = slots[place + 1]!
    }
    this.#tail = last
    return true
  }

  /** Makes the first occupied bucket the front; false when there is none, or when it is crowded and starts after `limit`. */
  #fillFront(limit: Nanos): boolean {
    for (;;) {
      const bucket = firstOccupied(this.#occupied)
      if (bucket === NONE) {
        this.#frontEnd = Number.POSITIVE_INFINITY
        return false
      }
      if (this.#moveToFront(bucket)) return true
      if (!this.#spread(bucket, limit)) return false
    }
  }

  /** Moves a sparse bucket to the empty front and sorts it there, stably; of a bucket of equal times the first events. False when it is crowded. */
  #moveToFront(bucket: number): boolean {
    const words = this.#words
    const times = this.#frontTimes
    const slots = this.#frontSlots
    let slot = words[(bucket << 3) + NEXT]!
    let count = 0
    for (; slot !== bucket && count < SPARSE; count++) {
      times[count] = this.#times[slot << 2]!
      slots[count] = slot
      slot = words[(slot << 3) + NEXT]!
    }
    if (slot !== bucket && bucket > 255) return false
    words[(bucket << 3) + NEXT] = slot
    words[(slot << 3) + PREVIOUS] = bucket
    this.#head = 0
    this.#tail = count
    if (slot !== bucket) {
      this.#frontEnd = times[0]!
      return true
    }
    this.#vacate(bucket)
    const isLast = this.#occupied[OCCUPANCY_WORDS] === 0 && this.#occupied[OCCUPANCY_WORDS + 1] === 0
    this.#frontEnd = isLast ? Number.POSITIVE_INFINITY : this.#startOf(bucket) + WIDTHS[bucket >> 8]!
    for (let next = 1; next < count; next++) {
      const time = times[next]!
      const own = slots[next]!
      let place = next
      for (; place > 0 && times[place - 1]! > time; place--) {
        times[place] = times[place - 1]!
        slots[place] = slots[place - 1]!
      }
      times[place] = time
      slots[place] = own
    }
    return true
  }

  /** The earliest time that belongs to a bucket. */
  #startOf(bucket: number): Nanos {
    const shift = (bucket >> 8) << 3
    const byte = bucket & 255
    if (shift < 32) return this.#baseHigh * WORD + (((this.#baseLow & (-256 << shift)) | (byte << shift)) >>> 0)
    return ((this.#baseHigh & (-256 << (shift - 32))) | (byte << (shift - 32))) * WORD
  }

  /** Moves `base` to the start of a bucket and its events to the levels below; false, and nothing done, if that start is after `limit`. */
  #spread(bucket: number, limit: Nanos): boolean {
    const start = this.#startOf(bucket)
    if (start > limit) return false
    const high = Math.floor(start * (1 / WORD))
    const low = start | 0
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
