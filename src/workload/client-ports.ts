import { ABSENT, IntMap } from '../kube-proxy/int-map.ts'
import { mix32 } from '../proxy/mix.ts'

/** Source: net.ipv4.ip_local_port_range, default 32768 to 60999. */
export const FIRST_PORT = 32_768
export const PORTS = 28_232
/** Ports of one parity. */
const HALF = PORTS / 2
const BYTES = PORTS / 8

/**
 * Which port a client's kernel gives the next connection to a Service port: the next free one of the same parity as the first of the range, and one of the other parity
 * only when none of those is free. So a client that keeps none open comes back to a port after 14,116 connections.
 *
 * A port is free again as soon as the client has closed the connection, since the server closed it first, as servers do that answer one request a connection
 * (*assumption*). Where the sequence begins depends on client and Service; that other clients of the node move it on is left out (*assumption*).
 * Source: Linux net/ipv4/inet_hashtables.c, __inet_hash_connect; RFC 6056, 3.3.3.
 */
export class ClientPorts {
  readonly #places = new IntMap()
  /** By (client, Service port): where the search goes on, and which ports are in use, a bit each. */
  readonly #next: number[] = []
  readonly #used: Uint8Array[] = []
  /** How many of each parity. */
  readonly #counts: [number, number][] = []

  /** When all are in use, which a kernel would answer with EADDRNOTAVAIL, one is shared. */
  take(address: number, servicePort: number): number {
    const place = this.#placeOf(address, servicePort)
    const used = this.#used[place]!
    const start = this.#next[place]!
    const counts = this.#counts[place]!
    for (let parity = 0; parity < 2; parity++) {
      if (counts[parity] === HALF) continue
      for (let step = 0; step < HALF; step++) {
        const at = (start + step) % HALF
        const offset = 2 * at + parity
        if ((used[offset >> 3]! & (1 << (offset & 7))) !== 0) continue
        used[offset >> 3]! |= 1 << (offset & 7)
        counts[parity]!++
        this.#next[place] = (at + 1) % HALF
        return FIRST_PORT + offset
      }
    }
    return FIRST_PORT + 2 * start
  }

  /** One that was shared is given back by the first of its connections. */
  give(address: number, servicePort: number, port: number): void {
    const offset = port - FIRST_PORT
    const place = this.#placeOf(address, servicePort)
    const used = this.#used[place]!
    const bit = 1 << (offset & 7)
    if ((used[offset >> 3]! & bit) === 0) return
    used[offset >> 3]! &= ~bit
    this.#counts[place]![offset & 1]!--
  }

  #placeOf(address: number, servicePort: number): number {
    const key = (address >>> 0) * SERVICE_PORTS + servicePort
    const known = this.#places.get(key)
    if (known !== ABSENT) return known
    const place = this.#used.push(new Uint8Array(BYTES)) - 1
    this.#counts.push([0, 0])
    this.#next.push((mix32(address ^ mix32(servicePort)) >>> 0) % HALF)
    this.#places.set(key, place)
    return place
  }
}

/** More than there are Service ports; times 2^32 it is below 2^53. */
const SERVICE_PORTS = 2_097_152
