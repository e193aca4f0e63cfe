import { invariant } from '../invariant.ts'
import { NETWORK, PARTS, SOFTIRQ } from '../metrics/blame.ts'
import type { Nanos } from '../units.ts'
import { DELAYED, STANDS_STILL, TRAVELS, WAITS } from './samples/marks.ts'

/** Is told whatever an account is told; the kinds are in `samples/marks.ts`. */
export interface AccountWatcher {
  mark(request: number, time: Nanos, kind: number, extra: number): void
}

/**
 * What each request's time was spent on: every nanosecond since it was to be sent is in one part, and in one only.
 *
 * A request is either on its way, which is some CPU time of one part and then the network, or waits for something, which is a part of its own.
 * The account is brought up to date when that changes; so an end in the midst of it, such as a time-out, is right too.
 */
export class TimeAccounts {
  /** By request, then by part, ns. */
  parts: Float64Array
  /** Accounted for until then, ns. */
  #since: Float64Array
  /** What it does since: the part of the CPU time, or what it waits for. */
  #doing: Uint8Array
  /** CPU time before the network; a request that waits has {@link ALL}. */
  #cpu: Float64Array
  /** The last delay since it was last settled: whose, and how long, ns. */
  #delayedBy: Uint8Array
  #delay: Float64Array
  /** null: nobody watches. */
  #watcher: AccountWatcher | null = null

  constructor(capacity: number) {
    this.parts = new Float64Array(capacity * PARTS)
    this.#since = new Float64Array(capacity)
    this.#doing = new Uint8Array(capacity)
    this.#cpu = new Float64Array(capacity)
    this.#delayedBy = new Uint8Array(capacity)
    this.#delay = new Float64Array(capacity)
  }

  /** A new request in this place. */
  open(request: number, now: Nanos): void {
    const { parts } = this
    for (let part = request * PARTS; part < request * PARTS + PARTS; part++) parts[part] = 0
    this.#since[request] = now
    this.#doing[request] = NETWORK
    this.#cpu[request] = ALL
  }

  /** From now on it is on its way: `cpu` ns of CPU that belong to `part`, and the network for the rest. */
  travels(request: number, now: Nanos, cpu: Nanos, part: number): void {
    this.settle(request, now)
    this.#doing[request] = part
    this.#cpu[request] = cpu
    if (this.#watcher !== null) this.#watcher.mark(request, now, TRAVELS + part, cpu)
  }

  /** From now on it waits for `part`. */
  waits(request: number, now: Nanos, part: number): void {
    this.settle(request, now)
    this.#doing[request] = part
    this.#cpu[request] = ALL
    if (this.#watcher !== null) this.#watcher.mark(request, now, WAITS + part, 0)
  }

  /** The next `length` ns belong to `part`, and only then goes on what it does. Nothing else is told of it until they have passed. */
  delayed(request: number, length: Nanos, part: number): void {
    if (this.#watcher !== null && length > 0) this.#watcher.mark(request, this.#since[request]!, DELAYED + part, length)
    this.#putOff(request, length, part)
  }

  /** The same for what has come to a machine that stands still: where a way is told, it is at its end. */
  standsStill(request: number, length: Nanos, part: number): void {
    if (this.#watcher !== null) this.#watcher.mark(request, this.#since[request]!, STANDS_STILL + part, length)
    this.#putOff(request, length, part)
  }

  /** From now on all that is told is told to the watcher too. */
  attach(watcher: AccountWatcher): void {
    this.#watcher = watcher
  }

  #putOff(request: number, length: Nanos, part: number): void {
    if (length === 0) return
    this.parts[request * PARTS + part]! += length
    this.#since[request]! += length
    this.#delayedBy[request] = part
    this.#delay[request] = length
  }

  /**
   * Copies the {@link PARTS} parts as they are at `now` to `into`, from `at` on, and leaves the account as it is: so it may be in the midst of a
   * delay, whose rest has not passed. Of two delays in a row the first is by SOFTIRQ.
   */
  read(request: number, now: Nanos, into: Float64Array, at: number): void {
    const from = request * PARTS
    for (let part = 0; part < PARTS; part++) into[at + part] = this.parts[from + part]!
    const passed = now - this.#since[request]!
    if (passed < 0) {
      const cut = Math.min(-passed, this.#delay[request]!)
      into[at + this.#delayedBy[request]!]! -= cut
      into[at + SOFTIRQ]! -= -passed - cut
      return
    }
    const cpu = Math.min(this.#cpu[request]!, passed)
    into[at + this.#doing[request]!]! += cpu
    into[at + NETWORK]! += passed - cpu
  }

  /** Puts what has passed into its parts. */
  settle(request: number, now: Nanos): void {
    const passed = now - this.#since[request]!
    if (passed < 0) invariant(false, `A request is told of ${-passed} ns before the end of a delay`)
    this.#since[request] = now
    const at = request * PARTS
    const cpu = Math.min(this.#cpu[request]!, passed)
    this.parts[at + this.#doing[request]!]! += cpu
    this.parts[at + NETWORK]! += passed - cpu
  }

  /** States that the parts, brought up to date, sum to the request's latency. */
  check(request: number, latency: Nanos): void {
    const { parts } = this
    let sum = 0
    for (let part = request * PARTS; part < request * PARTS + PARTS; part++) sum += parts[part]!
    if (sum !== latency) invariant(false, `The parts of a request's time sum to ${sum} ns, and it took ${latency} ns`)
  }

  grow(capacity: number): void {
    this.parts = grown(this.parts, capacity * PARTS)
    this.#since = grown(this.#since, capacity)
    this.#cpu = grown(this.#cpu, capacity)
    this.#delay = grown(this.#delay, capacity)
    const doing = new Uint8Array(capacity)
    doing.set(this.#doing)
    this.#doing = doing
    const delayedBy = new Uint8Array(capacity)
    delayedBy.set(this.#delayedBy)
    this.#delayedBy = delayedBy
  }
}

/** All the time that passes belongs to the part. */
const ALL = Number.POSITIVE_INFINITY

function grown(from: Float64Array, length: number): Float64Array {
  const to = new Float64Array(length)
  to.set(from)
  return to
}
