import { ReseedableStream } from '../engine/random-stream.ts'
import type { Nanos } from '../units.ts'

export interface BackOffSpec {
  readonly base: Nanos
  readonly max: Nanos
}

/**
 * How long a client waits before it tries again: before retry n, from 1 on, anything from 0 to min(max, base × 2^(n−1)), all as likely.
 *
 * Source: "full jitter" of M. Brooker, Exponential Backoff And Jitter, AWS Architecture Blog. A function of (seed, n) alone, so that a request
 * waits the same in every variant.
 */
export class BackOff {
  readonly #spec: BackOffSpec
  readonly #jitter = new ReseedableStream()

  constructor(spec: BackOffSpec) {
    this.#spec = spec
  }

  wait(seed: number, number: number): Nanos {
    const { base, max } = this.#spec
    let most = base
    for (let retry = 1; retry < number && most < max; retry++) most *= 2
    this.#jitter.reseed(seed ^ Math.imul(number, SALT))
    return Math.floor(this.#jitter.uniform() * (Math.min(most, max) + 1))
  }
}

/** Odd: keeps the draws of a request's back-offs apart from each other and from its demand. */
const SALT = 0xc2b2_ae35
