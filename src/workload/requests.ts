import type { HandlerId, Simulation } from '../engine/simulation.ts'
import { invariant } from '../invariant.ts'
import type { ProxyMode } from '../kube-proxy/modes/mode.ts'
import type { NodeRules } from '../kube-proxy/node-rules.ts'
import type { ServiceHistory, ServicePortId } from '../kube-proxy/service-history.ts'
import type { KubernetesMinor } from '../kubernetes-version.ts'
import {
  CALLS,
  CLIENT_QUEUE,
  DNS,
  PACKETS,
  PARTS,
  POD_QUEUE,
  RETRANSMIT,
  RETRIES,
  RULES,
  SERVICE,
  SOFTIRQ,
  TLS,
  UPSTREAM,
} from '../metrics/blame.ts'
import { DNS_FAILED, HTTP_404, NO_CLIENT, OK, QUEUE_FULL, REFUSED, RESET, TIMEOUT } from '../metrics/failure-cause.ts'
import type { TrafficMetrics } from '../metrics/request-metrics.ts'
import type { UnseenChange } from '../metrics/unseen-change.ts'
import { type LoadBalancer, NO_NODE } from '../network/load-balancer.ts'
import type { Network } from '../network/network.ts'
import type { Kernels } from '../node/kernel.ts'
import { retransmitTimeout, SYN_ACK_TIMEOUT } from '../node/kernel-tcp.ts'
import { ALONE, NEVER, type PacketCores } from '../node/packet-cores.ts'
import type { SandboxSpec } from '../node/pod-host.ts'
import { GOLDEN_RATIO_32, mix32 } from '../proxy/mix.ts'
import { type Nanos, SECOND } from '../units.ts'
import { Backends, FULL_HANDSHAKE, NO_BACKEND, NO_HANDSHAKE, RESUMED_HANDSHAKE, type RequestKeeper } from './backends.ts'
import { ConnectionPool } from './connection-pool.ts'
import {
  CLOSED_BY_POD,
  CONNECTED,
  DATAGRAM,
  IDLE_AT_POD,
  LAST_ANSWER,
  NO_POOL,
  NO_REQUEST,
  OPEN,
  OUTSIDE,
  READY,
  RESOLVING,
  RETIRED,
  STREAMS,
} from './connection-table.ts'
import { type ConnectionOpener, Connections } from './connections.ts'
import { type DatagramKeeper, Datagrams } from './datagrams/datagrams.ts'
import { Sockets } from './datagrams/sockets.ts'
import { Deadlines } from './deadlines.ts'
import { ExpiryQueue } from './expiry-queue.ts'
import type { GatewayFactory, PassedRequests } from './gateway.ts'
import { type NetworkPlugin, PacketFilter } from './packet-filter.ts'
import { ANSWERED, HELD, NO_CONNECTION, RESUMES, RequestTable, SHAKES_HANDS, STREAM, WAITING } from './request-table.ts'
import { type DnsSpec, type KnowsName, type Queries, Resolver } from './resolver.ts'
import type { ConnectionSpec, HedgeSpec, HttpRequest, RetrySpec, SocketSpec, TlsClientSpec, WorkloadSpec } from './specs.ts'
import { TlsSessions } from './tls-sessions.ts'
import { Tries, type TrySender } from './tries.ts'
import type { UnseenChanges } from './unseen-changes.ts'
import { NO_WISH } from './wish-table.ts'

export interface RequestsOptions {
  readonly sim: Simulation
  readonly version: KubernetesMinor
  readonly history: ServiceHistory
  /** Where in the history each node stands. */
  readonly rules: NodeRules
  readonly unseen: UnseenChanges
  readonly mode: ProxyMode
  readonly network: Network
  readonly loadBalancer: LoadBalancer
  readonly kernels: Kernels
  readonly cores: PacketCores
  readonly workloadOf: (pod: SandboxSpec) => WorkloadSpec
  /** How client pods look names up, and what the servers know; absent: names are resolved at once. */
  readonly dns?: { readonly spec: DnsSpec; readonly knows: KnowsName; readonly metrics: TrafficMetrics } | undefined
  /** Makes who runs the pods that pass requests on, where there are any. */
  readonly gateway?: GatewayFactory | undefined
  /** What looks at packets, where there are NetworkPolicies; and the nodes' addresses, as int32s. */
  readonly policies?: { readonly plugin: NetworkPlugin; readonly nodeAddresses: Int32Array } | undefined
}

/**
 * For how long TCP repeats what is not acknowledged before it gives the connection up.
 * Source: Linux, Documentation/networking/ip-sysctl: tcp_retries2 = 15 is "a hypothetical timeout of 924.6 seconds".
 */
const TCP_GIVES_UP = 924.6 * SECOND

const TWO_TO_32 = 4_294_967_296
/** Kept apart from other uses of a request's seed. */
const SESSION_SALT = 0x7f4a_7c15

/** Who sent a request, and what became of it: an index into FAILURE_CAUSES, or OK. */
export type Outcome = (user: number, cause: number) => void

/** Where one traffic goes, and what it waits for. */
interface Traffic {
  readonly metrics: TrafficMetrics
  readonly servicePort: ServicePortId
  readonly timeout: Nanos
  readonly route: HttpRequest
  /** The node at whose node port its clients call, or {@link NO_NODE}: by the load balancer. */
  readonly node: number
  readonly deadlines: Deadlines
  /** Where its clients may try more than once: their wishes. */
  readonly tries: Tries | null
  /** Where there is a time-out of its own for the opening of a connection. */
  readonly connectDeadlines: ExpiryQueue | null
  /** Where its clients keep connections: how. */
  readonly connection: ConnectionSpec | undefined
  /** Where its requests are https: how, and what sessions its clients have. */
  readonly tls: TlsClientSpec | undefined
  readonly sessions: TlsSessions
  /** The pools of its clients, by pod or by address: indexes of pools. */
  readonly pools: Map<number, number>
  readonly names?: readonly string[] | undefined
  /** Of a traffic over UDP: the sockets of its clients. */
  readonly sockets: Sockets | undefined
  /** There is an event for the first of them. */
  deadlineArmed: boolean
  /** Told when a request has been answered or has failed. */
  onOutcome: Outcome | null
}

