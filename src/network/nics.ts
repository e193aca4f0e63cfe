import { type Nanos, SECOND } from '../units.ts'

/** Bytes of a packet's headers on the wire: Ethernet 14, IP 20, TCP 20 and its time stamps 12. */
export const HEADERS = 66
/** Bytes of data in a full packet. Source: an MTU of 1500, less the headers of IP and TCP with time stamps. */
export const SEGMENT = 1448
/** What VXLAN puts before each packet. Source: RFC 7348; Cilium pkg/mtu (TunnelOverhead). */
export const OVERLAY_BYTES = 50

/**
 * The network cards of nodes: each sends and receives so many bytes a second, one message after the other, in the order in which they come.
 *
 * ```text
 *   sender's card: ──wait──▶ S ─▶ on the way ─▶ receiver's card: as it comes, or behind what is still coming
 * ```
 *
 * A message takes S = bytes / bandwidth at the sender's card. At the receiver's it comes in meanwhile, so it costs nothing more unless another is
 * coming in at the same time. Clients outside have cards without limits: what they send comes as fast as the node's card takes it.
 */
export class Nics {
  readonly #bandwidth: number
  /** By node: until when the card sends, and receives, what it has been given, ns. */
  readonly #sending: Float64Array
  readonly #receiving: Float64Array

  /** Bytes a second of each card, each way. */
  constructor(nodes: number, bandwidth: number) {
    this.#bandwidth = bandwidth
    this.#sending = new Float64Array(nodes)
    this.#receiving = new Float64Array(nodes)
  }

  /** Bytes on the wire of a message of so many bytes: it is one packet at least. `overlay`: it goes from node to node in one. */
  static onWire(bytes: number, overlay: boolean): number {
    return bytes + Nics.packets(bytes, overlay) * (HEADERS + (overlay ? OVERLAY_BYTES : 0))
  }

  /** Packets of a message. In an overlay each has less room. */
  static packets(bytes: number, overlay: boolean): number {
    return Math.max(1, Math.ceil(bytes / (SEGMENT - (overlay ? OVERLAY_BYTES : 0))))
  }

  /** How long until the card of a node has sent a message that it is given now. */
  send(node: number, wireBytes: number, now: Nanos): Nanos {
    const until = Math.max(now, this.#sending[node]!) + this.#time(wireBytes)
    this.#sending[node] = until
    return until - now
  }

  /** How much later than now a message has been received whose last bit would come now if no other were coming. */
  receive(node: number, wireBytes: number, now: Nanos): Nanos {
    const until = Math.max(now, this.#receiving[node]! + this.#time(wireBytes))
    this.#receiving[node] = until
    return until - now
  }

  /** The same of a message from outside, which comes as fast as the card takes it. */
  receiveFromOutside(node: number, wireBytes: number, now: Nanos): Nanos {
    const until = Math.max(now, this.#receiving[node]!) + this.#time(wireBytes)
    this.#receiving[node] = until
    return until - now
  }

  #time(wireBytes: number): Nanos {
    return Math.ceil((wireBytes * SECOND) / this.#bandwidth)
  }
}
