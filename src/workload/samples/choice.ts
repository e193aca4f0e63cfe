import { FAILURE_CAUSES } from '../../metrics/failure-cause.ts'
import type { Nanos } from '../../units.ts'

/** Why a request is kept: bits. */
export const SPREAD = 1
export const SLOWEST = 2
export const FAILED = 4
/** It was asked for by its number. */
export const NAMED = 8

const NAMES: readonly (readonly [number, string])[] = [
  [NAMED, 'named'],
  [SPREAD, 'spread'],
  [SLOWEST, 'slowest'],
  [FAILED, 'failed'],
]

export function reasonsOf(bits: number): string {
  return NAMES.flatMap(([bit, name]) => ((bits & bit) === 0 ? [] : [name])).join(' ')
}

/**
 * Which requests of one traffic are kept, of those that were to be sent from `from` until before `until`: the first of each of `count` equal
 * spans of time, the `count` slowest of the answered ones, and the first `count` of each cause of failure. Nothing is drawn for it.
 */
export class Choice {
  readonly #from: Nanos
  readonly #until: Nanos
  readonly #count: number
  readonly #step: Nanos
  #nextSpread: Nanos
  readonly #failures = new Int32Array(FAILURE_CAUSES.length)
  /** The slowest so far, in no order, and the least of their latencies that a slower one would push out. */
  readonly #slowest: number[] = []
  readonly #latencies: Nanos[] = []
  #threshold: Nanos

  constructor(options: { from: Nanos; until: Nanos; count: number }) {
    this.#from = options.from
    this.#until = options.until
    this.#count = options.count
    this.#step = Math.max(1, Math.ceil((options.until - options.from) / Math.max(1, options.count)))
    this.#nextSpread = options.count === 0 ? Number.POSITIVE_INFINITY : options.from
    this.#threshold = options.count === 0 ? Number.POSITIVE_INFINITY : -1
  }

  /** A request is to be sent at `at`, which never goes back: {@link SPREAD} if it is the first of its span of time, else 0. */
  begins(at: Nanos): number {
    if (at < this.#nextSpread || at >= this.#until) return 0
    this.#nextSpread = this.#from + (Math.floor((at - this.#from) / this.#step) + 1) * this.#step
    return SPREAD
  }

  /** Whether one that was sent at `at` and answered after `latency` is among the slowest so far. Ties go to the earlier one. */
  isSlow(at: Nanos, latency: Nanos): boolean {
    return latency > this.#threshold && at >= this.#from && at < this.#until
  }

  /** The same is kept as `span`. Gives who is no longer among the slowest, or -1. */
  keepSlow(span: number, latency: Nanos): number {
    if (this.#slowest.length < this.#count) {
      this.#slowest.push(span)
      this.#latencies.push(latency)
      if (this.#slowest.length === this.#count) this.#threshold = Math.min(...this.#latencies)
      return -1
    }
    // Of equals the latest goes: it is the one that came last among the kept.
    const at = this.#latencies.lastIndexOf(this.#threshold)
    const out = this.#slowest[at]!
    this.#slowest.splice(at, 1)
    this.#latencies.splice(at, 1)
    this.#slowest.push(span)
    this.#latencies.push(latency)
    this.#threshold = Math.min(...this.#latencies)
    return out
  }

  /** Whether one that was sent at `at` and failed by `cause` is among the first. */
  keepsFailure(at: Nanos, cause: number): boolean {
    if (at < this.#from || at >= this.#until || this.#failures[cause]! >= this.#count) return false
    this.#failures[cause]!++
    return true
  }
}
