import { invariant } from '../invariant.ts'
import { type Nanos, SECOND } from '../units.ts'
import type { Wait } from './process.ts'
import type { Simulation } from './simulation.ts'

/**
 * A token bucket: `burst` tokens at first, refilled at `ratePerSecond` up to `burst`. Tokens are handed out in the order of asking, ahead
 * of time, as client-go's flow control does (golang.org/x/time/rate: the balance may become negative).
 *
 * The n-th token since the bucket was last full is due (n - burst) / rate later, rounded up to whole ns: one division, no drift.
 *
 * A token whose waiter is killed is spent; x/time/rate would give back what nobody after it has reserved.
 */
export class TokenBucket {
  readonly #sim: Simulation
  readonly #nanosPerToken: number
  readonly #burst: number
  /** The last time at which the bucket was seen full, and the tokens handed out since. */
  #fullAt: Nanos
  #taken = 0

  constructor(sim: Simulation, options: { ratePerSecond: number; burst: number }) {
    invariant(options.ratePerSecond > 0 && options.burst >= 1, 'A token bucket needs a rate > 0 and a burst >= 1')
    this.#sim = sim
    this.#nanosPerToken = SECOND / options.ratePerSecond
    this.#burst = options.burst
    this.#fullAt = sim.now
  }

  /** Takes the next token and says after how long it may be used; 0 when it is there now. */
  reserve(): Nanos {
    const now = this.#sim.now
    if (now - this.#fullAt >= this.#taken * this.#nanosPerToken) {
      this.#fullAt = now
      this.#taken = 0
    }
    this.#taken++
    const due = this.#fullAt + Math.ceil((this.#taken - this.#burst) * this.#nanosPerToken)
    return Math.max(0, due - now)
  }

  /** Takes a token if there is one now. */
  tryTake(): boolean {
    const now = this.#sim.now
    if (now - this.#fullAt >= this.#taken * this.#nanosPerToken) {
      this.#fullAt = now
      this.#taken = 0
    }
    if (this.#fullAt + Math.ceil((this.#taken + 1 - this.#burst) * this.#nanosPerToken) > now) return false
    this.#taken++
    return true
  }

  /** Waits for a token, first come first served, and gives the time waited: `yield* bucket.take()`. */
  *take(): Generator<Wait, Nanos, unknown> {
    const delay = this.reserve()
    if (delay > 0) yield this.#sim.delay(delay)
    return delay
  }
}
