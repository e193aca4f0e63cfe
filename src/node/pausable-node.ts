import type { ApiAccess } from '../control-plane/api-client.ts'
import { LateTimers } from '../engine/late-timers.ts'
import { NO_TIMER, type Simulation, type Timer } from '../engine/simulation.ts'
import { WorkTime } from '../engine/work-time.ts'
import { type Nanos, SECOND } from '../units.ts'

/**
 * An API server gives up a connection of which it has heard nothing for so long: 15 s, and 9 unanswered probes 15 s apart. Simplified: also where
 * something is on its way, which the kernel would send again for a quarter of an hour.
 *
 * Source: Go net (TCP keep-alive: defaultTCPKeepAliveIdle, …Interval, …Count of 1.23), which kube-apiserver listens with.
 */
export const UNHEARD: Nanos = 150 * SECOND

/**
 * A node's programs, where the node may stand still: the timers of its kubelet and the others are late then, and what its containers were doing goes on
 * with what was left. What comes from an API server waits in the network card until the node goes on; after {@link UNHEARD} nothing comes any more,
 * as the connections have been given up.
 *
 * Simplified: of what the kubelet itself was waiting for (a pull, a sandbox), no more than the time at which it would have been done is kept; at
 * the earliest it is done when the node goes on.
 */
export class PausableNode {
  /** What the node's programs reach the API by, and the time that they know. */
  readonly access: ApiAccess
  readonly work: WorkTime
  readonly #sim: Simulation
  readonly #timers: LateTimers
  /** The event at which API servers give its connections up. */
  #givingUp: Timer = NO_TIMER

  constructor(access: ApiAccess) {
    const { sim } = access
    this.#sim = sim
    this.#timers = new LateTimers(sim)
    this.work = new WorkTime(sim)
    this.access = { ...access, sim: this.#timers, whenRunning: (run) => this.whenRunning(run) }
  }

  /** Runs it now, or when the node goes on, in its order: for what comes from elsewhere. */
  whenRunning(run: () => void): void {
    this.#timers.whenRunning(run)
  }

  /** `unheard` is called when API servers give its connections up. */
  stop(unheard: () => void): void {
    this.#timers.stop()
    this.work.stop()
    this.#givingUp = this.#sim.after(UNHEARD, unheard)
  }

  /** All that was due happens. */
  goOn(): void {
    this.#sim.cancel(this.#givingUp)
    this.work.goOn()
    this.#timers.goOn()
  }

  /** The machine has lost its power, and its programs have been ended. */
  crash(): void {
    this.#sim.cancel(this.#givingUp)
    this.work.goOn()
    this.#timers.forget()
  }
}
