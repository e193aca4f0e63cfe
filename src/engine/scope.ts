import type { Process, Wait } from './process.ts'
import type { HandlerId, Timer } from './simulation.ts'
import { StandIn } from './stand-in.ts'

/**
 * All that one program of the simulated world does: the processes and closures that are started through it end with it.
 *
 * It stands for the simulation itself to those who run inside: the same clock, the same queue, the same random streams. What dies in the
 * middle of something leaves it there; a request that has reached somebody else is that one's affair.
 *
 * ```ts
 * const program = new Scope(sim)
 * const controllers = new ControllerManager({ ...access, sim: program })
 * program.end() // a crash: nothing of it runs any more
 * ```
 */
export class Scope extends StandIn {
  readonly #running = new Set<Process<unknown>>()
  #ended = false

  override handler(run: (a: number, b: number) => void): HandlerId {
    return this.below.handler((a, b) => {
      if (!this.#ended) run(a, b)
    })
  }

  override schedule(delay: number, handler: HandlerId, a = 0, b = 0): Timer {
    return this.below.schedule(delay, handler, a, b)
  }

  override after(delay: number, callback: () => void): Timer {
    return this.below.after(delay, () => {
      if (!this.#ended) callback()
    })
  }

  override spawn<T>(body: Generator<Wait, T, unknown>, ended?: () => void): Process<T> {
    const process: Process<T> = this.below.spawn(body, () => {
      this.#running.delete(process as Process<unknown>)
      ended?.()
    })
    if (this.#ended) process.kill()
    else this.#running.add(process as Process<unknown>)
    return process
  }

  /** Ends everything at once. What is in the middle of its own step ends at its next wait. */
  end(): void {
    this.#ended = true
    for (const process of [...this.#running]) process.kill()
  }
}
