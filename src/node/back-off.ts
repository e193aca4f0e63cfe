import { type Nanos, SECOND } from '../units.ts'

/** Source: kubelet initialCrashLoopBackOff and MaxCrashLoopBackOff; imageBackOffPeriod and MaxImageBackOff are the same. */
export const INITIAL: Nanos = 10 * SECOND
export const MAX: Nanos = 300 * SECOND
/** A failure this long after the last attempt begins anew. Source: pkg/kubelet (twice the longest back-off). */
export const RESET: Nanos = 600 * SECOND

/**
 * How long to wait between attempts at one thing: 10 s, doubled with each, 300 s at most, counted from the failure. The first
 * attempt after the first failure is made at once.
 *
 * Source: client-go util/flowcontrol/backoff.go, as the kubelet uses it.
 */
export class BackOff {
  #delay: Nanos = 0
  #lastAttempt: Nanos = 0

  /** The earliest time of the next attempt after a failure at that time. */
  until(failedAt: Nanos): Nanos {
    return this.#delay === 0 || failedAt - this.#lastAttempt > RESET ? failedAt : failedAt + this.#delay
  }

  /** An attempt is made now, after a failure at `failedAt`. */
  attempt(now: Nanos, failedAt: Nanos): void {
    const fresh = this.#delay === 0 || failedAt - this.#lastAttempt > RESET
    this.#delay = fresh ? INITIAL : Math.min(2 * this.#delay, MAX)
    this.#lastAttempt = now
  }
}
