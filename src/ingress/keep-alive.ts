import type { Simulation, Timer } from '../engine/simulation.ts'
import { NO_TIMER } from '../engine/simulation.ts'
import type { EndpointId } from '../network/addresses.ts'
import type { Nanos } from '../units.ts'
import { HOUR, SECOND } from '../units.ts'

/** Source: ingress-nginx `upstream-keepalive-connections`, `-timeout`, `-requests` and `-time`, defaults. */
export const IDLE_CONNECTIONS_MAX = 320
export const IDLE_TIMEOUT: Nanos = 60 * SECOND
export const REQUESTS_MAX = 10_000
export const LIFETIME_MAX: Nanos = HOUR

/** A connection from a worker to a pod, kept open between requests. */
export interface IdleConnection {
  readonly endpoint: EndpointId
  readonly openedAt: Nanos
  requests: number
  idleSince: Nanos
}

/**
 * The open connections of one worker that have nothing to do, those to all upstreams together. Of an endpoint the one used last is used
 * first. When there are too many the one that has been idle longest is closed, and each after its time-out.
 *
 * Source: NGINX' ngx_http_upstream_keepalive_module.
 */
export class KeepAlive<C extends IdleConnection> {
  readonly #sim: Simulation
  readonly #close: (connection: C) => void
  /** The one idle longest first. */
  readonly #idle: C[] = []
  #timer: Timer = NO_TIMER
  #ended = false

  constructor(sim: Simulation, close: (connection: C) => void) {
    this.#sim = sim
    this.#close = close
  }

  /** Those that have nothing to do. */
  get connections(): readonly C[] {
    return this.#idle
  }

  get size(): number {
    return this.#idle.length
  }

  /** Takes a connection to the endpoint out, if there is one. */
  take(endpoint: EndpointId): C | null {
    const index = this.#idle.findLastIndex((connection) => connection.endpoint === endpoint)
    return index < 0 ? null : this.#idle.splice(index, 1)[0]!
  }

  /** A request on the connection has been answered. */
  put(connection: C): void {
    const { now } = this.#sim
    connection.requests++
    if (this.#ended || connection.requests >= REQUESTS_MAX || now - connection.openedAt >= LIFETIME_MAX) {
      this.#close(connection)
      return
    }
    connection.idleSince = now
    this.#idle.push(connection)
    if (this.#idle.length > IDLE_CONNECTIONS_MAX) this.#close(this.#idle.shift()!)
    this.#arm()
  }

  /** Closes those that the other side has closed. */
  drop(isClosed: (connection: C) => boolean): void {
    for (const connection of this.#idle.filter(isClosed)) {
      this.#idle.splice(this.#idle.indexOf(connection), 1)
      this.#close(connection)
    }
  }

  /** Closes all, and whatever will be put. */
  end(): void {
    this.#ended = true
    this.#sim.cancel(this.#timer)
    for (const connection of this.#idle.splice(0)) this.#close(connection)
  }

  #arm(): void {
    if (this.#timer !== NO_TIMER || this.#idle.length === 0) return
    const wait = this.#idle[0]!.idleSince + IDLE_TIMEOUT - this.#sim.now
    this.#timer = this.#sim.after(wait, () => {
      this.#timer = NO_TIMER
      while (this.#idle.length > 0 && this.#idle[0]!.idleSince + IDLE_TIMEOUT <= this.#sim.now) this.#close(this.#idle.shift()!)
      this.#arm()
    })
  }
}
