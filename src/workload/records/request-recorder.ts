import type { Simulation } from '../../engine/simulation.ts'
import { invariant } from '../../invariant.ts'
import { PARTS, RETRIES } from '../../metrics/blame.ts'
import { NO_CLIENT, OK } from '../../metrics/failure-cause.ts'
import {
  FROM_NOBODY,
  FROM_OUTSIDE,
  IN_FLIGHT,
  KEPT_CONNECTION,
  NEW_CONNECTION,
  NO_WAY,
  NONE,
  RequestBatch,
  type RequestNames,
  type RequestSink,
} from '../../metrics/request-batch.ts'
import type { Nanos } from '../../units.ts'
import { type Backends, HOST_CLIENTS } from '../backends.ts'
import { CONNECTED, type ConnectionTable, OUTSIDE, STREAMS } from '../connection-table.ts'
import { NO_CONNECTION, type RequestTable, STREAM, WAITING } from '../request-table.ts'
import type { Pools } from '../requests/pools.ts'
import type { Traffic } from '../requests/traffic.ts'
import { NO_WISH } from '../wish-table.ts'

/** Where requests and what belongs to them are. */
export interface RecordedTables {
  readonly requests: RequestTable
  readonly connections: ConnectionTable
  readonly pools: Pools
  readonly backends: Backends
  /** By index. */
  readonly traffic: readonly Traffic[]
}

/**
 * Tells every request of a run, once it has ended, to a sink: what the user sees as one request is one row, however many tries it took.
 *
 * Rows come in the order of their ends, a batch at a time; nothing else is kept, so that a long run needs no more memory than a short one. It watches
 * and changes nothing: no event, no draw. Where there is none, the end of a request costs the branch that asks for it.
 */
export class RequestRecorder {
  readonly #sim: Simulation
  readonly #sink: RequestSink
  readonly #names: RequestNames
  readonly #batch = new RequestBatch()
  /** By traffic: its place in the names, or undefined where no result shows it; and its rows so far. */
  readonly #shown: (number | undefined)[] = []
  readonly #rows: number[] = []
  readonly #traffics: string[] = []
  /** By traffic, then by wish: its last try that failed. */
  readonly #lastTries: Map<number, FailedTry>[] = []
  #tables: RecordedTables | null = null

  constructor(options: { readonly sim: Simulation; readonly sink: RequestSink; readonly nodeNames: readonly string[] }) {
    this.#sim = options.sim
    this.#sink = options.sink
    this.#names = { traffics: this.#traffics, nodes: options.nodeNames, pod: (pod) => this.#nameOf(pod) }
  }

  /** Before any request is sent. */
  attach(tables: RecordedTables): void {
    this.#tables = tables
  }

  /** The traffic of that index is told; one that nobody adds is not. */
  addTraffic(index: number, name: string): void {
    this.#shown[index] = this.#traffics.push(name) - 1
    this.#rows[index] = 0
    this.#lastTries[index] = new Map()
  }

  /** Its client has the answer. The account is settled. */
  answered(request: number): void {
    const { requests, traffic } = this.#tables!
    const index = requests.traffics[request]!
    const wish = requests.wishes[request]!
    const { parts } = requests.accounts
    const row = this.#begin(index, requests.sentAt[request]!, OK)
    if (row < 0) return
    const batch = this.#batch
    for (let part = 0; part < PARTS; part++) batch.parts[row * PARTS + part] = parts[request * PARTS + part]!
    this.#place(row, request)
    if (wish !== NO_WISH) {
      batch.tries[row] = traffic[index]!.tries!.wishes.tries[wish]!
      this.#lastTries[index]!.delete(wish)
    }
    this.#end(row)
  }

