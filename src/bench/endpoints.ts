/**
 * The endpoints of one Service in each mode: a connection opens at the one that is picked, and another connection closes.
 *
 * Every endpoint has weight 1, as kube-proxy gives it, and two to four connections in the mean.
 */
import { ReseedableStream } from '../engine/random-stream.ts'
import { type Destination, DestinationList, NO_DESTINATION } from '../proxy/ipvs/destination-list.ts'
import { type Ranking, scanLeastCost } from '../proxy/ipvs/least-cost.ts'
import type { SchedulerName } from '../proxy/ipvs/schedulers/index.ts'
import { VirtualService } from '../proxy/ipvs/virtual-service.ts'
import { TCP } from '../proxy/protocol.ts'
import { pick, ruleThreshold } from '../proxy/statistic-cascade.ts'

export interface Endpoints {
  /** Opens a connection, after which another one closes; the endpoint's number, or -1: refused. */
  open(): number
  /** Adds an endpoint, picks, removes it, and picks again: what a scheduler puts off until the next pick is paid for. Folds to a number. */
  addAndRemove(): number
  /** What the last {@link open} looked at, where that is counted. */
  readonly examined: number | null
}

const PORT = 8080
const CONNECTIONS_PER_ENDPOINT = 2
/** Any cluster IP will do. */
const CLUSTER_IP = (10 << 24) | (96 << 16) | 10

/** Connections that live: one drawn at random gives its place to each new one. */
class Connections {
  readonly #endpoints: Int32Array
  readonly #draws: ReseedableStream

  /** At least two an endpoint; the number is a power of two. */
  constructor(count: number, draws: ReseedableStream) {
    let places = 2
    while (places < count * CONNECTIONS_PER_ENDPOINT) places *= 2
    this.#endpoints = new Int32Array(places).fill(NO_DESTINATION)
    this.#draws = draws
  }

  get places(): number {
    return this.#endpoints.length
  }

  /** Puts a connection to this endpoint in some place, and gives the endpoint whose connection was there, or NO_DESTINATION. */
  replace(endpoint: Destination): Destination {
    const place = this.#draws.int32() & (this.#endpoints.length - 1)
    const closed = this.#endpoints[place]!
    this.#endpoints[place] = endpoint
    return closed
  }
}

/** An IPVS virtual service with any scheduler. */
export class IpvsEndpoints implements Endpoints {
  readonly examined = null
  readonly #service: VirtualService
  readonly #draws: ReseedableStream
  readonly #connections: Connections
  readonly #packet = { protocol: TCP, sourceAddress: 0, sourcePort: 0, destinationAddress: CLUSTER_IP, destinationPort: 80 }
  readonly #count: number

  constructor(scheduler: SchedulerName, count: number, seed: number) {
    this.#draws = new ReseedableStream(seed)
    this.#service = new VirtualService({ scheduler, below: (n) => this.#draws.below(n) })
    for (let endpoint = 0; endpoint < count; endpoint += 1) this.#service.add(endpoint, PORT, 1)
    this.#connections = new Connections(count, this.#draws)
    this.#count = count
    for (let place = 0; place < this.#connections.places; place += 1) this.open()
  }

  open(): number {
    const packet = this.#packet
    const source = this.#draws.int32()
    packet.sourceAddress = source
    packet.sourcePort = 1024 + (source & 0x3fff)
    const opened = this.#service.pick(packet, 0)
    if (opened !== NO_DESTINATION) this.#service.bind(opened, true)
    const closed = this.#connections.replace(opened)
    if (closed !== NO_DESTINATION) this.#service.unbind(closed, true)
    return opened
  }

  addAndRemove(): number {
    const added = this.#service.add(this.#count, PORT, 1)
    const withIt = this.#service.pick(this.#packet, 0)
    this.#service.remove(added)
    return withIt * 31 + this.#service.pick(this.#packet, 0)
  }
}

/** lc and wlc as they are written first: every pick walks the whole list, as the kernel does. */
export class ScannedEndpoints implements Endpoints {
  readonly #list = new DestinationList(256)
  readonly #ranking: Ranking
  readonly #draws: ReseedableStream
  readonly #connections: Connections
  readonly #count: number

