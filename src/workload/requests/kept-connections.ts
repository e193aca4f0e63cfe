import type { HandlerId, Simulation } from '../../engine/simulation.ts'
import { CLIENT_QUEUE } from '../../metrics/blame.ts'
import { NO_CLIENT, RESET } from '../../metrics/failure-cause.ts'
import type { Backends } from '../backends.ts'
import type { ConnectionPool } from '../connection-pool.ts'
import { CLOSED_BY_POD, IDLE_AT_POD, LAST_ANSWER, NO_POOL, NO_REQUEST, OPEN, STREAMS } from '../connection-table.ts'
import type { Connections } from '../connections.ts'
import { ANSWERED, type RequestTable, WAITING } from '../request-table.ts'
import type { Pools, PoolUser } from './pools.ts'
import type { RequestPackets } from './request-packets.ts'

export interface KeptConnectionsOptions {
  readonly sim: Simulation
  readonly table: RequestTable
  readonly connections: Connections
  readonly backends: Backends
  readonly packets: RequestPackets
  readonly pools: Pools
  readonly user: PoolUser
}

/**
 * Kept connections of HTTP/1.1, one request at a time on each.
 *
 * A request takes the one that its client used last, or opens one while there is room in the pool, or waits for one (`client-queue`). On one
 * that is there it takes `2 e + 2 × one way + waiting + service`, and no rule is asked: it goes to the pod that the connection has. A pod that
 * drains closes the idle ones at once and the others by its answer; one that is killed has its connections closed by its kernel. Clients learn
 * of it one way later, and what they sent meanwhile meets RST. Of a sandbox or node that is gone they hear nothing: each of its connections
 * costs a request its time-out, after which the client closes that one. Pods do not close idle connections otherwise (*assumption*: their
 * time-out is longer than the clients').
 */
export class KeptConnections {
  readonly #sim: Simulation
  readonly #table: RequestTable
  readonly #connections: Connections
  readonly #backends: Backends
  readonly #packets: RequestPackets
  readonly #pools: Pools
  readonly #user: PoolUser
  readonly #idleTooLong: HandlerId
  readonly #closedByPod: HandlerId

  constructor({ sim, table, connections, backends, packets, pools, user }: KeptConnectionsOptions) {
    this.#sim = sim
    this.#table = table
    this.#connections = connections
    this.#backends = backends
    this.#packets = packets
    this.#pools = pools
    this.#user = user
    this.#idleTooLong = sim.handler((connection) => this.#dropIdle(connection))
    this.#closedByPod = sim.handler((connection, serial) => this.#arriveFin(connection, serial))
  }

  /** A connection for the request: one that is idle, a new one, or the next that is free. */
  take(pool: ConnectionPool, request: number): void {
    const table = this.#table
    const idle = pool.takeIdle()
    if (idle !== undefined) {
      this.#sim.cancel(this.#connections.table.idleTimers[idle]!)
      this.#packets.sendOn(request, idle)
    } else if (pool.hasRoom) {
      pool.open++
      this.#user.open(request, pool.client, pool.address, table.pools[request]!)
    } else {
      table.accounts.waits(request, this.#sim.now, CLIENT_QUEUE)
      pool.queue(request, table.serials[request]!)
    }
  }

  /** The pod's answer to the request goes out: the pod waits for the next on the connection, or the answer says that it closes it. */
  answered(request: number): void {
    const { table } = this.#connections
    const connection = this.#table.connections[request]!
    this.#table.flags[request]! |= ANSWERED
    if (table.pools[connection] === NO_POOL || (table.flags[connection]! & STREAMS) !== 0) return
    table.flags[connection]! |= this.#backends.isListening(table.backends[connection]!) ? IDLE_AT_POD : CLOSED_BY_POD | LAST_ANSWER
  }

  /** The client has its answer, and uses the connection again. False: it is to close it with the request. */
  giveBack(request: number): boolean {
    const table = this.#table
    const connections = this.#connections.table
    const connection = table.connections[request]!
    const ofPool = table.pools[request]!
    if (ofPool === NO_POOL || (connections.flags[connection]! & LAST_ANSWER) !== 0) return false
    const pool = this.#pools.all[ofPool]!
    const age = this.#sim.now - connections.openedAt[connection]!
    const lifetime = pool.spec.lifetime ?? Number.POSITIVE_INFINITY
    if (age >= lifetime) return false
    table.flags[request]! &= ~WAITING
    this.#packets.free(request)
    connections.idleSince[connection] = this.#sim.now
    const next = this.#pools.next(pool)
    if (next >= 0) {
      this.#packets.sendOn(next, connection)
      return true
    }
    pool.putIdle(connection)
    const wait = Math.min(pool.spec.keepAlive, lifetime - age)
    connections.idleTimers[connection] = this.#sim.schedule(wait, this.#idleTooLong, connection)
    return true
  }

  /** A connection of the pool has been closed: there is room for another, if somebody waits. */
  closed(pool: ConnectionPool): void {
    pool.open--
    const next = this.#pools.next(pool)
    if (next >= 0) this.take(pool, next)
  }

  /** A pod closes its connections on which it has no request. */
  closeIdleAt(pod: number): void {
    if (this.#pools.all.length === 0) return
    const { table } = this.#connections
    for (let connection = 0; connection < table.capacity; connection++) {
      const flags = table.flags[connection]!
      if ((flags & IDLE_AT_POD) === 0 || (flags & CLOSED_BY_POD) !== 0 || table.backends[connection] !== pod) continue
      table.flags[connection] = flags | CLOSED_BY_POD
      this.#packets.sayFromPod(connection, this.#closedByPod)
    }
  }

  /** The client's process ends: its kernel closes what is idle. */
  closeIdleOf(pool: ConnectionPool): void {
    for (let idle = pool.takeIdle(); idle !== undefined; idle = pool.takeIdle()) {
      this.#sim.cancel(this.#connections.table.idleTimers[idle]!)
      this.#close(idle)
    }
  }

  /** The client learns that the pod has closed the connection; `serial`: which one of that place. */
  #arriveFin(connection: number, serial: number): void {
    const connections = this.#connections
    const { table } = connections
    if (table.serials[connection] !== serial || (table.flags[connection]! & OPEN) === 0) return
    const late = connections.thawsIn(table.clients[connection]!)
    if (late > 0) {
      this.#sim.schedule(late, this.#closedByPod, connection, serial)
      return
    }
    if (!connections.isRemembered(connection)) return
    const request = table.requests[connection]!
    if (request !== NO_REQUEST && (this.#table.flags[request]! & ANSWERED) !== 0) {
      // An answer that came late to its core: TCP hands over the end of the connection after it.
      table.flags[connection]! |= LAST_ANSWER
      return
    }
    if (request !== NO_REQUEST) {
      this.#user.fail(request, this.#user.clientIsGone(request) ? NO_CLIENT : RESET)
      return
    }
    this.#sim.cancel(table.idleTimers[connection]!)
    this.#dropIdle(connection)
  }

  #dropIdle(connection: number): void {
    this.#pools.all[this.#connections.table.pools[connection]!]!.dropIdle(connection)
    this.#close(connection)
  }

  /** A connection that no request has is closed by the client. */
  #close(connection: number): void {
    const pool = this.#pools.all[this.#connections.table.pools[connection]!]!
    this.#connections.close(connection, false)
    pool.open--
  }
}
