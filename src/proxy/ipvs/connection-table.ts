/**
 * The IPVS connections of one node: which destination a flow belongs to, and until when.
 *
 * Connections are known by protocol, client address and port, virtual address and port. They follow TCP's
 * flags or SCTP's chunks, time out by state, and count as active or inactive at their destination. A persistent service has a
 * template a client besides, which every connection of that client refers to.
 *
 * Layout: an entry is a row of int32 numbers in one buffer; an open-addressing index of hashes and entry numbers finds it; the kernel's
 * timer wheel, whose timers are in the same rows, ends it. So a packet of one of a million connections touches two lines of memory.
 *
 * Sources: Linux net/netfilter/ipvs/ip_vs_core.c, ip_vs_conn.c, Documentation/networking/ipvs-sysctl.rst.
 */
import { invariant } from '../../invariant.ts'
import { type Nanos, SECOND } from '../../units.ts'
import { GOLDEN_RATIO_32, mix32 } from '../mix.ts'
import { SCTP, TCP, UDP } from '../protocol.ts'
import { type Destination, NO_DESTINATION } from './destination-list.ts'
import type { Packet } from './scheduler.ts'
import {
  afterClientChunk,
  afterServerChunk,
  isSctpActive,
  CLOSED as SCTP_CLOSED,
  type SctpChunk,
  type SctpState,
  sctpTimeout,
} from './sctp-state.ts'
import {
  afterClient,
  afterServer,
  CLOSE,
  CLOSE_WAIT,
  ESTABLISHED,
  FIN_WAIT,
  isActive,
  NEW,
  SYN_RECEIVED,
  type TcpFlag,
  type TcpState,
  TIME_WAIT,
} from './tcp-state.ts'
import { type ConnectionTimeouts, DEFAULT_TIMEOUTS } from './timeouts.ts'
import { TIMER, TimerWheel } from './timer-wheel.ts'
import type { VirtualService } from './virtual-service.ts'

/** The packet was dropped without an answer: the client waits for its own time-out. */
export const DROPPED = -2
/** No connection, and not a packet that begins one: left to the node's own TCP or SCTP, which answers with a reset (ABORT). */
export const NOT_SCHEDULED = -3
/** A destination (>= 0), or NO_DESTINATION (refused: ICMP port unreachable), DROPPED or NOT_SCHEDULED. */
export type ForwardVerdict = Destination

/** What IPVS looks at in a packet: the flag of a TCP segment, the first chunk of an SCTP packet. It looks at nothing in a UDP datagram. */
export type Segment = TcpFlag | SctpChunk

/** /proc/sys/net/ipv4/vs. The defaults here are those that kube-proxy leaves behind (pkg/proxy/ipvs/proxier.go, kernel 5.9 or later). */
export interface IpvsSysctls {
  /** A packet of a connection whose destination is gone: false, drop it silently; true, end the connection at once. */
  readonly expireNodestConn: boolean
  /** A new connection of a client whose template points to a destination of weight 0: true, schedule it afresh. */
  readonly expireQuiescentTemplate: boolean
  /** Whether a SYN that hits a connection in TIME_WAIT or CLOSE (SCTP: an INIT, in CLOSED) is scheduled afresh; 0 lets it go to the old destination. 2 differs from 1 only where replies bypass the node. */
  readonly connReuseMode: 0 | 1 | 2
  /** Whether a SYN that hits a connection of a destination of weight 0 is scheduled afresh. Kernels before 5.16 do not with connReuseMode 0. Default: true. */
  readonly reschedulesDrained?: boolean
  /** vs/conntrack: a connection that ends while nf_conntrack holds it confirmed costs one dropped packet. */
  readonly conntrack: boolean
}

export const KUBE_PROXY_SYSCTLS: IpvsSysctls = { expireNodestConn: true, expireQuiescentTemplate: true, connReuseMode: 1, conntrack: true }

/** A template that still has connections when its time is up gets another minute. */
export const TEMPLATE_EXTENSION: Nanos = 60 * SECOND

/** Added to the protocol of a template's key. */
const TEMPLATE = 256
const NONE = -1

