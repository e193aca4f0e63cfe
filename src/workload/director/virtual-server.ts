import { NO_TEMPLATE, PersistentConnections } from '../../proxy/affinity/persistent-connections.ts'
import { ConnectionCounters } from '../../proxy/ipvs/connection-counters.ts'
import { type Destination, NO_DESTINATION } from '../../proxy/ipvs/destination-list.ts'
import type { Packet } from '../../proxy/ipvs/scheduler.ts'
import type { SchedulerName } from '../../proxy/ipvs/schedulers/index.ts'
import type { Ending } from '../../proxy/ipvs/timeouts.ts'
import { VirtualService } from '../../proxy/ipvs/virtual-service.ts'
import type { Nanos } from '../../units.ts'

export interface VirtualServerSpec {
  readonly scheduler: SchedulerName
  /** null: clients are not kept at their server. */
  readonly persistence: Nanos | null
  /** A server that is down keeps its place, with weight 0: what is on it goes on. Else it is taken out. */
  readonly inhibitOnFailure: boolean
}

export interface RealServer {
  /** What it is known by to the caller: a node. */
  readonly node: number
  /** As an int32. */
  readonly address: number
  readonly weight: number
}

/** A connection that went through it: its destination or its template. */
export type Forwarded = number

/** It has no server, and refuses. */
export const NOT_FORWARDED: Forwarded = -1

const QUIESCED = 0

/**
 * A virtual server in the kernel of a director, as keepalived sets it up: IPVS with real servers whose health decides whether they are in.
 *
 * What it does with a server that is down differs from kube-proxy's: keepalived takes it out at once, without draining, and packets of its connections
 * are dropped until it is in again (expire_nodest_conn is 0, the kernel's default); with `inhibit_on_failure` it gets weight 0 in place of that, and its
 * clients are not let go either: a template of a server with weight 0 stays good (expire_quiescent_template is 0).
 * Source: keepalived.conf(5); Linux Documentation/networking/ipvs-sysctl.
 */
export class VirtualServer {
  readonly #spec: VirtualServerSpec
  readonly #service: VirtualService
  readonly #connections: ConnectionCounters
  readonly #persistent: PersistentConnections | null
  readonly #servers: readonly RealServer[]
  /** By server: where it is in IPVS, or NO_DESTINATION. */
  readonly #places: Destination[]
  /** By destination: its server. */
  readonly #serverOf: number[] = []
  readonly #packet: { -readonly [K in keyof Packet]: Packet[K] }

  /** `isUp` by server. `below`: what twos draws from. */
  constructor(
    spec: VirtualServerSpec,
    servers: readonly RealServer[],
    virtual: { readonly address: number; readonly port: number; readonly protocol: number },
    isUp: (server: number) => boolean,
    below: (n: number) => number,
  ) {
    this.#spec = spec
    this.#servers = servers
    this.#service = new VirtualService({ scheduler: spec.scheduler, below })
    this.#connections = new ConnectionCounters(this.#service)
    this.#persistent = spec.persistence === null ? null : new PersistentConnections(this.#service, { keepsQuiesced: spec.inhibitOnFailure })
    this.#packet = {
      protocol: virtual.protocol,
      sourceAddress: 0,
      sourcePort: 0,
      destinationAddress: virtual.address,
      destinationPort: virtual.port,
    }
    this.#places = servers.map(() => NO_DESTINATION)
    for (const server of servers.keys()) {
      if (isUp(server) || spec.inhibitOnFailure) this.#add(server, isUp(server))
    }
  }

  /** A SYN of a client: the connection, or {@link NOT_FORWARDED}. Times do not go back between calls. */
  connect(client: number, clientPort: number, now: Nanos): Forwarded {
    const packet = this.#packet
    packet.sourceAddress = client
    packet.sourcePort = clientPort
    if (this.#persistent === null) {
      const destination = this.#connections.connect(packet, now)
      return destination === NO_DESTINATION ? NOT_FORWARDED : destination
    }
    const template = this.#persistent.connect(packet, this.#spec.persistence!, now)
    return template === NO_TEMPLATE ? NOT_FORWARDED : template
  }

  nodeOf(connection: Forwarded): number {
    return this.#servers[this.#serverOf[this.#destinationOf(connection)]!]!.node
  }

  /** Whether packets of a connection still reach its server. */
  passes(connection: Forwarded): boolean {
    return this.#service.destinations.available(this.#destinationOf(connection))
  }

  /** A connection has ended. */
  finish(connection: Forwarded, ending: Ending, now: Nanos): void {
    if (this.#persistent === null) this.#connections.finish(connection, ending, now)
    else this.#persistent.finish(connection, ending, now)
  }

  /** A real server's health has changed. */
  setUp(server: number, isUp: boolean, now: Nanos): void {
    this.#connections.drain(now)
    this.#persistent?.drain(now)
    const place = this.#places[server]!
    if (this.#spec.inhibitOnFailure) this.#service.setWeight(place, isUp ? this.#servers[server]!.weight : QUIESCED)
    else if (isUp) this.#add(server, true)
    else {
      this.#service.remove(place)
      this.#places[server] = NO_DESTINATION
    }
  }

  /** Node, weight, active and inactive connections of every server that is in, the newest first. For tests and inspection. */
  snapshot(): { node: number; weight: number; active: number; inactive: number }[] {
    const list = this.#service.destinations
    const rows = []
    for (let at = list.first; at !== NO_DESTINATION; at = list.next(at)) {
      const { node } = this.#servers[this.#serverOf[at]!]!
      rows.push({ node, weight: list.weight(at), active: list.active(at), inactive: list.inactive(at) })
    }
    return rows
  }

  #add(server: number, isUp: boolean): void {
    const { address, weight } = this.#servers[server]!
    const place = this.#service.add(address, this.#packet.destinationPort, isUp ? weight : QUIESCED)
    this.#places[server] = place
    this.#serverOf[place] = server
  }

  #destinationOf(connection: Forwarded): Destination {
    return this.#persistent === null ? connection : this.#persistent.destinationOf(connection)
  }
}
