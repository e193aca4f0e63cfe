import type { Simulation } from '../../engine/simulation.ts'
import type { Backends } from '../backends.ts'
import { ConnectionPool } from '../connection-pool.ts'
import { OUTSIDE } from '../connection-table.ts'
import type { RequestTable } from '../request-table.ts'
import type { Traffic } from './traffic.ts'

/** What kept connections need of those who keep requests. */
export interface PoolUser {
  /** Opens a connection of a pool for the request. */
  open(request: number, client: number, address: number, pool: number): void
  /** The request fails now. */
  fail(request: number, cause: number): void
  /** The process that sent the request is gone. */
  clientIsGone(request: number): boolean
}

/** The pools of kept connections of all clients of all traffic, also of clients that are gone; a pool is its index. */
export class Pools {
  readonly all: ConnectionPool[] = []
  readonly #sim: Simulation
  readonly #backends: Backends
  readonly #table: RequestTable

  constructor({ sim, backends, table }: { sim: Simulation; backends: Backends; table: RequestTable }) {
    this.#sim = sim
    this.#backends = backends
    this.#table = table
  }

  /** The pool of a client of a traffic. */
  of(traffic: Traffic, trafficIndex: number, client: number, address: number): number {
    const { pools, connection } = traffic
    const key = client === OUTSIDE ? address : client
    let index = pools.get(key)
    if (index === undefined) {
      const incarnation = client === OUTSIDE ? 0 : this.#backends.incarnation(client)
      index = this.all.push(new ConnectionPool({ traffic: trafficIndex, spec: connection!, client, incarnation, address })) - 1
      pools.set(key, index)
    }
    return index
  }

  /** The pool that a pod whose process has ended had for a traffic, which it has no more; undefined: it had none. */
  leave({ pools }: Traffic, pod: number): ConnectionPool | undefined {
    const index = pools.get(pod)
    if (index === undefined || this.all[index]!.client !== pod) return undefined
    pools.delete(pod)
    return this.all[index]
  }

  clientRuns({ client, incarnation }: ConnectionPool): boolean {
    return client === OUTSIDE || this.#backends.runs(client, incarnation)
  }

  /** Who is next to have a connection of the pool, or -1. A client that is gone sends nothing more. */
  next(pool: ConnectionPool): number {
    if (!this.clientRuns(pool)) return -1
    const table = this.#table
    const { now } = this.#sim
    return pool.shift((place, serial) => table.isWaited(place, serial) && table.givesUpAt[place]! > now)
  }
}
