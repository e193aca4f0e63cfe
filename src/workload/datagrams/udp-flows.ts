import type { HandlerId, Simulation } from '../../engine/simulation.ts'
import { invariant } from '../../invariant.ts'
import { NO_BINDING, NO_RULE, type ProxyMode } from '../../kube-proxy/modes/mode.ts'
import type { IsStale } from '../../kube-proxy/udp-cleanup.ts'
import { UDP_TIMEOUT, udpTimeout } from '../../node/conntrack.ts'
import type { Kernels } from '../../node/kernel.ts'
import { DEFAULT_TIMEOUTS } from '../../proxy/ipvs/timeouts.ts'
import { GOLDEN_RATIO_32, mix32 } from '../../proxy/mix.ts'
import type { Nanos } from '../../units.ts'
import { FreePlaces, grown } from '../free-places.ts'

/** No flow of those numbers. */
export const NO_FLOW = -1

/** Bits of {@link UdpFlows.flags}. */
/** Connection tracking has an entry. */
const TRACKED = 1
/** An answer came by. */
const SEEN_REPLY = 2
/** Somebody has the place. */
const TAKEN = 4

/** Where a flow goes: to a Service port by one of its addresses, or, as `~endpoint`, to an endpoint itself. */
export type FlowTarget = number

/**
 * What the kernels of all nodes remember of UDP: a flow is the five numbers of a datagram (the client's address and port, the target) on a node.
 *
 * - Connection tracking: an entry with the endpoint that the rules chose, or with none where no rule knew the address. Every datagram of the
 *   flow, in either direction, sets its timer; see {@link udpTimeout}.
 * - IPVS, besides: the destination that it scheduled, for 300 s from the last datagram on. Of a destination that is taken out the flows go
 *   too, and their entries with them.
 *
 * Columns; a flow is its place. Found by a hash of its numbers, in chains. One event a flow looks when its time may be over.
 *
 * Simplified: a destination of IPVS that is taken out and comes back keeps those of its flows that sent nothing meanwhile.
 * Source: Linux 6.1 net/netfilter/nf_conntrack_proto_udp.c, net/netfilter/ipvs/ip_vs_proto_udp.c, ip_vs_conn.c (expire_nodest_conn).
 */
export class UdpFlows {
  flags = new Uint8Array(CAPACITY)
  /** The node, and its epoch when the flow was made. */
  nodes = new Int32Array(CAPACITY)
  epochs = new Int32Array(CAPACITY)
  /** The client's address as an int32, and its port. */
  clients = new Int32Array(CAPACITY)
  ports = new Int32Array(CAPACITY)
  targets = new Int32Array(CAPACITY)
  /** Where its datagrams go, or `NO_RULE`: nowhere. */
  endpoints = new Int32Array(CAPACITY)
  /** When the entry was made, and when it ends unless a datagram comes, ns. */
  #madeAt = new Float64Array(CAPACITY)
  #expiresAt = new Float64Array(CAPACITY)
  /** What the proxy mode keeps, and until when, ns. */
  bindings = new Float64Array(CAPACITY)
  #boundUntil = new Float64Array(CAPACITY)
  /** Counts the flows that had this place. */
  #serials = new Int32Array(CAPACITY)
  /** The next of the same chain, or {@link NO_FLOW}. */
  #next = new Int32Array(CAPACITY)
  #chains = new Int32Array(CAPACITY).fill(NO_FLOW)
  readonly #places = new FreePlaces(CAPACITY)
  readonly #sim: Simulation
  readonly #kernels: Kernels
  readonly #mode: ProxyMode
  readonly #timer: HandlerId

