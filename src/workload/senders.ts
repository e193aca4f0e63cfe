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
  readonly #requests: Requests
  readonly #traffic: number
  readonly #clients: ClientPool | ExternalClients

  constructor(requests: Requests, traffic: number, clients: ClientPool | ExternalClients) {
    this.#requests = requests
    this.#traffic = traffic
    this.#clients = clients
  }

  /** Sends a request now. `seed` decides its demand, `choice`, 0 to below 1, who sends it; `user` is told to {@link onOutcome}. */
  send(seed: number, choice: number, user = 0): void {
    const clients = this.#clients
    if ('first' in clients) {
      this.#requests.send(this.#traffic, OUTSIDE, seed, (clients.first + Math.floor(choice * clients.count)) | 0, user)
    } else if (clients.size === 0) this.#requests.failWithoutClient(this.#traffic, user)
    else this.#requests.send(this.#traffic, clients.member(Math.floor(choice * clients.size)), seed, 0, user)
  }

  /** `then` is called when a request of a user has been answered or has failed. */
  onOutcome(then: Outcome): void {
    this.#requests.onOutcome(this.#traffic, then)
  }
}
