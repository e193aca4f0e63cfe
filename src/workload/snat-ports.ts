import type { RandomStream } from '../engine/random-stream.ts'
import { ABSENT, IntMap } from '../kube-proxy/int-map.ts'
import { type LinuxVersion, linux } from '../linux-version.ts'
import { type Nanos, SECOND } from '../units.ts'

/** Source ports that masquerading takes from. Source: Linux net/netfilter/nf_nat_core.c, nf_nat_l4proto_unique_tuple, for a source port of 512 and more. */
export const SNAT_FIRST = 1024
export const SNAT_PORTS = 64_512

/** Instead of a port: none was found, and the packet is dropped. */
export const NO_PORT = -1
/** A port that nobody needs to know yet. */
export const UNNAMED = 0

/** Ports tried in a row from a random one on; then half as many from another one, and so on down to fewer than 16. Source: as above. */
export const TRIES = 128
export const TRIES_LEAST = 16
/** So many tries before the end of a row the kernel also takes the port of a connection that has ended. Source: Linux commit 4589725502871 (snat: evict closing tcp entries), 6.5. */
export const HARDER = TRIES / 4
export const EVICTS: LinuxVersion = linux(6, 5)

/** Up to so many of its ports in use a pool finds one for certain: a row of 128 in use from a random port on has a chance below 10^-15. */
const NAMED_FROM = SNAT_PORTS / 2

/** How a masqueraded connection ended, and so how long its port stays taken. */
export type PortEnding = 'time-wait' | 'close' | 'unanswered'

export const LONG: Nanos = 120 * SECOND
export const SHORT: Nanos = 10 * SECOND

/** What a port is to a pool that knows its ports. */
const FREE = 0
const TAKEN = 1
const CLOSING = 2

/**
 * The source ports of masqueraded TCP connections. Those of one node to one endpoint are told apart by nothing else, and each stays taken until connection tracking
 * forgets it: 120 s after the end of the connection, 10 s after a reset.
 *
 * A pool, one for each node and endpoint, only counts until half of its ports are in use. Then its ports get numbers, drawn as the kernel would have done, and from
 * then on each connection's port is searched for as the kernel does. A crash of the node empties its pools.
 *
 * The port of an ended connection is taken over only where its sequence numbers are behind those of the new one, which of unrelated clients one in two is
 * (*assumption*). Sources: kubernetes v1.36 pkg/proxy/iptables/proxier.go (`--random-fully`); Linux net/netfilter/nf_nat_core.c, nf_conntrack_proto_tcp.c.
 */
export class SnatPorts {
  readonly #draws: RandomStream
  readonly #evicts: boolean
  /** (endpoint, node) to a place in `#pools`. */
  readonly #places = new IntMap()
  readonly #pools: Pool[] = []

  constructor(draws: RandomStream, kernel: LinuxVersion) {
    this.#draws = draws
    this.#evicts = kernel >= EVICTS
  }

  /** A port for a new connection of a node, in that epoch of it, to an endpoint: {@link UNNAMED} or its number; {@link NO_PORT}: there is none. */
  take(node: number, epoch: number, endpoint: number, now: Nanos): number {
    const key = endpoint * NODES + node
    let place = this.#places.get(key)
    if (place === ABSENT) {
      place = this.#pools.push(new Pool(epoch)) - 1
      this.#places.set(key, place)
    } else if (this.#pools[place]!.epoch !== epoch) this.#pools[place] = new Pool(epoch)
    return this.#pools[place]!.take(now, this.#draws, this.#evicts)
  }

  /** A connection that has a port is over. The node has not crashed since {@link take}. */
  end(node: number, endpoint: number, port: number, ending: PortEnding, now: Nanos): void {
    this.#poolOf(node, endpoint)!.end(port, ending, now)
  }

  /** The port is free at once. */
  give(node: number, endpoint: number, port: number): void {
    this.#poolOf(node, endpoint)!.give(port)
  }

  /** Ports in use. For tests and inspection. */
  inUse(node: number, endpoint: number, now: Nanos): number {
    return this.#poolOf(node, endpoint)?.inUse(now) ?? 0
  }

  #poolOf(node: number, endpoint: number): Pool | undefined {
    return this.#pools[this.#places.get(endpoint * NODES + node)]
  }
}

class Pool {
  readonly epoch: number
  #open = 0
  readonly #timeWait = new PortRing()
  readonly #unanswered = new PortRing()
  readonly #close = new PortRing()
  /** By port, less {@link SNAT_FIRST}; null while ports are only counted. */
  #states: Uint8Array | null = null
  /** By port, how often it was taken over: a note in a ring of an earlier one is stale. */
  #serials: Uint16Array | null = null
  #stale = 0
  /** Ports of connections that were open when ports got numbers. */
  readonly #unclaimed: number[] = []

  constructor(epoch: number) {
    this.epoch = epoch
  }

  inUse(now: Nanos): number {
    this.#drain(now)
    return this.#open + this.#timeWait.size + this.#unanswered.size + this.#close.size - this.#stale
  }

