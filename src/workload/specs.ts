import type { LabelSelector } from '../api/labels.ts'
import type { DistributionSpec } from '../engine/distributions.ts'
import type { Nanos } from '../units.ts'
import type { DiurnalRate } from './arrivals/diurnal.ts'
import type { MmppPhase } from './arrivals/mmpp.ts'
import type { RateStage } from './arrivals/stages.ts'
import type { BackOffSpec } from './back-off.ts'
import type { BudgetSpec } from './retry-budget.ts'
import type { RetryCondition } from './retry-conditions.ts'
import type { ErrorCode } from './server-errors.ts'

/** How containers behave: matched to pods by label selector, the first match wins. */
export interface WorkloadSpec {
  readonly selector: LabelSelector
  /** How long a server is busy with one request. */
  readonly serviceTime: DistributionSpec
  /** Thousandths of a core that a busy server uses: less than 1000 where it waits for others meanwhile. */
  readonly cpuMilli: number
  /**
   * CPU time that a request takes of its service time: all of it, or so much, but no more than all. The container's CPU limit holds then.
   * Absent: a busy server uses `cpuMilli`, and no limit holds it back.
   */
  readonly cpuPerRequest?: 'all' | DistributionSpec | undefined
  /** A process serves more slowly when it is new; absent: it does not. */
  readonly warmUp?: WarmUpSpec | undefined
  /** What each container of a pod uses; absent: what it requests. */
  readonly memoryBytes?: number | undefined
  /** Requests served at once by one pod. */
  readonly concurrency: number
  /** Requests that wait in one pod when all servers are busy; one more is refused. */
  readonly queue: number
  /** From process start to listening. */
  readonly startUp: DistributionSpec
  /** What the process does on SIGTERM: exits at once and drops what it was serving, or stops accepting and finishes it. */
  readonly onTerminate: 'exit' | 'drain'
  /** Main containers end by themselves; absent: they run until they are told to stop. */
  readonly run?: RunSpec | undefined
  /** How the init containers run. */
  readonly init?: RunSpec | undefined
  /** A share of the requests is answered with an HTTP error; absent: none is. */
  readonly errors?: ErrorSpec | undefined
  /** What a pod calls while it serves a request, in this order; absent: nothing. */
  readonly calls?: readonly CallStep[] | undefined
  /** The pods are ingress controllers: they pass requests on. */
  readonly ingressController?: IngressControllerSpec | undefined
}

/** Service takes `factor` times as long when a process begins to listen, and less and less so for `duration`, to 1 in a straight line. */
export interface WarmUpSpec {
  readonly duration: Nanos
  /** >= 1. */
  readonly factor: number
}

/** Errors that a pod finds itself, at the end of the service. */
export interface ErrorSpec {
  /** 0 to 1. */
  readonly probability: number
  readonly code: ErrorCode
}

/** Calls that a server makes at one point of its service: one, or a group of them at once. */
export interface CallStep {
  /** Share of the service that is done before, 0 to 1, not less than that of the step before. */
  readonly at: number
  /** Only where the step before made a call and that failed, or succeeded. */
  readonly when: 'always' | 'failed' | 'succeeded'
  readonly parallel: boolean
  /** One, unless they are made at once. */
  readonly calls: readonly CallSpec[]
}

export interface CallSpec {
  /** What it is called in results. */
  readonly name: string
  readonly target: TrafficTarget
  /** Share of the requests in which it is made. */
  readonly probability: number
  /** How often it is made then: one after the other, in a group all at once. */
  readonly count: number
  readonly timeout: Nanos
  /** The request does not fail with it. */
  readonly optional: boolean
  /** Absent: every call opens a connection of its own. */
  readonly connection?: ConnectionSpec | undefined
}

/** How pods of ingress-nginx are set up. Their CPU time of a request is `serviceTime`, and `concurrency` is their number of workers. */
export interface IngressControllerSpec {
  /** They act on Ingresses whose IngressClass names this controller. */
  readonly controllerClass: string
  readonly loadBalance: LoadBalance
  readonly tls: TlsServerSpec
  /** From the writing of a new configuration until new workers accept with it. */
  readonly reload: DistributionSpec
}

/** What TLS handshakes cost a controller. */
export interface TlsServerSpec {
  /** CPU time of a handshake with a signature, and of one that resumes a session. */
  readonly handshake: Nanos
  readonly resumedHandshake: Nanos
  /** How long a pod remembers a session since its handshake. */
  readonly sessionTimeout: Nanos
}

/** How clients shake hands. */
export interface TlsClientSpec {
  /** A full handshake takes one round trip with 1.3, two with 1.2; one that resumes a session takes one. */
  readonly version: '1.2' | '1.3'
  /** Share of handshakes, 0 to 1, in which a client that has a session offers it. */
  readonly resumption: number
}

/** How a worker of ingress-nginx chooses an endpoint. */
export type LoadBalance = 'round_robin' | 'ewma'

/** A process that ends by itself: after `duration`, with `exitCode` in a share of the runs, else with 0. */
export interface RunSpec {
  readonly duration: DistributionSpec
  readonly failProbability: number
  readonly exitCode: number
}

