/**
 * The IPVS connections of one node: which destination a flow belongs to, and until when.
 *
 * Connections are known by protocol, client address and port, virtual address and port. They follow TCP's
 * flags or SCTP's chunks, time out by state, and count as active or inactive at their destination. A persistent service has a
 * template a client besides, which every connection of that client refers to.
 *
 * Layout: an entry is a row over parallel columns; an open-addressing index of int32 entry numbers finds it; the kernel's
 * timer wheel ends it.
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
import { TimerWheel } from './timer-wheel.ts'
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

export class ConnectionTable {
  readonly #timeouts: ConnectionTimeouts
  readonly #sysctls: IpvsSysctls
  readonly #wheel: TimerWheel
  /** Open addressing: entry number, NONE where empty. The length is a power of two. */
  #index: Int32Array
  /** Columns of an entry. Key: protocol (+ TEMPLATE), client address, virtual address, client port << 16 | virtual port. */
  #protocols: Int32Array
  #clients: Int32Array
  #virtuals: Int32Array
  #ports: Int32Array
  #destinations: Int32Array
  #states: Uint8Array
  /** Entry of the template that a connection belongs to, or NONE. For a free entry: the next free one. */
  #templates: Int32Array
  /** Connections of a template. */
  #children: Int32Array
  /** ns; what the timer is set to at every packet. */
  #lifetimes: Float64Array
  /** 1 while the index leads to the entry. */
  #indexed: Uint8Array
  readonly #services: (VirtualService | null)[] = []
  #free = NONE
  #entries = 0
  #size = 0

  constructor(options: { timeouts?: ConnectionTimeouts; sysctls?: IpvsSysctls; capacity?: number } = {}) {
    this.#timeouts = options.timeouts ?? DEFAULT_TIMEOUTS
    this.#sysctls = options.sysctls ?? KUBE_PROXY_SYSCTLS
    let capacity = 16
    while (capacity < (options.capacity ?? 0)) capacity *= 2
    this.#wheel = new TimerWheel(capacity)
    this.#index = new Int32Array(capacity * 2).fill(NONE)
    this.#protocols = new Int32Array(capacity)
    this.#clients = new Int32Array(capacity)
    this.#virtuals = new Int32Array(capacity)
    this.#ports = new Int32Array(capacity)
    this.#destinations = new Int32Array(capacity)
    this.#states = new Uint8Array(capacity)
    this.#templates = new Int32Array(capacity)
    this.#children = new Int32Array(capacity)
    this.#lifetimes = new Float64Array(capacity)
    this.#indexed = new Uint8Array(capacity)
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
    if (entry !== NONE && !this.#services[entry]!.destinations.available(this.#destinations[entry]!)) return DROPPED
    if (entry === NONE) {
      if (!begins && protocol !== UDP) return NOT_SCHEDULED
      entry = this.#schedule(service, packet, now)
      if (entry === NONE) return NO_DESTINATION
    }
    if (protocol === TCP) this.#setTcpState(entry, afterClient(this.#states[entry] as TcpState, segment as TcpFlag))
    else if (protocol === SCTP) this.#setSctpState(entry, afterClientChunk(this.#states[entry] as SctpState, segment as SctpChunk))
    this.#arm(entry, now)
    return this.#destinations[entry]!
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
    if (packet.protocol === TCP) this.#setTcpState(entry, afterServer(this.#states[entry] as TcpState, segment as TcpFlag))
    else if (packet.protocol === SCTP) this.#setSctpState(entry, afterServerChunk(this.#states[entry] as SctpState, segment as SctpChunk))
    this.#arm(entry, now)
    return this.#destinations[entry]!
  }

  /** Ends every connection and template whose time is up. All other methods do it first. */
  expire(now: Nanos): void {
    this.#wheel.fire(now, this.#expired)
  }

  readonly #expired = (entry: number, firedAt: Nanos): void => {
    if (this.#children[entry]! > 0) {
      this.#lifetimes[entry] = TEMPLATE_EXTENSION
      this.#wheel.arm(entry, firedAt, TEMPLATE_EXTENSION)
      return
    }
    const service = this.#services[entry]!
    const destination = this.#destinations[entry]!
    if (this.#indexed[entry] === 1) this.#unindex(entry)
    if (this.#protocols[entry]! >= TEMPLATE) service.destinations.unhold(destination)
    else service.unbind(destination, this.#isActive(entry))
    const template = this.#templates[entry]!
    if (template !== NONE) this.#children[template] = this.#children[template]! - 1
    this.#services[entry] = null
    this.#templates[entry] = this.#free
    this.#free = entry
    this.#size -= 1
  }

  /** Whether this packet ends the connection it belongs to, so that it is scheduled afresh. */
  #mustEnd(entry: number, begins: boolean): boolean {
    const list = this.#services[entry]!.destinations
    const destination = this.#destinations[entry]!
    if (this.#sysctls.expireNodestConn && !list.available(destination)) return true
    if (!begins) return false
    if (this.#sysctls.expireNodestConn && this.#sysctls.reschedulesDrained !== false && list.weight(destination) === 0) return true
    // A connection with a template is never given up for port reuse: the packet goes on to its destination.
    if (this.#sysctls.connReuseMode === 0 || this.#templates[entry] !== NONE) return false
    const state = this.#states[entry]
    return this.#protocols[entry] === SCTP ? state === SCTP_CLOSED : state === TIME_WAIT || state === CLOSE
  }

  /** A UDP entry keeps the state in which it began, which is inactive. */
  #isActive(entry: number): boolean {
    const state = this.#states[entry]
    return this.#protocols[entry] === SCTP ? isSctpActive(state as SctpState) : isActive(state as TcpState)
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
      destination = this.#destinations[template]!
      this.#children[template] = this.#children[template]! + 1
    }
    const entry = this.#insert(service, destination, packet.protocol, packet.sourceAddress, packet.sourcePort, packet)
    this.#templates[entry] = template
    this.#lifetimes[entry] = this.#timeouts.udp
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
      this.#lifetimes[template] = timeout
      service.destinations.hold(destination)
    }
    this.#arm(template, now)
    return template
  }

  #templateIsValid(template: number): boolean {
    const list = this.#services[template]!.destinations
    const destination = this.#destinations[template]!
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
    this.#states[entry] = state
    this.#lifetimes[entry] = timeout
    if (before === after) return
    if (after) this.#services[entry]!.activate(this.#destinations[entry]!)
    else this.#services[entry]!.deactivate(this.#destinations[entry]!)
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
    this.#wheel.arm(entry, now, this.#lifetimes[entry]!)
  }

  #find(protocol: number, client: number, clientPort: number, virtual: number, virtualPort: number): number {
    const ports = (clientPort << 16) | virtualPort
    const mask = this.#index.length - 1
    let slot = hash(protocol, client | 0, virtual | 0, ports) & mask
    for (let entry = this.#index[slot]!; entry !== NONE; entry = this.#index[slot]!) {
      if (
        this.#clients[entry] === (client | 0) &&
        this.#ports[entry] === ports &&
        this.#virtuals[entry] === (virtual | 0) &&
        this.#protocols[entry] === protocol
      ) {
        return entry
      }
      slot = (slot + 1) & mask
    }
    return NONE
  }

  #insert(service: VirtualService, destination: Destination, protocol: number, client: number, clientPort: number, packet: Packet): number {
    const entry = this.#allocate()
    this.#protocols[entry] = protocol
    this.#clients[entry] = client
    this.#virtuals[entry] = packet.destinationAddress
    this.#ports[entry] = (clientPort << 16) | packet.destinationPort
    this.#destinations[entry] = destination
    this.#states[entry] = NEW
    this.#templates[entry] = NONE
    this.#children[entry] = 0
    this.#services[entry] = service
    this.#indexed[entry] = 1
    this.#place(entry)
    this.#size += 1
    return entry
  }

  #allocate(): number {
    if (this.#free !== NONE) {
      const entry = this.#free
      this.#free = this.#templates[entry]!
      return entry
    }
    if (this.#entries === this.#states.length) this.#grow()
    this.#entries += 1
    return this.#entries - 1
  }

  /** Puts an entry into the first empty slot of its run. */
  #place(entry: number): void {
    const mask = this.#index.length - 1
    let slot = this.#home(entry)
    while (this.#index[slot] !== NONE) slot = (slot + 1) & mask
    this.#index[slot] = entry
  }

  #home(entry: number): number {
    const key = hash(this.#protocols[entry]!, this.#clients[entry]!, this.#virtuals[entry]!, this.#ports[entry]!)
    return key & (this.#index.length - 1)
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
    const capacity = this.#states.length * 2
    this.#protocols = wider(this.#protocols, new Int32Array(capacity))
    this.#clients = wider(this.#clients, new Int32Array(capacity))
    this.#virtuals = wider(this.#virtuals, new Int32Array(capacity))
    this.#ports = wider(this.#ports, new Int32Array(capacity))
    this.#destinations = wider(this.#destinations, new Int32Array(capacity))
    this.#states = wider(this.#states, new Uint8Array(capacity))
    this.#templates = wider(this.#templates, new Int32Array(capacity))
    this.#children = wider(this.#children, new Int32Array(capacity))
    this.#lifetimes = wider(this.#lifetimes, new Float64Array(capacity))
    this.#indexed = wider(this.#indexed, new Uint8Array(capacity))
    this.#wheel.grow(capacity)
    this.#index = new Int32Array(capacity * 2).fill(NONE)
    for (let entry = 0; entry < this.#entries; entry += 1) if (this.#indexed[entry] === 1) this.#place(entry)
  }
}

/** Whether the packet begins a connection where none is known, or renews one. A UDP datagram renews none. */
function beginsConnection(protocol: number, segment: Segment): boolean {
  return protocol === TCP ? segment === 'syn' : protocol === SCTP && segment === 'init'
}

function hash(protocol: number, client: number, virtual: number, ports: number): number {
  return mix32(client ^ mix32(ports ^ Math.imul(virtual ^ protocol, GOLDEN_RATIO_32)))
}

function wider<Column extends Int32Array | Uint8Array | Float64Array>(from: Column, to: Column): Column {
  to.set(from)
  return to
}
