import type { Wait } from '../engine/process.ts'
import type { ApiLoadBalancer } from './api-load-balancer.ts'
import type { ApiServerProcess } from './api-server-process.ts'

/**
 * One client's connection to the API: requests and watches share it (HTTP/2), so they are all at one server until that dies; the next
 * request then connects anew.
 *
 * A server that has died is noticed at once, for the kernel of its machine ends its connections.
 */
export class ApiConnection {
  readonly #balancer: ApiLoadBalancer
  #server: ApiServerProcess | null = null
  #life = 0

  constructor(balancer: ApiLoadBalancer) {
    this.#balancer = balancer
  }

  /** The server at the other end, if there is one now. */
  get server(): ApiServerProcess | null {
    const server = this.#server
    return server !== null && server.up && server.life === this.#life ? server : null
  }

  /** The server at the other end, connecting when there is none; null when the connection is refused. */
  *reach(): Generator<Wait, ApiServerProcess | null, unknown> {
    return this.server ?? this.#use(yield* this.#balancer.connect())
  }

  /** The same where no time may pass; null also where a connection would take time. */
  reachAtOnce(): ApiServerProcess | null {
    return this.server ?? this.#use(this.#balancer.connectAtOnce())
  }

  #use(server: ApiServerProcess | null): ApiServerProcess | null {
    this.#server = server
    this.#life = server?.life ?? 0
    return server
  }
}
