import type { HandlerId, Simulation } from '../../engine/simulation.ts'
import { NETWORK, RETRANSMIT } from '../../metrics/blame.ts'
import { EXTERNAL, type Network } from '../../network/network.ts'
import { Nics } from '../../network/nics.ts'
import { DATA_RETRIES, RETRANSMIT_MAX, retransmitTimeout } from '../../node/kernel-tcp.ts'
import type { Nanos } from '../../units.ts'
import type { Backends } from '../backends.ts'
import { OUTSIDE, STREAMS } from '../connection-table.ts'
import type { Connections } from '../connections.ts'
import { HELD, type RequestTable } from '../request-table.ts'

/** From the client to the pod, or back. */
export const TO_POD = 0
export const TO_CLIENT = 1
export type Direction = typeof TO_POD | typeof TO_CLIENT

export interface LossySegmentsOptions {
  readonly sim: Simulation
  readonly network: Network
  readonly table: RequestTable
  readonly connections: Connections
  readonly backends: Backends
  /** Bytes of what the sender calls `what`. */
  readonly sizeOf: (request: number, what: number) => number
  /** A segment of the request comes through, so much later than usual; `what` and `cause` are the sender's. */
  readonly deliver: (request: number, what: number, cause: number, late: Nanos) => void
  /** Its sender has repeated it as often as it does, and gives the connection up. */
  readonly giveUp: (request: number) => void
}

/**
 * Segments of TCP on links that may lose them or be late, and that node's cards take their time for.
 *
 * What is lost is sent again after a round trip and 200 ms, doubled each time up to 120 s, and each time the links are asked anew; after the
 * fifteenth time its sender waits once more and gives up, 924.6 s after the first. A request has one segment under way at a time, so on HTTP/1.1
 * nothing is behind one that is lost. On HTTP/2 all segments of one direction that are sent meanwhile go out behind it, and none arrives before
 * one that was sent earlier.
 *
 * Of a message of several segments the loss of the last is shown only by a time-out, as nothing behind it is acknowledged; that of others by what
 * is behind, so that they are sent again a round trip later (*assumption*: all at once, as with selective acknowledgements, and none is lost twice).
 *
 * Where cards have a bandwidth, a message goes through those on its way before it sets out: the wait is what it would be on the way, but between
 * links of different lengths the order at a card is that of setting out.
 *
 * Simplified: what is lost is lost before it comes to a core. Acknowledgements are not lost on their own. A window never holds a message up (no
 * slow start).
 */
export class LossySegments {
  readonly #sim: Simulation
  readonly #network: Network
  readonly #table: RequestTable
  readonly #connections: Connections
  readonly #backends: Backends
  readonly #deliver: LossySegmentsOptions['deliver']
  readonly #giveUp: LossySegmentsOptions['giveUp']
  readonly #sizeOf: LossySegmentsOptions['sizeOf']
  readonly #again: HandlerId
  readonly #recovered: HandlerId
  readonly #cardPassed: HandlerId
  /** By request: what is under way, in which direction, how often it was sent again, and the time-out that follows. */
  #whats = new Uint8Array(CAPACITY)
  #causes = new Uint8Array(CAPACITY)
  #directions = new Uint8Array(CAPACITY)
  #repeats = new Uint8Array(CAPACITY)
  #timeouts = new Float64Array(CAPACITY)
  /** By request: when its client first sent what is or was under way to the pod, ns. */
  #sentAt = new Float64Array(CAPACITY)
  /** Of HTTP/2, by connection and direction: until when a segment that goes out is late, as one before it is, ns. */
  #lateUntil = new Float64Array(2 * CAPACITY)
  /** Of HTTP/2, by connection and direction: who goes out behind a segment that is lost. */
  readonly #behind = new Map<number, number[]>()

  constructor({ sim, network, table, connections, backends, sizeOf, deliver, giveUp }: LossySegmentsOptions) {
    this.#sim = sim
    this.#network = network
    this.#table = table
    this.#connections = connections
    this.#backends = backends
    this.#deliver = deliver
    this.#giveUp = giveUp
    this.#sizeOf = sizeOf
    this.#again = sim.handler((request) => this.#sendAgain(request))
    this.#recovered = sim.handler((request) => this.#goOnFrom(request))
    this.#cardPassed = sim.handler((request, step) => this.#passCards(request, step + 1))
  }

