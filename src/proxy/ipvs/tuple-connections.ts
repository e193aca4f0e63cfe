/**
 * The connections of one virtual service, known by the client's address and port: what {@link ConnectionCounters} counts, where it matters that a client uses a
 * port again.
 *
 * An entry is OPEN from its SYN until whoever has it says how it ended; then its timer runs, and until that fires a SYN of the same address and port finds it.
 * What happens then is up to {@link ReuseRules}. A property test holds this to the verdicts and counts of ConnectionTable, packet by packet.
 *
 * Sources: Linux net/netfilter/ipvs/ip_vs_core.c (ip_vs_in), ip_vs_conn.c.
 */
import { invariant } from '../../invariant.ts'
import type { Nanos } from '../../units.ts'
import { mix32 } from '../mix.ts'
import { type Destination, NO_DESTINATION } from './destination-list.ts'
import type { ReuseRules } from './reuse-rules.ts'
import type { Packet } from './scheduler.ts'
import { type ConnectionTimeouts, DEFAULT_TIMEOUTS, type Ending, timeoutOf } from './timeouts.ts'
import { TimerWheel } from './timer-wheel.ts'
import type { VirtualService } from './virtual-service.ts'

/** Instead of an entry: the SYN is dropped, and the entry that it hit is gone. */
export const SYN_DROPPED = -2

const NONE = -1

/** States of an entry. */
const OPEN = 0
const TIME_WAIT = 1
const CLOSE = 2
const SYN_RECEIVED = 3
const ESTABLISHED = 4
/** Open, and IPVS took it for established before its SYN: another SYN does not change that. */
const OPEN_ESTABLISHED = 5

const STATE_OF = { 'time-wait': TIME_WAIT, close: CLOSE, 'syn-received': SYN_RECEIVED, established: ESTABLISHED } as const satisfies Record<
  Ending,
  number
>

export class TupleConnections {
  readonly #service: VirtualService
  readonly #rules: ReuseRules
  readonly #timeouts: ConnectionTimeouts
  readonly #wheel = new TimerWheel(CAPACITY)
  /** Open addressing: entry, NONE where empty. The length is a power of two, at least twice the entries. */
  #index = new Int32Array(2 * CAPACITY).fill(NONE)
  #clients = new Int32Array(CAPACITY)
  #ports = new Int32Array(CAPACITY)
  /** Of a free entry: the next free one. */
  #destinations = new Int32Array(CAPACITY)
  #states = new Uint8Array(CAPACITY)
  /** 1 while the index leads to the entry. */
  #indexed = new Uint8Array(CAPACITY)
  #free = NONE
  #entries = 0

  constructor(service: VirtualService, rules: ReuseRules, timeouts: ConnectionTimeouts = DEFAULT_TIMEOUTS) {
    this.#service = service
    this.#rules = rules
    this.#timeouts = timeouts
  }