/** Of an entry, behind its timer, first what every packet asks for. The key: protocol (+ TEMPLATE), client address, virtual address, client port << 16 | virtual port. */
const PROTOCOL = TIMER
const CLIENT = TIMER + 1
const VIRTUAL = TIMER + 2
const PORTS = TIMER + 3
const DESTINATION = TIMER + 4
const STATE = TIMER + 5
/** What the timer is set to at every packet: index into the table's lifetimes. */
const LIFETIME = TIMER + 6
/** Index into the table's services. */
const SERVICE = TIMER + 7
/** Entry of the template that a connection belongs to, or NONE. Of a free entry: the next free one. */
const PARENT = TIMER + 8
/** Connections of a template. */
const CHILDREN = TIMER + 9
/** 1 while the index leads to the entry. */
const INDEXED = TIMER + 10
/** A line of memory. */
const ROW = 16

export class ConnectionTable {
  readonly #timeouts: ConnectionTimeouts
  readonly #sysctls: IpvsSysctls
  readonly #wheel: TimerWheel
  /**
   * Open addressing, two slots for each entry that there is room for. The low bits of a key's hash say where a run begins; a slot has the other
   * bits, and in the place of the low ones the entry and 1, so that hardly any entry of another key is looked at. 0: empty.
   */
  #index: Int32Array
  /** ROW numbers an entry: the wheel's rows. */
  #rows: Int32Array
  #capacity = 16
  /** All that were ever needed, ns. */
  readonly #lifetimes: Nanos[] = []
  readonly #services = new ServiceNumbers()
  #free = NONE
  #entries = 0
  #size = 0

