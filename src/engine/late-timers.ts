import { invariant } from '../invariant.ts'
import type { Process, Wait, Waitable } from './process.ts'
import type { HandlerId, Timer } from './simulation.ts'
import { StandIn } from './stand-in.ts'

/**
 * All that runs on one machine which may stand still for a while, as on a hung kernel: time goes on, but nothing happens there. What is due
 * meanwhile, whether a timer, a wake-up of a process or something that comes from elsewhere, happens when the machine goes on, at once and in
 * the order in which it was due. What is due later is not moved.
 *
 * It stands for the simulation itself to those who run inside: the same clock, the same queue, the same random streams. While the machine
 * runs, everything happens just as without it.
 *
 * ```text
 *   due       a    b  c           d
 *   machine   ─────|  still  |──────────
 *   happens   a              b,c  d
 * ```
 *
 * Handlers of {@link schedule} are for hot paths, which look after themselves: there are none here.
 */
export class LateTimers extends StandIn {
  #isStill = false
  /** What was due while it stood still, in that order; a closure by the timer that was to call it, and by itself what has none. */
  readonly #due = new Map<unknown, () => void>()
  /** For processes that were woken meanwhile. */
  readonly #goesOn: Waitable<void> = {
    wakesByEvent: true,
    subscribe: (resume) => {
      const run = (): void => resume()
      this.#due.set(run, run)
      return () => {
        this.#due.delete(run)
      }
    },
  }

  override handler(): HandlerId {
    invariant(false, 'What runs on a machine that may stand still has no handlers')
  }

  override after(delay: number, callback: () => void): Timer {
    const timer: Timer = this.below.after(delay, () => {
      if (this.#isStill) this.#due.set(timer, callback)
      else callback()
    })
    return timer
  }

  override cancel(timer: Timer): boolean {
    return this.#due.delete(timer) || this.below.cancel(timer)
  }

  override spawn<T>(body: Generator<Wait, T, unknown>, ended?: () => void): Process<T> {
    return this.below.spawn(this.#stopping(body), ended)
  }

  get isStill(): boolean {
    return this.#isStill
  }

  /** Runs it now, or when the machine goes on: for what comes from elsewhere. */
  whenRunning(run: () => void): void {
    if (this.#isStill) this.#due.set(run, run)
    else run()
  }

  stop(): void {
    this.#isStill = true
  }

  /** What was due happens, in this very event. */
  goOn(): void {
    this.#isStill = false
    for (const [key, run] of this.#due) {
      this.#due.delete(key)
      run()
      // It may have stopped the machine again.
      if (this.#isStill) return
    }
  }

  /** The machine has lost its power: nothing that was due happens. It does not stand still any more. */
  forget(): void {
    this.#isStill = false
    this.#due.clear()
  }

  /**
   * The body, but that it takes no step while the machine stands still: unless it is elsewhere, in the midst of a server's own waits on the
   * simulation below, for as long as it is there. Killed, its finally blocks run all the same.
   */
  *#stopping<T>(body: Generator<Wait, T, unknown>): Generator<Wait, T, unknown> {
    let ended = false
    try {
      if (this.#isStill) yield this.#goesOn
      let step = body.next()
      while (step.done !== true) {
        const isElsewhere = step.value.sim === this.below
        const value: unknown = yield step.value
        if (this.#isStill && !isElsewhere) yield this.#goesOn
        step = body.next(value)
      }
      ended = true
      return step.value
    } finally {
      if (!ended) {
        let step = body.return(undefined as T)
        while (step.done !== true) step = body.next(yield step.value)
      }
    }
  }
}