  /** Sends a segment of the request. */
  send(request: number, direction: Direction, what: number, cause = 0): void {
    if (request >= this.#whats.length) this.#grow(request)
    this.#whats[request] = what
    this.#causes[request] = cause
    this.#directions[request] = direction
    this.#repeats[request] = 0
    if (direction === TO_POD) this.#sentAt[request] = this.#sim.now
    this.#join(request)
  }

  /** When the client of the request, which has come to its pod, first sent it. */
  sentAt(request: number): Nanos {
    return this.#sentAt[request]!
  }

  /** How late a packet to the client is that is not lost. */
  lateness(request: number): Nanos {
    return this.#lateness(this.#table.connections[request]!, TO_CLIENT)
  }

  /** How late the answer to a SYN is, which comes through: with it the connection begins. */
  latenessOfSynAck(connection: number): Nanos {
    const key = 2 * connection
    if (key + 1 >= this.#lateUntil.length) this.#lateUntil = grown(this.#lateUntil, new Float64Array(2 * this.#connections.table.capacity))
    this.#lateUntil[key] = 0
    this.#lateUntil[key + 1] = 0
    const { nodes, backends } = this.#connections.table
    const card = this.#network.cardTime(this.#backends.nodeOf(backends[connection]!), nodes[connection]!)
    return card + this.#lateness(connection, TO_CLIENT)
  }

  /** The pod says something on a connection of its own accord, which takes `delay`; it is repeated until it comes through. */
  sayFromPod(connection: number, delay: Nanos, handler: HandlerId): void {
    this.#say(connection, this.#connections.table.serials[connection]!, delay, handler, this.#firstTimeout(connection))
  }

  #say(connection: number, serial: number, delay: Nanos, handler: HandlerId, timeout: Nanos): void {
    if (this.#connections.table.serials[connection] !== serial) return
    if (this.#loses(connection, TO_CLIENT))
      this.#sim.after(timeout, () => this.#say(connection, serial, delay, handler, Math.min(2 * timeout, RETRANSMIT_MAX)))
    else {
      // Not before the answer to the SYN, which was sent earlier.
      const untilOpen = this.#connections.table.connectedAt[connection]! - this.#sim.now
      this.#sim.schedule(Math.max(delay + this.#lateness(connection, TO_CLIENT), untilOpen), handler, connection, serial)
    }
  }

  /** Its turn has come: it is lost, or comes through. */
  #goOut(request: number): void {
    const connection = this.#table.connections[request]!
    const direction = this.#directions[request]! as Direction
    if (this.#loses(connection, direction)) {
      this.#timeouts[request] = this.#firstTimeout(connection)
      this.#block(request, connection)
      this.#lose(request)
    } else if (this.#losesOneBefore(request, connection, direction)) {
      this.#block(request, connection)
      this.#wait(request)
      this.#sim.schedule(2 * this.#connections.table.oneWay[connection]!, this.#recovered, request)
    } else {
      this.#passCards(request, 0)
    }
  }

  /** What is sent on an HTTP/2 connection goes out behind it. */
  #block(request: number, connection: number): void {
    if (this.#hasStreams(connection)) this.#behind.set(this.#keyOf(request), [])
  }

  /** Of several segments of a message one is lost that is not the last. */
  #losesOneBefore(request: number, connection: number, direction: Direction): boolean {
    let isOneLost = false
    for (let packets = this.#network.packets(this.#sizeOf(request, this.#whats[request]!)); packets > 1; packets--)
      if (this.#loses(connection, direction)) isOneLost = true
    return isOneLost
  }

  #sendAgain(request: number): void {
    const isGivenUp = ++this.#repeats[request]! > DATA_RETRIES
    if (isGivenUp) {
      const key = this.#keyOf(request)
      const behind = this.#behind.get(key) ?? []
      this.#behind.delete(key)
      this.#giveUp(request)
      for (const next of behind) this.#giveUp(next)
    } else if (this.#loses(this.#table.connections[request]!, this.#directions[request]! as Direction)) {
      this.#lose(request)
    } else {
      this.#goOnFrom(request)
    }
  }

  /** What was lost comes through, and what is behind it may follow. */
  #goOnFrom(request: number): void {
    const key = this.#keyOf(request)
    const behind = this.#behind.get(key) ?? []
    this.#behind.delete(key)
    this.#passCards(request, 0)
    for (const next of behind) this.#join(next)
  }

  /** From the card of that number on its way to the next; after the last it sets out. */
  #passCards(request: number, first: number): void {
    const { nics } = this.#network
    if (nics === null) {
      this.#comeThrough(request)
      return
    }
    const connection = this.#table.connections[request]!
    for (let step = first; step < CARDS; step++) {
      const wait = this.#passCard(nics, request, connection, step)
      if (wait === 0) continue
      this.#table.accounts.waits(request, this.#sim.now, NETWORK)
      this.#table.flags[request]! |= HELD
      this.#sim.schedule(wait, this.#cardPassed, request, step)
      return
    }
    this.#comeThrough(request)
  }

