import type { Simulation } from '../engine/simulation.ts'
import type { ServiceHistory } from '../kube-proxy/service-history.ts'
import { CALLS, PARTS, RETRANSMIT, RETRIES, SERVICE, THROTTLED, UPSTREAM } from '../metrics/blame.ts'
import { NO_CLIENT, OK, REFUSED, RESET } from '../metrics/failure-cause.ts'
import type { TrafficMetrics } from '../metrics/request-metrics.ts'
import { NO_NODE } from '../network/load-balancer.ts'
import type { PacketCores } from '../node/packet-cores.ts'
import { GOLDEN_RATIO_32, mix32 } from '../proxy/mix.ts'
import type { Nanos } from '../units.ts'
import { Backends, type RequestKeeper } from './backends.ts'
import { NO_POOL, OPEN } from './connection-table.ts'
import { type ConnectionOpener, Connections } from './connections.ts'
import { type DatagramKeeper, Datagrams } from './datagrams/datagrams.ts'
import { Sockets } from './datagrams/sockets.ts'
import { ExpiryQueue } from './expiry-queue.ts'
import type { PassedRequests } from './gateway.ts'
import { PacketFilter } from './packet-filter.ts'
import type { RequestRecorder } from './records/request-recorder.ts'
import { NO_CONNECTION, RequestTable, WAITING } from './request-table.ts'
import { checkPlaces, checkPools, checkSent } from './requests/checks.ts'
import { FirstPackets, type FirstPacketsUser } from './requests/first-packets.ts'
import { Http2Streams } from './requests/http2-streams.ts'
import { KeptConnections } from './requests/kept-connections.ts'
import { OneWay } from './requests/one-way.ts'
import type { RequestsOptions, TrafficOptions } from './requests/options.ts'
import { PodSide } from './requests/pod-side.ts'
import { Pools, type PoolUser } from './requests/pools.ts'
import { RequestOutcomes } from './requests/request-outcomes.ts'
import { type PacketReceiver, RequestPackets } from './requests/request-packets.ts'
import { TlsHandshakes } from './requests/tls-handshakes.ts'
import type { Outcome, Traffic } from './requests/traffic.ts'
import type { DnsSpec, Resolver } from './resolver.ts'
import type { RequestSampler } from './samples/request-sampler.ts'
import type { HttpRequest } from './specs.ts'
import { TlsSessions } from './tls-sessions.ts'
import { Tries, type TrySender } from './tries.ts'
import { NO_WISH } from './wish-table.ts'

export type { Outcome } from './requests/traffic.ts'

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
 * A client pod that is gone when its answer or time-out comes counts as the failure `no-client`. A client repeats a request only where its
 * traffic says so, see {@link Tries}.
 *
 * Who does what, in the folder `requests`:
 *
 * ```text
 *   send ─▶ KeptConnections, Http2Streams   is there a connection?     ── no ─▶ FirstPackets   look the name up; SYN or datagram
 *                │ yes                                                              │ accepted
 *                ▼                                                                  ▼
 *           RequestPackets   to the pod and back, by the cores of the node   ◀── TlsHandshakes
 *                │ ▲
 *                ▼ │ PodSide, Backends, Gateway
 *           RequestOutcomes   answered, failed, given up ─▶ the connection is kept or closed; Tries
 * ```
 *
 * Hot path: columns, handlers, no allocation a request.
 */
