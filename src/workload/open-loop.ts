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
 * whatever happens: so variants of a scenario see the same requests at the same times. As nobody else draws from them, arrivals are drawn some at
 * a time, which keeps the streams out of the way of what one request touches.
 */
export class OpenLoop {
  readonly #sim: Simulation
  readonly #senders: Senders
  readonly #stop: Nanos
  readonly #times: ArrivalTimes
  readonly #demands: RandomStream
  readonly #choices: RandomStream
  readonly #arrive: HandlerId
  /** WIDTH numbers each: the next arrivals. */
  readonly #ahead = new Float64Array(BATCH * WIDTH)
  /** Which of them is next. */
  #next = BATCH
  /** Arrivals drawn so far, and when the last of them is. */
  #drawn = 0
  #last: Nanos

  constructor(options: OpenLoopOptions) {
    const { sim, name, start } = options
    this.#sim = sim
    this.#senders = options.senders
    this.#stop = options.stop
    this.#demands = sim.rng(`traffic/${name}/demand`)
    this.#choices = sim.rng(`traffic/${name}/clients`)
    this.#times = arrivalTimes(options.arrivals, start, sim.rng(`traffic/${name}/arrivals`))
    this.#arrive = sim.handler(() => this.#send())
    this.#last = start
    this.#scheduleNext()
  }

  #send(): void {
    const ahead = this.#ahead
    const at = this.#next++ * WIDTH
    this.#senders.send(ahead[at + SEED]!, ahead[at + CHOICE]!)
    this.#scheduleNext()
  }

  #scheduleNext(): void {
    if (this.#next === BATCH) this.#draw()
    const time = this.#ahead[this.#next * WIDTH + TIME]!
    if (time < this.#stop) this.#sim.schedule(time - this.#sim.now, this.#arrive)
  }

  #draw(): void {
    const ahead = this.#ahead
    for (let at = 0; at < BATCH * WIDTH; at += WIDTH) {
      const time = this.#times.next(this.#drawn++, this.#last)
      ahead[at + TIME] = time
      if (time >= this.#stop) break
      ahead[at + SEED] = this.#demands.int32()
      ahead[at + CHOICE] = this.#choices.uniform()
      this.#last = time
    }
    this.#next = 0
  }
}

/** Arrivals drawn at once. */
const BATCH = 16
const TIME = 0
const SEED = 1
const CHOICE = 2
const WIDTH = 4