  constructor(ranking: Ranking, count: number, seed: number) {
    for (let endpoint = 0; endpoint < count; endpoint += 1) this.#list.link(endpoint, PORT, 1)
    this.#ranking = ranking
    this.#draws = new ReseedableStream(seed)
    this.#connections = new Connections(count, this.#draws)
    this.#count = count
    for (let place = 0; place < this.#connections.places; place += 1) this.open()
  }

  get examined(): number {
    return this.#count
  }

  open(): number {
    // The packet's source address, which nobody looks at: the draws are the same as those for IpvsEndpoints.
    this.#draws.int32()
    const opened = scanLeastCost(this.#list, this.#ranking)
    this.#list.count(opened, 1, 0)
    const closed = this.#connections.replace(opened)
    if (closed !== NO_DESTINATION) this.#list.count(closed, -1, 0)
    return opened
  }

  addAndRemove(): number {
    const added = this.#list.link(this.#count, PORT, 1)
    const withIt = scanLeastCost(this.#list, this.#ranking)
    this.#list.unlink(added)
    this.#list.release(added)
    return withIt * 31 + scanLeastCost(this.#list, this.#ranking)
  }
}

/** A KUBE-SVC chain of iptables: statistic rules, tried in order, each with a draw of its own. Written anew when an endpoint comes or goes. */
export class StatisticChain implements Endpoints {
  /** Columns by rule: it matches when 31 random bits are below the threshold, and leads to the endpoint. */
  readonly #thresholds: Uint32Array
  readonly #endpoints: Int32Array
  #rules = 0
  readonly #draws: ReseedableStream
  readonly #count: number
  examined = 0

  constructor(count: number, seed: number) {
    this.#thresholds = new Uint32Array(count + 1)
    this.#endpoints = new Int32Array(count + 1)
    this.#draws = new ReseedableStream(seed)
    this.#count = count
    this.#write(count)
  }

  open(): number {
    const thresholds = this.#thresholds
    const draws = this.#draws
    const last = this.#rules - 1
    let rule = 0
    while (rule < last && draws.int32() >>> 1 >= thresholds[rule]!) rule += 1
    this.examined = rule + 1
    return this.#endpoints[rule]!
  }

  addAndRemove(): number {
    this.#write(this.#count + 1)
    const withIt = this.open()
    this.#write(this.#count)
    return withIt * 31 + this.open()
  }

  #write(rules: number): void {
    for (let rule = 0; rule < rules; rule += 1) {
      this.#thresholds[rule] = ruleThreshold(rules, rule)
      this.#endpoints[rule] = rule
    }
    this.#rules = rules
  }
}

/** A Service's verdict map of nftables: one random number leads to the endpoint. Written anew when an endpoint comes or goes. */
export class RandomMap implements Endpoints {
  readonly #endpoints: Int32Array
  #size = 0
  readonly #draws: ReseedableStream
  readonly #count: number
  readonly examined = 1

  constructor(count: number, seed: number) {
    this.#endpoints = new Int32Array(count + 1)
    this.#draws = new ReseedableStream(seed)
    this.#count = count
    this.#write(count)
  }

  open(): number {
    return this.#endpoints[pick(this.#size, this.#draws.uniform())]!
  }

  addAndRemove(): number {
    this.#write(this.#count + 1)
    const withIt = this.open()
    this.#write(this.#count)
    return withIt * 31 + this.open()
  }

  #write(size: number): void {
    for (let endpoint = 0; endpoint < size; endpoint += 1) this.#endpoints[endpoint] = endpoint
    this.#size = size
  }
}
