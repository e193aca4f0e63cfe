import type { Simulation } from '../../engine/simulation.ts'
import { PARTS } from '../../metrics/blame.ts'
import { DNS_FAILED, HTTP_404, NO_CLIENT, OK, RESET, TIMEOUT } from '../../metrics/failure-cause.ts'
import type { UnseenChange } from '../../metrics/unseen-change.ts'
import type { Nanos } from '../../units.ts'
import { NO_POOL, RESOLVING } from '../connection-table.ts'
import type { Connections } from '../connections.ts'
import type { Datagrams } from '../datagrams/datagrams.ts'
import type { RequestRecorder } from '../records/request-recorder.ts'
import { NO_CONNECTION, type RequestTable } from '../request-table.ts'
import type { RequestSampler } from '../samples/request-sampler.ts'
import type { Http2Streams } from './http2-streams.ts'
import type { KeptConnections } from './kept-connections.ts'
import type { Pools } from './pools.ts'
import type { RequestPackets } from './request-packets.ts'
import type { Traffic } from './traffic.ts'

export interface RequestOutcomesOptions {
  readonly sim: Simulation
  readonly table: RequestTable
  readonly connections: Connections
  readonly datagrams: Datagrams
  readonly packets: RequestPackets
  readonly pools: Pools
  readonly kept: KeptConnections
  readonly streams: Http2Streams
  /** By index. */
  readonly traffic: readonly Traffic[]
  readonly sampler: RequestSampler | null
  readonly recorder: RequestRecorder | null
}

/** How requests end for their clients: by an answer, by a failure, or by being given up; and what then becomes of the connection. */
export class RequestOutcomes {
  readonly #sim: Simulation
  readonly #table: RequestTable
  readonly #connections: Connections
  readonly #datagrams: Datagrams
  readonly #packets: RequestPackets
  readonly #pools: Pools
  readonly #kept: KeptConnections
  readonly #streams: Http2Streams
  readonly #traffic: readonly Traffic[]
  readonly #sampler: RequestSampler | null
  readonly #recorder: RequestRecorder | null

  constructor(options: RequestOutcomesOptions) {
    this.#sim = options.sim
    this.#table = options.table
    this.#connections = options.connections
    this.#datagrams = options.datagrams
    this.#packets = options.packets
    this.#pools = options.pools
    this.#kept = options.kept
    this.#streams = options.streams
    this.#traffic = options.traffic
    this.#sampler = options.sampler
    this.#recorder = options.recorder
  }