  /** A request that is no try has failed. */
  failed(request: number, cause: number): void {
    const { requests } = this.#tables!
    const row = this.#begin(requests.traffics[request]!, requests.sentAt[request]!, cause)
    if (row < 0) return
    requests.accounts.read(request, this.#sim.now, this.#batch.parts, row * PARTS)
    this.#place(row, request)
    this.#end(row)
  }

  /** A try has failed, and its connection is still known: the wish may fail by it. */
  tryFailed(request: number): void {
    const { requests, traffic } = this.#tables!
    const index = requests.traffics[request]!
    if (this.#shown[index] === undefined) return
    const wish = requests.wishes[request]!
    const tried = new FailedTry()
    requests.accounts.read(request, this.#sim.now, tried.parts, 0)
    const way = this.#wayOf(request)
    tried.node = way.node
    tried.pod = way.pod
    tried.connection = way.connection
    tried.repeats = way.repeats
    invariant(traffic[index]!.tries !== null, 'a try belongs to a traffic with tries')
    this.#lastTries[index]!.set(wish, tried)
  }

  /** A wish has failed, as the last of its tries has. What went by since belongs to `retries`. */
  wishFailed(traffic: number, wish: number, cause: number): void {
    const { wishes } = this.#tables!.traffic[traffic]!.tries!
    const row = this.#begin(traffic, wishes.sentAt[wish]!, cause)
    if (row < 0) return
    this.#placeWish(row, traffic, wish)
    this.#lastTries[traffic]!.delete(wish)
    const batch = this.#batch
    let rest = batch.latencies[row]!
    for (let part = 0; part < PARTS; part++) if (part !== RETRIES) rest -= batch.parts[row * PARTS + part]!
    batch.parts[row * PARTS + RETRIES] = rest
    this.#end(row)
  }

  /** A request that nobody was there to send. */
  failedAtOnce(traffic: number): void {
    const row = this.#begin(traffic, this.#sim.now, NO_CLIENT)
    if (row < 0) return
    const batch = this.#batch
    batch.parts.fill(0, row * PARTS, row * PARTS + PARTS)
    batch.clients[row] = FROM_NOBODY
    batch.tries[row] = 0
    this.#nowhere(row)
    this.#end(row)
  }

  /** The run is over: what is still on its way is told, by traffic where there are tries and before that by place, and every row is with the sink. */
  finish(): void {
    const { requests, traffic } = this.#tables!
    for (let request = 0; request < requests.capacity; request++) {
      if ((requests.flags[request]! & WAITING) === 0 || requests.wishes[request] !== NO_WISH) continue
      const row = this.#begin(requests.traffics[request]!, requests.sentAt[request]!, IN_FLIGHT)
      if (row < 0) continue
      this.#place(row, request)
      this.#end(row)
    }
    for (const [index, { tries }] of traffic.entries()) {
      if (tries === null || this.#shown[index] === undefined) continue
      const { wishes } = tries
      for (let wish = 0; wish < wishes.capacity; wish++) {
        if (wishes.active[wish] === 0) continue
        const row = this.#begin(index, wishes.sentAt[wish]!, IN_FLIGHT)
        this.#placeWish(row, index, wish)
        this.#end(row)
      }
    }
    this.#flush()
    for (const [index, shown] of this.#shown.entries()) {
      if (shown === undefined) continue
      const { sent } = traffic[index]!.metrics.totals()
      invariant(this.#rows[index] === sent, `Of ${sent} requests of "${this.#traffics[shown]}" ${this.#rows[index]} are told`)
    }
  }

  /** A row with its traffic, time and outcome; -1 where no result shows the traffic. */
  #begin(traffic: number, sentAt: Nanos, outcome: number): number {
    const shown = this.#shown[traffic]
    if (shown === undefined) return -1
    const batch = this.#batch
    const row = batch.length
    this.#rows[traffic]!++
    batch.traffics[row] = shown
    batch.sentAt[row] = sentAt
    batch.outcomes[row] = outcome
    batch.latencies[row] = outcome === IN_FLIGHT ? Number.NaN : this.#sim.now - sentAt
    return row
  }

  #end(row: number): void {
    this.#batch.length = row + 1
    if (this.#batch.isFull) this.#flush()
  }

  #flush(): void {
    if (this.#batch.length === 0) return
    this.#sink.take(this.#batch, this.#names)
    this.#batch.length = 0
  }

  /** Who sent it, and where it went. */
  #place(row: number, request: number): void {
    const { requests, connections, pools } = this.#tables!
    const batch = this.#batch
    const connection = requests.connections[request]!
    batch.tries[row] = 1
    if (connection === NO_CONNECTION) {
      const { client, address } = pools.all[requests.pools[request]!]!
      this.#sentBy(row, client, address)
      this.#nowhere(row)
      return
    }
    this.#sentBy(row, connections.clients[connection]!, connections.clientAddresses[connection]!)
    const way = this.#wayOf(request)
    batch.nodes[row] = way.node
    batch.pods[row] = way.pod
    batch.connections[row] = way.connection
    batch.repeats[row] = way.repeats
  }

  /** The same of a wish without an outcome, or that fails: as its last try that failed has it. */
  #placeWish(row: number, traffic: number, wish: number): void {
    const { wishes } = this.#tables!.traffic[traffic]!.tries!
    const batch = this.#batch
    this.#sentBy(row, wishes.clients[wish]!, wishes.addresses[wish]!)
    batch.tries[row] = wishes.tries[wish]!
    const last = this.#lastTries[traffic]!.get(wish)
    if (last === undefined) {
      batch.parts.fill(0, row * PARTS, row * PARTS + PARTS)
      this.#nowhere(row)
      return
    }
    batch.parts.set(last.parts, row * PARTS)
    batch.nodes[row] = last.node
    batch.pods[row] = last.pod
    batch.connections[row] = last.connection
    batch.repeats[row] = last.repeats
  }

  #sentBy(row: number, client: number, address: number): void {
    this.#batch.clients[row] = client === OUTSIDE ? FROM_OUTSIDE : client
    this.#batch.addresses[row] = address
  }

  #nowhere(row: number): void {
    const batch = this.#batch
    batch.nodes[row] = NONE
    batch.pods[row] = NONE
    batch.connections[row] = NO_WAY
    batch.repeats[row] = 0
  }

