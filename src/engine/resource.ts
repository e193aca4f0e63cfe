import { invariant } from '../invariant.ts'
import { OwnWait, type Waitable, type Waiter, WaitingLine } from './process.ts'
import type { Simulation } from './simulation.ts'

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
  readonly #waiting = new WaitingLine<void>()
  readonly #request: Waitable<void>
  #inUse = 0

  /** `capacity`: how many can hold it at once, a whole number >= 1. */
  constructor(sim: Simulation, capacity: number) {
    invariant(Number.isSafeInteger(capacity) && capacity >= 1, `A resource needs a capacity that is a whole number >= 1, not ${capacity}`)
    this.capacity = capacity
    this.#request = new Request(sim, {
      admit: (waiter) => {
        if (this.#inUse < this.capacity) this.#grant(waiter)
        else this.#waiting.join(waiter)
      },
      // It was handed over and has not been taken: the next one gets it.
      giveUp: (waiter, wasWoken) => {
        if (wasWoken) this.release()
        else this.#waiting.leave(waiter)
      },
    })
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
    return this.#request
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
    const next = this.#waiting.takeFirst()
    if (next !== null) this.#grant(next)
  }

  #grant(waiter: Waiter<void>): void {
    this.#inUse++
    waiter.wake(undefined)
  }
}

/** What a resource does with those who ask. */
interface Desk {
  admit(waiter: Waiter<void>): void
  giveUp(waiter: Waiter<void>, wasWoken: boolean): void
}

/** The wait for a unit of a resource: one for all who ask. */
class Request extends OwnWait<void> {
  readonly #desk: Desk

  constructor(sim: Simulation, desk: Desk) {
    super(sim)
    this.#desk = desk
  }

  /** @internal */
  admit(waiter: Waiter<void>): void {
    this.#desk.admit(waiter)
  }

  /** @internal */
  giveUp(waiter: Waiter<void>, wasWoken: boolean): void {
    this.#desk.giveUp(waiter, wasWoken)
  }
}