/**
 * The life of a request: one question, one answer, on a TCP connection, whose life is in {@link Connections}; or over UDP, as {@link Datagrams} has it.
 *
 * ```text
 *   client                translating node                    pod
 *     | SYN  ─────────────▶ conntrack miss, rules: F ────────▶ | listens? conntrack of its own node?
 *     | ◀────────────────── e ◀──────────────────── SYN-ACK    | (or RST: refused)
 *     | request ──────────▶ e ───────────────────────────────▶ | queue, service
 *     | ◀────────────────── e ◀───────────────────── answer    |
 *
 *   latency = F + 3 e + 4 × one way + waiting + service
 * ```
 *
 * F is the CPU time of a first packet and e that of a later one, both on the node that translates: the client's own, or for a client outside
 * the node that the load balancer chose, and there by way of the node port. The pod's own node, when it is another, has an entry in its
 * connection tracking but is charged no time, as it is in the network's delay. What comes back to a node that has crashed meanwhile is lost.
 *
 * F and e are time of one core of that node, which a packet waits for ({@link PacketCores}); where a core drops one, its sender sends it
 * again. What closes a connection takes time but no core's (*assumption*).
 *
 * A client that has waited for its time-out closes; what it had sent still occupies the pod until it is done.
 * A client pod that is gone when its answer or time-out comes counts as the failure `no-client`.
 *
 * **Kept connections** (HTTP/1.1): a request takes the one that its client used last, or opens one while there is room in the pool, or waits
 * for one (`client-queue`). On one that is there it takes `2 e + 2 × one way + waiting + service`, and no rule is asked: it goes to the pod
 * that the connection has. A pod that drains closes the idle ones at once and the others by its answer; one that is killed has its
 * connections closed by its kernel. Clients learn of it one way later, and what they sent meanwhile meets RST. Of a sandbox or node that
 * is gone they hear nothing: each of its connections costs a request its time-out, after which the client closes that one. A client
 * repeats a request only where its traffic says so, see {@link Tries}. Pods do not close idle connections otherwise (*assumption*: their time-out is longer than the clients').
 *
 * **HTTP/2**: see {@link ConnectionSpec.http2}. Requests are streams on one connection, and another is opened only when that one is full. What comes
 * while it is being opened waits (`client-queue`). A stream that times out ends alone; an RST ends the connection with all its streams; a pod that
 * drains says GOAWAY: what is on the connection or on its way is served, and the next request opens another. Of silence TCP makes the end of the
 * connection 924.6 s after the first packet that was not acknowledged.
 *
 * **TLS**: on a new connection the client's hello comes in place of the request, and is work for the pod, queue included. With 1.3, or with a
 * session that the pod remembers, the request follows one round trip later; with 1.2 two. All of it is `tls`:
 *
 *   round trips × (2 e + 2 × one way) + waiting + CPU of the handshake
 *
 * Hot path: columns, handlers, no allocation a request.
 */
export class Requests implements RequestKeeper, PassedRequests, ConnectionOpener, DatagramKeeper, Queries {
  readonly backends: Backends
  readonly #sim: Simulation
  readonly #connections: Connections
  readonly datagrams: Datagrams
  /** null: names are resolved at once. */
  readonly resolver: Resolver | null
  /** The traffic of its queries. */
  readonly #queryTraffic: number
  readonly #cores: PacketCores
  readonly #external: Nanos
  /** Of all traffic, also of clients that are gone. */
  readonly #pools: ConnectionPool[] = []
  readonly #table = new RequestTable()
  readonly #traffic: Traffic[] = []
  /** CPU time of a packet that is no connection's first. */
  readonly #laterPacket: Nanos
  readonly #requestAtPod: HandlerId
  readonly #helloAtPod: HandlerId
  readonly #answerAtClient: HandlerId
  readonly #failureAtClient: HandlerId
  readonly #deadline: HandlerId
  readonly #idleTooLong: HandlerId
  readonly #closedByPod: HandlerId
  readonly #ready: HandlerId
  readonly #unheard: HandlerId

