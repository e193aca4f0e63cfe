import type { HandlerId, Simulation, Timer } from '../../engine/simulation.ts'
import { RESET, TIMEOUT } from '../../metrics/failure-cause.ts'
import { retransmitTimeout } from '../../node/kernel-tcp.ts'
import type { PacketCores } from '../../node/packet-cores.ts'
import type { Nanos } from '../../units.ts'
import { type Backends, NO_BACKEND } from '../backends.ts'
import { OPEN, OUTSIDE } from '../connection-table.ts'
import type { Connections } from '../connections.ts'
import type { PingSpec } from '../specs.ts'
import type { Pools } from './pools.ts'

/** Who has the connections that are pinged. */
export interface PingedConnections {
  /** A connection ends with all its streams. */
  kill(connection: number, cause: number): void
  /** What was sent on a connection is lost. */
  unacknowledged(connection: number): void
}

export interface Http2PingsOptions {
  readonly sim: Simulation
  readonly connections: Connections
  readonly backends: Backends
  readonly pools: Pools
  readonly cores: PacketCores
  /** CPU time of a packet that is no connection's first. */
  readonly laterPacket: Nanos
  /** One way between a client outside and a node. */
  readonly external: Nanos
  readonly keeper: PingedConnections
}

/**
 * Pings by which a client finds out that the other side of an HTTP/2 connection is gone: see {@link PingSpec}.
 *
 * ```text
 *   heard ──── interval ────▶ PING ─▶ core ─▶ pod runs? ─▶ core ─▶ ACK: heard
 *                               └──────── timeout ────────▶ none: the connection ends, with all its streams
 * ```
 *
 * One timer a connection: what is heard meanwhile only moves the time at which it looks again. A ping and its answer take CPU time of the
 * connection's core like any packet; one that the core drops is sent again after each retransmission time-out (*assumption*: not doubled). They
 * keep alive what the node remembers of the connection. Where the process is gone but its address is not, the kernel there answers with RST.
 *
 * Source: golang.org/x/net/http2, Transport.ReadIdleTimeout and PingTimeout: a connection is pinged also while it has no stream.
 */
export class Http2Pings {
  readonly #options: Http2PingsOptions
  readonly #sim: Simulation
  readonly #connections: Connections
  /** By connection that is pinged: its timer, for the next ping or for the answer to the last. */
  readonly #timers: Timer[] = []
  readonly #due: HandlerId
  readonly #pingAtNode: HandlerId
  readonly #pingAtPod: HandlerId
  readonly #ackAtNode: HandlerId
  readonly #ackAtClient: HandlerId
  readonly #resetAtClient: HandlerId
  readonly #lost: HandlerId

  constructor(options: Http2PingsOptions) {
    const { sim, connections, keeper } = options
    this.#options = options
    this.#sim = sim
    this.#connections = connections
    const handler = (run: (connection: number) => void) =>
      sim.handler((connection, serial) => {
        const { serials, flags } = connections.table
        if (serials[connection] === serial && (flags[connection]! & OPEN) !== 0) run(connection)
      })
    this.#due = handler((connection) => this.#look(connection))
    this.#pingAtNode = handler((connection) => this.#arriveAtNode(connection))
    this.#pingAtPod = handler((connection) => this.#arriveAtPod(connection))
    this.#ackAtNode = handler((connection) => this.#passBack(connection))
    this.#ackAtClient = handler((connection) => this.#answered(connection))
    this.#resetAtClient = handler((connection) => keeper.kill(connection, RESET))
    this.#lost = handler((connection) => keeper.kill(connection, TIMEOUT))
  }

  /** The client has learnt that the connection is open. */
  begin(connection: number): void {
    const spec = this.#specOf(connection)
    if (spec !== undefined) this.#wait(connection, spec.interval)
  }

  #specOf(connection: number): PingSpec | undefined {
    return this.#options.pools.all[this.#connections.table.pools[connection]!]!.spec.http2!.ping
  }

  #wait(connection: number, delay: Nanos): void {
    this.#timers[connection] = this.#schedule(delay, this.#due, connection)
  }

  /** A ping is due, unless something was heard meanwhile. A process that is gone sends none. */
  #look(connection: number): void {
    if (this.#connections.clientIsGone(connection)) return
    const { interval, timeout } = this.#specOf(connection)!
    const { heardAt, clients } = this.#connections.table
    const next = heardAt[connection]! + interval
    if (next > this.#sim.now) {
      this.#wait(connection, next - this.#sim.now)
      return
    }
    this.#timers[connection] = this.#schedule(timeout, this.#lost, connection)
    if (clients[connection] === OUTSIDE) this.#schedule(this.#options.external, this.#pingAtNode, connection)
    else this.#arriveAtNode(connection)
  }

  #arriveAtNode(connection: number): void {
    const connections = this.#connections
    const { keeper, laterPacket } = this.#options
    if (!connections.isNodeUp(connection)) {
      keeper.unacknowledged(connection)
      return
    }
    const wait = this.#enter(connection, this.#pingAtNode)
    if (wait < 0) return
    if (!connections.isKnownAtNode(connection)) {
      connections.strayed(connection)
      this.#schedule(wait + laterPacket + this.#toClient(connection), this.#resetAtClient, connection)
      return
    }
    this.#schedule(wait + laterPacket + this.#toPod(connection), this.#pingAtPod, connection)
  }

  #arriveAtPod(connection: number): void {
    const { backends, keeper, laterPacket } = this.#options
    const { endpoints, oneWay } = this.#connections.table
    if (this.#connections.meetsPod(connection)) this.#schedule(this.#toPod(connection), this.#ackAtNode, connection)
    else if (backends.owner(endpoints[connection]!) === NO_BACKEND) keeper.unacknowledged(connection)
    else this.#schedule(laterPacket + oneWay[connection]!, this.#resetAtClient, connection)
  }

  /** The answer is at the client's node. One that has crashed meanwhile does not know whose it is. */
  #passBack(connection: number): void {
    if (!this.#connections.isRemembered(connection)) return
    const wait = this.#enter(connection, this.#ackAtNode)
    if (wait < 0) return
    this.#schedule(wait + this.#options.laterPacket + this.#toClient(connection), this.#ackAtClient, connection)
  }

  #answered(connection: number): void {
    this.#sim.cancel(this.#timers[connection]!)
    this.#connections.table.idleSince[connection] = this.#sim.now
    this.#wait(connection, this.#specOf(connection)!.interval)
  }

  /** How long the packet waits for its core; -1: it was dropped, and comes again by `handler`. */
  #enter(connection: number, handler: HandlerId): Nanos {
    const { cores, laterPacket } = this.#options
    const { table } = this.#connections
    const core = table.cores[connection]!
    if (!cores.drops(core, this.#sim.now)) return cores.enter(core, this.#sim.now, laterPacket)
    this.#schedule(retransmitTimeout(2 * table.oneWay[connection]!), handler, connection)
    return -1
  }

  /** Network time between the client and its node, and from there to the pod, ns. */
  #toClient(connection: number): Nanos {
    return this.#connections.table.clients[connection] === OUTSIDE ? this.#options.external : 0
  }

  #toPod(connection: number): Nanos {
    return this.#connections.table.oneWay[connection]! - this.#toClient(connection)
  }

  #schedule(delay: Nanos, handler: HandlerId, connection: number): Timer {
    return this.#sim.schedule(delay, handler, connection, this.#connections.table.serials[connection]!)
  }
}
