import type { RandomStream } from '../engine/random-stream.ts'
import type { HandlerId, Simulation } from '../engine/simulation.ts'
import type { Nanos } from '../units.ts'
import { type ArrivalTimes, arrivalTimes } from './arrivals/index.ts'
import type { Senders } from './senders.ts'
import type { ArrivalSpec } from './specs.ts'

export interface OpenLoopOptions {
  readonly sim: Simulation
  readonly name: string
  readonly senders: Senders
  readonly arrivals: ArrivalSpec
  readonly start: Nanos
  /** The first moment at which nothing is sent any more. */
  readonly stop: Nanos
}

/**
 * A source that sends at its own pace, whatever becomes of the requests.
 *
 * Arrival times, demands and clients come from three streams of the traffic's own, and every arrival draws once from each of the latter two
 * whatever happens: so variants of a scenario see the same requests at the same times.
 */
export class OpenLoop {
  readonly #sim: Simulation
  readonly #senders: Senders
  readonly #stop: Nanos
  readonly #times: ArrivalTimes
  readonly #demands: RandomStream
  readonly #choices: RandomStream
  readonly #arrive: HandlerId
  #sent = 0

  constructor(options: OpenLoopOptions) {
    const { sim, name, start } = options
    this.#sim = sim
    this.#senders = options.senders
    this.#stop = options.stop
    this.#demands = sim.rng(`traffic/${name}/demand`)
    this.#choices = sim.rng(`traffic/${name}/clients`)
    this.#times = arrivalTimes(options.arrivals, start, sim.rng(`traffic/${name}/arrivals`))
    this.#arrive = sim.handler(() => this.#send())
    this.#scheduleNext(start)
  }

  #send(): void {
    const seed = this.#demands.int32()
    const choice = this.#choices.uniform()
    this.#sent++
    this.#senders.send(seed, choice)
    this.#scheduleNext(this.#sim.now)
  }

  #scheduleNext(before: Nanos): void {
    const time = this.#times.next(this.#sent, before)
    if (time >= this.#stop) return
    this.#sim.schedule(time - this.#sim.now, this.#arrive)
  }
}
