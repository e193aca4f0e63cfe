/**
 * The kernel's timer wheel for integers: timers are ids 0..n-1, each armed at most once at a time.
 *
 * Nine levels of 64 buckets, a bucket eight times as wide a level up. A timer fires at the tick of the bucket that the kernel puts it in, so
 * arming and disarming are O(1), and it fires late by up to one bucket: see kernel-timer.ts. Buckets are doubly linked lists.
 *
 * A timer that is put off while it waits stays in its bucket, and is only moved when that comes: a packet touches its own row and not those of its
 * neighbours. So it is with the timers of connections, which every packet puts off.
 */
import type { Nanos } from '../../units.ts'
import { bucketTicks, LEVELS, TICK, tickAt, timerLevel } from './kernel-timer.ts'

const BUCKETS = 64
const NONE = -1

/** Of a timer: its bucket, {@link NONE} when not armed; the tick at which it fires, {@link NONE}: that of its bucket; and its neighbours there. */
const BUCKET = 0
const DUE = 1
const NEXT = 2
const PREVIOUS = 3
/** Numbers of a row that are the wheel's own. */
export const TIMER = 4
/** What a row can hold: 99 days. */
const LAST_TICK = 0x7fff_ffff

export class TimerWheel {
  /** Bucket -> newest timer in it. */
  readonly #heads = new Int32Array(LEVELS * BUCKETS).fill(NONE)
  /** Level -> number of timers on it. */
  readonly #counts = new Int32Array(LEVELS)
  /** `width` numbers a timer: first the wheel's own {@link TIMER}, then those of whoever has the wheel. It is another one after {@link grow}. */
  rows: Int32Array
  readonly #width: number
  /** Every tick up to this one has been fired. */
  #tick = 0
  /** No timer fires before this tick. */
  #earliest = Number.POSITIVE_INFINITY
  /** The time-out of the last timer that was set, in ticks, and its level. */
  #timeout: Nanos = 0
  #ticks = 0
  #level = 0

  constructor(capacity: number, width = TIMER) {
    this.#width = width
    this.rows = new Int32Array(capacity * width).fill(NONE)
  }

  /** Makes room for timers 0..capacity-1. */
  grow(capacity: number): void {
    const rows = new Int32Array(capacity * this.#width).fill(NONE)
    rows.set(this.rows)
    this.rows = rows
  }

  /** Sets the timer, anew if it is armed. `now` is that of the last `fire`, or there was none. */
  arm(timer: number, now: Nanos, timeout: Nanos): void {
    const tick = this.#firingTick(now, timeout)
    const bucket = this.rows[timer * this.#width + BUCKET]!
    if (bucket !== NONE) {
      if (tick <= LAST_TICK && tick >= this.#tickOf(bucket)) {
        this.rows[timer * this.#width + DUE] = tick
        return
      }
      this.disarm(timer)
    }
    this.#link(timer, tick, this.#level)
  }

  disarm(timer: number): void {
    const rows = this.rows
    const row = timer * this.#width
    const bucket = rows[row + BUCKET]!
    if (bucket === NONE) return
    const next = rows[row + NEXT]!
    const previous = rows[row + PREVIOUS]!
    if (previous === NONE) this.#heads[bucket] = next
    else rows[previous * this.#width + NEXT] = next
    if (next !== NONE) rows[next * this.#width + PREVIOUS] = previous
    rows[row + BUCKET] = NONE
    this.#counts[levelOf(bucket)]!--
  }

  /** Calls `expired` for every timer whose tick has passed, in order of ticks; it may arm and disarm timers. The second argument is the time of that tick. */
  fire(now: Nanos, expired: (timer: number, firedAt: Nanos) => void): void {
    const until = tickAt(now)
    while (this.#earliest <= until) {
      const bucket = this.#findEarliest(until)
      if (bucket === NONE) break
      const tick = this.#earliest
      for (let timer = this.#heads[bucket]!; timer !== NONE; timer = this.#heads[bucket]!) {
        const due = this.rows[timer * this.#width + DUE]!
        this.disarm(timer)
        if (due > tick) this.#link(timer, due, this.#levelUntil(due))
        else expired(timer, tick * TICK)
      }
    }
    if (until > this.#tick) this.#tick = until
  }

  /** The tick at which such a timer fires, as the function of that name in kernel-timer.ts has it; what only depends on the time-out is kept, as most have the one that the last had. Leaves the level too. */
  #firingTick(now: Nanos, timeout: Nanos): number {
    if (timeout !== this.#timeout) {
      this.#timeout = timeout
      this.#ticks = Math.ceil(timeout / TICK)
      this.#level = timerLevel(this.#ticks)
    }
    const width = bucketTicks(this.#level)
    return (Math.floor((tickAt(now) + this.#ticks) / width) + 1) * width
  }

  /** Puts it into the bucket of that level that comes at `tick`. */
  #link(timer: number, tick: number, level: number): void {
    const rows = this.rows
    const row = timer * this.#width
    const bucket = level * BUCKETS + (Math.floor(tick / bucketTicks(level)) % BUCKETS)
    const head = this.#heads[bucket]!
    rows[row + BUCKET] = bucket
    rows[row + NEXT] = head
    rows[row + PREVIOUS] = NONE
    rows[row + DUE] = tick <= LAST_TICK ? tick : NONE
    if (head !== NONE) rows[head * this.#width + PREVIOUS] = timer
    this.#heads[bucket] = timer
    this.#counts[level]!++
    if (tick < this.#earliest) this.#earliest = tick
  }

  /** The tick at which a bucket comes next. */
  #tickOf(bucket: number): number {
    const width = bucketTicks(levelOf(bucket))
    const following = Math.floor(this.#tick / width) + 1
    return (following + ((bucket - following) & (BUCKETS - 1))) * width
  }

  /** A level on which a bucket comes at that tick and not before. A timer was at most 64 buckets of its level ahead when it was set. */
  #levelUntil(tick: number): number {
    let level = timerLevel(tick - this.#tick)
    while (tick % bucketTicks(level) !== 0) level--
    return level
  }

  /** The bucket that comes first, if not after `until`; moves the wheel to its tick. */
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

function levelOf(bucket: number): number {
  return Math.floor(bucket / BUCKETS)
}
