import type { HandlerId, Simulation } from '../../engine/simulation.ts'
import { invariant } from '../../invariant.ts'
import { CLIENT_QUEUE } from '../../metrics/blame.ts'
import { NO_CLIENT, RESET, TIMEOUT } from '../../metrics/failure-cause.ts'
import type { PacketCores } from '../../node/packet-cores.ts'
import { type Nanos, SECOND } from '../../units.ts'
import type { ConnectionPool } from '../connection-pool.ts'
import { CLOSED_BY_POD, CONNECTED, OPEN, READY, RETIRED, STREAMS } from '../connection-table.ts'
import type { Connections } from '../connections.ts'
import { NO_CONNECTION, type RequestTable, STREAM, WAITING } from '../request-table.ts'
import { Http2Pings } from './http2-pings.ts'
import type { KeptConnectionsOptions } from './kept-connections.ts'
import type { Pools, PoolUser } from './pools.ts'
import type { RequestPackets } from './request-packets.ts'

/**
 * For how long TCP repeats what is not acknowledged before it gives the connection up.
 * Source: Linux, Documentation/networking/ip-sysctl: tcp_retries2 = 15 is "a hypothetical timeout of 924.6 seconds".
 */
export const TCP_GIVES_UP: Nanos = 924.6 * SECOND

export interface Http2StreamsOptions extends KeptConnectionsOptions {
  readonly cores: PacketCores
  /** One way between a client outside and a node. */
  readonly external: Nanos
}

/**
 * Kept connections of HTTP/2, whose requests are streams; see {@link Http2Spec}.
 *
 * Another connection is opened only when all that are open are full. What comes while it is being opened waits (`client-queue`). A stream that
 * times out ends alone; an RST ends the connection with all its streams; a pod that drains says GOAWAY: what is on the connection or on its way
 * is served, and the next request opens another. Of silence TCP makes the end of the connection 924.6 s after the first packet that was not
 * acknowledged, and a client that pings sooner: {@link Http2Pings}.
 */
export class Http2Streams {
  readonly #sim: Simulation
  readonly #table: RequestTable
  readonly #connections: Connections
  readonly #packets: RequestPackets
  readonly #pools: Pools
  readonly #user: PoolUser
  readonly #pings: Http2Pings
  readonly #idleTooLong: HandlerId
  readonly #closedByPod: HandlerId
  readonly #ready: HandlerId
  readonly #unheard: HandlerId

