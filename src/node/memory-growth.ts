import type { Simulation, Timer } from '../engine/simulation.ts'
import { NO_TIMER } from '../engine/simulation.ts'
import { type Nanos, SECOND } from '../units.ts'

/** Memory that a process takes beside what it always has, at a rate that changes, until `room` bytes are full. */
export class MemoryGrowth {
  readonly #sim: Simulation
  /** null: there is no limit. */
  readonly #room: number | null
  readonly #full: () => void
  /** At {@link #since}. */
  #bytes = 0
  #since: Nanos
  #bytesPerSecond = 0
  #timer: Timer = NO_TIMER

  constructor(sim: Simulation, room: number | null, full: () => void) {
    this.#sim = sim
    this.#room = room
    this.#full = full
    this.#since = sim.now
  }

  get bytes(): number {
    return this.#bytes + (this.#bytesPerSecond * (this.#sim.now - this.#since)) / SECOND
  }

  /** From now on it takes so much more a second, or less. The end of the room is reached at the next whole nanosecond. */
  change(bytesPerSecond: number): void {
    this.#bytes = this.bytes
    this.#since = this.#sim.now
    this.#bytesPerSecond += bytesPerSecond
    this.stop()
    if (this.#room === null || this.#bytesPerSecond <= 0) return
    const left = Math.max(0, this.#room - this.#bytes)
    this.#timer = this.#sim.after(Math.ceil((left * SECOND) / this.#bytesPerSecond), this.#full)
  }

  /** It comes to no end any more. */
  stop(): void {
    this.#sim.cancel(this.#timer)
    this.#timer = NO_TIMER
  }
}