export class Requests
  implements RequestKeeper, PassedRequests, ConnectionOpener, DatagramKeeper, PacketReceiver, PoolUser, FirstPacketsUser
{
  readonly backends: Backends
  readonly datagrams: Datagrams
  readonly #sim: Simulation
  readonly #table = new RequestTable()
  readonly #traffic: Traffic[] = []
  readonly #connections: Connections
  readonly #packets: RequestPackets
  /** Of all traffic, also of clients that are gone. */
  readonly #pools: Pools
  readonly #kept: KeptConnections
  readonly #streams: Http2Streams
  readonly #handshakes: TlsHandshakes
  readonly #podSide: PodSide
  readonly #first: FirstPackets
  readonly #outcomes: RequestOutcomes
  readonly #oneWay: OneWay
  /** null: nobody watches requests. */
  readonly #sampler: RequestSampler | null
  /** null: nobody asks for the requests that have ended. */
  readonly #recorder: RequestRecorder | null
  /** The traffic of the resolver's queries. */
  readonly #queryTraffic: number

  constructor(options: RequestsOptions) {
    const { sim, dns } = options
    const table = this.#table
    const traffic = this.#traffic
    this.#sim = sim
    this.#sampler = options.sampler ?? null
    this.#recorder = options.recorder ?? null
    const backends = new Backends({ sim, addresses: options.history.addresses, workloadOf: options.workloadOf, requests: this })
    const connections = new Connections({ ...options, backends, accounts: table.accounts, opener: this })
    const packets = new RequestPackets({
      sim,
      cores: options.cores,
      table,
      connections,
      backends,
      network: options.network,
      traffic,
      laterPacket: options.mode.establishedCost,
      receiver: this,
    })
    const [sampler, recorder] = [this.#sampler, this.#recorder]
    sampler?.attach(table, connections.table)
    const { answerAtClient } = packets
    const datagrams = new Datagrams({ ...options, backends, requests: table, connections: connections.table, answerAtClient, keeper: this })
    const pools = new Pools({ sim, backends, table })
    recorder?.attach({ requests: table, connections: connections.table, pools, backends, traffic })
    const parts = { sim, table, connections, backends, datagrams, packets, pools, traffic }
    const kept = new KeptConnections({ ...parts, user: this })
    const streams = new Http2Streams({ ...parts, user: this, cores: options.cores, external: options.network.external })
    this.backends = backends
    this.datagrams = datagrams
    this.#connections = connections
    this.#packets = packets
    this.#pools = pools
    this.#kept = kept
    this.#streams = streams
    this.#handshakes = new TlsHandshakes(parts)
    this.#podSide = new PodSide({ ...parts, streams, handshakes: this.#handshakes })
    this.#outcomes = new RequestOutcomes({ ...parts, kept, streams, sampler, recorder })
    this.#oneWay = new OneWay({ ...parts, sampler, recorder, outcomes: this.#outcomes })
    this.#first = new FirstPackets({ ...parts, streams, user: this, dns })
    this.#queryTraffic = dns === undefined ? -1 : this.#addQueries(dns.spec, dns.metrics, options.history)
    this.#attachGateway(options)
  }

  #attachGateway(options: RequestsOptions): void {
    const { sim, history, network, kernels, cores, mode } = options
    const { backends } = this
    const filter = this.#filterOf(options)
    const { addresses } = history
    const gateway = options.gateway?.({
      sim,
      requests: this,
      backends,
      addresses,
      network,
      kernels,
      cores,
      mode,
      filter,
      sampler: this.#sampler,
    })
    if (gateway !== undefined) backends.attachGateway(gateway)
  }

  #filterOf({ policies, history, rules }: RequestsOptions): PacketFilter | null {
    if (policies === undefined) return null
    const filter = new PacketFilter({ ...policies, backends: this.backends, connections: this.#connections.table, history, rules })
    this.#connections.attachFilter(filter)
    this.datagrams.attachFilter(filter)
    return filter
  }

  /** Gives the traffic's index for {@link send}. */
  addTraffic(options: TrafficOptions): number {
    const { connection, metrics, servicePort, timeout, route, connectTimeout, socket, tls, names, node = NO_NODE } = options
    const { requestBytes = 0, responseBytes = 0, connectOnly = false } = options
    const index = this.#traffic.length
    const table = this.#table
    this.#traffic.push({
      metrics,
      servicePort,
      timeout,
      route,
      node,
      requestBytes,
      responseBytes,
      connection,
      connectOnly,
      tls,
      names,
      pods: options.pods,
      sessions: new TlsSessions(),
      sockets: socket === undefined ? undefined : new Sockets(socket),
      deadlines: new ExpiryQueue({
        sim: this.#sim,
        wait: timeout,
        waits: (request, serial) => table.isWaited(request, serial),
        expire: (request) => this.#outcomes.timeOut(request),
        late: (request) => this.#outcomes.clientThawsIn(request),
      }),
      tries: options.retries === undefined && options.hedge === undefined ? null : this.#triesOf(index, options),
      connectDeadlines: connectTimeout === undefined ? null : this.#connectDeadlines(connectTimeout),
      pools: new Map(),
      onOutcome: null,
    })
    return index
  }

  /** `then` is called for every request of a traffic that has been answered or has failed: with its user and the cause, or {@link OK}. */
  onOutcome(trafficIndex: number, then: Outcome): void {
    this.#traffic[trafficIndex]!.onOutcome = then
  }

  /** A client pod, or one OUTSIDE of that address, sends a request now. `seed` decides its demand. */
  send(trafficIndex: number, client: number, seed: number, address = 0, user = 0): void {
    const { now } = this.#sim
    const traffic = this.#traffic[trafficIndex]!
    traffic.metrics.sent(now)
    if (traffic.tries !== null) {
      traffic.tries.begin(client, seed, address, user)
      return
    }
    const request = this.#take(trafficIndex, seed, user, NO_WISH, now, now + traffic.timeout)
    if (traffic.timeout !== Number.POSITIVE_INFINITY) traffic.deadlines.push(request, this.#table.serials[request]!)
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
    if (this.#sampler !== null) this.#sampler.begins(request, traffic, wish)
    return request
  }

  /** A pod that serves `customer`, a request or the `~try` of a gateway, sends a request for it. */
  call(customer: number, trafficIndex: number, client: number, seed: number, user: number): void {
    const sampler = this.#sampler
    if (sampler === null) {
      this.send(trafficIndex, client, seed, 0, user)
      return
    }
    if (customer >= 0) sampler.sendsFor(customer)
    else this.backends.tellSpanOf(~customer, sampler)
    this.send(trafficIndex, client, seed, 0, user)
    sampler.sendsNoMore()
  }

  /** Finds the request a connection. */
  #dispatch(request: number, client: number, address: number): void {
    const table = this.#table
    const index = table.traffics[request]!
    const traffic = this.#traffic[index]!
    const { connection, sockets } = traffic
    if (sockets !== undefined) {
      table.pools[request] = NO_POOL
      this.#first.sendDatagram(request, client, address, sockets)
    } else if (connection === undefined) {
      table.pools[request] = NO_POOL
      this.#first.open(request, client, address, NO_POOL)
    } else {
      const pool = this.#pools.of(traffic, index, client, address)
      table.pools[request] = pool
      if (connection.http2 === undefined) this.#kept.take(this.#pools.all[pool]!, request)
      else this.#streams.take(this.#pools.all[pool]!, request)
    }
  }

  #triesOf(index: number, options: TrafficOptions): Tries {
    const table = this.#table
    const { backends } = this
    const outcomes = this.#outcomes
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
      giveUpTry: (request) => outcomes.close(request, false),
      causeOfTimeOut: (request) => outcomes.causeOfTimeOut(request),
      unseenBy: (request, cause) => outcomes.unseenBy(request, cause),
      incarnation: (client) => backends.incarnation(client),
      runs: (client, incarnation) => backends.runs(client, incarnation),
      thawsIn: (client) => this.#connections.thawsIn(client),
    }
    const ended = (user: number, cause: number) => this.#traffic[index]!.onOutcome?.(user, cause)
    const { metrics, timeout, retries, hedge } = options
    const watchers = { sampler: this.#sampler, recorder: this.#recorder }
    return new Tries({ ...watchers, sim: this.#sim, traffic: index, table, sender, ended, metrics, timeout, retries, hedge })
  }

  /** Of the connections of one traffic that are being opened. */
  #connectDeadlines(wait: Nanos): ExpiryQueue {
    const connections = this.#connections
    const { table } = connections
    return new ExpiryQueue({
      sim: this.#sim,
      wait,
      waits: (place, serial) =>
        table.serials[place] === serial &&
        (table.flags[place]! & OPEN) !== 0 &&
        // It may be open by now; one whose client learns of it at this very moment is.
        table.connectedAt[place]! > this.#sim.now,
      expire: (place) =>
        this.fail(table.requests[place]!, connections.clientIsGone(place) ? NO_CLIENT : connections.causeOfConnectTimeout(place)),
      late: (place) => connections.thawsIn(table.clients[place]!),
    })
  }

  /** A request that was to be sent now, but there is nobody to send it. */
  failWithoutClient(trafficIndex: number, user = 0): void {
    const { metrics, onOutcome } = this.#traffic[trafficIndex]!
    metrics.sent(this.#sim.now)
    metrics.failed(this.#sim.now, NO_CLIENT)
    this.#sampler?.failedAtOnce(trafficIndex, NO_CLIENT)
    this.#recorder?.failedAtOnce(trafficIndex)
    onOutcome?.(user, NO_CLIENT)
  }

  /** null: names are resolved at once. */
  get resolver(): Resolver | null {
    return this.#first.resolver
  }

  query(client: number, seed: number, user: number, overlaps: boolean): void {
    this.datagrams.overlaps = overlaps
    this.#sampler?.sendsFor(this.resolver!.waiterOf(user), true)
    this.send(this.#queryTraffic, client, seed, 0, user)
    this.#sampler?.sendsNoMore()
    this.datagrams.overlaps = false
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
    this.#sampler?.addTraffic(traffic, { name: 'dns', start: 0, stop: Number.MAX_SAFE_INTEGER, isRoot: false })
    this.onOutcome(traffic, (user, cause) => {
      const resolver = this.resolver!
      const isServfail = resolver.failures.wasServfail(user)
      resolver.ended(user, cause === OK && !isServfail)
    })
    return traffic
  }

  open(request: number, client: number, address: number, pool: number): void {
    this.#first.open(request, client, address, pool)
  }

  fail(request: number, cause: number): void {
    this.#outcomes.fail(request, cause)
  }

  clientIsGone(request: number): boolean {
    return this.#outcomes.clientIsGone(request)
  }

  accepted(request: number): void {
    const table = this.#table
    const { connectOnly, tls } = this.#traffic[table.traffics[request]!]!
    const connection = table.connections[request]!
    if (connectOnly) {
      this.backends.abandon(this.#connections.table.backends[connection]!)
      this.#packets.answerOpening(request)
      return
    }
    const late = this.#packets.followHandshake(request, tls !== undefined)
    if (late > 0) this.#connections.table.connectedAt[connection]! += late
    if (this.#streams.areOn(connection)) this.#streams.accepted(connection, late)
  }

  turnedAway(request: number): void {
    this.#packets.fail(request, REFUSED)
  }

  rejected(request: number, cause: number, wait: Nanos, cpu: Nanos, network: Nanos): void {
    this.#packets.rejected(request, cause, wait, cpu, network)
  }

  gaveUp(request: number, cause: number): void {
    this.fail(request, cause)
  }

  icmpError(request: number, cause: number, cpu: Nanos, part: number, network: Nanos): void {
    this.#packets.failFromNode(request, cause, cpu, part, network)
  }

  delivered(request: number): void {
    this.requestAtPod(request, this.#packets.release(request))
    if (this.#oneWay.has(request)) this.#oneWay.delivered(request)
  }

  lost(request: number): void {
    if (this.#oneWay.has(request)) this.#oneWay.lost(request)
    else this.#table.accounts.waits(request, this.#sim.now, RETRANSMIT)
  }

  thrownAway(request: number, cause: number): void {
    if (this.#oneWay.has(request)) this.#oneWay.lost(request, cause)
    else this.#table.accounts.waits(request, this.#sim.now, RETRANSMIT)
  }

  over(request: number): void {
    this.#packets.free(request)
  }

  helloAtPod(request: number, waits: boolean): void {
    this.#podSide.helloArrives(request, waits)
  }

  requestAtPod(request: number, waits: boolean): void {
    this.#podSide.requestArrives(request, waits)
  }

  answerAtClient(request: number, waits: boolean): void {
    if (waits) {
      this.#outcomes.answered(request)
      return
    }
    this.#outcomes.wasted(request)
    this.#streams.heardLate(request)
    this.#packets.free(request)
  }

  failureAtClient(request: number, cause: number, waits: boolean): void {
    if (waits) this.#outcomes.failed(request, cause)
    else this.#packets.free(request)
  }

  sentInVain(request: number): void {
    this.#streams.unacknowledged(this.#table.connections[request]!)
  }

  connectionGivenUp(request: number): void {
    this.#streams.gaveUp(this.#table.connections[request]!)
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

  handshakeOf(request: number): number {
    return this.#handshakes.of(request)
  }

  handshaken(request: number): void {
    this.#handshakes.done(request)
  }

  throttled(request: number): void {
    this.#table.accounts.waits(request, this.#sim.now, THROTTLED)
  }

  calls(request: number): void {
    this.#table.accounts.waits(request, this.#sim.now, CALLS)
  }

  passedOn(request: number): void {
    this.#table.accounts.waits(request, this.#sim.now, UPSTREAM)
  }

  served(request: number): void {
    if (!this.#packets.release(request)) {
      if (!this.#oneWay.has(request)) this.#outcomes.wasted(request)
      this.#packets.free(request)
    } else if (this.#packets.isDatagram(request)) {
      if (this.#isAnswered(request)) this.datagrams.answer(request)
      else this.#table.accounts.waits(request, this.#sim.now, RETRANSMIT)
    } else {
      this.#kept.answered(request)
      this.#packets.answer(request)
    }
  }

  /** A pod that has served a datagram answers it, unless it is a DNS server that fails. */
  #isAnswered(request: number): boolean {
    const { traffics, users } = this.#table
    return traffics[request] !== this.#queryTraffic || this.resolver!.failures.isAnswered(users[request]!)
  }

  refused(request: number, cause: number): void {
    if (!this.#packets.letGo(request)) return
    this.#kept.answered(request)
    this.#packets.fail(request, cause)
  }

  dropped(request: number, withReset: boolean): void {
    if (this.#packets.letGo(request) && withReset) this.#packets.fail(request, RESET)
  }

  drains(pod: number): void {
    this.#streams.endAt(pod, false)
    this.#kept.closeIdleAt(pod)
  }

  processEnded(pod: number, withReset: boolean): void {
    if (withReset) {
      this.#streams.endAt(pod, true)
      this.#kept.closeIdleAt(pod)
    }
    for (const traffic of this.#traffic) {
      const pool = this.#pools.leave(traffic, pod)
      if (pool === undefined) continue
      this.#kept.closeIdleOf(pool)
      this.#streams.retireAllOf(pool)
    }
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

  /** By pod, the open connections that it has accepted, of clients and of gateways. */
  openConnections(): Int32Array {
    const open = new Int32Array(this.backends.count)
    this.#connections.countOpen(open)
    this.backends.countGatewayConnections(open)
    return open
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
      checkSent(metrics, this.waiting(index))
      tries?.checkConservation(metrics.name)
    }
    checkPlaces(this.#table)
    this.#connections.checkConservation()
    this.datagrams.flows.checkConservation()
    checkPools(this.#pools, this.#connections.table, this.#table, this.#sim.now)
  }
}