  constructor(options: { sim: Simulation; kernels: Kernels; mode: ProxyMode }) {
    this.#sim = options.sim
    this.#kernels = options.kernels
    this.#mode = options.mode
    this.#timer = options.sim.handler((flow, serial) => {
      if (this.#serials[flow] === serial && this.flags[flow] !== 0) this.#lookAt(flow)
    })
  }

  /** Flows that some node remembers, or has not been asked for since it crashed. */
  get size(): number {
    return this.#places.used
  }

  /** The flow of those numbers that the node remembers now, or {@link NO_FLOW}. */
  find(node: number, client: number, port: number, target: FlowTarget): number {
    const { nodes, clients, ports, targets } = this
    let flow = this.#chains[this.#chainOf(node, client, port, target)]!
    while (flow !== NO_FLOW) {
      if (nodes[flow] === node && clients[flow] === client && ports[flow] === port && targets[flow] === target) break
      flow = this.#next[flow]!
    }
    if (flow === NO_FLOW) return NO_FLOW
    if (!this.#kernels.remembers(node, this.epochs[flow]!)) {
      this.#free(flow)
      return NO_FLOW
    }
    return this.#expire(flow) ? NO_FLOW : flow
  }

  /** A datagram that no flow had: an entry for 30 s. There is room for it. */
  add(node: number, client: number, port: number, target: FlowTarget, endpoint: number, binding: number): number {
    if (this.#places.free === 0) this.#grow()
    const flow = this.#places.take()
    this.flags[flow] = TAKEN
    this.#serials[flow] = (this.#serials[flow]! + 1) | 0
    this.nodes[flow] = node
    this.epochs[flow] = this.#kernels.epoch(node)
    this.clients[flow] = client
    this.ports[flow] = port
    this.targets[flow] = target
    this.endpoints[flow] = endpoint
    this.bindings[flow] = binding
    const chain = this.#chainOf(node, client, port, target)
    this.#next[flow] = this.#chains[chain]!
    this.#chains[chain] = flow
    this.track(flow)
    this.#sim.schedule(UDP_TIMEOUT, this.#timer, flow, this.#serials[flow]!)
    return flow
  }

  isTracked(flow: number): boolean {
    return (this.flags[flow]! & TRACKED) !== 0
  }

  /** It was made, or is tracked, since now. */
  isNew(flow: number): boolean {
    return this.#madeAt[flow] === this.#sim.now
  }

  /** An answer has come by since it is tracked: connection tracking calls it established. */
  isAnswered(flow: number): boolean {
    return (this.flags[flow]! & SEEN_REPLY) !== 0
  }

  /** Connection tracking makes an entry for it. There is room. */
  track(flow: number): void {
    const { now } = this.#sim
    this.#kernels.conntrack(this.nodes[flow]!).open()
    this.flags[flow] = TAKEN | TRACKED
    this.#madeAt[flow] = now
    this.#expiresAt[flow] = now + UDP_TIMEOUT
    this.#boundUntil[flow] = now + DEFAULT_TIMEOUTS.udp
  }

  /** A datagram of the client came by, now. */
  pass(flow: number): void {
    const { now } = this.#sim
    this.#setTimers(flow, now, udpTimeout((this.flags[flow]! & SEEN_REPLY) !== 0, now - this.#madeAt[flow]!))
  }

  /** An answer came by at `at`, which may be a little ago. False: there is no entry, so nothing turns its source into the Service's address. */
  answer(flow: number, at: Nanos): boolean {
    if (!this.isTracked(flow)) return false
    this.#setTimers(flow, at, udpTimeout((this.flags[flow]! & SEEN_REPLY) !== 0, at - this.#madeAt[flow]!))
    this.flags[flow]! |= SEEN_REPLY
    return true
  }

  /** The node throws the flow away, whoever keeps it. `binding` is gone already. */
  remove(flow: number): void {
    this.bindings[flow] = NO_BINDING
    this.#untrack(flow)
    this.#free(flow)
  }

  /** kube-proxy takes the entries out that are stale; IPVS keeps what it has. Gives how many. */
  clear(node: number, isStale: IsStale): number {
    let cleared = 0
    const { capacity } = this.#places
    for (let flow = 0; flow < capacity; flow++) {
      if (!this.isTracked(flow) || this.nodes[flow] !== node || !this.#kernels.remembers(node, this.epochs[flow]!)) continue
      const target = this.targets[flow]!
      const endpoint = this.endpoints[flow]!
      if (target < 0 || !isStale(target >> 1, (target & 1) as 0 | 1, endpoint === NO_RULE ? null : endpoint)) continue
      cleared++
      this.#untrack(flow)
      if (this.bindings[flow] === NO_BINDING) this.#free(flow)
    }
    return cleared
  }

  /** Every place in use is a flow that connection tracking or the mode keeps. */
  checkConservation(): void {
    let used = 0
    for (let flow = 0; flow < this.#places.capacity; flow++) {
      if (this.flags[flow] === 0) continue
      used++
      const isKept = this.isTracked(flow) || this.bindings[flow] !== NO_BINDING
      invariant(isKept, `Nobody keeps UDP flow ${flow}`)
    }
    invariant(used === this.size, `${this.size} UDP flows are in use, and ${used} have a place`)
  }

  /** A datagram came by at `at`: an answer is told of a little later than what the client sent meanwhile. */
  #setTimers(flow: number, at: Nanos, timeout: Nanos): void {
    this.#expiresAt[flow] = Math.max(this.#expiresAt[flow]!, at + timeout)
    this.#boundUntil[flow] = Math.max(this.#boundUntil[flow]!, at + DEFAULT_TIMEOUTS.udp)
  }

  /** Called by the flow's event: what is over goes, and the event is set anew for the rest. */
  #lookAt(flow: number): void {
    if (!this.#kernels.remembers(this.nodes[flow]!, this.epochs[flow]!)) {
      this.#free(flow)
      return
    }
    if (this.#expire(flow)) return
    const next = this.isTracked(flow) ? this.#expiresAt[flow]! : this.#boundUntil[flow]!
    this.#sim.schedule(next - this.#sim.now, this.#timer, flow, this.#serials[flow]!)
  }

  /** Takes out what is over now. True: everything was. */
  #expire(flow: number): boolean {
    const { now } = this.#sim
    if (this.isTracked(flow) && this.#expiresAt[flow]! <= now) this.#untrack(flow)
    if (this.bindings[flow] !== NO_BINDING && this.#boundUntil[flow]! <= now) {
      this.#mode.forget(this.bindings[flow]!, now)
      this.bindings[flow] = NO_BINDING
    }
    if (this.isTracked(flow) || this.bindings[flow] !== NO_BINDING) return false
    this.#free(flow)
    return true
  }

  #untrack(flow: number): void {
    if (!this.isTracked(flow)) return
    this.flags[flow] = TAKEN
    this.#kernels.conntrack(this.nodes[flow]!).remove()
  }

  #free(flow: number): void {
    const chain = this.#chainOf(this.nodes[flow]!, this.clients[flow]!, this.ports[flow]!, this.targets[flow]!)
    let at = this.#chains[chain]!
    if (at === flow) this.#chains[chain] = this.#next[flow]!
    else {
      while (this.#next[at] !== flow) at = this.#next[at]!
      this.#next[at] = this.#next[flow]!
    }
    this.flags[flow] = 0
    this.#places.give(flow)
  }

  #chainOf(node: number, client: number, port: number, target: FlowTarget): number {
    return (
      mix32(mix32(client ^ Math.imul(port, GOLDEN_RATIO_32)) ^ mix32(target ^ Math.imul(node, GOLDEN_RATIO_32))) & (this.#chains.length - 1)
    )
  }

  #grow(): void {
    const capacity = this.#places.grow()
    this.flags = grown(this.flags, new Uint8Array(capacity))
    this.nodes = grown(this.nodes, new Int32Array(capacity))
    this.epochs = grown(this.epochs, new Int32Array(capacity))
    this.clients = grown(this.clients, new Int32Array(capacity))
    this.ports = grown(this.ports, new Int32Array(capacity))
    this.targets = grown(this.targets, new Int32Array(capacity))
    this.endpoints = grown(this.endpoints, new Int32Array(capacity))
    this.#madeAt = grown(this.#madeAt, new Float64Array(capacity))
    this.#expiresAt = grown(this.#expiresAt, new Float64Array(capacity))
    this.bindings = grown(this.bindings, new Float64Array(capacity))
    this.#boundUntil = grown(this.#boundUntil, new Float64Array(capacity))
    this.#serials = grown(this.#serials, new Int32Array(capacity))
    this.#next = grown(this.#next, new Int32Array(capacity))
    this.#chains = new Int32Array(capacity).fill(NO_FLOW)
    for (let flow = 0; flow < capacity; flow++) {
      if (this.flags[flow] === 0) continue
      const chain = this.#chainOf(this.nodes[flow]!, this.clients[flow]!, this.ports[flow]!, this.targets[flow]!)
      this.#next[flow] = this.#chains[chain]!
      this.#chains[chain] = flow
    }
  }
}

/** A power of two. */
const CAPACITY = 1024