  /** There are three cards on the way at most: from node to node two, and one for what goes in or out. How long that of the step takes. */
  #passCard(nics: Nics, request: number, connection: number, step: number): Nanos {
    const { nodes, backends, clients } = this.#connections.table
    const { now } = this.#sim
    const node = nodes[connection]!
    const podNode = this.#backends.nodeOf(backends[connection]!)
    const isBack = this.#directions[request] === TO_CLIENT
    const outer = isBack ? CARDS - 1 : 0
    const size = this.#sizeOf(request, this.#whats[request]!)
    if (step === outer) {
      if (clients[connection] !== OUTSIDE) return 0
      return isBack ? nics.send(node, Nics.onWire(size, false), now) : nics.receiveFromOutside(node, Nics.onWire(size, false), now)
    }
    if (node === podNode) return 0
    const bytes = Nics.onWire(size, this.#network.isOverlay)
    const isSending = step === (isBack ? 0 : 1)
    if (isSending) return nics.send(isBack ? podNode : node, bytes, now)
    return nics.receive(isBack ? node : podNode, bytes, now)
  }

  /** Goes out, or behind what is lost. */
  #join(request: number): void {
    const behind = this.#behind.get(this.#keyOf(request))
    if (behind === undefined) this.#goOut(request)
    else {
      behind.push(request)
      this.#wait(request)
    }
  }

  #comeThrough(request: number): void {
    const connection = this.#table.connections[request]!
    const drawn = this.#lateness(connection, this.#directions[request]! as Direction)
    const late = this.#hasStreams(connection) ? this.#inOrder(this.#keyOf(request), drawn) : drawn
    this.#deliver(request, this.#whats[request]!, this.#causes[request]!, late)
  }

  /** Late enough not to arrive before what was sent before it: otherwise all are equally long on their way. */
  #inOrder(key: number, late: Nanos): Nanos {
    const { now } = this.#sim
    const until = Math.max(now + late, this.#lateUntil[key]!)
    this.#lateUntil[key] = until
    return until - now
  }

  /** It is sent again when its time is out. */
  #lose(request: number): void {
    const timeout = this.#timeouts[request]!
    this.#timeouts[request] = Math.min(2 * timeout, RETRANSMIT_MAX)
    this.#wait(request)
    this.#sim.schedule(timeout, this.#again, request)
  }

  #wait(request: number): void {
    this.#table.accounts.waits(request, this.#sim.now, RETRANSMIT)
    this.#table.flags[request]! |= HELD
  }

  #firstTimeout(connection: number): Nanos {
    return retransmitTimeout(2 * this.#connections.table.oneWay[connection]!)
  }

  #hasStreams(connection: number): boolean {
    return (this.#connections.table.flags[connection]! & STREAMS) !== 0
  }

  #keyOf(request: number): number {
    return 2 * this.#table.connections[request]! + this.#directions[request]!
  }

  #loses(connection: number, direction: Direction): boolean {
    const { nodes, backends, clients } = this.#connections.table
    const network = this.#network
    const node = nodes[connection]!
    const podNode = this.#backends.nodeOf(backends[connection]!)
    const outside = clients[connection] === OUTSIDE
    if (direction === TO_CLIENT) return network.loses(podNode, node) || (outside && network.loses(node, EXTERNAL))
    return (outside && network.loses(EXTERNAL, node)) || network.loses(node, podNode)
  }

  #lateness(connection: number, direction: Direction): Nanos {
    const { nodes, backends, clients } = this.#connections.table
    const network = this.#network
    const node = nodes[connection]!
    const podNode = this.#backends.nodeOf(backends[connection]!)
    const isBack = direction === TO_CLIENT
    const inside = isBack ? network.lateness(podNode, node) : network.lateness(node, podNode)
    if (clients[connection] !== OUTSIDE) return inside
    return inside + (isBack ? network.lateness(node, EXTERNAL) : network.lateness(EXTERNAL, node))
  }

  #grow(request: number): void {
    const capacity = Math.max(2 * this.#whats.length, request + 1)
    this.#whats = grown(this.#whats, new Uint8Array(capacity))
    this.#causes = grown(this.#causes, new Uint8Array(capacity))
    this.#directions = grown(this.#directions, new Uint8Array(capacity))
    this.#repeats = grown(this.#repeats, new Uint8Array(capacity))
    this.#timeouts = grown(this.#timeouts, new Float64Array(capacity))
    this.#sentAt = grown(this.#sentAt, new Float64Array(capacity))
  }
}

/** Cards that a message passes at most. */
const CARDS = 3
/** A power of two. */
const CAPACITY = 1024

function grown<T extends Uint8Array | Float64Array>(from: T, to: T): T {
  to.set(from)
  return to
}
