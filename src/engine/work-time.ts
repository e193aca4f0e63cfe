import type { Nanos } from '../units.ts'
import { Simulation, type Timer } from './simulation.ts'

interface Work {
  readonly callback: () => void
  /** The event of its end; one that is not pending while the work is interrupted. */
  timer: Timer
  endsAt: Nanos
}

/**
 * Work of one machine that may stand still for a while: what of it was left then is left when the machine goes on. Its clock counts the time in
 * which the machine ran, and only {@link after}, {@link cancel} and {@link now} are for use.
 *
 * ```text
 *   machine   ──────|  still  |───────
 *   work 10   |━━━━━.         .━━━━━|      ends as much later as the machine stood still
 * ```
 */
export class WorkTime extends Simulation {
  readonly #sim: Simulation
  /** By the name that the caller has for it, in the order in which it was begun. */
  readonly #works = new Map<Timer, Work>()
  #names = 0
  /** How long it has stood still, up to now or to when it began to. */
  #lost: Nanos = 0
  #stillSince: Nanos | null = null

  constructor(sim: Simulation) {
    super({ seed: sim.seed })
    this.#sim = sim
  }

  override get now(): Nanos {
    return (this.#stillSince ?? this.#sim.now) - this.#lost
  }

  override after(delay: Nanos, callback: () => void): Timer {
    const name = this.#names++
    const work: Work = { callback, timer: 0, endsAt: this.now + delay }
    this.#works.set(name, work)
    if (this.#stillSince === null) this.#begin(name, work)
    return name
  }

  override cancel(name: Timer): boolean {
    const work = this.#works.get(name)
    if (work === undefined) return false
    this.#works.delete(name)
    this.#sim.cancel(work.timer)
    return true
  }

  stop(): void {
    this.#stillSince ??= this.#sim.now
    for (const { timer } of this.#works.values()) this.#sim.cancel(timer)
  }

  /** Work that ends at the same moment does so in the order in which it was begun. */
  goOn(): void {
    if (this.#stillSince === null) return
    this.#lost += this.#sim.now - this.#stillSince
    this.#stillSince = null
    for (const [name, work] of this.#works) this.#begin(name, work)
  }

  #begin(name: Timer, work: Work): void {
    work.timer = this.#sim.after(work.endsAt - this.now, () => {
      this.#works.delete(name)
      work.callback()
    })
  }
}
