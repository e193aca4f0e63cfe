import type { HandlerId, Simulation } from '../engine/simulation.ts'
import { invariant } from '../invariant.ts'
import type { ProxyMode } from '../kube-proxy/modes/mode.ts'
import type { ServiceHistory, ServicePortId } from '../kube-proxy/service-history.ts'
import { CLIENT_QUEUE, PACKETS, PARTS, POD_QUEUE, RETRANSMIT, RULES, SERVICE, SOFTIRQ, UPSTREAM } from '../metrics/blame.ts'
import { HTTP_404, NO_CLIENT, QUEUE_FULL, REFUSED, RESET, TIMEOUT } from '../metrics/failure-cause.ts'
import type { TrafficMetrics } from '../metrics/request-metrics.ts'
import type { LoadBalancer } from '../network/load-balancer.ts'
import type { Network } from '../network/network.ts'
import type { Kernels } from '../node/kernel.ts'
import { retransmitTimeout, SYN_ACK_TIMEOUT } from '../node/kernel-tcp.ts'
import { ALONE, NEVER, type PacketCores } from '../node/packet-cores.ts'
import type { SandboxSpec } from '../node/pod-host.ts'
import type { Nanos } from '../units.ts'
import { Backends, NO_BACKEND, type RequestKeeper } from './backends.ts'
import { ConnectionPool } from './connection-pool.ts'
import { CLOSED_BY_POD, IDLE_AT_POD, LAST_ANSWER, NO_POOL, NO_REQUEST, OPEN, OUTSIDE } from './connection-table.ts'
import { type ConnectionOpener, Connections } from './connections.ts'
import { Deadlines } from './deadlines.ts'
import type { GatewayFactory, PassedRequests } from './gateway.ts'
import { ANSWERED, HELD, NO_CONNECTION, RequestTable, WAITING } from './request-table.ts'
import type { ConnectionSpec, WorkloadSpec } from './specs.ts'

export interface RequestsOptions {
  readonly sim: Simulation
  readonly history: ServiceHistory
  readonly mode: ProxyMode
  readonly network: Network
  readonly loadBalancer: LoadBalancer
  readonly kernels: Kernels
  readonly cores: PacketCores
  readonly workloadOf: (pod: SandboxSpec) => WorkloadSpec
  /** Makes who runs the pods that pass requests on, where there are any. */
  readonly gateway?: GatewayFactory | undefined
}

/** Where one traffic goes, and what it waits for. */
interface Traffic {
  readonly metrics: TrafficMetrics
  readonly servicePort: ServicePortId
  readonly timeout: Nanos
  readonly route: Route
  readonly deadlines: Deadlines
  /** Where its clients keep connections: how. */
  readonly connection: ConnectionSpec | undefined
  /** The pools of its clients, by pod or by address: indexes of pools. */
  readonly pools: Map<number, number>
  /** There is an event for the first of them. */
  deadlineArmed: boolean
  /** Told who sent it when a request has been answered or has failed. */
  onOutcome: ((user: number) => void) | null
}

/** What an HTTP request says of where it wants to go. */
interface Route {
  readonly host: string
  readonly path: string
}

/**
 * The life of a request: one question, one answer, on a TCP connection, whose life is in {@link Connections}.
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
 * is gone they hear nothing: each of its connections costs a request its time-out, after which the client closes that one. A client never
 * repeats a request by itself. Pods do not close idle connections otherwise (*assumption*: their time-out is longer than the clients').
 *
 * Hot path: columns, handlers, no allocation a request.
 */
export class Requests implements RequestKeeper, PassedRequests, ConnectionOpener {
  readonly backends: Backends
  readonly #sim: Simulation
  readonly #connections: Connections
  readonly #cores: PacketCores
  readonly #external: Nanos
  /** Of all traffic, also of clients that are gone. */
  readonly #pools: ConnectionPool[] = []
  readonly #table = new RequestTable()
  readonly #traffic: Traffic[] = []
  /** CPU time of a packet that is no connection's first. */
  readonly #laterPacket: Nanos
  readonly #requestAtPod: HandlerId
  readonly #answerAtClient: HandlerId
  readonly #failureAtClient: HandlerId
  readonly #deadline: HandlerId
  readonly #idleTooLong: HandlerId
  readonly #closedByPod: HandlerId

