import type { HandlerId, Simulation } from '../engine/simulation.ts'
import { invariant } from '../invariant.ts'
import type { ProxyMode } from '../kube-proxy/modes/mode.ts'
import type { ServiceHistory, ServicePortId } from '../kube-proxy/service-history.ts'
import { PACKETS, PARTS, POD_QUEUE, SERVICE, UPSTREAM } from '../metrics/blame.ts'
import { HTTP_404, NO_CLIENT, QUEUE_FULL, RESET } from '../metrics/failure-cause.ts'
import type { TrafficMetrics } from '../metrics/request-metrics.ts'
import type { LoadBalancer } from '../network/load-balancer.ts'
import type { Network } from '../network/network.ts'
import type { Kernels } from '../node/kernel.ts'
import type { SandboxSpec } from '../node/pod-host.ts'
import type { Nanos } from '../units.ts'
import { Backends, type RequestKeeper } from './backends.ts'
import { type ConnectionOpener, Connections } from './connections.ts'
import { Deadlines } from './deadlines.ts'
import type { GatewayFactory, PassedRequests } from './gateway.ts'
import { HELD, NO_CONNECTION, RequestTable, WAITING } from './request-table.ts'
import type { WorkloadSpec } from './specs.ts'

export interface RequestsOptions {
  readonly sim: Simulation
  readonly history: ServiceHistory
  readonly mode: ProxyMode
  readonly network: Network
  readonly loadBalancer: LoadBalancer
  readonly kernels: Kernels
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
 * The life of a request: one question, one answer, on a TCP connection of its own, whose life is in {@link Connections}.
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
 * A client that has waited for its time-out closes; what it had sent still occupies the pod until it is done.
 * A client pod that is gone when its answer or time-out comes counts as the failure `no-client`.
 *
 * Hot path: columns, handlers, no allocation a request.
 */
export class Requests implements RequestKeeper, PassedRequests, ConnectionOpener {
  readonly backends: Backends
  readonly #sim: Simulation
  readonly #connections: Connections
  readonly #table = new RequestTable()
  readonly #traffic: Traffic[] = []
  /** CPU time of a packet that is no connection's first. */
  readonly #laterPacket: Nanos
  readonly #requestAtPod: HandlerId
  readonly #answerAtClient: HandlerId
  readonly #failureAtClient: HandlerId
  readonly #deadline: HandlerId

  constructor(options: RequestsOptions) {
    const { sim } = options
    this.#sim = sim
    this.#laterPacket = options.mode.establishedCost
    this.backends = new Backends({ sim, addresses: options.history.addresses, workloadOf: options.workloadOf, requests: this })
    this.#connections = new Connections({ ...options, backends: this.backends, accounts: this.#table.accounts, opener: this })
    this.#requestAtPod = sim.handler((request) => this.#arriveRequest(request))
    this.#answerAtClient = sim.handler((request) => this.#arriveAnswer(request))
    this.#failureAtClient = sim.handler((request, cause) => this.#arriveFailure(request, cause))
    this.#deadline = sim.handler((traffic) => this.#expire(this.#traffic[traffic]!))
    const { history, network, kernels, mode } = options
    const gateway = options.gateway?.({
      sim,
      requests: this,
      backends: this.backends,
      addresses: history.addresses,
      network,
      kernels,
      mode,
    })
    if (gateway !== undefined) this.backends.attachGateway(gateway)
  }

  /** Gives the traffic's index for {@link send}. */
  addTraffic(options: { metrics: TrafficMetrics; servicePort: ServicePortId; timeout: Nanos; route: Route }): number {
    return this.#traffic.push({ ...options, deadlines: new Deadlines(), deadlineArmed: false, onOutcome: null }) - 1
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
    const connections = this.#connections
    const { servicePort, timeout } = traffic
    const connection = connections.make(request, client, address, servicePort, seed, now + timeout)
    table.connections[request] = connection
    connections.open(connection)
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
    if (this.#letGo(request)) this.#travel(this.#laterPacket, PACKETS, this.#oneWay(request), this.#answerAtClient, request)
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
    if (this.#letGo(request)) this.#answerWithFailure(request, cause)
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
  }

  accepted(request: number): void {
    this.#travel(2 * this.#laterPacket, PACKETS, 2 * this.#oneWay(request), this.#requestAtPod, request)
  }

  turnedAway(request: number, cause: number, cpu: Nanos, part: number, network: Nanos): void {
    this.#travel(cpu, part, network, this.#failureAtClient, request, cause)
  }

  gaveUp(request: number, cause: number): void {
    this.#fail(request, cause)
  }

  #arriveRequest(request: number): void {
    const waits = this.#release(request)
    const table = this.#table
    const { backends } = this
    const connections = this.#connections.table
    const connection = table.connections[request]!
    const pod = connections.backends[connection]!
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

  /** Whether the client was still there when the connection was made and the request was to go out. */
  #wasSent(request: number): boolean {
    const table = this.#table
    const sendTime = this.#sim.now - this.#oneWay(request) - this.#laterPacket
    return sendTime < table.sentAt[request]! + this.#traffic[table.traffics[request]!]!.timeout
  }

  #arriveAnswer(request: number): void {
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
    this.#close(request, false)
    onOutcome?.(user)
  }

  #arriveFailure(request: number, cause: number): void {
    if (!this.#letGo(request)) return
    const table = this.#table
    if (!this.#connections.isRemembered(table.connections[request]!)) return
    this.#countFailure(request, this.#clientIsGone(request) ? NO_CLIENT : cause)
    this.#close(request, cause < HTTP_404)
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
        this.#fail(request, this.#clientIsGone(request) ? NO_CLIENT : this.#connections.causeOfSilence(table.connections[request]!))
      }
      deadlines.shift()
    }
    traffic.deadlineArmed = false
  }

  #clientIsGone(request: number): boolean {
    return this.#connections.clientIsGone(this.#table.connections[request]!)
  }

  /** Network time from client to pod, ns. */
  #oneWay(request: number): Nanos {
    return this.#connections.table.oneWay[this.#table.connections[request]!]!
  }

  /** The pod's side answers with an RST, or closes. */
  #answerWithFailure(request: number, cause: number): void {
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
    this.#connections.close(table.connections[request]!, byReset)
    const flags = table.flags[request]! & ~WAITING
    table.flags[request] = flags
    if ((flags & HELD) === 0) this.#free(request)
  }

  #free(request: number): void {
    const table = this.#table
    this.#connections.leave(table.connections[request]!)
    table.connections[request] = NO_CONNECTION
    table.free(request)
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
