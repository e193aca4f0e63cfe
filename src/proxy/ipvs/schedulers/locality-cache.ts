/**
 * The cache of lblc and lblcr, by the address that clients ask for, and how it ages.
 *
 * A timer runs every minute (61.44 s with the kernel's wheel at HZ = 250) and counts its rounds from 1:
 *
 *   at round 30:                  forget what nobody asked for in 24 h, and count from 1 again
 *   while 16,384 or fewer:        count on
 *   while there are more:         go through the buckets from where the last sweep stopped and forget what nobody asked for
 *                                 in 6 min, until 4/3 of the surplus (at most 8,192) are gone; the count stands still
 *
 * Nothing runs on its own here: the rounds that have passed are made up when somebody looks, with the same outcome.
 *
 * In two things the kernels of 2026 differ: they take no new address from 24,576 on, and they count right. Those before
 * count an lblc address once more each time that it changes its destination, never less, and so sweep too early.
 *
 * Source: Linux net/netfilter/ipvs/ip_vs_lblc.c, ip_vs_lblcr.c; include/linux/hash.h.
 */
import { HOUR, MINUTE, type Nanos } from '../../../units.ts'
import { firingTick, TICK, tickAt } from '../kernel-timer.ts'
import type { CacheOptions } from '../scheduler.ts'
import { hash32 } from './hash-slots.ts'

/** Ticks after which an address is forgotten: sysctl lblc_expiration, lblcr_expiration. */
export const CACHE_EXPIRATION = (24 * HOUR) / TICK
/** The same while the cache is too large, ticks. */
export const SWEEP_EXPIRATION = (6 * MINUTE) / TICK
export const CHECK_INTERVAL: Nanos = MINUTE
export const FULL_CHECK_ROUND = 30
const BUCKET_BITS = 10
const BUCKETS = 1 << BUCKET_BITS
/** 16 addresses a bucket. */
export const SIZE_MAX = 16 * BUCKETS

export interface CacheEntry {
  /** Tick at which it was last asked for. */
  lastUse: number
}

export class LocalityCache<Entry extends CacheEntry> {
  readonly #entries = new Map<number, Entry>()
  readonly #forget: (entry: Entry) => void
  readonly #sizeMax: number
  readonly #isLimited: boolean
  /** The kernel's count of entries. */
  #count = 0
  /** The bucket where the last sweep stopped. */
  #rover = 0
  #round = 1
  /** Tick of the next round. */
  #nextCheck: number

  /** `forget` is told of every entry that ages out. */
  constructor(options: CacheOptions, forget: (entry: Entry) => void, sizeMax = SIZE_MAX) {
    this.#forget = forget
    this.#sizeMax = sizeMax
    this.#isLimited = options.isCacheLimited
    this.#nextCheck = firingTick(options.createdAt, CHECK_INTERVAL)
  }

  get(address: number): Entry | undefined {
    return this.#entries.get(address)
  }

  /** Keeps a new entry, unless the cache is full. */
  add(address: number, entry: Entry): boolean {
    if (this.#isLimited && this.#count >= (this.#sizeMax * 3) / 2) return false
    this.#entries.set(address, entry)
    this.#count += 1
    return true
  }

  /** An entry has been replaced by one with another destination. */
  replaced(): void {
    if (!this.#isLimited) this.#count += 1
  }

  /** Makes up the rounds until now. */
  age(now: Nanos): void {
    const tick = tickAt(now)
    while (this.#nextCheck <= tick) {
      const at = this.#nextCheck
      this.#nextCheck = firingTick(at * TICK, CHECK_INTERVAL)
      if (this.#round === FULL_CHECK_ROUND) {
        this.#forgetStale(at - CACHE_EXPIRATION)
        this.#round = 1
      } else if (this.#count > this.#sizeMax) this.#sweep(at - SWEEP_EXPIRATION)
      else this.#round += 1
    }
  }

  #forgetStale(lastUseMax: number): void {
    for (const [address, entry] of this.#entries) if (entry.lastUse <= lastUseMax) this.#drop(address, entry)
  }

  #sweep(lastUseMax: number): void {
    const stale = new Map<number, [number, Entry][]>()
    for (const [address, entry] of this.#entries) {
      if (entry.lastUse > lastUseMax) continue
      const bucket = hash32(address, BUCKET_BITS)
      const inBucket = stale.get(bucket)
      if (inBucket === undefined) stale.set(bucket, [[address, entry]])
      else inBucket.push([address, entry])
    }
    // Once round without a find, it stops where it began: the goal is at least 1 (from a size of 2 on).
    if (stale.size === 0) return
    let goal = Math.min(Math.floor(((this.#count - this.#sizeMax) * 4) / 3), Math.floor(this.#sizeMax / 2))
    for (let visited = 0; visited < BUCKETS; visited += 1) {
      this.#rover = (this.#rover + 1) % BUCKETS
      for (const [address, entry] of stale.get(this.#rover) ?? []) {
        this.#drop(address, entry)
        goal -= 1
      }
      if (goal <= 0) break
    }
  }

  #drop(address: number, entry: Entry): void {
    this.#entries.delete(address)
    this.#count -= 1
    this.#forget(entry)
  }
}