  constructor(options: { timeouts?: ConnectionTimeouts; sysctls?: IpvsSysctls; capacity?: number } = {}) {
    this.#timeouts = options.timeouts ?? DEFAULT_TIMEOUTS
    this.#sysctls = options.sysctls ?? KUBE_PROXY_SYSCTLS
    while (this.#capacity < (options.capacity ?? 0)) this.#capacity *= 2
    this.#wheel = new TimerWheel(this.#capacity, ROW)
    this.#index = new Int32Array(this.#capacity * 2)
    this.#rows = this.#wheel.rows
  }

  /** Entries alive, templates included. */
  get size(): number {
    return this.#size
  }

  /**
   * A packet from a client to `service`, whose address and port are the packet's destination.
   *
   * `segment` is not looked at for UDP. `confirmed` tells whether nf_conntrack already had the flow confirmed when the packet came;
   * it matters only when a connection is ended early and vs/conntrack is on.
   */
  fromClient(service: VirtualService, packet: Packet, segment: Segment, confirmed: boolean, now: Nanos): ForwardVerdict {
    const { protocol } = packet
    invariant(protocol === TCP || protocol === UDP || protocol === SCTP, 'connections are TCP, UDP or SCTP')
    this.expire(now)
    const begins = beginsConnection(protocol, segment)
    let entry = this.#find(packet.protocol, packet.sourceAddress, packet.sourcePort, packet.destinationAddress, packet.destinationPort)
    if (entry !== NONE && this.#mustEnd(entry, begins)) {
      this.#expireNow(entry, now)
      if (this.#sysctls.conntrack && confirmed) return DROPPED
      entry = NONE
    }
    if (entry !== NONE && !this.#serviceOf(entry).destinations.available(this.#rows[entry * ROW + DESTINATION]!)) return DROPPED
    if (entry === NONE) {
      if (!begins && protocol !== UDP) return NOT_SCHEDULED
      entry = this.#schedule(service, packet, now)
      if (entry === NONE) return NO_DESTINATION
    }
    if (protocol === TCP) this.#setTcpState(entry, afterClient(this.#rows[entry * ROW + STATE] as TcpState, segment as TcpFlag))
    else if (protocol === SCTP)
      this.#setSctpState(entry, afterClientChunk(this.#rows[entry * ROW + STATE] as SctpState, segment as SctpChunk))
    this.#arm(entry, now)
    return this.#rows[entry * ROW + DESTINATION]!
  }

  /**
   * An answer of the server; `packet` is in the client's terms (source is the client, destination the virtual service).
   *
   * Returns the destination whose connection it belongs to, or NOT_SCHEDULED: the packet is not translated back.
   */
  fromServer(packet: Packet, segment: Segment, now: Nanos): ForwardVerdict {
    this.expire(now)
    const entry = this.#find(packet.protocol, packet.sourceAddress, packet.sourcePort, packet.destinationAddress, packet.destinationPort)
    if (entry === NONE) return NOT_SCHEDULED
    if (packet.protocol === TCP) this.#setTcpState(entry, afterServer(this.#rows[entry * ROW + STATE] as TcpState, segment as TcpFlag))
    else if (packet.protocol === SCTP)
      this.#setSctpState(entry, afterServerChunk(this.#rows[entry * ROW + STATE] as SctpState, segment as SctpChunk))
    this.#arm(entry, now)
    return this.#rows[entry * ROW + DESTINATION]!
  }

  /** Ends every connection and template whose time is up. All other methods do it first. */
  expire(now: Nanos): void {
    this.#wheel.fire(now, this.#expired)
  }

  readonly #expired = (entry: number, firedAt: Nanos): void => {
    if (this.#rows[entry * ROW + CHILDREN]! > 0) {
      this.#setLifetime(entry, TEMPLATE_EXTENSION)
      this.#wheel.arm(entry, firedAt, TEMPLATE_EXTENSION)
      return
    }
    const service = this.#serviceOf(entry)
    const destination = this.#rows[entry * ROW + DESTINATION]!
    if (this.#rows[entry * ROW + INDEXED] === 1) this.#unindex(entry)
    if (this.#rows[entry * ROW + PROTOCOL]! >= TEMPLATE) service.destinations.unhold(destination)
    else service.unbind(destination, this.#isActive(entry))
    const template = this.#rows[entry * ROW + PARENT]!
    if (template !== NONE) this.#rows[template * ROW + CHILDREN] = this.#rows[template * ROW + CHILDREN]! - 1
    this.#services.release(this.#rows[entry * ROW + SERVICE]!)
    this.#rows[entry * ROW + PARENT] = this.#free
    this.#free = entry
    this.#size -= 1
  }

  /** Whether this packet ends the connection it belongs to, so that it is scheduled afresh. */
  #mustEnd(entry: number, begins: boolean): boolean {
    const list = this.#serviceOf(entry).destinations
    const destination = this.#rows[entry * ROW + DESTINATION]!
    if (this.#sysctls.expireNodestConn && !list.available(destination)) return true
    if (!begins) return false
    if (this.#sysctls.expireNodestConn && this.#sysctls.reschedulesDrained !== false && list.weight(destination) === 0) return true
    // A connection with a template is never given up for port reuse: the packet goes on to its destination.
    if (this.#sysctls.connReuseMode === 0 || this.#rows[entry * ROW + PARENT] !== NONE) return false
    const state = this.#rows[entry * ROW + STATE]
    return this.#rows[entry * ROW + PROTOCOL] === SCTP ? state === SCTP_CLOSED : state === TIME_WAIT || state === CLOSE
  }

  /** A UDP entry keeps the state in which it began, which is inactive. */
  #isActive(entry: number): boolean {
    const state = this.#rows[entry * ROW + STATE]
    return this.#rows[entry * ROW + PROTOCOL] === SCTP ? isSctpActive(state as SctpState) : isActive(state as TcpState)
  }

  /** Ends an entry at the next tick; from now on no packet finds it. */
  #expireNow(entry: number, now: Nanos): void {
    this.#unindex(entry)
    this.#wheel.arm(entry, now, 0)
  }

  /** A new connection, or NONE when the scheduler refuses. */
  #schedule(service: VirtualService, packet: Packet, now: Nanos): number {
    let destination = NO_DESTINATION
    let template = NONE
    if (service.persistence === null) {
      destination = service.pick(packet, now)
      if (destination === NO_DESTINATION) return NONE
    } else {
      template = this.#template(service, packet, service.persistence.timeout, service.persistence.netmask, now)
      if (template === NONE) return NONE
      destination = this.#rows[template * ROW + DESTINATION]!
      this.#rows[template * ROW + CHILDREN] = this.#rows[template * ROW + CHILDREN]! + 1
    }
    const entry = this.#insert(service, destination, packet.protocol, packet.sourceAddress, packet.sourcePort, packet)
    this.#rows[entry * ROW + PARENT] = template
    this.#setLifetime(entry, this.#timeouts.udp)
    service.bind(destination, false)
    return entry
  }

  /** The client's template, valid and refreshed, or NONE when the scheduler refuses. */
  #template(service: VirtualService, packet: Packet, timeout: Nanos, netmask: number, now: Nanos): number {
    const client = packet.sourceAddress & netmask
    let template = this.#find(packet.protocol + TEMPLATE, client, 0, packet.destinationAddress, packet.destinationPort)
    if (template !== NONE && !this.#templateIsValid(template)) {
      // It stays until its timer ends it, but no client finds it again.
      this.#unindex(template)
      template = NONE
    }
    if (template === NONE) {
      const destination = service.pick(packet, now)
      if (destination === NO_DESTINATION) return NONE
      template = this.#insert(service, destination, packet.protocol + TEMPLATE, client, 0, packet)
      this.#setLifetime(template, timeout)
      service.destinations.hold(destination)
    }
    this.#arm(template, now)
    return template
  }

  #templateIsValid(template: number): boolean {
    const list = this.#serviceOf(template).destinations
    const destination = this.#rows[template * ROW + DESTINATION]!
    if (!list.available(destination)) return false
    return !(this.#sysctls.expireQuiescentTemplate && list.weight(destination) === 0)
  }

  #setTcpState(entry: number, state: TcpState): void {
    invariant(state !== undefined, 'a TCP segment carries a TCP flag')
    this.#setState(entry, state, isActive(state), this.#tcpTimeout(state))
  }

  #setSctpState(entry: number, state: SctpState): void {
    invariant(state !== undefined, 'an SCTP packet carries an SCTP chunk')
    this.#setState(entry, state, isSctpActive(state), sctpTimeout(state))
  }

  #setState(entry: number, state: number, after: boolean, timeout: Nanos): void {
    const before = this.#isActive(entry)
    this.#rows[entry * ROW + STATE] = state
    this.#setLifetime(entry, timeout)
    if (before === after) return
    if (after) this.#serviceOf(entry).activate(this.#rows[entry * ROW + DESTINATION]!)
    else this.#serviceOf(entry).deactivate(this.#rows[entry * ROW + DESTINATION]!)
  }

