/**
 * The kernel's timer wheel for integers: timers are ids 0..n-1, each armed at most once at a time.
 *
 * Nine levels of 64 buckets, a bucket eight times as wide a level up. A timer stays in the bucket where it was put, so
 * arming and disarming are O(1), and it fires late by up to one bucket: see kernel-timer.ts. Buckets are
 * doubly linked lists in columns.
 */
import type { Nanos } from '../../units.ts'
import { bucketTicks, firingTick, LEVELS, TICK, tickAt, timerLevel } from './kernel-timer.ts'

const BUCKETS = 64
const NONE = -1

export class TimerWheel {
  /** Bucket -> newest timer in it. */
  readonly #heads = new Int32Array(LEVELS * BUCKETS).fill(NONE)
  /** Level -> number of timers on it. */
  readonly #counts = new Int32Array(LEVELS)
  /** Timer -> bucket, NONE when not armed. */
  #buckets: Int32Array
  #next: Int32Array
  #previous: Int32Array
  /** Every tick up to this one has been fired. */
  #tick = 0
  /** No timer fires before this tick. */
  #earliest = Number.POSITIVE_INFINITY

  constructor(capacity: number) {
    this.#buckets = new Int32Array(capacity).fill(NONE)
    this.#next = new Int32Array(capacity)
    this.#previous = new Int32Array(capacity)
  }

  /** Makes room for timers 0..capacity-1. */
  grow(capacity: number): void {
    const buckets = new Int32Array(capacity).fill(NONE)
    const next = new Int32Array(capacity)
    const previous = new Int32Array(capacity)
    buckets.set(this.#buckets)
    next.set(this.#next)
    previous.set(this.#previous)
    this.#buckets = buckets
    this.#next = next
    this.#previous = previous
  }

  /** Sets the timer, anew if it is armed. `now` is not before the last `fire`. */
  arm(timer: number, now: Nanos, timeout: Nanos): void {
    this.disarm(timer)
    const level = timerLevel(Math.ceil(timeout / TICK))
    const tick = firingTick(now, timeout)
    const bucket = level * BUCKETS + (Math.floor(tick / bucketTicks(level)) % BUCKETS)
    const head = this.#heads[bucket]!
    this.#buckets[timer] = bucket
    this.#next[timer] = head
    this.#previous[timer] = NONE
    if (head !== NONE) this.#previous[head] = timer
    this.#heads[bucket] = timer
    this.#counts[level] = this.#counts[level]! + 1
    if (tick < this.#earliest) this.#earliest = tick
  }

  disarm(timer: number): void {
    const bucket = this.#buckets[timer]!
    if (bucket === NONE) return
    const next = this.#next[timer]!
    const previous = this.#previous[timer]!
    if (previous === NONE) this.#heads[bucket] = next
    else this.#next[previous] = next
    if (next !== NONE) this.#previous[next] = previous
    this.#buckets[timer] = NONE
    const level = Math.floor(bucket / BUCKETS)
    this.#counts[level] = this.#counts[level]! - 1
  }

  /** Calls `expired` for every timer whose tick has passed, in order of ticks; it may arm and disarm timers. The second argument is the time of that tick. */
  fire(now: Nanos, expired: (timer: number, firedAt: Nanos) => void): void {
    const until = tickAt(now)
    while (this.#earliest <= until) {
      const due = this.#findEarliest(until)
      if (due === NONE) break
      const firedAt = this.#earliest * TICK
      for (let timer = this.#heads[due]!; timer !== NONE; timer = this.#heads[due]!) {
        this.disarm(timer)
        expired(timer, firedAt)
      }
    }
    if (until > this.#tick) this.#tick = until
  }

  /** The bucket that fires first, if not after `until`; moves the wheel to its tick. */
  #findEarliest(until: number): number {
    let earliest = Number.POSITIVE_INFINITY
    let found = NONE
    for (let level = 0; level < LEVELS; level += 1) {
      if (this.#counts[level] === 0) continue
      const width = bucketTicks(level)
      let turn = Math.floor(this.#tick / width)
      let bucket = NONE
      do {
        turn += 1
        bucket = level * BUCKETS + (turn % BUCKETS)
      } while (this.#heads[bucket] === NONE)
      if (turn * width < earliest) {
        earliest = turn * width
        found = bucket
      }
    }
    this.#earliest = earliest
    if (earliest > until) return NONE
    // The tick before, since timers of a coarser level may fire at the very same tick.
    this.#tick = earliest - 1
    return found
  }
}
