import { type Nanos, SECOND } from '../units.ts'

/** How many tries a client may make on top of the first ones. */
export interface BudgetSpec {
  /** Such tries for each request. */
  readonly ratio: number
  /** And so many a second, whatever the requests. */
  readonly minPerSecond: number
}

/**
 * A client's budget of tries: every request brings `ratio` tokens that expire after 10 s, a try beyond a request's first takes one, and
 * `minPerSecond` × 10 s tokens are always there on top; what is taken comes back after 10 s too. The time moves in steps of 1 s.
 *
 * So in the long run there are `ratio` extra tries a request and `minPerSecond` a second, and a burst may take those of 10 s at once.
 *
 * Source: Finagle's RetryBudget, a leaky token bucket (finagle-core/…/service/RetryBudget.scala), whose scaling to integers this has, and whose
 * defaults are 20 %, 10 a second and 10 s; linkerd and tower have the same three parameters. Ten steps a window: assumption.
 */
export class RetryBudget {
  readonly #deposit: number
  readonly #price: number
  readonly #reserve: number
  /** What came and went in each of the last steps. */
  readonly #steps = new Float64Array(STEPS)
  #sum = 0
  /** The newest step, counted from the beginning of time. */
  #step = 0

  constructor({ ratio, minPerSecond }: BudgetSpec) {
    this.#deposit = ratio === 0 ? 0 : SCALE
    this.#price = ratio === 0 ? 1 : Math.floor(SCALE / ratio)
    this.#reserve = Math.floor(minPerSecond * STEPS) * this.#price
  }

  /** A request is sent. `now` never goes back. */
  deposit(now: Nanos): void {
    this.#add(now, this.#deposit)
  }

  /** Takes the token of one try; false when there is none. */
  tryWithdraw(now: Nanos): boolean {
    this.#move(now)
    if (this.#reserve + this.#sum < this.#price) return false
    this.#add(now, -this.#price)
    return true
  }

  #add(now: Nanos, amount: number): void {
    this.#move(now)
    this.#steps[this.#step % STEPS]! += amount
    this.#sum += amount
  }

  /** Forgets what is older than the window. */
  #move(now: Nanos): void {
    const step = Math.floor(now / STEP)
    const last = Math.min(step, this.#step + STEPS)
    for (let passed = this.#step + 1; passed <= last; passed++) {
      this.#sum -= this.#steps[passed % STEPS]!
      this.#steps[passed % STEPS] = 0
    }
    this.#step = step
  }
}

export const STEP: Nanos = SECOND
export const STEPS = 10
/** Tokens are counted in integers, 1000 a deposit, so that sums are exact. */
const SCALE = 1000
