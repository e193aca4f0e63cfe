import type { HandlerId, Simulation } from '../../engine/simulation.ts'
import { PACKETS, RETRANSMIT, RULES, SOFTIRQ, TLS } from '../../metrics/blame.ts'
import { REFUSED, RESET } from '../../metrics/failure-cause.ts'
import type { Network } from '../../network/network.ts'
import { retransmitTimeout, SYN_ACK_TIMEOUT } from '../../node/kernel-tcp.ts'
import { ALONE, NEVER, type PacketCores } from '../../node/packet-cores.ts'
import type { Nanos } from '../../units.ts'
import type { Backends } from '../backends.ts'
import { DATAGRAM, OUTSIDE } from '../connection-table.ts'
import type { Connections } from '../connections.ts'
import { CAME, HELD, NO_CONNECTION, type RequestTable, WAITING } from '../request-table.ts'
import { LossySegments, TO_CLIENT, TO_POD } from './lossy-segments.ts'
import type { Traffic } from './traffic.ts'

/** Who is told that a request's packet has come. `waits`: its client has not given the request up. */
export interface PacketReceiver {
  requestAtPod(request: number, waits: boolean): void
  /** The hello of a TLS handshake. */
  helloAtPod(request: number, waits: boolean): void
  answerAtClient(request: number, waits: boolean): void
  failureAtClient(request: number, cause: number, waits: boolean): void
  /** The pod does not take a datagram, and says nothing. */
  thrownAway(request: number, cause: number): void
  /** What the client has sent on a kept connection is lost, as its node is down. */
  sentInVain(request: number): void
  /** TCP has given up what it has repeated, and with it the connection. */
  connectionGivenUp(request: number): void
}

/** What goes through {@link LossySegments}. */
const REQUEST = 0
const HELLO = 1
/** The request, on a connection that was kept. */
const KEPT = 2
/** One of the ways of a TLS handshake; its number is that of the ways that are left. */
const LEG = 3
const ANSWER = 4
const FAILURE = 5

export interface RequestPacketsOptions {
  readonly sim: Simulation
  readonly cores: PacketCores
  readonly table: RequestTable
  readonly connections: Connections
  readonly backends: Backends
  readonly network: Network
  /** By index. */
  readonly traffic: readonly Traffic[]
  /** CPU time of a packet that is no connection's first. */
  readonly laterPacket: Nanos
  readonly receiver: PacketReceiver
}

