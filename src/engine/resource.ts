import { invariant } from '../invariant.ts'
import type { Waitable } from './process.ts'
import { NO_TIMER, type Simulation, type Timer } from './simulation.ts'

/** One who has asked, from then until the process goes on with what it asked for. */
interface Request {
  readonly resume: (value: undefined) => void
  /** The event that hands it over; NO_TIMER while there is none to hand over. */
  timer: Timer
}

/**
 * Something of which there are so many and which processes hold for a while: tellers, connections, disk arms. First come, first served.
 *
 * ```ts
 * function* customer(): Generator<Wait, void, unknown> {
 *   yield teller.request()
 *   try {
 *     yield sim.delay(service.sample(rng))
 *   } finally {
 *     teller.release()
 *   }
 * }
 * ```
 *
 * A customer who gives up waits with {@link firstOf}: `yield firstOf(teller.request(), sim.delay(patience))` gives 0 when it has been served and must
 * release. Where each customer is a number and no process, {@link Station} is faster.
 */
export class Resource {
  readonly capacity: number
  readonly #sim: Simulation
  readonly #waiting = new Set<Request>()
  #inUse = 0

  /** `capacity`: how many can hold it at once, a whole number >= 1. */
  constructor(sim: Simulation, capacity: number) {
    invariant(Number.isSafeInteger(capacity) && capacity >= 1, `A resource needs a capacity that is a whole number >= 1, not ${capacity}`)
    this.capacity = capacity
    this.#sim = sim
  }

  /** Units that are held. */
  get inUse(): number {
    return this.#inUse
  }

  /** Processes that wait for one. */
  get waiting(): number {
    return this.#waiting.size
  }

  /** Waits for a unit, from the moment it is yielded. Whoever leaves before it goes on, killed or because something else came first, holds nothing. */
  request(): Waitable<void> {
    return { sim: this.#sim, wakesByEvent: true, subscribe: (resume) => this.#subscribe(resume) }
  }

  /** Takes a unit if one is free now and nobody waits. */
  tryAcquire(): boolean {
    if (this.#inUse === this.capacity) return false
    this.#inUse++
    return true
  }

  /** Gives a unit back; the first who waits has it from now on. */
  release(): void {
    invariant(this.#inUse > 0, 'A resource was released that nobody holds')
    this.#inUse--
    const [next] = this.#waiting
    if (next === undefined) return
    this.#waiting.delete(next)
    this.#grant(next)
  }

  #subscribe(resume: (value: undefined) => void): () => void {
    const request: Request = { resume, timer: NO_TIMER }
    if (this.#inUse < this.capacity) this.#grant(request)
    else this.#waiting.add(request)
    return () => {
      if (this.#waiting.delete(request)) return
      // It was handed over and has not been taken: the next one gets it.
      if (this.#sim.cancel(request.timer)) this.release()
    }
  }

  #grant(request: Request): void {
    this.#inUse++
    request.timer = this.#sim.after(0, () => request.resume(undefined))
  }
}
