import { type Distribution, distribution } from '../engine/distributions.ts'
import type { RandomStream } from '../engine/random-stream.ts'
import type { Simulation } from '../engine/simulation.ts'
import { MICROSECOND, type Nanos } from '../units.ts'
import type { Links } from './links.ts'
import { LINK_CLASSES, type NetworkSpec } from './network-spec.ts'
import { Nics } from './nics.ts'

/** A client outside the cluster, in the place of a node. */
export const EXTERNAL = -1

/** Indexes of LINK_CLASSES. */
const SAME_NODE = 0
const SAME_ZONE = 1
const CROSS_ZONE = 2
const EXTERNAL_LINK = 3

/**
 * What VXLAN adds to the way of a packet from node to node. *Assumption*: 1 us for putting it in and 1 us for taking it out. Measured it is too
 * little to be seen: TCP_RR took 105 us with VXLAN and 106 us without (imroc/tke-guide, network-benchmark.md, Cilium 1.19).
 */
export const TUNNEL: Nanos = 2 * MICROSECOND

/** What is not the same for every packet: where these are, the network is not plain. */
export interface NetworkParts {
  readonly sim: Simulation
  /** What faults do to links; null: no fault of this run does anything. */
  readonly links: Links | null
}

/**
 * How long a packet is on its way, by where its two ends are: one node, one zone, two zones, or outside; whether it is lost, and how late it is.
 *
 * A **plain** network loses nothing and is never late: {@link delay} says all, and nobody asks more of it. Otherwise each packet is asked for
 * by {@link loses} and {@link lateness} when it is sent, once for each link on its way. Draws come from two streams, `network/loss` and
 * `network/jitter`.
 */
export class Network {
  /** One way, between a client outside the cluster and a node. */
  readonly external: Nanos
  /** Every packet of a link is like every other. */
  readonly isPlain: boolean
  /** The nodes' cards; null: they have no limit. */
  readonly nics: Nics | null
  readonly isOverlay: boolean
  readonly #sim: Simulation | null
  readonly #delays: readonly Nanos[]
  /** By node. */
  readonly #zones: Int32Array
  readonly #links: Links | null
  readonly #loss: readonly number[] | null
  readonly #jitter: readonly (Distribution | null)[] | null
  readonly #lossDice: RandomStream | null
  readonly #jitterDice: RandomStream | null

  /** Without `parts` it is plain, whatever the spec says of loss and jitter. */
  constructor(spec: NetworkSpec, zoneOfNode: readonly string[], parts: NetworkParts | null = null) {
    this.external = spec.external
    this.isOverlay = spec.isOverlay === true
    const tunnel = this.isOverlay ? TUNNEL : 0
    this.#delays = LINK_CLASSES.map((link) => spec[link] + (link === 'sameZone' || link === 'crossZone' ? tunnel : 0))
    this.#sim = parts?.sim ?? null
    this.nics = parts === null || spec.bandwidth === undefined ? null : new Nics(zoneOfNode.length, spec.bandwidth)
    const names = [...new Set(zoneOfNode)]
    this.#zones = Int32Array.from(zoneOfNode, (zone) => names.indexOf(zone))
    this.#links = parts?.links ?? null
    this.#loss = parts === null || spec.loss === undefined ? null : LINK_CLASSES.map((link) => spec.loss![link])
    const { jitter } = spec
    this.#jitter = parts === null || jitter === undefined ? null : LINK_CLASSES.map((link) => maybe(jitter[link]))
    this.#lossDice = this.#loss === null ? null : parts!.sim.rng('network/loss')
    this.#jitterDice = this.#jitter === null ? null : parts!.sim.rng('network/jitter')
    this.isPlain = this.#links === null && this.#loss === null && this.#jitter === null && this.nics === null
  }

  /** One way, from a pod or port of one node to a pod of another or the same, as long as nothing is in its way. */
  delay(from: number, to: number): Nanos {
    return this.#delays[this.#link(from, to)]!
  }

  /** Whether a packet is lost that goes from one node, or {@link EXTERNAL}, to another now. */
  loses(from: number, to: number): boolean {
    const share = this.#loss === null ? 0 : this.#loss[this.#link(from, to)]!
    if (share > 0 && this.#lossDice!.uniform() < share) return true
    return this.#links?.loses(this.#place(from), this.#place(to)) === true
  }

  /** How many packets a message of so many bytes is. */
  packets(bytes: number): number {
    return Nics.packets(bytes, this.isOverlay)
  }

  /** How long a packet without data, such as a SYN, that sets out now takes at its node's card. */
  cardTime(from: number, to: number): Nanos {
    if (this.nics === null || from === EXTERNAL || from === to) return 0
    return this.nics.send(from, Nics.onWire(0, this.isOverlay && to !== EXTERNAL), this.#sim!.now)
  }

  /** How much longer than {@link delay} it is on its way. */
  lateness(from: number, to: number): Nanos {
    const jitter = this.#jitter === null ? null : this.#jitter[this.#link(from, to)]!
    const late = jitter === null ? 0 : jitter.sample(this.#jitterDice!)
    return this.#links === null ? late : late + this.#links.lateness(this.#place(from), this.#place(to))
  }

  /** Nothing comes through from one to the other now. */
  isCut(from: number, to: number): boolean {
    return this.#links?.isCut(this.#place(from), this.#place(to)) === true
  }

  #link(from: number, to: number): number {
    if (from === EXTERNAL || to === EXTERNAL) return EXTERNAL_LINK
    if (from === to) return SAME_NODE
    return this.#zones[from] === this.#zones[to] ? SAME_ZONE : CROSS_ZONE
  }

  #place(node: number): number {
    return node === EXTERNAL ? this.#links!.outside : node
  }
}

function maybe(spec: Parameters<typeof distribution>[0] | null): Distribution | null {
  return spec === null ? null : distribution(spec)
}