/**
 * The packets of requests on connections that are there, one way or the other.
 *
 * Each takes CPU time of the core that its connection belongs to ({@link PacketCores}), on the node that translates; where it had to wait for
 * it, or was dropped and sent again, its event is put off. While one is on its way, its request is HELD. Where links are not perfect, each
 * goes through {@link LossySegments} first.
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
  readonly #receiver: PacketReceiver
  /** null: links are perfect. */
  readonly #lossy: LossySegments | null
  readonly #synAckAtClient: HandlerId
  readonly #legOver: HandlerId
  readonly #requestAtPod: HandlerId
  readonly #helloAtPod: HandlerId
  readonly answerAtClient: HandlerId
  readonly #failureAtClient: HandlerId

  constructor(options: RequestPacketsOptions) {
    const { sim, cores, table, connections, laterPacket, network, receiver } = options
    this.laterPacket = laterPacket
    this.#sim = sim
    this.#cores = cores
    this.#table = table
    this.#connections = connections
    this.#external = network.external
    this.#receiver = receiver
    this.#lossy = network.isPlain ? null : this.#lossySegments(options)
    this.#synAckAtClient = sim.handler((request, what) => {
      if (this.#isLate(request, this.#synAckAtClient, what)) return
      this.release(request)
      this.#lossy!.send(request, TO_POD, what)
    })
    this.#legOver = sim.handler((request, left) => {
      this.release(request)
      this.#lossy!.send(request, left % 2 === 0 ? TO_CLIENT : TO_POD, LEG, left - 1)
    })
    this.#requestAtPod = sim.handler((request) => {
      if (this.#isLate(request, this.#requestAtPod, 0) || this.#waitsForPod(request, this.#requestAtPod)) return
      receiver.requestAtPod(request, this.release(request))
    })
    this.#helloAtPod = sim.handler((request) => {
      if (this.#isLate(request, this.#helloAtPod, 0) || this.#waitsForPod(request, this.#helloAtPod)) return
      receiver.helloAtPod(request, this.release(request))
    })
    this.answerAtClient = sim.handler((request) => {
      if (this.#isLate(request, this.answerAtClient, 0) || this.#waitsForNode(request)) return
      receiver.answerAtClient(request, this.release(request))
    })
    this.#failureAtClient = sim.handler((request, cause) => {
      if (!this.#isLate(request, this.#failureAtClient, cause)) receiver.failureAtClient(request, cause, this.release(request))
    })
  }

  /** Network time from client to pod, ns. */
  oneWay(request: number): Nanos {
    return this.#connections.table.oneWay[this.#table.connections[request]!]!
  }

  #lossySegments({ sim, network, table, connections, backends, traffic, receiver }: RequestPacketsOptions): LossySegments {
    return new LossySegments({
      sim,
      network,
      table,
      connections,
      backends,
      sizeOf: (request, what) => {
        const { requestBytes, responseBytes } = traffic[table.traffics[request]!]!
        if (what === ANSWER) return responseBytes
        return what === REQUEST || what === KEPT ? requestBytes : 0
      },
      deliver: (request, what, cause, late) => this.#setOut(request, what, cause, late),
      giveUp: (request) => {
        receiver.connectionGivenUp(request)
        if (!this.release(request)) this.free(request)
      },
    })
  }

  /** What links did not lose is on its way. */
  #setOut(request: number, what: number, cause: number, late: Nanos): void {
    const connection = this.#table.connections[request]!
    switch (what) {
      case ANSWER:
        this.#answer(request, late)
        return
      case FAILURE:
        this.#fail(request, cause, late)
        return
      case LEG:
        this.#table.accounts.waits(request, this.#sim.now, TLS)
        this.#hold(this.laterPacket + this.oneWay(request) + late, cause === 0 ? this.#requestAtPod : this.#legOver, request, cause)
        return
      case KEPT:
        if (this.#sendOn(request, connection, late)) return
        this.#receiver.sentInVain(request)
        if (!this.release(request)) this.free(request)
        return
      default:
        this.#expectFromClient(request, late)
        this.#travel(
          this.laterPacket,
          PACKETS,
          this.oneWay(request) + late,
          what === HELLO ? this.#helloAtPod : this.#requestAtPod,
          request,
        )
    }
  }

  /**
   * The kernel of the pod has accepted the connection: what follows the handshake of TCP, a hello of TLS or the request, comes to the pod. Gives how
   * much later than usual the client learns that it is open.
   */
  followHandshake(request: number, withHello: boolean): Nanos {
    if (this.#lossy !== null) {
      const late = this.#lossy.latenessOfSynAck(this.#table.connections[request]!)
      this.#expectFromPod(request, SYN_ACK_TIMEOUT, late)
      this.#travel(this.laterPacket, PACKETS, this.oneWay(request) + late, this.#synAckAtClient, request, withHello ? HELLO : REQUEST)
      return late
    }
    const outside = this.#connections.table.clients[this.#table.connections[request]!] === OUTSIDE
    this.#expectFromPod(request, SYN_ACK_TIMEOUT, 0, outside ? 2 * this.#external : 0)
    this.#travel(2 * this.laterPacket, PACKETS, 2 * this.oneWay(request), withHello ? this.#helloAtPod : this.#requestAtPod, request)
    return 0
  }

  /** The kernel of the pod has accepted the connection, and the client wants no more: the SYN-ACK is the answer. */
  answerOpening(request: number): void {
    const late = this.#lossy === null ? 0 : this.#lossy.latenessOfSynAck(this.#table.connections[request]!)
    this.#expectFromPod(request, SYN_ACK_TIMEOUT, late)
    this.#travel(this.laterPacket, PACKETS, this.oneWay(request) + late, this.answerAtClient, request)
  }

  /** After a handshake of TLS, of so many round trips. */
  followTls(request: number, roundTrips: number): void {
    this.#table.flags[request]! &= ~CAME
    if (this.#lossy !== null) this.#lossy.send(request, TO_CLIENT, LEG, 2 * roundTrips - 1)
    else this.#hold(roundTrips * 2 * (this.laterPacket + this.oneWay(request)), this.#requestAtPod, request, 0)
  }

  /** Sends the request on a connection that is there. False: its node is down, or cut off by a director, and nobody will hear of it. */
  sendOn(request: number, connection: number): boolean {
    const connections = this.#connections
    const { table } = connections
    this.#table.connections[request] = connection
    table.requests[connection] = request
    if (this.#lossy === null || !connections.isKnownAtNode(connection)) return this.#sendOn(request, connection, 0)
    this.#lossy.send(request, TO_POD, KEPT)
    return true
  }

  #sendOn(request: number, connection: number, late: Nanos): boolean {
    const connections = this.#connections
    const { table } = connections
    if (!connections.passesDirector(connection)) {
      this.#table.accounts.travels(request, this.#sim.now, 0, PACKETS)
      return false
    }
    if (connections.isForgottenByDirector(connection)) {
      this.#travel(0, PACKETS, 2 * this.#external + late, this.#failureAtClient, request, RESET)
      return true
    }
    if (connections.isKnownAtNode(connection)) {
      this.#expectFromClient(request, late)
      this.#travel(this.laterPacket, PACKETS, this.oneWay(request) + late, this.#requestAtPod, request)
      return true
    }
    if (connections.isNodeUp(connection)) {
      connections.strayed(connection)
      const network = table.clients[connection] === OUTSIDE ? 2 * this.#external : 0
      this.#expectFromClient(request, late)
      this.#travel(this.laterPacket, PACKETS, network + late, this.#failureAtClient, request, RESET)
      return true
    }
    this.#table.accounts.travels(request, this.#sim.now, 0, PACKETS)
    return false
  }

  /** The pod's answer goes out. */
  answer(request: number): void {
    if (this.#lossy === null) this.#answer(request, 0)
    else this.#lossy.send(request, TO_CLIENT, ANSWER)
  }

  #answer(request: number, late: Nanos): void {
    this.#expectFromPod(request, retransmitTimeout(2 * this.oneWay(request)), late)
    this.#travel(this.laterPacket, PACKETS, this.oneWay(request) + late, this.answerAtClient, request)
  }

  /**
   * The pod's side answers with an RST, or closes. Also an RST that its core drops comes again: then the client has sent once more. Over UDP it
   * does neither.
   */
  fail(request: number, cause: number): void {
    if (this.isDatagram(request)) {
      this.#receiver.thrownAway(request, cause)
      return
    }
    // Whether the answer to a SYN is lost has been asked with the SYN.
    if (this.#lossy === null) this.#fail(request, cause, 0)
    else if (cause === REFUSED) this.#fail(request, cause, this.#lossy.lateness(request))
    else this.#lossy.send(request, TO_CLIENT, FAILURE, cause)
  }

  #fail(request: number, cause: number, late: Nanos): void {
    this.#expectFromPod(request, cause === REFUSED ? SYN_ACK_TIMEOUT : retransmitTimeout(2 * this.oneWay(request)), late)
    this.#travel(this.laterPacket, PACKETS, this.oneWay(request) + late, this.#failureAtClient, request, cause)
  }

  /** The pod says something on a connection of its own accord: the event comes when its client hears it. */
  sayFromPod(connection: number, handler: HandlerId): void {
    const { oneWay, serials } = this.#connections.table
    const delay = this.laterPacket + oneWay[connection]!
    if (this.#lossy === null) this.#sim.schedule(delay, handler, connection, serials[connection]!)
    else this.#lossy.sayFromPod(connection, delay, handler)
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
    if ((this.#table.flags[request]! & CAME) !== 0) return true
    const sentAt = this.#lossy === null ? this.#sim.now - this.oneWay(request) - this.laterPacket : this.#lossy.sentAt(request)
    return sentAt < this.#table.givesUpAt[request]!
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
  #expectFromClient(request: number, late: Nanos): void {
    const { clients, cores } = this.#connections.table
    const connection = this.#table.connections[request]!
    const outside = clients[connection] === OUTSIDE
    this.#cores.expect(
      cores[connection]!,
      (outside ? this.#sim.now + this.#external : this.#sim.now) + late,
      request,
      retransmitTimeout(2 * this.oneWay(request)),
    )
  }

  /** A packet from the pod will come to that core, and if it is a SYN-ACK then also what the client sends `gap` ns after it was handled. */
  #expectFromPod(request: number, timeout: Nanos, late: Nanos, gap: Nanos = ALONE): void {
    const { clients, cores, oneWay } = this.#connections.table
    const connection = this.#table.connections[request]!
    const way = clients[connection] === OUTSIDE ? oneWay[connection]! - this.#external : oneWay[connection]!
    this.#cores.expect(cores[connection]!, this.#sim.now + way + late, request, timeout, gap, retransmitTimeout(2 * oneWay[connection]!))
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

  /** Whether what comes to a pod finds its node standing still: it waits in the ring of the network card, or is sent again. */
  #waitsForPod(request: number, handler: HandlerId): boolean {
    const connections = this.#connections
    if (!connections.someFrozen) return false
    const connection = this.#table.connections[request]!
    const late = connections.handledAtPodIn(connection, retransmitTimeout(2 * this.oneWay(request)))
    if (late === 0) return false
    const { flags } = this.#table
    if ((flags[request]! & WAITING) !== 0 || this.wasSent(request)) flags[request]! |= CAME
    this.#putOff(request, late, handler)
    return true
  }

  /** Whether an answer over UDP, which no core has to do with, finds the node that translates it standing still. */
  #waitsForNode(request: number): boolean {
    const connections = this.#connections
    if (!connections.someFrozen || !this.isDatagram(request)) return false
    const late = connections.nodeThawsIn(this.#table.connections[request]!)
    if (late > 0) this.#putOff(request, late, this.answerAtClient)
    return late > 0
  }

  #putOff(request: number, late: Nanos, handler: HandlerId): void {
    const { accounts } = this.#table
    accounts.settle(request, this.#sim.now)
    accounts.standsStill(request, late, SOFTIRQ)
    this.#sim.schedule(late, handler, request)
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
