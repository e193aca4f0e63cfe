import type { HandlerId, Simulation } from '../engine/simulation.ts'
import type { Nanos } from '../units.ts'
import { Deadlines } from './deadlines.ts'

export interface ExpiryQueueOptions {
  readonly sim: Simulation
  /** How long each waits. */
  readonly wait: Nanos
  /** The one of that place and serial has not ended. */
  readonly waits: (place: number, serial: number) => boolean
  /** It has waited as long as it may. */
  readonly expire: (place: number) => void
  /** How late its timer is, with a node that stands still; 0: it is on time. */
  readonly late: (place: number) => Nanos
}

/** What all waits equally long from when it begins, with one event for the first of them: see {@link Deadlines}. */
export class ExpiryQueue {
  readonly #sim: Simulation
  readonly #wait: Nanos
  readonly #waits: (place: number, serial: number) => boolean
  readonly #expire: (place: number) => void
  readonly #deadlines = new Deadlines()
  readonly #late: (place: number) => Nanos
  readonly #due: HandlerId
  readonly #dueLate: HandlerId
  #armed = false

  constructor({ sim, wait, waits, expire, late }: ExpiryQueueOptions) {
    this.#sim = sim
    this.#wait = wait
    this.#waits = waits
    this.#expire = expire
    this.#late = late
    this.#due = sim.handler(() => this.#run())
    this.#dueLate = sim.handler((place, serial) => {
      if (waits(place, serial)) this.#end(place, serial)
    })
  }

  /** Begins to wait now. */
  push(place: number, serial: number): void {
    this.#forgetEnded()
    this.#deadlines.push(place, serial, this.#sim.now + this.#wait)
    if (this.#armed) return
    this.#armed = true
    this.#sim.schedule(this.#wait, this.#due)
  }

  /** Those at the head that have ended are forgotten early, so that the queue is as short as what is on its way, and not as what came within the wait. */
  #forgetEnded(): void {
    const deadlines = this.#deadlines
    while (deadlines.size > 0 && !this.#waits(deadlines.firstPlace, deadlines.firstSerial)) deadlines.shift()
  }

  #run(): void {
    const deadlines = this.#deadlines
    const { now } = this.#sim
    while (deadlines.size > 0) {
      const place = deadlines.firstPlace
      if (this.#waits(place, deadlines.firstSerial)) {
        if (deadlines.firstTime > now) {
          this.#sim.schedule(deadlines.firstTime - now, this.#due)
          return
        }
        this.#end(place, deadlines.firstSerial)
      }
      deadlines.shift()
    }
    this.#armed = false
  }

  #end(place: number, serial: number): void {
    const late = this.#late(place)
    if (late > 0) this.#sim.schedule(late, this.#dueLate, place, serial)
    else this.#expire(place)
  }
}