  constructor(options: Http2StreamsOptions) {
    const { sim, table, connections, packets, pools, user } = options
    this.#sim = sim
    this.#table = table
    this.#connections = connections
    this.#packets = packets
    this.#pools = pools
    this.#user = user
    this.#pings = new Http2Pings({ ...options, laterPacket: packets.laterPacket, keeper: this })
    this.#idleTooLong = sim.handler((connection) => this.#retire(connection))
    this.#closedByPod = sim.handler((connection, serial) => this.#arriveGoAway(connection, serial))
    this.#ready = sim.handler((connection, serial) => this.#becomeReady(connection, serial))
    this.#unheard = sim.handler((connection, serial) => {
      if (this.#isOpen(connection, serial)) this.kill(connection, TIMEOUT)
    })
  }

  /** HTTP/2 is spoken on the connection. */
  areOn(connection: number): boolean {
    return (this.#connections.table.flags[connection]! & STREAMS) !== 0
  }

  /** HTTP/2 is spoken on it, and its client knows that it is open, or has known that it was. */
  isReady(connection: number): boolean {
    return (this.#connections.table.flags[connection]! & READY) !== 0
  }

  /** A connection of such a pool has been made for a request. */
  begin(connection: number): void {
    const { flags, streams, riders } = this.#connections.table
    flags[connection]! |= STREAMS
    streams[connection] = 1
    riders[connection] = 1
  }

  /** The pod's kernel has accepted it: its client will know so one way, and `late` ns, later. */
  accepted(connection: number, late: Nanos): void {
    const { serials, oneWay } = this.#connections.table
    this.#sim.schedule(this.#packets.laterPacket + oneWay[connection]! + late, this.#ready, connection, serials[connection]!)
  }

  /** A stream for the request: on the first connection that has room, or on a new one; or it waits. */
  take(pool: ConnectionPool, request: number): void {
    const table = this.#table
    const connection = this.#withRoom(pool)
    if (connection >= 0) {
      this.#putOn(request, connection)
    } else if (!pool.isOpening && pool.hasRoom) {
      pool.open++
      this.#user.open(request, pool.client, pool.address, table.pools[request]!)
    } else {
      table.accounts.waits(request, this.#sim.now, CLIENT_QUEUE)
      pool.queue(request, table.serials[request]!)
    }
  }

  /** Something from the pod has come to the client. */
  heard(connection: number): void {
    if (!this.#connections.isKnownAtNode(connection)) return
    const { idleSince, heardAt } = this.#connections.table
    idleSince[connection] = this.#sim.now
    heardAt[connection] = this.#sim.now
  }

  /** What has come is no success, or too late for its request, but it was heard. */
  heardLate(request: number): void {
    const connection = this.#table.connections[request]!
    if (connection === NO_CONNECTION || !this.isReady(connection) || !this.#connections.isKnownAtNode(connection)) return
    this.#connections.table.heardAt[connection] = this.#sim.now
  }

  /** The client waits for a stream no longer: it has its answer, or gives it up. */
  end(request: number): void {
    const requests = this.#table
    const connection = requests.connections[request]!
    const pool = this.#pools.all[requests.pools[request]!]!
    const { table } = this.#connections
    const isLast = --table.streams[connection]! === 0
    this.#packets.giveUp(request)
    if (isLast && (table.flags[connection]! & OPEN) !== 0) this.#rest(connection, pool)
    this.#fill(pool)
  }

  /** A connection that was not open yet has been closed: there is room for another, if somebody waits. */
  closed(pool: ConnectionPool): void {
    pool.open--
    const next = this.#pools.next(pool)
    if (next >= 0) this.take(pool, next)
  }

  /** A connection ends with all its streams. */
  kill(connection: number, cause: number): void {
    const { table } = this.#connections
    const requests = this.#table
    const pool = this.#pools.all[table.pools[connection]!]!
    const lost: number[] = []
    for (let request = 0; request < requests.capacity; request++) {
      if ((requests.flags[request]! & WAITING) !== 0 && requests.connections[request] === connection) lost.push(request)
    }
    const serials = lost.map((request) => requests.serials[request]!)
    if ((table.flags[connection]! & RETIRED) === 0) this.#leavePool(connection)
    if (table.streams[connection] === 0) this.#sim.cancel(table.idleTimers[connection]!)
    this.#connections.close(connection, cause === RESET)
    for (const [at, request] of lost.entries()) {
      if (requests.isWaited(request, serials[at]!)) this.#user.fail(request, this.#user.clientIsGone(request) ? NO_CLIENT : cause)
    }
    this.#fill(pool)
  }

  /** What was sent on a connection is lost, and so is all that TCP sends again. */
  unacknowledged(connection: number): void {
    const { table } = this.#connections
    const serial = table.serials[connection]!
    if (!this.areOn(connection) || (table.flags[connection]! & OPEN) === 0 || table.givenUp[connection] === serial) return
    table.givenUp[connection] = serial
    this.#sim.schedule(TCP_GIVES_UP, this.#unheard, connection, serial)
  }

  /** TCP has given the connection up. */
  gaveUp(connection: number): void {
    if (this.areOn(connection) && (this.#connections.table.flags[connection]! & (OPEN | READY)) === (OPEN | READY))
      this.kill(connection, TIMEOUT)
  }

  /** A pod says GOAWAY on its connections, or its kernel closes them. */
  endAt(pod: number, isDead: boolean): void {
    if (this.#pools.all.length === 0) return
    const { table } = this.#connections
    const wanted = OPEN | CONNECTED | STREAMS
    for (let connection = 0; connection < table.capacity; connection++) {
      const flags = table.flags[connection]!
      if ((flags & (wanted | CLOSED_BY_POD)) !== wanted || table.backends[connection] !== pod) continue
      if (isDead) table.flags[connection] = flags | CLOSED_BY_POD
      this.#packets.sayFromPod(connection, this.#closedByPod)
    }
  }

  /** The client's process ends: it puts no stream on any connection from now on. */
  retireAllOf(pool: ConnectionPool): void {
    for (const connection of [...pool.ready]) this.#retire(connection)
  }

  #isOpen(connection: number, serial: number): boolean {
    const { serials, flags } = this.#connections.table
    return serials[connection] === serial && (flags[connection]! & OPEN) !== 0
  }

  /** The pool's first connection that takes another stream, or -1. Those that are too old are retired. */
  #withRoom(pool: ConnectionPool): number {
    const { streams, openedAt } = this.#connections.table
    const { lifetime = Number.POSITIVE_INFINITY, http2 } = pool.spec
    let at = 0
    while (at < pool.ready.length) {
      const connection = pool.ready[at]!
      if (this.#sim.now - openedAt[connection]! >= lifetime) this.#retire(connection)
      else if (streams[connection]! < http2!.maxConcurrentStreams) return connection
      else at++
    }
    return -1
  }

  #putOn(request: number, connection: number): void {
    const { table } = this.#connections
    if (table.streams[connection] === 0) this.#sim.cancel(table.idleTimers[connection]!)
    table.streams[connection]!++
    table.riders[connection]!++
    this.#table.flags[request]! |= STREAM
    const isKnown = this.#connections.isKnownAtNode(connection)
    if (!this.#packets.sendOn(request, connection)) this.unacknowledged(connection)
    // The node goes on not to know it.
    table.idleSince[connection] = isKnown ? this.#sim.now : Number.NEGATIVE_INFINITY
  }

  /** The client learns that its connection is open: what has waited for that goes out. */
  #becomeReady(connection: number, serial: number): void {
    if (!this.#isOpen(connection, serial)) return
    const { table } = this.#connections
    table.flags[connection]! |= READY
    table.idleSince[connection] = this.#sim.now
    table.heardAt[connection] = this.#sim.now
    const pool = this.#pools.all[table.pools[connection]!]!
    pool.ready.push(connection)
    this.#pings.begin(connection)
    if (this.#pools.clientRuns(pool)) this.#fill(pool)
    else this.#retire(connection)
  }

  /** The client learns that the pod has said GOAWAY, or that its kernel has closed the connection. */
  #arriveGoAway(connection: number, serial: number): void {
    if (!this.#isOpen(connection, serial)) return
    const late = this.#connections.thawsIn(this.#connections.table.clients[connection]!)
    if (late > 0) {
      this.#sim.schedule(late, this.#closedByPod, connection, serial)
      return
    }
    if (!this.#connections.isRemembered(connection)) return
    if ((this.#connections.table.flags[connection]! & CLOSED_BY_POD) !== 0) this.kill(connection, RESET)
    else this.#retire(connection)
  }

  /** Sends those of the requests that wait for whom there is room. */
  #fill(pool: ConnectionPool): void {
    while (this.#withRoom(pool) >= 0 || (!pool.isOpening && pool.hasRoom)) {
      const next = this.#pools.next(pool)
      if (next < 0) return
      this.take(pool, next)
    }
  }

  /** No stream is on an open connection any more. */
  #rest(connection: number, pool: ConnectionPool): void {
    const { table } = this.#connections
    if ((table.flags[connection]! & RETIRED) !== 0) {
      this.#connections.close(connection, false)
      return
    }
    const left = (pool.spec.lifetime ?? Number.POSITIVE_INFINITY) - (this.#sim.now - table.openedAt[connection]!)
    const wait = Math.max(0, Math.min(pool.spec.keepAlive, left))
    table.idleTimers[connection] = this.#sim.schedule(wait, this.#idleTooLong, connection)
  }

  /** The client puts no stream on it from now on, and closes it once none is on it. */
  #retire(connection: number): void {
    const { table } = this.#connections
    if ((table.flags[connection]! & RETIRED) !== 0) return
    this.#leavePool(connection)
    if (table.streams[connection] !== 0) return
    this.#sim.cancel(table.idleTimers[connection]!)
    this.#connections.close(connection, false)
  }

  #leavePool(connection: number): void {
    const { table } = this.#connections
    const pool = this.#pools.all[table.pools[connection]!]!
    const at = pool.ready.indexOf(connection)
    invariant(at >= 0, `Connection ${connection} takes no streams`)
    pool.ready.splice(at, 1)
    pool.open--
    table.flags[connection]! |= RETIRED
  }
}
