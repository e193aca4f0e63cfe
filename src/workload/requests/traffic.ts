import type { ServicePortId } from '../../kube-proxy/service-history.ts'
import type { TrafficMetrics } from '../../metrics/request-metrics.ts'
import type { EndpointId } from '../../network/addresses.ts'
import type { Nanos } from '../../units.ts'
import type { Sockets } from '../datagrams/sockets.ts'
import type { ExpiryQueue } from '../expiry-queue.ts'
import type { NamesToTry } from '../resolver.ts'
import type { ConnectionSpec, HttpRequest, TlsClientSpec } from '../specs.ts'
import type { TlsSessions } from '../tls-sessions.ts'
import type { Tries } from '../tries.ts'

/** Who sent a request, and what became of it: an index into FAILURE_CAUSES, or OK. */
export type Outcome = (user: number, cause: number) => void

/** Endpoints of pods; the same list as long as it stays as it is. */
export type PodEndpoints = () => readonly EndpointId[]

/** Where one traffic goes, and what it waits for. */
export interface Traffic {
  readonly metrics: TrafficMetrics
  readonly servicePort: ServicePortId
  readonly timeout: Nanos
  readonly route: HttpRequest
  /** The node at whose node port its clients call, or NO_NODE: by the load balancer. */
  readonly node: number
  /** Of a request, and of its answer. */
  readonly requestBytes: number
  readonly responseBytes: number
  /** Of its requests that are no tries. */
  readonly deadlines: ExpiryQueue
  /** Where its clients may try more than once: their wishes. */
  readonly tries: Tries | null
  /** Where there is a time-out of its own for the opening of a connection. */
  readonly connectDeadlines: ExpiryQueue | null
  /** Where its clients keep connections: how. */
  readonly connection: ConnectionSpec | undefined
  /** It is enough that the connection opens: its client closes it then. */
  readonly connectOnly: boolean
  /** Where its requests are https: how, and what sessions its clients have. */
  readonly tls: TlsClientSpec | undefined
  readonly sessions: TlsSessions
  /** The pools of its clients, by pod or by address: indexes of pools. */
  readonly pools: Map<number, number>
  /** What its clients look up before they open a connection, in this order until one exists; absent: they need not. */
  readonly names?: NamesToTry | undefined
  /** Where clients connect to pods straight: the endpoints that DNS has for them now. */
  readonly pods?: PodEndpoints | undefined
  /** Of a traffic over UDP: the sockets of its clients. */
  readonly sockets: Sockets | undefined
  /** Told when a request has been answered or has failed. */
  onOutcome: Outcome | null
}