  constructor(options: RequestsOptions) {
    const { sim } = options
    this.#sim = sim
    this.#cores = options.cores
    this.#laterPacket = options.mode.establishedCost
    this.backends = new Backends({ sim, addresses: options.history.addresses, workloadOf: options.workloadOf, requests: this })
    this.#connections = new Connections({ ...options, backends: this.backends, accounts: this.#table.accounts, opener: this })
    this.#requestAtPod = sim.handler((request) => this.#arriveRequest(request))
    this.#helloAtPod = sim.handler((request) => this.#arriveHello(request))
    this.#answerAtClient = sim.handler((request) => this.#arriveAnswer(request))
    this.#failureAtClient = sim.handler((request, cause) => this.#arriveFailure(request, cause))
    this.datagrams = new Datagrams({
      ...options,
      backends: this.backends,
      requests: this.#table,
      connections: this.#connections.table,
      answerAtClient: this.#answerAtClient,
      keeper: this,
    })
    this.#deadline = sim.handler((traffic) => this.#expire(this.#traffic[traffic]!))
    this.#ready = sim.handler((connection, serial) => this.#becomeReady(connection, serial))
    this.#unheard = sim.handler((connection, serial) => {
      const { serials, flags } = this.#connections.table
      if (serials[connection] === serial && (flags[connection]! & OPEN) !== 0) this.#kill(connection, TIMEOUT)
    })
    this.#idleTooLong = sim.handler((connection) => {
      if (this.#hasStreams(connection)) {
        this.#retire(connection)
        return
      }
      this.#pools[this.#connections.table.pools[connection]!]!.dropIdle(connection)
      this.#closeKept(connection)
    })
    this.#closedByPod = sim.handler((connection, serial) => this.#arriveFin(connection, serial))
    const { dns } = options
    this.resolver = dns === undefined ? null : new Resolver({ queries: this, knows: dns.knows, attempts: dns.spec.attempts })
    this.#queryTraffic = dns === undefined ? -1 : this.#addQueries(dns.spec, dns.metrics, options.history)
    const { history, network, kernels, cores, mode } = options
    this.#external = network.external
    const filter = this.#filterOf(options)
    const gateway = options.gateway?.({
      sim,
      requests: this,
      backends: this.backends,
      addresses: history.addresses,
      network,
      kernels,
      cores,
      mode,
      filter,
    })
    if (gateway !== undefined) this.backends.attachGateway(gateway)
  }

  #filterOf({ policies, history, rules }: RequestsOptions): PacketFilter | null {
    if (policies === undefined) return null
    const filter = new PacketFilter({ ...policies, backends: this.backends, connections: this.#connections.table, history, rules })
    this.#connections.attachFilter(filter)
    this.datagrams.attachFilter(filter)
    return filter
  }

  /** Gives the traffic's index for {@link send}. */
  addTraffic(options: {
    metrics: TrafficMetrics
    servicePort: ServicePortId
    timeout: Nanos
    route: HttpRequest
    connection?: ConnectionSpec | undefined
    tls?: TlsClientSpec | undefined
    /** Over UDP, by such sockets. */
    socket?: SocketSpec | undefined
    /** What its clients look up before they open a connection, in this order until one exists; absent: they need not. */
    names?: readonly string[] | undefined
    connectTimeout?: Nanos | undefined
    retries?: RetrySpec | undefined
    hedge?: HedgeSpec | undefined
    /** At whose node port clients outside call; absent: they do so by the load balancer. */
    node?: number | undefined
  }): number {
    const { connection, metrics, servicePort, timeout, route, connectTimeout, socket, tls, names, node = NO_NODE } = options
    const index = this.#traffic.length
    this.#traffic.push({
      metrics,
      servicePort,
      timeout,
      route,
      node,
      connection,
      tls,
      names,
      sessions: new TlsSessions(),
      sockets: socket === undefined ? undefined : new Sockets(socket),
      deadlines: new Deadlines(),
      tries: options.retries === undefined && options.hedge === undefined ? null : this.#triesOf(index, options),
      connectDeadlines: connectTimeout === undefined ? null : this.#connectDeadlines(connectTimeout),
      pools: new Map(),
      deadlineArmed: false,
      onOutcome: null,
    })
    return index
  }

  /** `then` is called for every request of a traffic that has been answered or has failed: with its user and the cause, or {@link OK}. */
  onOutcome(trafficIndex: number, then: Outcome): void {
    this.#traffic[trafficIndex]!.onOutcome = then
  }

  /** A client pod, or one {@link OUTSIDE} of that address, sends a request now. `seed` decides its demand. */
  send(trafficIndex: number, client: number, seed: number, address = 0, user = 0): void {
    const table = this.#table
    const { now } = this.#sim
    const traffic = this.#traffic[trafficIndex]!
    traffic.metrics.sent(now)
    if (traffic.tries !== null) {
      traffic.tries.begin(client, seed, address, user)
      return
    }
    const request = this.#take(trafficIndex, seed, user, NO_WISH, now, now + traffic.timeout)
    traffic.deadlines.push(request, table.serials[request]!, now + traffic.timeout)
    if (!traffic.deadlineArmed) {
      traffic.deadlineArmed = true
      this.#sim.schedule(traffic.timeout, this.#deadline, trafficIndex)
    }
    this.#dispatch(request, client, address)
  }

  /** A place for a request that begins now. */
  #take(traffic: number, seed: number, user: number, wish: number, sentAt: Nanos, givesUpAt: Nanos): number {
    const table = this.#table
    const request = table.take()
    table.traffics[request] = traffic
    table.sentAt[request] = sentAt
    table.seeds[request] = seed
    table.users[request] = user
    table.wishes[request] = wish
    table.tries[request] = 0
    table.givesUpAt[request] = givesUpAt
    table.accounts.open(request, this.#sim.now)
    table.connections[request] = NO_CONNECTION
    return request
  }

  /** Finds the request a connection. */
  #dispatch(request: number, client: number, address: number): void {
    const table = this.#table
    const traffic = table.traffics[request]!
    const { connection, sockets } = this.#traffic[traffic]!
    if (sockets !== undefined) {
      table.pools[request] = NO_POOL
      this.#sendDatagram(request, client, address, sockets)
    } else if (connection === undefined) {
      table.pools[request] = NO_POOL
      this.#open(request, client, address, NO_POOL)
    } else {
      const pool = this.#poolOf(traffic, client, address)
      table.pools[request] = pool
      this.#takeFrom(this.#pools[pool]!, request)
    }
  }

  #triesOf(
    index: number,
    options: { metrics: TrafficMetrics; timeout: Nanos; retries?: RetrySpec | undefined; hedge?: HedgeSpec | undefined },
  ): Tries {
    const table = this.#table
    const { backends } = this
    const sender: TrySender = {
      sendTry: (wish, number, givesUpAt) => {
        const tries = this.#traffic[index]!.tries!
        const { wishes } = tries
        const sentAt = wishes.sentAt[wish]!
        const request = this.#take(index, wishes.seeds[wish]!, wishes.users[wish]!, wish, sentAt, givesUpAt)
        table.tries[request] = number
        table.accounts.parts[request * PARTS + RETRIES] = this.#sim.now - sentAt
        tries.joined(wish, request)
        this.#dispatch(request, wishes.clients[wish]!, wishes.addresses[wish]!)
      },
      giveUpTry: (request) => this.#close(request, false),
      causeOfTimeOut: (request) => (this.#clientIsGone(request) ? NO_CLIENT : this.#causeOfSilence(request)),
      unseenBy: (request, cause) => this.#unseenBy(request, cause),
      incarnation: (client) => backends.incarnation(client),
      runs: (client, incarnation) => backends.runs(client, incarnation),
    }
    const ended = (user: number, cause: number) => this.#traffic[index]!.onOutcome?.(user, cause)
    return new Tries({ sim: this.#sim, table, sender, ended, ...options, retries: options.retries, hedge: options.hedge })
  }

  /** Of the connections of one traffic that are being opened. */
  #connectDeadlines(wait: Nanos): ExpiryQueue {
    const { table } = this.#connections
    return new ExpiryQueue({
      sim: this.#sim,
      wait,
      waits: (place, serial) =>
        table.serials[place] === serial &&
        (table.flags[place]! & OPEN) !== 0 &&
        // It may be open by now; one whose client learns of it at this very moment is.
        table.connectedAt[place]! > this.#sim.now,
      expire: (place) =>
        this.#fail(
          table.requests[place]!,
          this.#connections.clientIsGone(place) ? NO_CLIENT : this.#connections.causeOfConnectTimeout(place),
        ),
    })
  }

  /** A request that was to be sent now, but there is nobody to send it. */
  failWithoutClient(trafficIndex: number, user = 0): void {
    const { metrics, onOutcome } = this.#traffic[trafficIndex]!
    metrics.sent(this.#sim.now)
    metrics.failed(this.#sim.now, NO_CLIENT)
    onOutcome?.(user, NO_CLIENT)
  }

  seedOf(request: number): number {
    return this.#table.seeds[request]!
  }

  trySeedOf(request: number): number {
    const number = this.#table.tries[request]!
    const seed = this.#table.seeds[request]!
    return number === 0 ? seed : mix32(seed ^ Math.imul(number, GOLDEN_RATIO_32))
  }

  begun(request: number): void {
    this.#table.accounts.waits(request, this.#sim.now, SERVICE)
  }

  calls(request: number): void {
    this.#table.accounts.waits(request, this.#sim.now, CALLS)
  }

  passedOn(request: number): void {
    this.#table.accounts.waits(request, this.#sim.now, UPSTREAM)
  }

  served(request: number): void {
    if (!this.#letGo(request)) {
      this.#wasted(request)
      return
    }
    if (this.#isDatagram(request)) {
      this.datagrams.answer(request)
      return
    }
    this.#answered(request)
    this.#expectFromPod(request, retransmitTimeout(2 * this.#oneWay(request)))
    this.#travel(this.#laterPacket, PACKETS, this.#oneWay(request), this.#answerAtClient, request)
  }

  dropped(request: number, withReset: boolean): void {
    if (this.#letGo(request) && withReset) this.#answerWithFailure(request, RESET)
  }

  delivered(request: number): void {
    this.#arriveRequest(request)
  }

  over(request: number): void {
    this.#free(request)
  }

  isWaited(request: number): boolean {
    return (this.#table.flags[request]! & WAITING) !== 0
  }

  trafficOf(request: number): number {
    return this.#table.traffics[request]!
  }

  clientOf(request: number): number {
    return this.#connections.table.clientAddresses[this.#table.connections[request]!]!
  }

  maskedBy(request: number): number {
    return this.#connections.maskedBy(this.#table.connections[request]!)
  }

  routeOf(traffic: number): HttpRequest {
    return this.#traffic[traffic]!.route
  }

  refused(request: number, cause: number): void {
    if (!this.#letGo(request)) return
    this.#answered(request)
    this.#answerWithFailure(request, cause)
  }

  /** Places in use: requests that a client waits for, or that an event or a server still holds. */
  get inUse(): number {
    return this.#table.size
  }

  /** Requests of a traffic whose client still waits. */
  waiting(trafficIndex: number): number {
    const { tries } = this.#traffic[trafficIndex]!
    if (tries !== null) return tries.waiting
    const { flags, traffics, capacity } = this.#table
    let waiting = 0
    for (let request = 0; request < capacity; request++) {
      if ((flags[request]! & WAITING) !== 0 && traffics[request] === trafficIndex) waiting++
    }
    return waiting
  }

  /** Every request that was sent was answered, failed, or is waited for; every place in use is waited for or held. */
  checkConservation(): void {
    for (const [index, { metrics, tries }] of this.#traffic.entries()) {
      const { sent, ok, failed } = metrics.totals()
      const waiting = this.waiting(index)
      invariant(
        sent === ok + failed + waiting,
        `Of ${sent} requests of "${metrics.name}" ${ok} were answered, ${failed} failed and ${waiting} wait`,
      )
      tries?.checkConservation(metrics.name)
    }
    const { flags, capacity, size } = this.#table
    let used = 0
    for (let request = 0; request < capacity; request++) if ((flags[request]! & (WAITING | HELD)) !== 0) used++
    invariant(used === size, `${size} places are in use, but somebody refers to ${used}`)
    this.#connections.checkConservation()
    this.datagrams.flows.checkConservation()
    this.#checkPools()
  }

  accepted(request: number): void {
    const { tls } = this.#traffic[this.#table.traffics[request]!]!
    const then = tls === undefined ? this.#requestAtPod : this.#helloAtPod
    const outside = this.#connections.table.clients[this.#table.connections[request]!] === OUTSIDE
    this.#expectFromPod(request, SYN_ACK_TIMEOUT, outside ? 2 * this.#external : 0)
    this.#travel(2 * this.#laterPacket, PACKETS, 2 * this.#oneWay(request), then, request)
    const connection = this.#table.connections[request]!
    if (!this.#hasStreams(connection)) return
    const { serials } = this.#connections.table
    this.#sim.schedule(this.#laterPacket + this.#oneWay(request), this.#ready, connection, serials[connection]!)
  }

  handshakeOf(request: number): number {
    const flags = this.#table.flags[request]!
    if ((flags & SHAKES_HANDS) === 0) return NO_HANDSHAKE
    return (flags & RESUMES) === 0 ? FULL_HANDSHAKE : RESUMED_HANDSHAKE
  }

  handshaken(request: number): void {
    const table = this.#table
    const { table: connections } = this.#connections
    const connection = table.connections[request]!
    const pod = connections.backends[connection]!
    const isFull = this.handshakeOf(request) === FULL_HANDSHAKE
    table.flags[request]! &= ~(SHAKES_HANDS | RESUMES)
    if (!this.#release(request)) {
      this.backends.abandon(pod)
      this.#free(request)
      return
    }
    const { tls, sessions } = this.#traffic[table.traffics[request]!]!
    const isOld = tls!.version === '1.2'
    if (isFull || !isOld) sessions.made(this.#tlsClient(connection), pod, connections.backendIncarnations[connection]!, this.#sim.now)
    const roundTrips = isFull && isOld ? 2 : 1
    this.#scheduleHeld(roundTrips * 2 * (this.#laterPacket + this.#oneWay(request)), this.#requestAtPod, request, 0)
  }

  turnedAway(request: number): void {
    this.#answerWithFailure(request, REFUSED)
  }

  icmpError(request: number, cause: number, cpu: Nanos, part: number, network: Nanos): void {
    this.#travel(cpu, part, network, this.#failureAtClient, request, cause)
  }

  rejected(request: number, cause: number, wait: Nanos, cpu: Nanos, network: Nanos): void {
    const { accounts } = this.#table
    accounts.travels(request, this.#sim.now, cpu, RULES)
    if (wait > 0) accounts.delayed(request, wait, SOFTIRQ)
    this.#scheduleHeld(wait + cpu + network, this.#failureAtClient, request, cause)
  }

  gaveUp(request: number, cause: number): void {
    this.#fail(request, cause)
  }

  drains(pod: number): void {
    this.#endStreamsAt(pod, false)
    this.#closeIdleAt(pod)
  }

  processEnded(pod: number, withReset: boolean): void {
    if (withReset) {
      this.#endStreamsAt(pod, true)
      this.#closeIdleAt(pod)
    }
    for (const { pools } of this.#traffic) {
      const index = pools.get(pod)
      if (index === undefined || this.#pools[index]!.client !== pod) continue
      pools.delete(pod)
      const pool = this.#pools[index]!
      for (let idle = pool.takeIdle(); idle !== undefined; idle = pool.takeIdle()) {
        this.#sim.cancel(this.#connections.table.idleTimers[idle]!)
        this.#closeKept(idle)
      }
      for (const connection of [...pool.ready]) this.#retire(connection)
    }
  }

  /** The pool of a client of a traffic, by its index. */
  #poolOf(trafficIndex: number, client: number, address: number): number {
    const { pools, connection } = this.#traffic[trafficIndex]!
    const key = client === OUTSIDE ? address : client
    let index = pools.get(key)
    if (index === undefined) {
      const incarnation = client === OUTSIDE ? 0 : this.backends.incarnation(client)
      index = this.#pools.push(new ConnectionPool({ traffic: trafficIndex, spec: connection!, client, incarnation, address })) - 1
      pools.set(key, index)
    }
    return index
  }

  /** A kept connection for the request: one that is idle, a new one, or the next that is free. */
  #takeFrom(pool: ConnectionPool, request: number): void {
    const table = this.#table
    if (pool.spec.http2 !== undefined) {
      this.#takeStream(pool, request)
      return
    }
    const idle = pool.takeIdle()
    if (idle !== undefined) {
      this.#sim.cancel(this.#connections.table.idleTimers[idle]!)
      this.#sendOn(request, idle)
    } else if (pool.hasRoom) {
      pool.open++
      this.#open(request, pool.client, pool.address, table.pools[request]!)
    } else {
      table.accounts.waits(request, this.#sim.now, CLIENT_QUEUE)
      pool.queue(request, table.serials[request]!)
    }
  }

  #open(request: number, client: number, address: number, pool: number): void {
    const table = this.#table
    const connections = this.#connections
    const { servicePort, node } = this.#traffic[table.traffics[request]!]!
    const connection = connections.make(request, client, address, servicePort, this.trySeedOf(request), table.givesUpAt[request]!, pool)
    table.connections[request] = connection
    if (pool !== NO_POOL && this.#pools[pool]!.spec.http2 !== undefined) {
      const { flags, streams, riders } = connections.table
      flags[connection]! |= STREAMS
      streams[connection] = 1
      riders[connection] = 1
    }
    if (node !== NO_NODE) connections.callAt(connection, node)
    if (this.resolver === null || client === OUTSIDE) this.#send(request, connection)
    else this.#lookUp(request, connection, client)
  }

  /** The client asks for the name of the Service before it sends anything. */
  #lookUp(request: number, connection: number, client: number): void {
    const table = this.#table
    const { names } = this.#traffic[table.traffics[request]!]!
    if (names === undefined) {
      this.#send(request, connection)
      return
    }
    this.#connections.table.flags[connection]! |= RESOLVING
    table.accounts.waits(request, this.#sim.now, DNS)
    this.resolver!.lookUp(request, table.serials[request]!, client, table.seeds[request]!, names)
  }

  /** Sends what is first sent on a connection that has been made. */
  #send(request: number, connection: number): void {
    const { sockets, connectDeadlines } = this.#traffic[this.#table.traffics[request]!]!
    if (sockets !== undefined) {
      this.datagrams.send(request)
      return
    }
    connectDeadlines?.push(connection, this.#connections.table.serials[connection]!)
    this.#connections.open(connection)
  }

  query(client: number, seed: number, user: number): void {
    this.send(this.#queryTraffic, client, seed, 0, user)
  }

  waits(request: number, serial: number): boolean {
    const { serials, flags } = this.#table
    return serials[request] === serial && (flags[request]! & WAITING) !== 0
  }

  resolved(request: number): void {
    const connection = this.#table.connections[request]!
    const { table } = this.#connections
    table.flags[connection]! &= ~RESOLVING
    table.openedAt[connection] = this.#sim.now
    table.synAt[connection] = this.#sim.now
    if (this.#clientIsGone(request)) this.#fail(request, NO_CLIENT)
    else this.#send(request, connection)
  }

  unresolved(request: number): void {
    this.#fail(request, this.#clientIsGone(request) ? NO_CLIENT : DNS_FAILED)
  }

  /** The queries of the resolver are a traffic over UDP that no result shows. */
  #addQueries(spec: DnsSpec, metrics: TrafficMetrics, history: ServiceHistory): number {
    const servicePort = history.servicePort(spec.namespace, spec.service, spec.port, 'UDP')
    const traffic = this.addTraffic({
      metrics,
      servicePort,
      timeout: spec.timeout,
      route: { host: '', path: '/', isTls: false },
      socket: { reuse: false },
    })
    this.onOutcome(traffic, (user, cause) => this.resolver!.ended(user, cause === OK))
    return traffic
  }

  /** Sends the request as a datagram: its connection is a place for its way, and no more. */
  #sendDatagram(request: number, client: number, address: number, sockets: Sockets): void {
    const table = this.#table
    const connections = this.#connections
    const { servicePort, timeout, node } = this.#traffic[table.traffics[request]!]!
    const givesUpAt = table.sentAt[request]! + timeout
    const connection = connections.make(request, client, address, servicePort, table.seeds[request]!, givesUpAt)
    table.connections[request] = connection
    if (node !== NO_NODE) connections.callAt(connection, node)
    const { clientPorts, clientIncarnations } = connections.table
    const fresh = clientPorts[connection]!
    const port = sockets.portOf(client, clientIncarnations[connection]!, fresh)
    clientPorts[connection] = port
    if (this.resolver === null || client === OUTSIDE || port !== fresh) this.datagrams.send(request)
    else this.#lookUp(request, connection, client)
  }

  #isDatagram(request: number): boolean {
    return (this.#connections.table.flags[this.#table.connections[request]!]! & DATAGRAM) !== 0
  }

  /** Sends the request on a connection that is there. */
  #sendOn(request: number, connection: number): void {
    const connections = this.#connections
    const { table } = connections
    this.#table.connections[request] = connection
    table.requests[connection] = request
    if (connections.isKnownAtNode(connection)) {
      this.#expectFromClient(request)
      this.#travel(this.#laterPacket, PACKETS, this.#oneWay(request), this.#requestAtPod, request)
    } else if (connections.isNodeUp(connection)) {
      connections.strayed(connection)
      const network = table.clients[connection] === OUTSIDE ? 2 * this.#external : 0
      this.#expectFromClient(request)
      this.#travel(this.#laterPacket, PACKETS, network, this.#failureAtClient, request, RESET)
    } else {
      this.#table.accounts.travels(request, this.#sim.now, 0, PACKETS)
      this.#unacknowledged(connection)
    }
  }

  /** The pod's answer to the request goes out. */
  #answered(request: number): void {
    const { table } = this.#connections
    const connection = this.#table.connections[request]!
    this.#table.flags[request]! |= ANSWERED
    if (table.pools[connection] === NO_POOL || this.#hasStreams(connection)) return
    table.flags[connection]! |= this.backends.isListening(table.backends[connection]!) ? IDLE_AT_POD : CLOSED_BY_POD | LAST_ANSWER
  }

  /** The client has its answer, and may use the connection again. */
  #giveBack(request: number): void {
    const table = this.#table
    const connections = this.#connections
    const connection = table.connections[request]!
    if (this.#hasStreams(connection)) {
      if (connections.isKnownAtNode(connection)) connections.table.idleSince[connection] = this.#sim.now
      this.#close(request, false)
      return
    }
    const pool = this.#pools[table.pools[request]!]
    const age = this.#sim.now - connections.table.openedAt[connection]!
    const lifetime = pool?.spec.lifetime ?? Number.POSITIVE_INFINITY
    if (pool === undefined || (connections.table.flags[connection]! & LAST_ANSWER) !== 0 || age >= lifetime) {
      this.#close(request, false)
      return
    }
    table.flags[request]! &= ~WAITING
    this.#free(request)
    connections.table.idleSince[connection] = this.#sim.now
    const next = this.#nextOf(pool)
    if (next >= 0) {
      this.#sendOn(next, connection)
      return
    }
    pool.putIdle(connection)
    const wait = Math.min(pool.spec.keepAlive, lifetime - age)
    connections.table.idleTimers[connection] = this.#sim.schedule(wait, this.#idleTooLong, connection)
  }

  /** A connection of a pool that no request has is closed by the client. */
  #closeKept(connection: number): void {
    const pool = this.#pools[this.#connections.table.pools[connection]!]!
    this.#connections.close(connection, false)
    pool.open--
  }

  /** A connection of the pool has been closed: there is room for another, if somebody waits. */
  #fill(pool: ConnectionPool): void {
    pool.open--
    const next = this.#nextOf(pool)
    if (next >= 0) this.#takeFrom(pool, next)
  }

  /** Who is next to have a connection of the pool, or -1. A client that is gone sends nothing more. */
  #nextOf(pool: ConnectionPool): number {
    if (pool.client !== OUTSIDE && !this.backends.runs(pool.client, pool.incarnation)) return -1
    const table = this.#table
    const { now } = this.#sim
    return pool.shift((place, serial) => table.isWaited(place, serial) && table.givesUpAt[place]! > now)
  }

  /** A pod closes its kept connections on which it has no request. */
  #closeIdleAt(pod: number): void {
    if (this.#pools.length === 0) return
    const { table } = this.#connections
    for (let connection = 0; connection < table.capacity; connection++) {
      const flags = table.flags[connection]!
      if ((flags & IDLE_AT_POD) === 0 || (flags & CLOSED_BY_POD) !== 0 || table.backends[connection] !== pod) continue
      table.flags[connection] = flags | CLOSED_BY_POD
      const delay = this.#laterPacket + table.oneWay[connection]!
      this.#sim.schedule(delay, this.#closedByPod, connection, table.serials[connection]!)
    }
  }

  /** The client learns that the pod has closed the connection; `serial`: which one of that place. */
  #arriveFin(connection: number, serial: number): void {
    const connections = this.#connections
    const { table } = connections
    if (table.serials[connection] !== serial || (table.flags[connection]! & OPEN) === 0) return
    if (!connections.isRemembered(connection)) return
    if (this.#hasStreams(connection)) {
      if ((table.flags[connection]! & CLOSED_BY_POD) !== 0) this.#kill(connection, RESET)
      else this.#retire(connection)
      return
    }
    const request = table.requests[connection]!
    if (request !== NO_REQUEST && (this.#table.flags[request]! & ANSWERED) !== 0) {
      // An answer that came late to its core: TCP hands over the end of the connection after it.
      table.flags[connection]! |= LAST_ANSWER
      return
    }
    if (request !== NO_REQUEST) {
      this.#fail(request, this.#clientIsGone(request) ? NO_CLIENT : RESET)
      return
    }
    this.#sim.cancel(table.idleTimers[connection]!)
    this.#pools[table.pools[connection]!]!.dropIdle(connection)
    this.#closeKept(connection)
  }

  /** Whether HTTP/2 is spoken on it. */
  #hasStreams(connection: number): boolean {
    return (this.#connections.table.flags[connection]! & STREAMS) !== 0
  }

  /** HTTP/2 is spoken on it, and its client knows that it is open, or has known that it was. */
  #isReady(connection: number): boolean {
    return (this.#connections.table.flags[connection]! & READY) !== 0
  }

  /** A stream for the request: on the first connection that has room, or on a new one; or it waits. */
  #takeStream(pool: ConnectionPool, request: number): void {
    const table = this.#table
    const connection = this.#withRoom(pool)
    if (connection >= 0) {
      this.#putOn(request, connection)
    } else if (!pool.isOpening && pool.hasRoom) {
      pool.open++
      this.#open(request, pool.client, pool.address, table.pools[request]!)
    } else {
      table.accounts.waits(request, this.#sim.now, CLIENT_QUEUE)
      pool.queue(request, table.serials[request]!)
    }
  }

  /** The pool's first connection that takes another stream, or -1. Those that are too old are retired. */
  #withRoom(pool: ConnectionPool): number {
    const { streams, openedAt } = this.#connections.table
    const { lifetime = Number.POSITIVE_INFINITY, http2 } = pool.spec
    let at = 0
    while (at < pool.ready.length) {
      const connection = pool.ready[at]!
      if (this.#sim.now - openedAt[connection]! >= lifetime) this.#retire(connection)
      else if (streams[connection]! < http2!.maxConcurrentStreams) return connection
      else at++
    }
    return -1
  }

  #putOn(request: number, connection: number): void {
    const { table } = this.#connections
    if (table.streams[connection] === 0) this.#sim.cancel(table.idleTimers[connection]!)
    table.streams[connection]!++
    table.riders[connection]!++
    this.#table.flags[request]! |= STREAM
    const isKnown = this.#connections.isKnownAtNode(connection)
    this.#sendOn(request, connection)
    // The node goes on not to know it.
    table.idleSince[connection] = isKnown ? this.#sim.now : Number.NEGATIVE_INFINITY
  }

  /** The client learns that its connection is open: what has waited for that goes out. */
  #becomeReady(connection: number, serial: number): void {
    const { table } = this.#connections
    if (table.serials[connection] !== serial || (table.flags[connection]! & OPEN) === 0) return
    table.flags[connection]! |= READY
    table.idleSince[connection] = this.#sim.now
    const pool = this.#pools[table.pools[connection]!]!
    pool.ready.push(connection)
    if (pool.client !== OUTSIDE && !this.backends.runs(pool.client, pool.incarnation)) this.#retire(connection)
    else this.#fillStreams(pool)
  }

  /** Sends those of the requests that wait for whom there is room. */
  #fillStreams(pool: ConnectionPool): void {
    while (this.#withRoom(pool) >= 0 || (!pool.isOpening && pool.hasRoom)) {
      const next = this.#nextOf(pool)
      if (next < 0) return
      this.#takeStream(pool, next)
    }
  }

  /** The client waits for a stream no longer: it has its answer, or gives it up. */
  #endStream(request: number): void {
    const requests = this.#table
    const connection = requests.connections[request]!
    const pool = this.#pools[requests.pools[request]!]!
    const { table } = this.#connections
    const isLast = --table.streams[connection]! === 0
    const flags = requests.flags[request]! & ~WAITING
    requests.flags[request] = flags
    requests.givesUpAt[request] = this.#sim.now
    if (isLast && (table.flags[connection]! & OPEN) !== 0) this.#rest(connection, pool)
    if ((flags & HELD) === 0) this.#free(request)
    this.#fillStreams(pool)
  }

  /** No stream is on an open connection any more. */
  #rest(connection: number, pool: ConnectionPool): void {
    const { table } = this.#connections
    if ((table.flags[connection]! & RETIRED) !== 0) {
      this.#connections.close(connection, false)
      return
    }
    const left = (pool.spec.lifetime ?? Number.POSITIVE_INFINITY) - (this.#sim.now - table.openedAt[connection]!)
    const wait = Math.max(0, Math.min(pool.spec.keepAlive, left))
    table.idleTimers[connection] = this.#sim.schedule(wait, this.#idleTooLong, connection)
  }

  /** The client puts no stream on it from now on, and closes it once none is on it. */
  #retire(connection: number): void {
    const { table } = this.#connections
    if ((table.flags[connection]! & RETIRED) !== 0) return
    this.#leavePool(connection)
    if (table.streams[connection] !== 0) return
    this.#sim.cancel(table.idleTimers[connection]!)
    this.#connections.close(connection, false)
  }

  #leavePool(connection: number): void {
    const { table } = this.#connections
    const pool = this.#pools[table.pools[connection]!]!
    const at = pool.ready.indexOf(connection)
    invariant(at >= 0, `Connection ${connection} takes no streams`)
    pool.ready.splice(at, 1)
    pool.open--
    table.flags[connection]! |= RETIRED
  }

  /** A connection ends with all its streams. */
  #kill(connection: number, cause: number): void {
    const { table } = this.#connections
    const requests = this.#table
    const pool = this.#pools[table.pools[connection]!]!
    const lost: number[] = []
    for (let request = 0; request < requests.capacity; request++) {
      if ((requests.flags[request]! & WAITING) !== 0 && requests.connections[request] === connection) lost.push(request)
    }
    const serials = lost.map((request) => requests.serials[request]!)
    if ((table.flags[connection]! & RETIRED) === 0) this.#leavePool(connection)
    if (table.streams[connection] === 0) this.#sim.cancel(table.idleTimers[connection]!)
    this.#connections.close(connection, cause === RESET)
    for (const [at, request] of lost.entries()) {
      if (requests.isWaited(request, serials[at]!)) this.#fail(request, this.#clientIsGone(request) ? NO_CLIENT : cause)
    }
    this.#fillStreams(pool)
  }

  /** What was sent on an HTTP/2 connection is lost, and so is all that TCP sends again. */
  #unacknowledged(connection: number): void {
    const { table } = this.#connections
    const serial = table.serials[connection]!
    if (!this.#hasStreams(connection) || (table.flags[connection]! & OPEN) === 0 || table.givenUp[connection] === serial) return
    table.givenUp[connection] = serial
    this.#sim.schedule(TCP_GIVES_UP, this.#unheard, connection, serial)
  }

  /** A pod says GOAWAY on its HTTP/2 connections, or its kernel closes them. */
  #endStreamsAt(pod: number, isDead: boolean): void {
    if (this.#pools.length === 0) return
    const { table } = this.#connections
    const wanted = OPEN | CONNECTED | STREAMS
    for (let connection = 0; connection < table.capacity; connection++) {
      const flags = table.flags[connection]!
      if ((flags & (wanted | CLOSED_BY_POD)) !== wanted || table.backends[connection] !== pod) continue
      if (isDead) table.flags[connection] = flags | CLOSED_BY_POD
      const delay = this.#laterPacket + table.oneWay[connection]!
      this.#sim.schedule(delay, this.#closedByPod, connection, table.serials[connection]!)
    }
  }

  /** Each HTTP/2 connection counts the streams that are waited for and the requests that refer to it, and has no more than it may. */
  #checkStreams(): void {
    const { flags, pools, streams, riders, capacity } = this.#connections.table
    const waited = new Int32Array(capacity)
    const referring = new Int32Array(capacity)
    const table = this.#table
    for (let request = 0; request < table.capacity; request++) {
      const connection = table.connections[request]!
      if (table.flags[request] === 0 || connection === NO_CONNECTION) continue
      referring[connection]!++
      if ((table.flags[request]! & WAITING) !== 0) waited[connection]!++
    }
    for (let connection = 0; connection < capacity; connection++) {
      if ((flags[connection]! & STREAMS) === 0) continue
      const { maxConcurrentStreams } = this.#pools[pools[connection]!]!.spec.http2!
      const isOpening = (flags[connection]! & (OPEN | READY)) === OPEN
      const isSound = (flags[connection]! & READY) === 0 || streams[connection] === waited[connection]
      invariant(
        isSound && riders[connection] === referring[connection] && streams[connection]! <= maxConcurrentStreams,
        `Connection ${connection} counts ${streams[connection]} streams and ${riders[connection]} requests: there are ${waited[connection]} and ${referring[connection]}`,
      )
      invariant(!isOpening || waited[connection] === 1, `${waited[connection]} requests open connection ${connection}`)
    }
  }

  /** Every connection of a pool is idle or has a request, there are no more than it may have, and nobody waits while there is room. */
  #checkPools(): void {
    const { flags, pools, requests, capacity } = this.#connections.table
    const open = new Int32Array(this.#pools.length)
    const used = new Int32Array(this.#pools.length)
    this.#checkStreams()
    for (let connection = 0; connection < capacity; connection++) {
      if ((flags[connection]! & OPEN) === 0 || pools[connection] === NO_POOL) continue
      if ((flags[connection]! & RETIRED) !== 0) continue
      open[pools[connection]!]!++
      if ((flags[connection]! & READY) === 0 && requests[connection] !== NO_REQUEST) used[pools[connection]!]!++
    }
    const waiting = new Int32Array(this.#pools.length)
    const table = this.#table
    for (let request = 0; request < table.capacity; request++) {
      if ((table.flags[request]! & WAITING) === 0 || table.pools[request] === NO_POOL) continue
      if (table.connections[request] === NO_CONNECTION) waiting[table.pools[request]!]!++
    }
    for (const [index, pool] of this.#pools.entries()) {
      const { length } = pool.spec.http2 === undefined ? pool.idle : pool.ready
      invariant(
        open[index] === pool.open && pool.open === used[index]! + length && pool.open <= pool.spec.pool,
        `A pool of ${pool.spec.pool} counts ${pool.open} connections: ${open[index]} are open, ${used[index]} have a request, ${length} are idle`,
      )
      const isGone = pool.client !== OUTSIDE && !this.backends.runs(pool.client, pool.incarnation)
      invariant(
        waiting[index] === 0 || isGone || !pool.hasRoom || (pool.spec.http2 !== undefined && pool.isOpening),
        `${waiting[index]} requests wait for a connection, and there is room for one`,
      )
      const { http2, lifetime = Number.POSITIVE_INFINITY } = pool.spec
      const { streams, openedAt } = this.#connections.table
      for (const connection of waiting[index] === 0 || isGone ? [] : pool.ready) {
        const isFull = streams[connection] === http2!.maxConcurrentStreams
        invariant(
          isFull || this.#sim.now - openedAt[connection]! >= lifetime,
          `${waiting[index]} requests wait, and there is room for a stream`,
        )
      }
    }
  }

  /** The client's hello is at the pod that has accepted its connection. */
  #arriveHello(request: number): void {
    if (this.#isLate(request, this.#helloAtPod, 0)) return
    const waits = this.#release(request)
    const table = this.#table
    const { backends } = this
    const connections = this.#connections.table
    const connection = table.connections[request]!
    const pod = connections.backends[connection]!
    const incarnation = connections.backendIncarnations[connection]!
    const runs = backends.runs(pod, incarnation)
    const server = backends.tlsOf(pod)
    if (!runs || server === undefined || (!waits && !this.#wasSent(request))) {
      // What does not speak TLS closes the connection.
      if (runs) backends.abandon(pod)
      if (!waits) this.#free(request)
      else if (backends.hasAddress(pod)) this.#answerWithFailure(request, RESET)
      return
    }
    const { tls, sessions } = this.#traffic[table.traffics[request]!]!
    const isOffered = mix32(table.seeds[request]! ^ SESSION_SALT) >>> 0 < tls!.resumption * TWO_TO_32
    const isKnown = isOffered && sessions.knows(this.#tlsClient(connection), pod, incarnation, this.#sim.now - server.sessionTimeout)
    table.accounts.waits(request, this.#sim.now, TLS)
    table.flags[request]! |= isKnown ? SHAKES_HANDS | RESUMES : SHAKES_HANDS
    if (backends.shakeHands(pod, request)) {
      table.flags[request]! |= HELD
      return
    }
    table.flags[request]! &= ~(SHAKES_HANDS | RESUMES)
    if (waits) this.#answerWithFailure(request, QUEUE_FULL)
    else this.#free(request)
  }

  /** Whose sessions count: a pod's index, or an address outside, which is negative. */
  #tlsClient(connection: number): number {
    const { clients, clientAddresses } = this.#connections.table
    return clients[connection] === OUTSIDE ? clientAddresses[connection]! : clients[connection]!
  }

  #arriveRequest(request: number): void {
    if (this.#isLate(request, this.#requestAtPod, 0)) return
    const waits = this.#release(request)
    const table = this.#table
    const { backends } = this
    const connections = this.#connections.table
    const connection = table.connections[request]!
    const pod = connections.backends[connection]!
    const isReused = (connections.flags[connection]! & IDLE_AT_POD) !== 0 || (table.flags[request]! & STREAM) !== 0
    if (isReused && !this.#meetsPod(connection)) {
      const isThere = backends.owner(connections.endpoints[connection]!) !== NO_BACKEND
      if (!isThere) this.#unacknowledged(connection)
      if (!waits) this.#free(request)
      else if (isThere) this.#answerWithFailure(request, RESET)
      return
    }
    if (isReused) {
      connections.flags[connection]! &= ~IDLE_AT_POD
      backends.accept(pod)
    }
    if (!backends.runs(pod, connections.backendIncarnations[connection]!)) {
      if (!waits) this.#free(request)
      else if (backends.hasAddress(pod)) this.#answerWithFailure(request, RESET)
      return
    }
    if (!waits && !this.#wasSent(request)) {
      backends.abandon(pod)
      this.#free(request)
    } else {
      table.accounts.waits(request, this.#sim.now, POD_QUEUE)
      if (backends.enter(pod, request)) table.flags[request]! |= HELD
      else if (waits) this.#answerWithFailure(request, QUEUE_FULL)
      else this.#free(request)
    }
  }

  /** The process that has the connection runs, and has not closed it. */
  #meetsPod(connection: number): boolean {
    const { backends, backendIncarnations, flags } = this.#connections.table
    if ((flags[connection]! & CLOSED_BY_POD) !== 0) return false
    return this.backends.runs(backends[connection]!, backendIncarnations[connection]!)
  }

  /** Whether the client had not given up when the connection was made and the request was to go out. */
  #wasSent(request: number): boolean {
    return this.#sim.now - this.#oneWay(request) - this.#laterPacket < this.#table.givesUpAt[request]!
  }

  #arriveAnswer(request: number): void {
    if (this.#isLate(request, this.#answerAtClient, 0)) return
    if (!this.#letGo(request)) {
      this.#wasted(request)
      return
    }
    const table = this.#table
    if (!this.#connections.isRemembered(table.connections[request]!)) return
    if (this.#isDatagram(request) && !this.datagrams.isAnswered(request)) return
    if (this.#clientIsGone(request)) {
      this.#fail(request, NO_CLIENT)
      return
    }
    const sentAt = table.sentAt[request]!
    const latency = this.#sim.now - sentAt
    const { accounts } = table
    accounts.settle(request, this.#sim.now)
    accounts.check(request, latency)
    const { metrics, onOutcome, tries } = this.#traffic[table.traffics[request]!]!
    metrics.ok(sentAt, latency, accounts.parts, request * PARTS)
    const user = table.users[request]!
    if (tries !== null) tries.answered(request)
    this.#giveBack(request)
    onOutcome?.(user, OK)
  }

  #arriveFailure(request: number, cause: number): void {
    if (this.#isLate(request, this.#failureAtClient, cause)) return
    if (!this.#letGo(request)) return
    const table = this.#table
    if (!this.#connections.isRemembered(table.connections[request]!)) return
    const isGone = this.#clientIsGone(request)
    if (cause === RESET && this.#isReady(table.connections[request]!)) {
      this.#kill(table.connections[request]!, RESET)
      return
    }
    const wish = table.wishes[request]!
    const { tries } = this.#traffic[table.traffics[request]!]!
    this.#countFailure(request, isGone ? NO_CLIENT : cause)
    if (cause >= HTTP_404 && !isGone) this.#giveBack(request)
    else this.#close(request, cause < HTTP_404)
    if (tries !== null) tries.goOn(wish, isGone ? NO_CLIENT : cause)
  }

  /** Fails what has waited as long as it may, and sets the event for the next. */
  #expire(traffic: Traffic): void {
    const table = this.#table
    const { deadlines } = traffic
    const { now } = this.#sim
    while (deadlines.size > 0) {
      const request = deadlines.firstPlace
      if (table.serials[request] === deadlines.firstSerial && (table.flags[request]! & WAITING) !== 0) {
        if (deadlines.firstTime > now) {
          this.#sim.schedule(deadlines.firstTime - now, this.#deadline, table.traffics[request]!)
          return
        }
        this.#fail(request, this.#clientIsGone(request) ? NO_CLIENT : this.#causeOfSilence(request))
      }
      deadlines.shift()
    }
    traffic.deadlineArmed = false
  }

  #causeOfSilence(request: number): number {
    const connection = this.#table.connections[request]!
    if (connection === NO_CONNECTION) return TIMEOUT
    if ((this.#connections.table.flags[connection]! & RESOLVING) !== 0) return DNS_FAILED
    return this.#connections.causeOfSilence(connection)
  }

  #clientIsGone(request: number): boolean {
    const connection = this.#table.connections[request]!
    if (connection !== NO_CONNECTION) return this.#connections.clientIsGone(connection)
    const { client, incarnation } = this.#pools[this.#table.pools[request]!]!
    return client !== OUTSIDE && !this.backends.runs(client, incarnation)
  }

  /** Network time from client to pod, ns. */
  #oneWay(request: number): Nanos {
    return this.#connections.table.oneWay[this.#table.connections[request]!]!
  }

  /**
   * The pod's side answers with an RST, or closes. Also an RST that its core drops comes again: then the client has sent once more. Over UDP it
   * does neither.
   */
  #answerWithFailure(request: number, cause: number): void {
    if (this.#isDatagram(request)) {
      this.#table.accounts.waits(request, this.#sim.now, RETRANSMIT)
      return
    }
    this.#expectFromPod(request, cause === REFUSED ? SYN_ACK_TIMEOUT : retransmitTimeout(2 * this.#oneWay(request)))
    this.#travel(this.#laterPacket, PACKETS, this.#oneWay(request), this.#failureAtClient, request, cause)
  }

  #fail(request: number, cause: number): void {
    const wish = this.#table.wishes[request]!
    const { tries } = this.#traffic[this.#table.traffics[request]!]!
    this.#countFailure(request, cause)
    this.#close(request, false)
    if (tries !== null) tries.goOn(wish, cause)
  }

  /** Of a try its wish will count what becomes of it, once the try's connection is closed. */
  #countFailure(request: number, cause: number): void {
    const table = this.#table
    const { metrics, onOutcome, tries } = this.#traffic[table.traffics[request]!]!
    if (tries !== null) {
      tries.failed(request, cause)
      return
    }
    metrics.failed(table.sentAt[request]!, cause, this.#unseenBy(request, cause))
    onOutcome?.(table.users[request]!, cause)
  }

  #unseenBy(request: number, cause: number): UnseenChange | null {
    const connection = this.#table.connections[request]!
    return connection === NO_CONNECTION ? null : this.#connections.unseenBy(connection, cause)
  }

  /** A pod has finished what nobody waits for. The place of the request has just been given back, and still has its numbers. */
  #wasted(request: number): void {
    this.#traffic[this.#table.traffics[request]!]!.metrics.wasted(this.#table.sentAt[request]!)
  }

  /** The client has its outcome, and closes the connection. */
  #close(request: number, byReset: boolean): void {
    const table = this.#table
    const connection = table.connections[request]!
    const pool = table.pools[request]!
    if (connection !== NO_CONNECTION && this.#isReady(connection)) {
      this.#endStream(request)
      return
    }
    if (connection !== NO_CONNECTION) this.#connections.close(connection, byReset)
    const flags = table.flags[request]! & ~WAITING
    table.flags[request] = flags
    table.givesUpAt[request] = this.#sim.now
    if ((flags & HELD) === 0) this.#free(request)
    if (pool !== NO_POOL && connection !== NO_CONNECTION) this.#fill(this.#pools[pool]!)
  }

  #free(request: number): void {
    const table = this.#table
    if (table.connections[request] !== NO_CONNECTION) this.#connections.leave(table.connections[request]!)
    table.connections[request] = NO_CONNECTION
    table.free(request)
  }

  /** A packet from the client will come to the core that handles the request's connection. */
  #expectFromClient(request: number): void {
    const { clients, cores } = this.#connections.table
    const connection = this.#table.connections[request]!
    const outside = clients[connection] === OUTSIDE
    this.#cores.expect(
      cores[connection]!,
      outside ? this.#sim.now + this.#external : this.#sim.now,
      request,
      retransmitTimeout(2 * this.#oneWay(request)),
    )
  }

  /** A packet from the pod will come to that core, and if it is a SYN-ACK then also what the client sends `gap` ns after it was handled. */
  #expectFromPod(request: number, timeout: Nanos, gap: Nanos = ALONE): void {
    const { clients, cores, oneWay } = this.#connections.table
    const connection = this.#table.connections[request]!
    const way = clients[connection] === OUTSIDE ? oneWay[connection]! - this.#external : oneWay[connection]!
    this.#cores.expect(cores[connection]!, this.#sim.now + way, request, timeout, gap, retransmitTimeout(2 * oneWay[connection]!))
  }

  /** Whether what comes now had to wait for its core, or be sent again, and so comes later: the event is put off, or is none. */
  #isLate(request: number, handler: HandlerId, b: number): boolean {
    const { now } = this.#sim
    const late = this.#cores.resolve(request, now)
    if (late === 0) return false
    const { accounts } = this.#table
    if (late === NEVER) {
      // Its sender has given the connection up, a quarter of an hour after it began.
      accounts.waits(request, now, RETRANSMIT)
      if (!this.#release(request)) this.#free(request)
      return true
    }
    const { retransmitted } = this.#cores
    accounts.settle(request, now)
    accounts.delayed(request, late - retransmitted, SOFTIRQ)
    accounts.delayed(request, retransmitted, RETRANSMIT)
    this.#sim.schedule(late, handler, request, b)
    return true
  }

  /** On its way: `cpu` ns of CPU that `part` answers for, then the network. */
  #travel(cpu: Nanos, part: number, network: Nanos, handler: HandlerId, request: number, b = 0): void {
    this.#table.accounts.travels(request, this.#sim.now, cpu, part)
    this.#scheduleHeld(cpu + network, handler, request, b)
  }

  #scheduleHeld(delay: Nanos, handler: HandlerId, request: number, b: number): void {
    this.#table.flags[request]! |= HELD
    this.#sim.schedule(delay, handler, request, b)
  }

  /** The event or server that held the request has come. Whether a client still waits. */
  #release(request: number): boolean {
    const { flags } = this.#table
    const now = flags[request]! & ~HELD
    flags[request] = now
    return (now & WAITING) !== 0
  }

  /** As {@link #release}; a request that nobody waits for is over. */
  #letGo(request: number): boolean {
    if (this.#release(request)) return true
    this.#free(request)
    return false
  }
}