  take(now: Nanos, draws: RandomStream, evicts: boolean): number {
    if (this.#states === null) {
      if (this.inUse(now) < NAMED_FROM) {
        this.#open++
        return UNNAMED
      }
      this.#number(draws)
    } else this.#drain(now)
    const port = this.#search(draws, evicts)
    if (port === NO_PORT) return NO_PORT
    this.#states![port] = TAKEN
    this.#open++
    return SNAT_FIRST + port
  }

  end(port: number, ending: PortEnding, now: Nanos): void {
    const known = this.#claim(port)
    this.#open--
    const ring = ending === 'time-wait' ? this.#timeWait : ending === 'close' ? this.#close : this.#unanswered
    if (this.#states !== null && ending !== 'unanswered') this.#states[known] = CLOSING
    ring.push(now + (ending === 'close' ? SHORT : LONG), known, this.#serials === null ? 0 : this.#serials[known]!)
  }

  give(port: number): void {
    const known = this.#claim(port)
    this.#open--
    if (this.#states !== null) this.#states[known] = FREE
  }

  /** The port of a connection, less {@link SNAT_FIRST}, once ports have numbers. */
  #claim(port: number): number {
    if (this.#states === null) return 0
    return port === UNNAMED ? this.#unclaimed.pop()! : port - SNAT_FIRST
  }

  #drain(now: Nanos): void {
    this.#drainRing(this.#timeWait, now)
    this.#drainRing(this.#unanswered, now)
    this.#drainRing(this.#close, now)
  }

  #drainRing(ring: PortRing, now: Nanos): void {
    while (ring.firstAt <= now) {
      if (this.#states !== null) {
        if (this.#serials![ring.firstPort] === ring.firstSerial) this.#states[ring.firstPort] = FREE
        else this.#stale--
      }
      ring.shift()
    }
  }

  /** Gives a number to every port in use. */
  #number(draws: RandomStream): void {
    this.#states = new Uint8Array(SNAT_PORTS)
    this.#serials = new Uint16Array(SNAT_PORTS)
    for (let count = this.#open; count > 0; count--) this.#unclaimed.push(this.#anyFree(draws, TAKEN))
    this.#timeWait.number(() => this.#anyFree(draws, CLOSING))
    this.#unanswered.number(() => this.#anyFree(draws, TAKEN))
    this.#close.number(() => this.#anyFree(draws, CLOSING))
  }

  /** There is one. */
  #anyFree(draws: RandomStream, becomes: number): number {
    const states = this.#states!
    let port = draws.below(SNAT_PORTS)
    while (states[port] !== FREE) port = (port + 1) % SNAT_PORTS
    states[port] = becomes
    return port
  }

  #search(draws: RandomStream, evicts: boolean): number {
    const states = this.#states!
    for (let tries = TRIES; ; tries = tries >> 1) {
      const from = draws.below(SNAT_PORTS)
      for (let step = 0; step < tries; step++) {
        const port = (from + step) % SNAT_PORTS
        if (states[port] === FREE) return port
        if (!evicts || tries - step > HARDER || states[port] !== CLOSING || draws.below(2) === 0) continue
        this.#serials![port] = (this.#serials![port]! + 1) & 0xffff
        this.#stale++
        return port
      }
      if (tries < TRIES_LEAST) return NO_PORT
    }
  }
}

/** Ports in the order in which they will be free; grows by doubling. */
class PortRing {
  #times = new Float64Array(8)
  #ports = new Uint16Array(8)
  #serials = new Uint16Array(8)
  #head = 0
  size = 0

  get firstAt(): Nanos {
    return this.size === 0 ? Number.POSITIVE_INFINITY : this.#times[this.#head]!
  }

  get firstPort(): number {
    return this.#ports[this.#head]!
  }

  get firstSerial(): number {
    return this.#serials[this.#head]!
  }

  push(time: Nanos, port: number, serial: number): void {
    if (this.size === this.#times.length) this.#grow()
    const at = (this.#head + this.size) & (this.#times.length - 1)
    this.#times[at] = time
    this.#ports[at] = port
    this.#serials[at] = serial
    this.size++
  }

  shift(): void {
    this.#head = (this.#head + 1) & (this.#times.length - 1)
    this.size--
  }

  number(next: () => number): void {
    for (let index = 0; index < this.size; index++) this.#ports[(this.#head + index) & (this.#times.length - 1)] = next()
  }

  #grow(): void {
    const capacity = 2 * this.#times.length
    const [times, ports, serials] = [new Float64Array(capacity), new Uint16Array(capacity), new Uint16Array(capacity)]
    for (let index = 0; index < this.size; index++) {
      const at = (this.#head + index) & (this.#times.length - 1)
      times[index] = this.#times[at]!
      ports[index] = this.#ports[at]!
      serials[index] = this.#serials[at]!
    }
    this.#times = times
    this.#ports = ports
    this.#serials = serials
    this.#head = 0
  }
}

/** More than there are nodes. */
const NODES = 65_536
