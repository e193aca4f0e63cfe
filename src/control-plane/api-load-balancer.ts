import type { Wait } from '../engine/process.ts'
import type { Simulation } from '../engine/simulation.ts'
import { type Nanos, SECOND } from '../units.ts'
import type { ApiServerProcess } from './api-server-process.ts'

/** Source: HAProxy `inter`, `fall`, `rise` of a server that is checked, as they are when nothing is said. */
export const CHECK_INTERVAL: Nanos = 2 * SECOND
export const FALL = 3
export const RISE = 2
/** Before a connection that was refused is given to another server. Source: HAProxy `retries` with `option redispatch`: a second. */
export const REDISPATCHED_AFTER: Nanos = SECOND

const NEVER = Number.POSITIVE_INFINITY

/** What the balancer believes of one server. */
interface Believed {
  up: boolean
  /** When it will have noticed that this is wrong. */
  changesAt: Nanos
  /** Phase of its checks. */
  readonly phase: Nanos
}

/**
 * The load balancer before several API servers: each new connection goes to the next server that its checks hold for healthy, in turn, and
 * stays there as long as it lives.
 *
 * A dead process refuses connections at once, so a connection that is given to it before the checks have noticed loses a second and is
 * given to another. A single API server has no balancer before it.
 *
 * *Assumption*: HAProxy in TCP mode with round robin, as kubeadm's guide to high availability sets it up, and its defaults for checks.
 */
export class ApiLoadBalancer {
  readonly #sim: Simulation
  readonly #servers: readonly ApiServerProcess[]
  readonly #believed: Believed[]
  #next = 0

  constructor(sim: Simulation, servers: readonly ApiServerProcess[]) {
    this.#sim = sim
    this.#servers = servers
    const phases = sim.rng('api-load-balancer/checks')
    this.#believed = servers.map(() => ({ up: true, changesAt: NEVER, phase: phases.below(CHECK_INTERVAL) }))
  }

  /** Whether new connections may be given to that server. */
  holdsForHealthy(id: number): boolean {
    const believed = this.#believed[id]!
    if (this.#sim.now >= believed.changesAt) {
      believed.up = !believed.up
      believed.changesAt = NEVER
    }
    return believed.up
  }

  /** A server has died or answers again: the checks that follow will tell. */
  changed(server: ApiServerProcess): void {
    const believed = this.#believed[server.id]!
    const up = this.holdsForHealthy(server.id)
    if (up === server.up) {
      believed.changesAt = NEVER
      return
    }
    const untilCheck = CHECK_INTERVAL - ((this.#sim.now + CHECK_INTERVAL - believed.phase) % CHECK_INTERVAL)
    believed.changesAt = this.#sim.now + untilCheck + ((server.up ? RISE : FALL) - 1) * CHECK_INTERVAL
  }

  /** A server for a new connection; null when there is none that takes it. */
  *connect(): Generator<Wait, ApiServerProcess | null, unknown> {
    if (this.#servers.length === 1) return this.#servers[0]!.up ? this.#servers[0]! : null
    const first = this.#turn(null)
    if (first === null || first.up) return first
    yield this.#sim.delay(REDISPATCHED_AFTER)
    const second = this.#turn(first)
    return second?.up === true ? second : null
  }

  /** The same without waiting: null when the server whose turn it is does not answer. */
  connectAtOnce(): ApiServerProcess | null {
    const server = this.#servers.length === 1 ? this.#servers[0]! : this.#turn(null)
    return server?.up === true ? server : null
  }

  #turn(except: ApiServerProcess | null): ApiServerProcess | null {
    for (let tried = 0; tried < this.#servers.length; tried++) {
      const id = this.#next
      this.#next = (this.#next + 1) % this.#servers.length
      if (this.#servers[id] !== except && this.holdsForHealthy(id)) return this.#servers[id]!
    }
    return null
  }
}
