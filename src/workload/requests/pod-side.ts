import type { Simulation } from '../../engine/simulation.ts'
import { POD_QUEUE } from '../../metrics/blame.ts'
import { QUEUE_FULL, RESET } from '../../metrics/failure-cause.ts'
import { type Backends, NO_BACKEND } from '../backends.ts'
import { CLOSED_BY_POD, IDLE_AT_POD } from '../connection-table.ts'
import type { Connections } from '../connections.ts'
import { HELD, type RequestTable, STREAM } from '../request-table.ts'
import type { Http2Streams } from './http2-streams.ts'
import type { RequestPackets } from './request-packets.ts'
import type { TlsHandshakes } from './tls-handshakes.ts'

export interface PodSideOptions {
  readonly sim: Simulation
  readonly table: RequestTable
  readonly connections: Connections
  readonly backends: Backends
  readonly packets: RequestPackets
  readonly streams: Http2Streams
  readonly handshakes: TlsHandshakes
}

/** What happens to a request that has come to a pod, until it is in the pod's queue or hands: the pod's kernel may answer in its place. */
export class PodSide {
  readonly #sim: Simulation
  readonly #table: RequestTable
  readonly #connections: Connections
  readonly #backends: Backends
  readonly #packets: RequestPackets
  readonly #streams: Http2Streams
  readonly #handshakes: TlsHandshakes

  constructor({ sim, table, connections, backends, packets, streams, handshakes }: PodSideOptions) {
    this.#sim = sim
    this.#table = table
    this.#connections = connections
    this.#backends = backends
    this.#packets = packets
    this.#streams = streams
    this.#handshakes = handshakes
  }

  /** `waits`: the client has not given the request up. */
  helloArrives(request: number, waits: boolean): void {
    const backends = this.#backends
    const pod = this.#connections.table.backends[this.#table.connections[request]!]!
    if (!this.#isRead(request, pod, waits)) return
    if (backends.tlsOf(pod) !== undefined) {
      this.#handshakes.begin(request, waits)
      return
    }
    // What does not speak TLS closes the connection.
    backends.abandon(pod)
    this.#packets.turnAway(request, RESET, waits)
  }

  requestArrives(request: number, waits: boolean): void {
    const table = this.#table
    const backends = this.#backends
    const connections = this.#connections.table
    const connection = table.connections[request]!
    const pod = connections.backends[connection]!
    if ((connections.flags[connection]! & IDLE_AT_POD) !== 0 || (table.flags[request]! & STREAM) !== 0) {
      if (!this.#meetsPod(connection)) {
        this.#strays(request, connection, waits)
        return
      }
      connections.flags[connection]! &= ~IDLE_AT_POD
      backends.accept(pod)
    }
    if (!this.#isRead(request, pod, waits)) return
    table.accounts.waits(request, this.#sim.now, POD_QUEUE)
    if (backends.enter(pod, request)) table.flags[request]! |= HELD
    else this.#packets.turnAway(request, QUEUE_FULL, waits)
  }

  /** The process that has the connection runs, and has not closed it. */
  #meetsPod(connection: number): boolean {
    const { backends, backendIncarnations, flags } = this.#connections.table
    if ((flags[connection]! & CLOSED_BY_POD) !== 0) return false
    return this.#backends.runs(backends[connection]!, backendIncarnations[connection]!)
  }

  /** On a connection that its process has no more: the pod's kernel answers with RST, where there is still one. */
  #strays(request: number, connection: number, waits: boolean): void {
    const isThere = this.#backends.owner(this.#connections.table.endpoints[connection]!) !== NO_BACKEND
    if (!isThere) this.#streams.unacknowledged(connection)
    if (isThere || !waits) this.#packets.turnAway(request, RESET, waits)
  }

  /** What has come on a connection is read: by the process that accepted it, unless the client had given up before it was to send it. */
  #isRead(request: number, pod: number, waits: boolean): boolean {
    const backends = this.#backends
    const runs = backends.runs(pod, this.#connections.table.backendIncarnations[this.#table.connections[request]!]!)
    if (runs && (waits || this.#packets.wasSent(request))) return true
    if (runs) backends.abandon(pod)
    if (!waits || backends.hasAddress(pod)) this.#packets.turnAway(request, RESET, waits)
    return false
  }
}