  /** A client's SYN: its entry, {@link SYN_DROPPED}, or NO_DESTINATION when it is refused. */
  connect(packet: Packet, now: Nanos): number {
    this.drain(now)
    const known = this.#find(packet.sourceAddress, packet.sourcePort)
    if (known !== NONE) {
      // Somebody else has the address now, and the port too.
      if (this.#isOpen(known)) this.#unindex(known)
      else if (this.#mustGo(known)) {
        const drops = this.#rules.dropsFirst || this.#isConfirmed(known)
        this.expire(known, now)
        if (drops) return SYN_DROPPED
      } else {
        this.#reopen(known)
        return known
      }
    }
    const destination = this.#service.pick(packet, now)
    if (destination === NO_DESTINATION) return NO_DESTINATION
    this.#service.bind(destination, true)
    return this.#insert(packet.sourceAddress, packet.sourcePort, destination)
  }

  destinationOf(entry: number): Destination {
    return this.#destinations[entry]!
  }

  /** Whether a repeated SYN still goes to its destination. */
  accepts(entry: number): boolean {
    return !this.#isDrained(entry)
  }

  /** An open connection has ended at `now`, which must not go back between calls. */
  finish(entry: number, ending: Ending, now: Nanos): void {
    if (!this.#isOpen(entry)) invariant(false, 'a connection ends once')
    this.drain(now)
    const left: Ending = ending === 'syn-received' && this.#states[entry] === OPEN_ESTABLISHED ? 'established' : ending
    this.#states[entry] = STATE_OF[left]
    if (!this.#isActive(entry)) this.#service.deactivate(this.#destinations[entry]!)
    this.#wheel.arm(entry, now, timeoutOf(this.#timeouts, left))
  }

  /** It ends at the next tick; no packet finds it any more. */
  expire(entry: number, now: Nanos): void {
    if (this.#indexed[entry] === 1) this.#unindex(entry)
    this.#wheel.arm(entry, now, 0)
  }

  /** Lets go of every connection whose time has come. */
  drain(now: Nanos): void {
    this.#wheel.fire(now, this.#expired)
  }

  readonly #expired = (entry: number): void => {
    if (this.#indexed[entry] === 1) this.#unindex(entry)
    this.#service.unbind(this.#destinations[entry]!, this.#isActive(entry))
    this.#destinations[entry] = this.#free
    this.#free = entry
  }

  /** Whether a SYN that hits the entry ends it. */
  #mustGo(entry: number): boolean {
    if (this.#isDrained(entry)) return true
    return this.#rules.reschedulesEnded && !this.#isActive(entry)
  }

  /** Its destination is gone, or gets nothing new. */
  #isDrained(entry: number): boolean {
    const { destinations } = this.#service
    const destination = this.#destinations[entry]!
    return !destinations.available(destination) || (this.#rules.reschedulesDrained && destinations.weight(destination) === 0)
  }

  /** Connection tracking replaces its entry of an ended connection at a SYN; any other it still has. */
  #isConfirmed(entry: number): boolean {
    return this.#isActive(entry)
  }

  #reopen(entry: number): void {
    this.#wheel.disarm(entry)
    if (!this.#isActive(entry)) this.#service.activate(this.#destinations[entry]!)
    this.#states[entry] = this.#states[entry] === ESTABLISHED ? OPEN_ESTABLISHED : OPEN
  }

  #isOpen(entry: number): boolean {
    const state = this.#states[entry]
    return state === OPEN || state === OPEN_ESTABLISHED
  }

  #isActive(entry: number): boolean {
    const state = this.#states[entry]
    return state !== TIME_WAIT && state !== CLOSE
  }

  #find(client: number, port: number): number {
    const mask = this.#index.length - 1
    let slot = hash(client | 0, port) & mask
    for (let entry = this.#index[slot]!; entry !== NONE; entry = this.#index[slot]!) {
      if (this.#clients[entry] === (client | 0) && this.#ports[entry] === port) return entry
      slot = (slot + 1) & mask
    }
    return NONE
  }

  #insert(client: number, port: number, destination: Destination): number {
    let entry = this.#free
    if (entry !== NONE) this.#free = this.#destinations[entry]!
    else {
      if (this.#entries === this.#states.length) this.#grow()
      entry = this.#entries++
    }
    this.#clients[entry] = client
    this.#ports[entry] = port
    this.#destinations[entry] = destination
    this.#states[entry] = OPEN
    this.#indexed[entry] = 1
    this.#place(entry)
    return entry
  }

  /** Into the first empty slot of its run. */
  #place(entry: number): void {
    const mask = this.#index.length - 1
    let slot = this.#home(entry)
    while (this.#index[slot] !== NONE) slot = (slot + 1) & mask
    this.#index[slot] = entry
  }

  #home(entry: number): number {
    return hash(this.#clients[entry]!, this.#ports[entry]!) & (this.#index.length - 1)
  }

  /** Takes an entry out of the index and closes the gap. */
  #unindex(entry: number): void {
    const mask = this.#index.length - 1
    let hole = this.#home(entry)
    while (this.#index[hole] !== entry) hole = (hole + 1) & mask
    for (let slot = (hole + 1) & mask; this.#index[slot] !== NONE; slot = (slot + 1) & mask) {
      const moved = this.#index[slot]!
      if (((slot - this.#home(moved)) & mask) < ((slot - hole) & mask)) continue
      this.#index[hole] = moved
      hole = slot
    }
    this.#index[hole] = NONE
    this.#indexed[entry] = 0
  }

  #grow(): void {
    const capacity = 2 * this.#states.length
    this.#clients = wider(this.#clients, new Int32Array(capacity))
    this.#ports = wider(this.#ports, new Int32Array(capacity))
    this.#destinations = wider(this.#destinations, new Int32Array(capacity))
    this.#states = wider(this.#states, new Uint8Array(capacity))
    this.#indexed = wider(this.#indexed, new Uint8Array(capacity))
    this.#wheel.grow(capacity)
    this.#index = new Int32Array(2 * capacity).fill(NONE)
    for (let entry = 0; entry < this.#entries; entry++) if (this.#indexed[entry] === 1) this.#place(entry)
  }
}

function hash(client: number, port: number): number {
  return mix32(client ^ mix32(port))
}

function wider<Column extends Int32Array | Uint8Array>(from: Column, to: Column): Column {
  to.set(from)
  return to
}

/** A power of two. */
const CAPACITY = 64
