import type { Nanos } from '../../units.ts'

/** How keepalived checks the real servers of a virtual server. */
export interface CheckSpec {
  /** `tcp`: the connection opens (TCP_CHECK). `http`: a GET is answered with 2xx (HTTP_GET). */
  readonly kind: 'tcp' | 'http'
  /** Of `http`: the virtual host and the path that are asked for. */
  readonly host: string
  readonly path: string
  /** From the end of one check to the next. */
  readonly delayLoop: Nanos
  /** A check that has no answer by then has failed. */
  readonly connectTimeout: Nanos
  /** Further checks of a server that is up before it is taken for down. */
  readonly retry: number
  readonly delayBeforeRetry: Nanos
  /** The first check comes at a random moment of so long a time. */
  readonly warmUp: Nanos
}

/** What a check led to. */
export type Change = 'none' | 'up' | 'down'

/**
 * What keepalived makes of the checks of one real server.
 *
 * ```text
 *   up:    good ──▶ in delay_loop
 *          bad ───▶ in delay_before_retry, `retry` times; one more bad: down, in delay_loop
 *   down:  bad ───▶ in delay_loop
 *          good ──▶ up at once, in delay_loop
 * ```
 *
 * One good check is enough to come back, and a good one ends the counting of bad ones. Source: keepalived 2.x keepalived.conf(5) (retry: "additional
 * checks if check of an alive server fails"), keepalived/check/check_tcp.c.
 */
export class HealthChecker {
  readonly #spec: CheckSpec
  #isUp: boolean
  #retries = 0
  /** Of the check that has just ended: in how long the next begins. */
  nextIn: Nanos = 0

  /** With `alpha` it is down until its first good check. */
  constructor(spec: CheckSpec, alpha: boolean) {
    this.#spec = spec
    this.#isUp = !alpha
  }

  get isUp(): boolean {
    return this.#isUp
  }

  /** A check has ended. */
  ended(good: boolean): Change {
    const { retry, delayBeforeRetry, delayLoop } = this.#spec
    if (!good && this.#isUp && this.#retries < retry) {
      this.#retries++
      this.nextIn = delayBeforeRetry
      return 'none'
    }
    this.#retries = 0
    this.nextIn = delayLoop
    if (good === this.#isUp) return 'none'
    this.#isUp = good
    return good ? 'up' : 'down'
  }
}
