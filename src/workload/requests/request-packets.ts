import type { HandlerId, Simulation } from '../../engine/simulation.ts'
import { PACKETS, RETRANSMIT, RULES, SOFTIRQ } from '../../metrics/blame.ts'
import { REFUSED, RESET } from '../../metrics/failure-cause.ts'
import { retransmitTimeout, SYN_ACK_TIMEOUT } from '../../node/kernel-tcp.ts'
import { ALONE, NEVER, type PacketCores } from '../../node/packet-cores.ts'
import type { Nanos } from '../../units.ts'
import { DATAGRAM, OUTSIDE } from '../connection-table.ts'
import type { Connections } from '../connections.ts'
import { HELD, NO_CONNECTION, type RequestTable, WAITING } from '../request-table.ts'

/** Who is told that a request's packet has come. `waits`: its client has not given the request up. */
export interface PacketReceiver {
  requestAtPod(request: number, waits: boolean): void
  /** The hello of a TLS handshake. */
  helloAtPod(request: number, waits: boolean): void
  answerAtClient(request: number, waits: boolean): void
  failureAtClient(request: number, cause: number, waits: boolean): void
}

export interface RequestPacketsOptions {
  readonly sim: Simulation
  readonly cores: PacketCores
  readonly table: RequestTable
  readonly connections: Connections
  /** CPU time of a packet that is no connection's first. */
  readonly laterPacket: Nanos
  /** One way between a client outside and a node. */
  readonly external: Nanos
  readonly receiver: PacketReceiver
}

/**
 * The packets of requests on connections that are there, one way or the other.
 *
 * Each takes CPU time of the core that its connection belongs to ({@link PacketCores}), on the node that translates; where it had to wait for
 * it, or was dropped and sent again, its event is put off. While one is on its way, its request is HELD.
 *
 * ```text
 *   sendOn ──▶ e, one way ──▶ requestAtPod        answerAtClient ◀── e, one way ◀── answer
 *                                                 failureAtClient ◀─ e, one way ◀── fail
 * ```
 */
export class RequestPackets {
  /** CPU time of a packet that is no connection's first. */
  readonly laterPacket: Nanos
  readonly #sim: Simulation
  readonly #cores: PacketCores
  readonly #table: RequestTable
  readonly #connections: Connections
  readonly #external: Nanos
  readonly #requestAtPod: HandlerId
  readonly #helloAtPod: HandlerId
  readonly answerAtClient: HandlerId
  readonly #failureAtClient: HandlerId

