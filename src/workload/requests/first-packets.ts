import type { HandlerId, Simulation } from '../../engine/simulation.ts'
import { DNS } from '../../metrics/blame.ts'
import { DNS_FAILED, NO_CLIENT } from '../../metrics/failure-cause.ts'
import type { EndpointId } from '../../network/addresses.ts'
import { NO_NODE } from '../../network/load-balancer.ts'
import { mix32 } from '../../proxy/mix.ts'
import { NO_POOL, OUTSIDE, RESOLVING } from '../connection-table.ts'
import type { Connections } from '../connections.ts'
import type { Datagrams } from '../datagrams/datagrams.ts'
import type { Sockets } from '../datagrams/sockets.ts'
import type { RequestTable } from '../request-table.ts'
import { type DnsSpec, type KnowsName, type Queries, Resolver } from '../resolver.ts'
import type { Http2Streams } from './http2-streams.ts'
import type { Pools } from './pools.ts'
import type { Traffic } from './traffic.ts'

/** What the first packets need of those who keep requests. */
export interface FirstPacketsUser {
  trySeedOf(request: number): number
  fail(request: number, cause: number): void
  clientIsGone(request: number): boolean
  /** Sends a query of a client pod to the cluster's DNS. */
  query(client: number, seed: number, user: number, overlaps: boolean): void
}

export interface FirstPacketsOptions {
  readonly sim: Simulation
  readonly table: RequestTable
  readonly connections: Connections
  readonly datagrams: Datagrams
  readonly pools: Pools
  readonly streams: Http2Streams
  /** By index. */
  readonly traffic: readonly Traffic[]
  readonly user: FirstPacketsUser
  /** Absent: names are resolved at once. */
  readonly dns: { readonly spec: DnsSpec; readonly knows: KnowsName } | undefined
}

/** From a request without a connection to the first packet of one that is made for it: a SYN, or a datagram. A name is looked up before. */
export class FirstPackets implements Queries {
  /** null: names are resolved at once. */
  readonly resolver: Resolver | null
  readonly #sim: Simulation
  readonly #table: RequestTable
  readonly #connections: Connections
  readonly #datagrams: Datagrams
  readonly #pools: Pools
  readonly #streams: Http2Streams
  readonly #traffic: readonly Traffic[]
  readonly #user: FirstPacketsUser
  readonly #noAddress: HandlerId

  constructor({ sim, table, connections, datagrams, pools, streams, traffic, user, dns }: FirstPacketsOptions) {
    this.#sim = sim
    this.#table = table
    this.#connections = connections
    this.#datagrams = datagrams
    this.#pools = pools
    this.#streams = streams
    this.#traffic = traffic
    this.#user = user
    this.#noAddress = sim.handler((request, serial) => {
      if (this.waits(request, serial)) this.unresolved(request)
    })
    this.resolver = dns === undefined ? null : new Resolver({ queries: this, ...dns })
  }

  /** Opens a connection for the request, of that pool or of none. */
  open(request: number, client: number, address: number, pool: number): void {
    const table = this.#table
    const connections = this.#connections
    const { servicePort, node } = this.#traffic[table.traffics[request]!]!
    const seed = this.#user.trySeedOf(request)
    const connection = connections.make(request, client, address, servicePort, seed, table.givesUpAt[request]!, pool)
    table.connections[request] = connection
    if (pool !== NO_POOL && this.#pools.all[pool]!.spec.http2 !== undefined) this.#streams.begin(connection)
    if (node !== NO_NODE) connections.callAt(connection, node)
    if (this.resolver === null || client === OUTSIDE) this.#send(request, connection)
    else this.#lookUp(request, connection, client)
  }

  /** Sends the request as a datagram: its connection is a place for its way, and no more. */
  sendDatagram(request: number, client: number, address: number, sockets: Sockets): void {
    const table = this.#table
    const connections = this.#connections
    const { servicePort, timeout, node } = this.#traffic[table.traffics[request]!]!
    const givesUpAt = table.sentAt[request]! + timeout
    const connection = connections.make(request, client, address, servicePort, table.seeds[request]!, givesUpAt)
    table.connections[request] = connection
    if (node !== NO_NODE) connections.callAt(connection, node)
    const { clientPorts, clientIncarnations } = connections.table
    const fresh = connections.drawPort(connection, table.seeds[request]!)
    const port = sockets.portOf(client, clientIncarnations[connection]!, fresh, this.#sim.now)
    clientPorts[connection] = port
    if (this.resolver === null || client === OUTSIDE || port !== fresh) this.#datagrams.send(request)
    else this.#lookUp(request, connection, client)
  }

  query(client: number, seed: number, user: number, overlaps: boolean): void {
    this.#user.query(client, seed, user, overlaps)
  }

  waits(request: number, serial: number): boolean {
    return this.#table.isWaited(request, serial)
  }

  resolved(request: number): void {
    const connection = this.#table.connections[request]!
    const { table } = this.#connections
    table.flags[connection]! &= ~RESOLVING
    table.openedAt[connection] = this.#sim.now
    table.synAt[connection] = this.#sim.now
    if (this.#user.clientIsGone(request)) this.#user.fail(request, NO_CLIENT)
    else this.#send(request, connection)
  }

  unresolved(request: number): void {
    this.#user.fail(request, this.#user.clientIsGone(request) ? NO_CLIENT : DNS_FAILED)
  }

  /** The client asks for the name of the Service before it sends anything. */
  #lookUp(request: number, connection: number, client: number): void {
    const table = this.#table
    const { names } = this.#traffic[table.traffics[request]!]!
    if (names === undefined) {
      this.#send(request, connection)
      return
    }
    this.#connections.table.flags[connection]! |= RESOLVING
    table.accounts.waits(request, this.#sim.now, DNS)
    this.resolver!.lookUp(request, table.serials[request]!, client, table.seeds[request]!, names(client))
  }

  /** Sends what is first sent on a connection that has been made. */
  #send(request: number, connection: number): void {
    const { sockets, connectDeadlines, pods } = this.#traffic[this.#table.traffics[request]!]!
    if (sockets !== undefined) {
      this.#datagrams.send(request)
      return
    }
    if (pods !== undefined && !this.#choosePod(request, connection, pods())) return
    connectDeadlines?.push(connection, this.#connections.table.serials[connection]!)
    this.#connections.open(connection)
  }

  /** The client takes the first address of the answer, which DNS servers give in any order. False: there is none, and the request fails. */
  #choosePod(request: number, connection: number, endpoints: readonly EndpointId[]): boolean {
    if (endpoints.length === 0) {
      this.#connections.table.flags[connection]! |= RESOLVING
      this.#sim.schedule(0, this.#noAddress, request, this.#table.serials[request]!)
      return false
    }
    const index = (mix32(this.#user.trySeedOf(request) ^ POD_SALT) >>> 0) % endpoints.length
    this.#connections.callPod(connection, endpoints[index]!)
    return true
  }
}

/** Kept apart from other uses of a try's seed. */
const POD_SALT = 0x2545_f491
