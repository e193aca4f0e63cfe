import { distribution } from '../engine/distributions.ts'
import type { RandomStream } from '../engine/random-stream.ts'
import type { HandlerId, Simulation } from '../engine/simulation.ts'
import { type Nanos, SECOND } from '../units.ts'
import type { ClientPool } from './client-pool.ts'
import { OUTSIDE } from './request-table.ts'
import type { Requests } from './requests.ts'
import type { ArrivalSpec } from './specs.ts'

export interface OpenLoopOptions {
  readonly sim: Simulation
  readonly name: string
  readonly requests: Requests
  /** The traffic's index there. */
  readonly traffic: number
  readonly arrivals: ArrivalSpec
  /** Null: clients are outside the cluster. */
  readonly clients: ClientPool | null
  /** The addresses of clients outside. */
  readonly externals: ExternalClients | null
  readonly start: Nanos
  /** The first moment at which nothing is sent any more. */
  readonly stop: Nanos
}

/** Clients outside the cluster: addresses in a row, as int32. Each request comes from any of them, all as likely. */
export interface ExternalClients {
  readonly first: number
  readonly count: number
}

/**
 * A source that sends at its own pace, whatever becomes of the requests, each on a new TCP connection.
 *
 * `poisson`: the gaps are exponential, the first counted from the start. `constant`: request k, from 0, goes out k / rate after the start.
 *
 * Arrival times, demands and clients come from three streams of the traffic's own, and every arrival draws once from each of the latter two
 * whatever happens: so variants of a scenario see the same requests at the same times.
 */
export class OpenLoop {
  readonly #sim: Simulation
  readonly #requests: Requests
  readonly #traffic: number
  readonly #clients: ClientPool | null
  readonly #externals: ExternalClients
  readonly #stop: Nanos
  readonly #timeOf: (index: number, before: Nanos) => Nanos
  readonly #demands: RandomStream
  readonly #choices: RandomStream
  readonly #arrive: HandlerId
  #sent = 0

  constructor(options: OpenLoopOptions) {
    const { sim, name, start } = options
    this.#sim = sim
    this.#requests = options.requests
    this.#traffic = options.traffic
    this.#clients = options.clients
    this.#externals = options.externals ?? NOBODY
    this.#stop = options.stop
    this.#demands = sim.rng(`traffic/${name}/demand`)
    this.#choices = sim.rng(`traffic/${name}/clients`)
    this.#timeOf = arrivalTimes(options.arrivals, start, sim.rng(`traffic/${name}/arrivals`))
    this.#arrive = sim.handler(() => this.#send())
    this.#scheduleNext(start)
  }

  #send(): void {
    const seed = this.#demands.int32()
    const choice = this.#choices.uniform()
    this.#sent++
    const clients = this.#clients
    if (clients === null) {
      const { first, count } = this.#externals
      this.#requests.send(this.#traffic, OUTSIDE, seed, (first + Math.floor(choice * count)) | 0)
    } else if (clients.size === 0) this.#requests.failWithoutClient(this.#traffic)
    else this.#requests.send(this.#traffic, clients.member(Math.floor(choice * clients.size)), seed)
    this.#scheduleNext(this.#sim.now)
  }

  #scheduleNext(before: Nanos): void {
    const time = this.#timeOf(this.#sent, before)
    if (time >= this.#stop) return
    this.#sim.schedule(time - this.#sim.now, this.#arrive)
  }
}

const NOBODY: ExternalClients = { first: 0, count: 1 }

/** The time of arrival `index`, counted from 0, given that of the one before. */
function arrivalTimes(arrivals: ArrivalSpec, start: Nanos, stream: RandomStream): (index: number, before: Nanos) => Nanos {
  switch (arrivals.kind) {
    case 'constant':
      return (index) => start + Math.round((index * SECOND) / arrivals.ratePerSecond)
    case 'poisson': {
      const gap = distribution({ kind: 'exponential', mean: SECOND / arrivals.ratePerSecond })
      return (_index, before) => before + gap.sample(stream)
    }
  }
}