  constructor({ sim, cores, table, connections, laterPacket, external, receiver }: RequestPacketsOptions) {
    this.laterPacket = laterPacket
    this.#sim = sim
    this.#cores = cores
    this.#table = table
    this.#connections = connections
    this.#external = external
    this.#requestAtPod = sim.handler((request) => {
      if (!this.#isLate(request, this.#requestAtPod, 0)) receiver.requestAtPod(request, this.release(request))
    })
    this.#helloAtPod = sim.handler((request) => {
      if (!this.#isLate(request, this.#helloAtPod, 0)) receiver.helloAtPod(request, this.release(request))
    })
    this.answerAtClient = sim.handler((request) => {
      if (!this.#isLate(request, this.answerAtClient, 0)) receiver.answerAtClient(request, this.release(request))
    })
    this.#failureAtClient = sim.handler((request, cause) => {
      if (!this.#isLate(request, this.#failureAtClient, cause)) receiver.failureAtClient(request, cause, this.release(request))
    })
  }

  /** Network time from client to pod, ns. */
  oneWay(request: number): Nanos {
    return this.#connections.table.oneWay[this.#table.connections[request]!]!
  }

  /** The kernel of the pod has accepted the connection: what follows the handshake of TCP, a hello of TLS or the request, comes to the pod. */
  followHandshake(request: number, withHello: boolean): void {
    const outside = this.#connections.table.clients[this.#table.connections[request]!] === OUTSIDE
    this.#expectFromPod(request, SYN_ACK_TIMEOUT, outside ? 2 * this.#external : 0)
    this.#travel(2 * this.laterPacket, PACKETS, 2 * this.oneWay(request), withHello ? this.#helloAtPod : this.#requestAtPod, request)
  }

  /** The kernel of the pod has accepted the connection, and the client wants no more: the SYN-ACK is the answer. */
  answerOpening(request: number): void {
    this.#expectFromPod(request, SYN_ACK_TIMEOUT)
    this.#travel(this.laterPacket, PACKETS, this.oneWay(request), this.answerAtClient, request)
  }

  /** After a handshake of TLS, of so many round trips. */
  followTls(request: number, roundTrips: number): void {
    this.#hold(roundTrips * 2 * (this.laterPacket + this.oneWay(request)), this.#requestAtPod, request, 0)
  }

  /** Sends the request on a connection that is there. False: its node is down, or cut off by a director, and nobody will hear of it. */
  sendOn(request: number, connection: number): boolean {
    const connections = this.#connections
    const { table } = connections
    this.#table.connections[request] = connection
    table.requests[connection] = request
    if (!connections.passesDirector(connection)) {
      this.#table.accounts.travels(request, this.#sim.now, 0, PACKETS)
      return false
    }
    if (connections.isKnownAtNode(connection)) {
      this.#expectFromClient(request)
      this.#travel(this.laterPacket, PACKETS, this.oneWay(request), this.#requestAtPod, request)
      return true
    }
    if (connections.isNodeUp(connection)) {
      connections.strayed(connection)
      const network = table.clients[connection] === OUTSIDE ? 2 * this.#external : 0
      this.#expectFromClient(request)
      this.#travel(this.laterPacket, PACKETS, network, this.#failureAtClient, request, RESET)
      return true
    }
    this.#table.accounts.travels(request, this.#sim.now, 0, PACKETS)
    return false
  }

  /** The pod's answer goes out. */
  answer(request: number): void {
    this.#expectFromPod(request, retransmitTimeout(2 * this.oneWay(request)))
    this.#travel(this.laterPacket, PACKETS, this.oneWay(request), this.answerAtClient, request)
  }

  /**
   * The pod's side answers with an RST, or closes. Also an RST that its core drops comes again: then the client has sent once more. Over UDP it
   * does neither.
   */
  fail(request: number, cause: number): void {
    if (this.isDatagram(request)) {
      this.#table.accounts.waits(request, this.#sim.now, RETRANSMIT)
      return
    }
    this.#expectFromPod(request, cause === REFUSED ? SYN_ACK_TIMEOUT : retransmitTimeout(2 * this.oneWay(request)))
    this.#travel(this.laterPacket, PACKETS, this.oneWay(request), this.#failureAtClient, request, cause)
  }

  /** What has come to the pod is not taken: whoever still waits is told so, and what nobody waits for is over. */
  turnAway(request: number, cause: number, waits: boolean): void {
    if (waits) this.fail(request, cause)
    else this.free(request)
  }

  /** A failure is on its way to the client: `cpu` ns of CPU that `part` answers for, then the network. */
  failFromNode(request: number, cause: number, cpu: Nanos, part: number, network: Nanos): void {
    this.#travel(cpu, part, network, this.#failureAtClient, request, cause)
  }

  /** As {@link failFromNode}, from rules that had to wait `wait` ns for a core. */
  rejected(request: number, cause: number, wait: Nanos, cpu: Nanos, network: Nanos): void {
    const { accounts } = this.#table
    accounts.travels(request, this.#sim.now, cpu, RULES)
    if (wait > 0) accounts.delayed(request, wait, SOFTIRQ)
    this.#hold(wait + cpu + network, this.#failureAtClient, request, cause)
  }

  isDatagram(request: number): boolean {
    return (this.#connections.table.flags[this.#table.connections[request]!]! & DATAGRAM) !== 0
  }

  /** Whether the client had not given up when the connection was made and the request, which has come now, was to go out. */
  wasSent(request: number): boolean {
    return this.#sim.now - this.oneWay(request) - this.laterPacket < this.#table.givesUpAt[request]!
  }

  /** The event or server that held the request has come. Whether a client still waits. */
  release(request: number): boolean {
    const { flags } = this.#table
    const now = flags[request]! & ~HELD
    flags[request] = now
    return (now & WAITING) !== 0
  }

  /** As {@link release}; a request that nobody waits for is over. */
  letGo(request: number): boolean {
    if (this.release(request)) return true
    this.free(request)
    return false
  }

  /** The client waits for the request no more; what it has sent may still be on its way. */
  giveUp(request: number): void {
    const table = this.#table
    const flags = table.flags[request]! & ~WAITING
    table.flags[request] = flags
    table.givesUpAt[request] = this.#sim.now
    if ((flags & HELD) === 0) this.free(request)
  }

  /** Neither its client nor an event nor a server has the request any more. */
  free(request: number): void {
    const table = this.#table
    if (table.connections[request] !== NO_CONNECTION) this.#connections.leave(table.connections[request]!)
    table.connections[request] = NO_CONNECTION
    table.free(request)
  }

  /** A packet from the client will come to the core that handles the request's connection. */
  #expectFromClient(request: number): void {
    const { clients, cores } = this.#connections.table
    const connection = this.#table.connections[request]!
    const outside = clients[connection] === OUTSIDE
    this.#cores.expect(
      cores[connection]!,
      outside ? this.#sim.now + this.#external : this.#sim.now,
      request,
      retransmitTimeout(2 * this.oneWay(request)),
    )
  }

  /** A packet from the pod will come to that core, and if it is a SYN-ACK then also what the client sends `gap` ns after it was handled. */
  #expectFromPod(request: number, timeout: Nanos, gap: Nanos = ALONE): void {
    const { clients, cores, oneWay } = this.#connections.table
    const connection = this.#table.connections[request]!
    const way = clients[connection] === OUTSIDE ? oneWay[connection]! - this.#external : oneWay[connection]!
    this.#cores.expect(cores[connection]!, this.#sim.now + way, request, timeout, gap, retransmitTimeout(2 * oneWay[connection]!))
  }

  /** Whether what comes now had to wait for its core, or be sent again, and so comes later: the event is put off, or is none. */
  #isLate(request: number, handler: HandlerId, b: number): boolean {
    const { now } = this.#sim
    const late = this.#cores.resolve(request, now)
    if (late === 0) return false
    const { accounts } = this.#table
    if (late === NEVER) {
      // Its sender has given the connection up, a quarter of an hour after it began.
      accounts.waits(request, now, RETRANSMIT)
      if (!this.release(request)) this.free(request)
      return true
    }
    const { retransmitted } = this.#cores
    accounts.settle(request, now)
    accounts.delayed(request, late - retransmitted, SOFTIRQ)
    accounts.delayed(request, retransmitted, RETRANSMIT)
    this.#sim.schedule(late, handler, request, b)
    return true
  }

  /** On its way: `cpu` ns of CPU that `part` answers for, then the network. */
  #travel(cpu: Nanos, part: number, network: Nanos, handler: HandlerId, request: number, b = 0): void {
    this.#table.accounts.travels(request, this.#sim.now, cpu, part)
    this.#hold(cpu + network, handler, request, b)
  }

  #hold(delay: Nanos, handler: HandlerId, request: number, b: number): void {
    this.#table.flags[request]! |= HELD
    this.#sim.schedule(delay, handler, request, b)
  }
}