export interface TrafficSpec {
  readonly name: string
  readonly target: TrafficTarget
  readonly from: TrafficSource
  readonly arrivals: ArrivalSpec | ClosedLoopSpec
  /** Absent: every request opens a connection of its own. */
  readonly connection?: ConnectionSpec | undefined
  /** Absent: the requests are plain http. */
  readonly tls?: TlsClientSpec | undefined
  /** Of every request, by name. Only an ingress controller looks at them. */
  readonly headers?: Readonly<Record<string, string>> | undefined
  readonly cookies?: Readonly<Record<string, string>> | undefined
  /** Of a traffic over UDP; absent: every request has a socket of its own. */
  readonly socket?: SocketSpec | undefined
  /** Bytes of a request, and of an answer; absent: what a packet holds. */
  readonly requestBytes?: number | undefined
  readonly responseBytes?: number | undefined
  /** A request that has no answer after this long has failed. */
  readonly timeout: Nanos
  /** A try whose connection is not open after this long has failed; absent: only the time-outs of the request and of the try count. */
  readonly connectTimeout?: Nanos | undefined
  /** Absent: what has failed is not tried again. */
  readonly retries?: RetrySpec | undefined
  /** Absent: no second try is sent beside one that has no answer. */
  readonly hedge?: HedgeSpec | undefined
  readonly start: Nanos
  readonly stop: Nanos
}

/** When a client tries again after a failure. */
export interface RetrySpec {
  /** Tries after the first, at most. */
  readonly max: number
  /** After which failures. */
  readonly on: readonly RetryCondition[]
  /** Before retry n the client waits anything up to min(max, base × 2^(n−1)). */
  readonly backOff: BackOffSpec
  /** A try that has no answer after this long has failed. */
  readonly perTryTimeout?: Nanos | undefined
  /** Of each client. Absent: no limit but `max`. */
  readonly budget?: BudgetSpec | undefined
}

/** When a client sends another try beside one that has no answer yet. */
export interface HedgeSpec {
  /** After the first try, and again after each further one. */
  readonly after: Nanos
  /** Such tries of one request at most. */
  readonly max: number
  /** Of each client. */
  readonly budget?: BudgetSpec | undefined
}

/** How each client, a pod or an address outside, keeps connections open for its next requests (HTTP/1.1). */
export interface ConnectionSpec {
  /** The client closes a connection that no request has had for so long. */
  readonly keepAlive: Nanos
  /** Connections at most. */
  readonly pool: number
  /** The client takes no connection for a request that is older; it closes it instead. Absent: there is no such age. */
  readonly lifetime?: Nanos | undefined
  /** Requests are streams of HTTP/2. Absent: one request at a time is on a connection. */
  readonly http2?: Http2Spec | undefined
}

export interface Http2Spec {
  /** On one connection. */
  readonly maxConcurrentStreams: number
  /** Absent: the client sends none, and only TCP finds out that the other side is gone. */
  readonly ping?: PingSpec | undefined
}

/** How a client finds out that the other side of an HTTP/2 connection is gone. */
export interface PingSpec {
  /** Nothing came on the connection for so long: a ping is sent. */
  readonly interval: Nanos
  /** It has no answer after so long: the client closes the connection, and what is on it fails by `timeout`. */
  readonly timeout: Nanos
}

/** How clients send over UDP. */
export interface SocketSpec {
  /** Each client pod keeps one socket, and so one port, for all its requests, as long as its process lives. */
  readonly reuse: boolean
  /** It sends nothing more from a socket that is older, but opens another. Absent: there is no such age. */
  readonly lifetime?: Nanos | undefined
  /** Nothing answers: a datagram is ok when a pod has received it. Absent: it is ok when its answer has come. */
  readonly oneWay?: true | undefined
}

/** A Service port by namespace, name and port number, and what an HTTP request says besides. */
export interface TrafficTarget {
  readonly namespace: string
  readonly service: string
  readonly port: number
  /** Absent: TCP. */
  readonly protocol?: 'UDP' | undefined
  readonly host: string
  /** Begins with `/`. Only an ingress controller looks at it. */
  readonly path: string
  /** Its address is given in numbers, so that nobody looks a name up. */
  readonly isNumeric?: true | undefined
  /** The index of the node at whose node port clients outside call, without a load balancer; absent: by one. */
  readonly node?: number | undefined
}

/** What an HTTP request says, as far as a proxy looks at it. */
export interface HttpRequest {
  /** In lower case. */
  readonly host: string
  readonly path: string
  readonly isTls: boolean
  readonly headers?: Readonly<Record<string, string>> | undefined
  readonly cookies?: Readonly<Record<string, string>> | undefined
}

export type TrafficSource =
  /** `clients`: how many addresses they have. */
  | { readonly kind: 'external'; readonly clients: number }
  | { readonly kind: 'pods'; readonly namespace: string; readonly selector: LabelSelector }
  /** Processes of the nodes themselves, one client a node: by the labels that nodes have when they join. */
  | { readonly kind: 'nodes'; readonly selector: LabelSelector }

/** When requests are sent. Open loop: at their own pace, whatever becomes of earlier ones. */
export type ArrivalSpec =
  | { readonly kind: 'poisson' | 'constant'; readonly ratePerSecond: number }
  /** One stage or more, one after the other. */
  | { readonly kind: 'stages'; readonly stages: readonly RateStage[] }
  | ({ readonly kind: 'diurnal' } & DiurnalRate)
  | { readonly kind: 'mmpp'; readonly phases: readonly [MmppPhase, MmppPhase] }
  /** Times after the start, ascending. */
  | { readonly kind: 'replay'; readonly times: readonly Nanos[] }

/** Closed loop: so many users, each of whom sends, waits for what becomes of it, thinks, and sends again. */
export interface ClosedLoopSpec {
  readonly kind: 'closed'
  readonly users: number
  readonly think: DistributionSpec
}