  constructor(options: RequestsOptions) {
    const { sim } = options
    this.#sim = sim
    this.#cores = options.cores
    this.#laterPacket = options.mode.establishedCost
    this.backends = new Backends({ sim, addresses: options.history.addresses, workloadOf: options.workloadOf, requests: this })
    this.#connections = new Connections({ ...options, backends: this.backends, accounts: this.#table.accounts, opener: this })
    this.#requestAtPod = sim.handler((request) => this.#arriveRequest(request))
    this.#answerAtClient = sim.handler((request) => this.#arriveAnswer(request))
    this.#failureAtClient = sim.handler((request, cause) => this.#arriveFailure(request, cause))
    this.#deadline = sim.handler((traffic) => this.#expire(this.#traffic[traffic]!))
    this.#idleTooLong = sim.handler((connection) => {
      this.#pools[this.#connections.table.pools[connection]!]!.dropIdle(connection)
      this.#closeKept(connection)
    })
    this.#closedByPod = sim.handler((connection, serial) => this.#arriveFin(connection, serial))
    const { history, network, kernels, cores, mode } = options
    this.#external = network.external
    const gateway = options.gateway?.({
      sim,
      requests: this,
      backends: this.backends,
      addresses: history.addresses,
      network,
      kernels,
      cores,
      mode,
    })
    if (gateway !== undefined) this.backends.attachGateway(gateway)
  }

  /** Gives the traffic's index for {@link send}. */
  addTraffic(options: {
    metrics: TrafficMetrics
    servicePort: ServicePortId
    timeout: Nanos
    route: Route
    connection?: ConnectionSpec | undefined
  }): number {
    const { connection } = options
    const state = { connection, deadlines: new Deadlines(), pools: new Map<number, number>(), deadlineArmed: false, onOutcome: null }
    return this.#traffic.push({ ...options, ...state }) - 1
  }

  /** `then` is called with the user of every request of a traffic that has been answered or has failed. */
  onOutcome(trafficIndex: number, then: (user: number) => void): void {
    this.#traffic[trafficIndex]!.onOutcome = then
  }

  /** A client pod, or one {@link OUTSIDE} of that address, sends a request now. `seed` decides its demand. */
  send(trafficIndex: number, client: number, seed: number, address = 0, user = 0): void {
    const table = this.#table
    const { now } = this.#sim
    const traffic = this.#traffic[trafficIndex]!
    const request = table.take()
    table.traffics[request] = trafficIndex
    table.sentAt[request] = now
    table.seeds[request] = seed
    table.users[request] = user
    table.accounts.open(request, now)
    traffic.metrics.sent(now)
    traffic.deadlines.push(request, table.serials[request]!, now + traffic.timeout)
    if (!traffic.deadlineArmed) {
      traffic.deadlineArmed = true
      this.#sim.schedule(traffic.timeout, this.#deadline, trafficIndex)
    }
    table.connections[request] = NO_CONNECTION
    if (traffic.connection === undefined) {
      table.pools[request] = NO_POOL
      this.#open(request, client, address, NO_POOL)
    } else {
      const pool = this.#poolOf(trafficIndex, client, address)
      table.pools[request] = pool
      this.#takeFrom(this.#pools[pool]!, request)
    }
  }

  /** A request that was to be sent now, but there is nobody to send it. */
  failWithoutClient(trafficIndex: number, user = 0): void {
    const { metrics, onOutcome } = this.#traffic[trafficIndex]!
    metrics.sent(this.#sim.now)
    metrics.failed(this.#sim.now, NO_CLIENT)
    onOutcome?.(user)
  }

  seedOf(request: number): number {
    return this.#table.seeds[request]!
  }

  begun(request: number): void {
    this.#table.accounts.waits(request, this.#sim.now, SERVICE)
  }

  passedOn(request: number): void {
    this.#table.accounts.waits(request, this.#sim.now, UPSTREAM)
  }

  served(request: number): void {
    if (!this.#letGo(request)) return
    this.#answered(request)
    this.#expectFromPod(request, retransmitTimeout(2 * this.#oneWay(request)))
    this.#travel(this.#laterPacket, PACKETS, this.#oneWay(request), this.#answerAtClient, request)
  }

  dropped(request: number, withReset: boolean): void {
    if (this.#letGo(request) && withReset) this.#answerWithFailure(request, RESET)
  }

  isWaited(request: number): boolean {
    return (this.#table.flags[request]! & WAITING) !== 0
  }

  trafficOf(request: number): number {
    return this.#table.traffics[request]!
  }

  routeOf(traffic: number): Route {
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
    const { flags, traffics, capacity } = this.#table
    let waiting = 0
    for (let request = 0; request < capacity; request++) {
      if ((flags[request]! & WAITING) !== 0 && traffics[request] === trafficIndex) waiting++
    }
    return waiting
  }

  /** Every request that was sent was answered, failed, or is waited for; every place in use is waited for or held. */
  checkConservation(): void {
    for (const [index, { metrics }] of this.#traffic.entries()) {
      const { sent, ok, failed } = metrics.totals()
      const waiting = this.waiting(index)
      invariant(
        sent === ok + failed + waiting,
        `Of ${sent} requests of "${metrics.name}" ${ok} were answered, ${failed} failed and ${waiting} wait`,
      )
    }
    const { flags, capacity, size } = this.#table
    let used = 0
    for (let request = 0; request < capacity; request++) if ((flags[request]! & (WAITING | HELD)) !== 0) used++
    invariant(used === size, `${size} places are in use, but somebody refers to ${used}`)
    this.#connections.checkConservation()
    this.#checkPools()
  }

  accepted(request: number): void {
    const outside = this.#connections.table.clients[this.#table.connections[request]!] === OUTSIDE
    this.#expectFromPod(request, SYN_ACK_TIMEOUT, outside ? 2 * this.#external : 0)
    this.#travel(2 * this.#laterPacket, PACKETS, 2 * this.#oneWay(request), this.#requestAtPod, request)
  }

  turnedAway(request: number): void {
    this.#answerWithFailure(request, REFUSED)
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
    this.#closeIdleAt(pod)
  }

  processEnded(pod: number, withReset: boolean): void {
    if (withReset) this.#closeIdleAt(pod)
    for (const { pools } of this.#traffic) {
      const index = pools.get(pod)
      if (index === undefined || this.#pools[index]!.client !== pod) continue
      pools.delete(pod)
      const pool = this.#pools[index]!
      for (let idle = pool.takeIdle(); idle !== undefined; idle = pool.takeIdle()) {
        this.#sim.cancel(this.#connections.table.idleTimers[idle]!)
        this.#closeKept(idle)
      }
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
    const { servicePort, timeout } = this.#traffic[table.traffics[request]!]!
    const givesUpAt = table.sentAt[request]! + timeout
    const connection = connections.make(request, client, address, servicePort, table.seeds[request]!, givesUpAt, pool)
    table.connections[request] = connection
    connections.open(connection)
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
    }
  }

  /** The pod's answer to the request goes out. */
  #answered(request: number): void {
    const { table } = this.#connections
    const connection = this.#table.connections[request]!
    this.#table.flags[request]! |= ANSWERED
    if (table.pools[connection] === NO_POOL) return
    table.flags[connection]! |= this.backends.isListening(table.backends[connection]!) ? IDLE_AT_POD : CLOSED_BY_POD | LAST_ANSWER
  }

  /** The client has its answer, and may use the connection again. */
  #giveBack(request: number): void {
    const table = this.#table
    const connections = this.#connections
    const connection = table.connections[request]!
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
    const { serials, flags, sentAt } = this.#table
    const sentAfter = this.#sim.now - this.#traffic[pool.traffic]!.timeout
    return pool.shift((place, serial) => serials[place] === serial && (flags[place]! & WAITING) !== 0 && sentAt[place]! > sentAfter)
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

  /** Every connection of a pool is idle or has a request, there are no more than it may have, and nobody waits while there is room. */
  #checkPools(): void {
    const { flags, pools, requests, capacity } = this.#connections.table
    const open = new Int32Array(this.#pools.length)
    const used = new Int32Array(this.#pools.length)
    for (let connection = 0; connection < capacity; connection++) {
      if ((flags[connection]! & OPEN) === 0 || pools[connection] === NO_POOL) continue
      open[pools[connection]!]!++
      if (requests[connection] !== NO_REQUEST) used[pools[connection]!]!++
    }
    const waiting = new Int32Array(this.#pools.length)
    const table = this.#table
    for (let request = 0; request < table.capacity; request++) {
      if ((table.flags[request]! & WAITING) === 0 || table.pools[request] === NO_POOL) continue
      if (table.connections[request] === NO_CONNECTION) waiting[table.pools[request]!]!++
    }
    for (const [index, pool] of this.#pools.entries()) {
      const { length } = pool.idle
      invariant(
        open[index] === pool.open && pool.open === used[index]! + length && pool.open <= pool.spec.pool,
        `A pool of ${pool.spec.pool} counts ${pool.open} connections: ${open[index]} are open, ${used[index]} have a request, ${length} are idle`,
      )
      const isGone = pool.client !== OUTSIDE && !this.backends.runs(pool.client, pool.incarnation)
      invariant(
        waiting[index] === 0 || isGone || !pool.hasRoom,
        `${waiting[index]} requests wait for a connection, and there is room for one`,
      )
    }
  }

  #arriveRequest(request: number): void {
    if (this.#isLate(request, this.#requestAtPod, 0)) return
    const waits = this.#release(request)
    const table = this.#table
    const { backends } = this
    const connections = this.#connections.table
    const connection = table.connections[request]!
    const pod = connections.backends[connection]!
    const isReused = (connections.flags[connection]! & IDLE_AT_POD) !== 0
    if (isReused && !this.#meetsPod(connection)) {
      if (!waits) this.#free(request)
      else if (backends.owner(connections.endpoints[connection]!) !== NO_BACKEND) this.#answerWithFailure(request, RESET)
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

  /** Whether the client was still there when the connection was made and the request was to go out. */
  #wasSent(request: number): boolean {
    const table = this.#table
    const sendTime = this.#sim.now - this.#oneWay(request) - this.#laterPacket
    return sendTime < table.sentAt[request]! + this.#traffic[table.traffics[request]!]!.timeout
  }

  #arriveAnswer(request: number): void {
    if (this.#isLate(request, this.#answerAtClient, 0)) return
    if (!this.#letGo(request)) return
    const table = this.#table
    if (!this.#connections.isRemembered(table.connections[request]!)) return
    if (this.#clientIsGone(request)) {
      this.#fail(request, NO_CLIENT)
      return
    }
    const sentAt = table.sentAt[request]!
    const latency = this.#sim.now - sentAt
    const { accounts } = table
    accounts.settle(request, this.#sim.now)
    accounts.check(request, latency)
    const { metrics, onOutcome } = this.#traffic[table.traffics[request]!]!
    metrics.ok(sentAt, latency, accounts.parts, request * PARTS)
    const user = table.users[request]!
    this.#giveBack(request)
    onOutcome?.(user)
  }

  #arriveFailure(request: number, cause: number): void {
    if (this.#isLate(request, this.#failureAtClient, cause)) return
    if (!this.#letGo(request)) return
    const table = this.#table
    if (!this.#connections.isRemembered(table.connections[request]!)) return
    const isGone = this.#clientIsGone(request)
    this.#countFailure(request, isGone ? NO_CLIENT : cause)
    if (cause >= HTTP_404 && !isGone) this.#giveBack(request)
    else this.#close(request, cause < HTTP_404)
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
    return connection === NO_CONNECTION ? TIMEOUT : this.#connections.causeOfSilence(connection)
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

  /** The pod's side answers with an RST, or closes. Also an RST that its core drops comes again: then the client has sent once more. */
  #answerWithFailure(request: number, cause: number): void {
    this.#expectFromPod(request, cause === REFUSED ? SYN_ACK_TIMEOUT : retransmitTimeout(2 * this.#oneWay(request)))
    this.#travel(this.#laterPacket, PACKETS, this.#oneWay(request), this.#failureAtClient, request, cause)
  }

  #fail(request: number, cause: number): void {
    this.#countFailure(request, cause)
    this.#close(request, false)
  }

  #countFailure(request: number, cause: number): void {
    const table = this.#table
    const { metrics, onOutcome } = this.#traffic[table.traffics[request]!]!
    metrics.failed(table.sentAt[request]!, cause)
    onOutcome?.(table.users[request]!)
  }

  /** The client has its outcome, and closes the connection. */
  #close(request: number, byReset: boolean): void {
    const table = this.#table
    const connection = table.connections[request]!
    const pool = table.pools[request]!
    if (connection !== NO_CONNECTION) this.#connections.close(connection, byReset)
    const flags = table.flags[request]! & ~WAITING
    table.flags[request] = flags
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
