import type { Simulation } from '../../engine/simulation.ts'
import { TLS } from '../../metrics/blame.ts'
import { QUEUE_FULL } from '../../metrics/failure-cause.ts'
import { mix32 } from '../../proxy/mix.ts'
import { type Backends, FULL_HANDSHAKE, NO_HANDSHAKE, RESUMED_HANDSHAKE } from '../backends.ts'
import { OUTSIDE } from '../connection-table.ts'
import type { Connections } from '../connections.ts'
import { HELD, RESUMES, type RequestTable, SHAKES_HANDS } from '../request-table.ts'
import type { RequestPackets } from './request-packets.ts'
import type { Traffic } from './traffic.ts'

const TWO_TO_32 = 4_294_967_296
/** Kept apart from other uses of a request's seed. */
const SESSION_SALT = 0x7f4a_7c15

export interface TlsHandshakesOptions {
  readonly sim: Simulation
  readonly table: RequestTable
  readonly connections: Connections
  readonly backends: Backends
  readonly packets: RequestPackets
  /** By index. */
  readonly traffic: readonly Traffic[]
}

/**
 * TLS: on a new connection the client's hello comes in place of the request, and is work for the pod, queue included. With 1.3, or with a
 * session that the pod remembers, the request follows one round trip later; with 1.2 two. All of it is `tls`:
 *
 *   round trips × (2 e + 2 × one way) + waiting + CPU of the handshake
 */
export class TlsHandshakes {
  readonly #sim: Simulation
  readonly #table: RequestTable
  readonly #connections: Connections
  readonly #backends: Backends
  readonly #packets: RequestPackets
  readonly #traffic: readonly Traffic[]

  constructor({ sim, table, connections, backends, packets, traffic }: TlsHandshakesOptions) {
    this.#sim = sim
    this.#table = table
    this.#connections = connections
    this.#backends = backends
    this.#packets = packets
    this.#traffic = traffic
  }

  /** The client's hello is at the process that has accepted its connection, and has not been given up. */
  begin(request: number, waits: boolean): void {
    const table = this.#table
    const connections = this.#connections.table
    const connection = table.connections[request]!
    const pod = connections.backends[connection]!
    const { tls, sessions } = this.#traffic[table.traffics[request]!]!
    const { sessionTimeout } = this.#backends.tlsOf(pod)!
    const isOffered = mix32(table.seeds[request]! ^ SESSION_SALT) >>> 0 < tls!.resumption * TWO_TO_32
    const isKnown =
      isOffered &&
      sessions.knows(this.#client(connection), pod, connections.backendIncarnations[connection]!, this.#sim.now - sessionTimeout)
    table.accounts.waits(request, this.#sim.now, TLS)
    table.flags[request]! |= isKnown ? SHAKES_HANDS | RESUMES : SHAKES_HANDS
    if (this.#backends.shakeHands(pod, request)) {
      table.flags[request]! |= HELD
      return
    }
    table.flags[request]! &= ~(SHAKES_HANDS | RESUMES)
    this.#packets.turnAway(request, QUEUE_FULL, waits)
  }

  /** Which one the pod has in its hands. */
  of(request: number): number {
    const flags = this.#table.flags[request]!
    if ((flags & SHAKES_HANDS) === 0) return NO_HANDSHAKE
    return (flags & RESUMES) === 0 ? FULL_HANDSHAKE : RESUMED_HANDSHAKE
  }

  /** The pod has done its part. */
  done(request: number): void {
    const table = this.#table
    const { table: connections } = this.#connections
    const connection = table.connections[request]!
    const pod = connections.backends[connection]!
    const isFull = this.of(request) === FULL_HANDSHAKE
    table.flags[request]! &= ~(SHAKES_HANDS | RESUMES)
    if (!this.#packets.release(request)) {
      this.#backends.abandon(pod)
      this.#packets.free(request)
      return
    }
    const { tls, sessions } = this.#traffic[table.traffics[request]!]!
    const isOld = tls!.version === '1.2'
    if (isFull || !isOld) sessions.made(this.#client(connection), pod, connections.backendIncarnations[connection]!, this.#sim.now)
    this.#packets.followTls(request, isFull && isOld ? 2 : 1)
  }

  /** Whose sessions count: a pod's index, or an address outside, which is negative. */
  #client(connection: number): number {
    const { clients, clientAddresses } = this.#connections.table
    return clients[connection] === OUTSIDE ? clientAddresses[connection]! : clients[connection]!
  }
}