  readonly #way = { node: NONE, pod: NONE, connection: NO_WAY, repeats: 0 }

  /** The way of a request, until the next call. */
  #wayOf(request: number): { readonly node: number; readonly pod: number; readonly connection: number; readonly repeats: number } {
    const { requests, connections: table } = this.#tables!
    const connection = requests.connections[request]!
    const way = this.#way
    if (connection === NO_CONNECTION) {
      way.node = NONE
      way.pod = NONE
      way.connection = NO_WAY
      way.repeats = 0
      return way
    }
    const flags = table.flags[connection]!
    // Where requests are streams, those that it was not opened for say so; else a connection that has had an answer was there before.
    const isKept =
      (flags & STREAMS) !== 0 ? (requests.flags[request]! & STREAM) !== 0 : table.idleSince[connection]! > table.openedAt[connection]!
    way.node = table.nodes[connection]!
    way.pod = (flags & CONNECTED) !== 0 ? table.backends[connection]! : NONE
    way.connection = isKept ? KEPT_CONNECTION : NEW_CONNECTION
    way.repeats = table.attempts[connection]!
    return way
  }

  #nameOf(pod: number): { readonly name: string; readonly node: number } {
    const { namespace, podName, nodeIndex } = this.#tables!.backends.specOf(pod)
    return { name: namespace === HOST_CLIENTS ? podName : `${namespace}/${podName}`, node: nodeIndex }
  }
}

/** Where a try went that has failed, and on what its wish had spent its time by then. */
class FailedTry {
  readonly parts = new Float64Array(PARTS)
  node = NONE
  pod = NONE
  connection = NO_WAY
  repeats = 0
}
