import type { RandomStream } from './random-stream.ts'
import { Simulation, type Timer } from './simulation.ts'

/**
 * Stands for a simulation to those who run inside something: the same clock, the same queue, the same random streams. What is different for them is
 * overridden: {@link Scope}, {@link LateTimers}.
 */
export abstract class StandIn extends Simulation {
  /** What it stands for. */
  protected readonly below: Simulation

  constructor(below: Simulation) {
    super({ seed: below.seed }, below)
    this.below = below
  }

  override get now(): number {
    return this.below.now
  }

  override get eventsExecuted(): number {
    return this.below.eventsExecuted
  }

  override get pending(): number {
    return this.below.pending
  }

  override cancel(timer: Timer): boolean {
    return this.below.cancel(timer)
  }

  override rng(name: string): RandomStream {
    return this.below.rng(name)
  }

  override run(until: number): void {
    this.below.run(until)
  }
}