  #tcpTimeout(state: TcpState): Nanos {
    switch (state) {
      case NEW:
      case SYN_RECEIVED:
        return this.#timeouts.synReceived
      case ESTABLISHED:
        return this.#timeouts.established
      case FIN_WAIT:
        return this.#timeouts.finWait
      case CLOSE_WAIT:
        return this.#timeouts.closeWait
      case TIME_WAIT:
        return this.#timeouts.timeWait
      case CLOSE:
        return this.#timeouts.close
    }
  }

  #arm(entry: number, now: Nanos): void {
    this.#wheel.arm(entry, now, this.#lifetimes[this.#rows[entry * ROW + LIFETIME]!]!)
  }

  #setLifetime(entry: number, lifetime: Nanos): void {
    let number = this.#lifetimes.indexOf(lifetime)
    if (number < 0) number = this.#lifetimes.push(lifetime) - 1
    this.#rows[entry * ROW + LIFETIME] = number
  }

  #serviceOf(entry: number): VirtualService {
    return this.#services.of(this.#rows[entry * ROW + SERVICE]!)
  }

  #find(protocol: number, client: number, clientPort: number, virtual: number, virtualPort: number): number {
    const ports = (clientPort << 16) | virtualPort
    const index = this.#index
    const rows = this.#rows
    const mask = index.length - 1
    const key = hash(protocol, client | 0, virtual | 0, ports)
    let slot = key & mask
    for (let found = index[slot]!; found !== 0; found = index[slot]!) {
      if (((found ^ key) & ~mask) === 0) {
        const row = ((found & mask) - 1) * ROW
        if (
          rows[row + CLIENT] === (client | 0) &&
          rows[row + PORTS] === ports &&
          rows[row + VIRTUAL] === (virtual | 0) &&
          rows[row + PROTOCOL] === protocol
        ) {
          return (found & mask) - 1
        }
      }
      slot = (slot + 1) & mask
    }
    return NONE
  }

  #insert(service: VirtualService, destination: Destination, protocol: number, client: number, clientPort: number, packet: Packet): number {
    const entry = this.#allocate()
    const rows = this.#rows
    const row = entry * ROW
    rows[row + PROTOCOL] = protocol
    rows[row + CLIENT] = client
    rows[row + VIRTUAL] = packet.destinationAddress
    rows[row + PORTS] = (clientPort << 16) | packet.destinationPort
    rows[row + DESTINATION] = destination
    rows[row + STATE] = NEW
    rows[row + PARENT] = NONE
    rows[row + CHILDREN] = 0
    rows[row + SERVICE] = this.#services.take(service)
    rows[row + INDEXED] = 1
    this.#place(entry)
    this.#size += 1
    return entry
  }

  #allocate(): number {
    if (this.#free !== NONE) {
      const entry = this.#free
      this.#free = this.#rows[entry * ROW + PARENT]!
      return entry
    }
    if (this.#entries === this.#capacity) this.#grow()
    this.#entries += 1
    return this.#entries - 1
  }

  /** Puts an entry into the first empty slot of its run. */
  #place(entry: number): void {
    const index = this.#index
    const mask = index.length - 1
    const key = this.#hashOf(entry)
    let slot = key & mask
    while (index[slot] !== 0) slot = (slot + 1) & mask
    index[slot] = (key & ~mask) | (entry + 1)
  }

  #hashOf(entry: number): number {
    const rows = this.#rows
    const row = entry * ROW
    return hash(rows[row + PROTOCOL]!, rows[row + CLIENT]!, rows[row + VIRTUAL]!, rows[row + PORTS]!)
  }

  /** Takes an entry out of the index and closes the gap. */
  #unindex(entry: number): void {
    const index = this.#index
    const mask = index.length - 1
    let hole = this.#hashOf(entry) & mask
    while ((index[hole]! & mask) !== entry + 1) hole = (hole + 1) & mask
    for (let slot = (hole + 1) & mask; index[slot] !== 0; slot = (slot + 1) & mask) {
      const home = this.#hashOf((index[slot]! & mask) - 1) & mask
      if (((slot - home) & mask) < ((slot - hole) & mask)) continue
      index[hole] = index[slot]!
      hole = slot
    }
    index[hole] = 0
    this.#rows[entry * ROW + INDEXED] = 0
  }

  #grow(): void {
    this.#capacity *= 2
    this.#wheel.grow(this.#capacity)
    const { rows } = this.#wheel
    this.#rows = rows
    this.#index = new Int32Array(this.#capacity * 2)
    for (let entry = 0; entry < this.#entries; entry += 1) if (rows[entry * ROW + INDEXED] === 1) this.#place(entry)
  }
}