  /** The answer has come to a client that waits for it. */
  answered(request: number): void {
    const table = this.#table
    if (!this.#connections.isRemembered(table.connections[request]!)) return
    if (this.#packets.isDatagram(request) && !this.#datagrams.isAnswered(request)) return
    if (this.clientIsGone(request)) {
      this.fail(request, NO_CLIENT)
      return
    }
    const sentAt = table.sentAt[request]!
    const latency = this.#sim.now - sentAt
    const { accounts } = table
    accounts.settle(request, this.#sim.now)
    accounts.check(request, latency)
    const { metrics, onOutcome, tries } = this.#traffic[table.traffics[request]!]!
    metrics.ok(sentAt, latency, accounts.parts, request * PARTS)
    if (this.#sampler !== null) this.#sampler.answered(request)
    if (this.#recorder !== null) this.#recorder.answered(request)
    const user = table.users[request]!
    if (tries !== null) tries.answered(request)
    this.#giveBack(request)
    onOutcome?.(user, OK)
  }

  /** An RST or an HTTP error has come to a client that waits. */
  failed(request: number, cause: number): void {
    const table = this.#table
    const connection = table.connections[request]!
    if (!this.#connections.isRemembered(connection)) return
    this.#streams.heardLate(request)
    const isGone = this.clientIsGone(request)
    if (cause === RESET && this.#streams.isReady(connection)) {
      this.#streams.kill(connection, RESET)
      return
    }
    const wish = table.wishes[request]!
    const { tries } = this.#traffic[table.traffics[request]!]!
    this.#count(request, isGone ? NO_CLIENT : cause)
    if (cause >= HTTP_404 && !isGone) this.#giveBack(request)
    else this.close(request, cause < HTTP_404)
    if (tries !== null) tries.goOn(wish, isGone ? NO_CLIENT : cause)
  }

  /** The request has waited as long as it may. */
  timeOut(request: number): void {
    this.fail(request, this.causeOfTimeOut(request))
  }

  fail(request: number, cause: number): void {
    const wish = this.#table.wishes[request]!
    const { tries } = this.#traffic[this.#table.traffics[request]!]!
    this.#count(request, cause)
    this.close(request, false)
    if (tries !== null) tries.goOn(wish, cause)
  }

  /** The client has its outcome, or gives the request up, and closes the connection. */
  close(request: number, byReset: boolean): void {
    const table = this.#table
    const connection = table.connections[request]!
    const pool = table.pools[request]!
    if (connection !== NO_CONNECTION && this.#streams.isReady(connection)) {
      this.#streams.end(request)
      return
    }
    if (connection !== NO_CONNECTION) this.#connections.close(connection, byReset)
    this.#packets.giveUp(request)
    if (pool === NO_POOL || connection === NO_CONNECTION) return
    const ofPool = this.#pools.all[pool]!
    if (ofPool.spec.http2 === undefined) this.#kept.closed(ofPool)
    else this.#streams.closed(ofPool)
  }

  /** A pod has finished what nobody waits for. */
  wasted(request: number): void {
    this.#traffic[this.#table.traffics[request]!]!.metrics.wasted(this.#table.sentAt[request]!)
  }

  clientIsGone(request: number): boolean {
    const connection = this.#table.connections[request]!
    if (connection !== NO_CONNECTION) return this.#connections.clientIsGone(connection)
    return !this.#pools.clientRuns(this.#pools.all[this.#table.pools[request]!]!)
  }

  /** How long the request's client still stands still, with its node; 0: it runs. */
  clientThawsIn(request: number): Nanos {
    const connections = this.#connections
    if (!connections.someFrozen) return 0
    const connection = this.#table.connections[request]!
    const isOn = connection !== NO_CONNECTION
    return connections.thawsIn(isOn ? connections.table.clients[connection]! : this.#pools.all[this.#table.pools[request]!]!.client)
  }

  /** The cause of a request that had no answer until now. */
  causeOfTimeOut(request: number): number {
    return this.clientIsGone(request) ? NO_CLIENT : this.causeOfSilence(request)
  }

  /** The same, of one whose client is there. */
  causeOfSilence(request: number): number {
    const connection = this.#table.connections[request]!
    if (connection === NO_CONNECTION) return TIMEOUT
    if ((this.#connections.table.flags[connection]! & RESOLVING) !== 0) return DNS_FAILED
    return this.#connections.causeOfSilence(connection)
  }

  /** What the rules behind a failure had not seen. */
  unseenBy(request: number, cause: number): UnseenChange | null {
    const connection = this.#table.connections[request]!
    return connection === NO_CONNECTION ? null : this.#connections.unseenBy(connection, cause)
  }

  /** Of a try its wish will count what becomes of it, once the try's connection is closed. */
  #count(request: number, cause: number): void {
    const table = this.#table
    const { metrics, onOutcome, tries } = this.#traffic[table.traffics[request]!]!
    if (tries !== null) {
      tries.failed(request, cause)
      return
    }
    metrics.failed(table.sentAt[request]!, cause, this.unseenBy(request, cause))
    if (this.#sampler !== null) this.#sampler.failed(request, cause)
    if (this.#recorder !== null) this.#recorder.failed(request, cause)
    onOutcome?.(table.users[request]!, cause)
  }

  /** The client has its answer, and may use the connection again. */
  #giveBack(request: number): void {
    const connection = this.#table.connections[request]!
    if (this.#streams.areOn(connection)) {
      this.#streams.heard(connection)
      this.close(request, false)
    } else if (!this.#kept.giveBack(request)) {
      this.close(request, false)
    }
  }
}
