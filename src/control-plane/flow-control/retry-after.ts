import { type Nanos, SECOND } from '../../units.ts'

/** Source: apiserver/pkg/util/flowcontrol/dropped_requests_tracker.go. */
export const RETRY_AFTER_MAX = 32
/** So many rejections for each second of Retry-After double it. */
export const DOUBLED_FROM = 3

/**
 * The Retry-After of a priority level's rejections, in seconds: 1, doubled while many are rejected, one less in each second with few.
 *
 * Looked at when the first request of a second is rejected, over the last `seconds` seconds before it.
 *
 * Source: apiserver/pkg/util/flowcontrol/dropped_requests_tracker.go.
 */
export class RetryAfter {
  #seconds = 1
  #raisedAt = -RETRY_AFTER_MAX
  #history: { readonly second: number; count: number }[] = []

  get seconds(): number {
    return this.#seconds
  }

  /** Counts a request that is rejected now. */
  reject(now: Nanos): void {
    const second = Math.floor(now / SECOND)
    const last = this.#history[this.#history.length - 1]
    if (last?.second === second) {
      last.count++
      return
    }
    this.#history = this.#history.filter((past) => second - past.second <= RETRY_AFTER_MAX)
    const rejected = this.#history.reduce((sum, past) => (second - past.second > this.#seconds ? sum : sum + past.count), 0)
    this.#history.push({ second, count: 1 })
    if (second - this.#raisedAt >= this.#seconds && rejected >= DOUBLED_FROM * this.#seconds) {
      this.#seconds = Math.min(2 * this.#seconds, RETRY_AFTER_MAX)
      this.#raisedAt = second
    } else if (rejected < this.#seconds && this.#seconds > 1) this.#seconds--
  }
}
