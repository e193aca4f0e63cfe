import type { Simulation } from '../engine/simulation.ts'
import type { Kernels } from '../node/kernel.ts'
import type { ClientPool } from './client-pool.ts'
import { OUTSIDE } from './connection-table.ts'
import type { Outcome, Requests } from './requests.ts'

/** Clients outside the cluster: addresses in a row, as int32. */
export interface ExternalClients {
  readonly first: number
  readonly count: number
}

/** Who sends the requests of one traffic: any of the running pods of a pool, or any of the clients outside, all as likely. */
export class Senders {
  readonly #sim: Simulation
  readonly #requests: Requests
  readonly #kernels: Kernels
  readonly #traffic: number
  readonly #clients: ClientPool | ExternalClients

  constructor(options: {
    sim: Simulation
    requests: Requests
    kernels: Kernels
    traffic: number
    clients: ClientPool | ExternalClients
  }) {
    this.#sim = options.sim
    this.#requests = options.requests
    this.#kernels = options.kernels
    this.#traffic = options.traffic
    this.#clients = options.clients
  }

  /** Sends a request now. `seed` decides its demand, `choice`, 0 to below 1, who sends it; `user` is told to {@link onOutcome}. */
  send(seed: number, choice: number, user = 0): void {
    const clients = this.#clients
    if ('first' in clients) {
      this.#requests.send(this.#traffic, OUTSIDE, seed, (clients.first + Math.floor(choice * clients.count)) | 0, user)
    } else if (clients.size === 0) this.#requests.failWithoutClient(this.#traffic, user)
    else this.#sendFrom(clients.member(Math.floor(choice * clients.size)), seed, user)
  }

  /** A pod that stands still with its node has late timers: it sends when it goes on, if it is still there, and nobody waits before. */
  #sendFrom(client: number, seed: number, user: number): void {
    const { backends } = this.#requests
    const late = this.#kernels.frozen > 0 ? this.#kernels.thawsIn(backends.nodeOf(client), this.#sim.now) : 0
    if (late === 0) {
      this.#requests.send(this.#traffic, client, seed, 0, user)
      return
    }
    const incarnation = backends.incarnation(client)
    this.#sim.after(late, () => {
      if (backends.runs(client, incarnation)) this.#sendFrom(client, seed, user)
      else this.#requests.failWithoutClient(this.#traffic, user)
    })
  }

  /** `then` is called when a request of a user has been answered or has failed. */
  onOutcome(then: Outcome): void {
    this.#requests.onOutcome(this.#traffic, then)
  }
}