/** Services by small numbers, as long as they have entries. */
class ServiceNumbers {
  readonly #numbers = new Map<VirtualService, number>()
  readonly #services: (VirtualService | null)[] = []
  /** Entries of each. */
  readonly #uses: number[] = []
  readonly #free: number[] = []

  of(number: number): VirtualService {
    return this.#services[number]!
  }

  /** For one more entry. */
  take(service: VirtualService): number {
    let number = this.#numbers.get(service)
    if (number === undefined) {
      number = this.#free.pop() ?? this.#services.length
      this.#numbers.set(service, number)
      this.#services[number] = service
      this.#uses[number] = 0
    }
    this.#uses[number]!++
    return number
  }

  /** One of its entries is over. */
  release(number: number): void {
    if (--this.#uses[number]! > 0) return
    this.#numbers.delete(this.#services[number]!)
    this.#services[number] = null
    this.#free.push(number)
  }
}

/** Whether the packet begins a connection where none is known, or renews one. A UDP datagram renews none. */
function beginsConnection(protocol: number, segment: Segment): boolean {
  return protocol === TCP ? segment === 'syn' : protocol === SCTP && segment === 'init'
}

function hash(protocol: number, client: number, virtual: number, ports: number): number {
  return mix32(client ^ mix32(ports ^ Math.imul(virtual ^ protocol, GOLDEN_RATIO_32)))
}
