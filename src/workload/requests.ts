import type { HandlerId, Simulation } from '../engine/simulation.ts'
import { invariant } from '../invariant.ts'
import { CLUSTER_IP, DROPPED, NO_BINDING, NO_RULE, NODE_PORT, type ProxyMode, REJECTED } from '../kube-proxy/modes/mode.ts'
import type { ServiceHistory, ServicePortId } from '../kube-proxy/service-history.ts'
import { CONNECT_TIMEOUT, CONNTRACK_FULL, NO_CLIENT, NO_ENDPOINTS, QUEUE_FULL, REFUSED, RESET, TIMEOUT } from '../metrics/failure-cause.ts'
import type { TrafficMetrics } from '../metrics/request-metrics.ts'
import { type LoadBalancer, NO_NODE } from '../network/load-balancer.ts'
import type { Network } from '../network/network.ts'
import type { Kernels } from '../node/kernel.ts'
import { SYN_RETRIES, synRetransmitTimeout } from '../node/kernel-tcp.ts'
import type { SandboxSpec } from '../node/pod-host.ts'
import { mix32 } from '../proxy/mix.ts'
import type { Nanos } from '../units.ts'
import { Backends, NO_BACKEND, type RequestKeeper } from './backends.ts'
import { Deadlines } from './deadlines.ts'
import { CONNECTED, ENTRY, HELD, NO_RETURN, OUTSIDE, POD_ENTRY, RequestTable, TABLE_FULL, WAITING } from './request-table.ts'
import type { WorkloadSpec } from './specs.ts'

export interface RequestsOptions {
  readonly sim: Simulation
  readonly history: ServiceHistory
  readonly mode: ProxyMode
  readonly network: Network
  readonly loadBalancer: LoadBalancer
  readonly kernels: Kernels
  readonly workloadOf: (pod: SandboxSpec) => WorkloadSpec
}

/** Where one traffic goes, and what it waits for. */
interface Traffic {
  readonly metrics: TrafficMetrics
  readonly servicePort: ServicePortId
  readonly timeout: Nanos
  readonly deadlines: Deadlines
  /** There is an event for the first of them. */
  deadlineArmed: boolean
  /** Told who sent it when a request has been answered or has failed. */
  onOutcome: ((user: number) => void) | null
}

/**
 * The life of a request: one TCP connection, one question, one answer.
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
 * A SYN without an answer is repeated 1, 3, 7, … s after the first, to the same endpoint as long as the node remembers the translation.
 * A client that has waited for its time-out closes; what it had sent still occupies the pod until it is done.
 * A client pod that is gone when its answer or time-out comes counts as the failure `no-client`.
 *
 * Hot path: columns, handlers, no allocation a request.
 */
export class Requests implements RequestKeeper {
  readonly backends: Backends
  readonly #sim: Simulation
  readonly #history: ServiceHistory
  readonly #mode: ProxyMode
  readonly #network: Network
  readonly #loadBalancer: LoadBalancer
  readonly #kernels: Kernels
  readonly #table = new RequestTable()
  readonly #traffic: Traffic[] = []
  /** CPU time of a packet that is no connection's first. */
  readonly #laterPacket: Nanos
  readonly #atNode: HandlerId
  readonly #synAtPod: HandlerId
  readonly #requestAtPod: HandlerId
  readonly #answerAtClient: HandlerId
  readonly #failureAtClient: HandlerId
  readonly #repeatSyn: HandlerId
  readonly #deadline: HandlerId

  constructor(options: RequestsOptions) {
    const { sim } = options
    this.#sim = sim
    this.#history = options.history
    this.#mode = options.mode
    this.#network = options.network
    this.#loadBalancer = options.loadBalancer
    this.#kernels = options.kernels
    this.#laterPacket = options.mode.establishedCost
    this.backends = new Backends({ sim, addresses: options.history.addresses, workloadOf: options.workloadOf, requests: this })
    this.#atNode = sim.handler((request) => this.#arriveAtNode(request))
    this.#synAtPod = sim.handler((request) => this.#arriveSyn(request))
    this.#requestAtPod = sim.handler((request) => this.#arriveRequest(request))
    this.#answerAtClient = sim.handler((request) => this.#arriveAnswer(request))
    this.#failureAtClient = sim.handler((request, cause) => this.#arriveFailure(request, cause))
    this.#repeatSyn = sim.handler((request) => this.#sendSynAgain(request))
    this.#deadline = sim.handler((traffic) => this.#expire(this.#traffic[traffic]!))
  }

  /** Gives the traffic's index for {@link send}. */
  addTraffic(options: { metrics: TrafficMetrics; servicePort: ServicePortId; timeout: Nanos }): number {
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
    table.synAt[request] = now
    table.attempts[request] = 0
    table.seeds[request] = seed
    table.users[request] = user
    table.clients[request] = client
    table.bindings[request] = NO_BINDING
    traffic.metrics.sent(now)
    traffic.deadlines.push(request, table.serials[request]!, now + traffic.timeout)
    if (!traffic.deadlineArmed) {
      traffic.deadlineArmed = true
      this.#sim.schedule(traffic.timeout, this.#deadline, trafficIndex)
    }
    if (client === OUTSIDE) {
      table.clientAddresses[request] = address
      this.#sendToBalancer(request, traffic)
      return
    }
    table.clientAddresses[request] = this.backends.addressOf(client)
    table.clientIncarnations[request] = this.backends.incarnation(client)
    table.nodes[request] = this.backends.nodeOf(client)
    this.#connect(request)
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

  served(request: number): void {
    if (this.#letGo(request)) this.#scheduleHeld(this.#table.oneWay[request]! + this.#laterPacket, this.#answerAtClient, request, 0)
  }

  dropped(request: number, withReset: boolean): void {
    if (this.#letGo(request) && withReset) this.#answerWithFailure(request, RESET)
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
  }

  /** From outside: a node is chosen for the whole connection. Without one the SYN is lost, and its repetition tries again. */
  #sendToBalancer(request: number, traffic: Traffic): void {
    const table = this.#table
    const rules = this.#history.rules(traffic.servicePort, Number.POSITIVE_INFINITY)
    const node = rules === null || rules.nodePort === 0 ? NO_NODE : this.#loadBalancer.next(traffic.servicePort)
    table.nodes[request] = node
    if (node === NO_NODE) this.#lose(request)
    else this.#scheduleHeld(this.#network.external, this.#atNode, request, 0)
  }

  #arriveAtNode(request: number): void {
    if (!this.#letGo(request)) return
    if (!this.#kernels.isUp(this.#table.nodes[request]!)) this.#lose(request)
    else if ((this.#table.flags[request]! & ENTRY) === 0) this.#connect(request)
    else this.#connectAgain(request)
  }

  /** A SYN that the translating node knows nothing of. */
  #connect(request: number): void {
    const table = this.#table
    const { now } = this.#sim
    const node = table.nodes[request]!
    const kernels = this.#kernels
    const conntrack = kernels.conntrack(node)
    if (!conntrack.hasRoom(now)) {
      this.#loseToFullTable(request)
      return
    }
    const mode = this.#mode
    const outside = table.clients[request] === OUTSIDE
    const { servicePort } = this.#traffic[table.traffics[request]!]!
    const entry = outside ? NODE_PORT : CLUSTER_IP
    const endpoint = mode.connect(node, servicePort, entry, now, table.clientAddresses[request]!, clientPort(table.seeds[request]!))
    table.nodeEpochs[request] = kernels.epoch(node)
    if (endpoint === REJECTED) {
      this.#scheduleHeld(mode.cost + (outside ? this.#network.external : 0), this.#failureAtClient, request, NO_ENDPOINTS)
      return
    }
    if (endpoint === DROPPED) {
      this.#lose(request)
      return
    }
    table.endpoints[request] = endpoint
    table.bindings[request] = mode.binding
    if (endpoint !== NO_RULE || mode.remembersMisses) {
      conntrack.open()
      table.flags[request] = (table.flags[request]! & ~TABLE_FULL) | ENTRY
    }
    if (endpoint !== NO_RULE && outside && !mode.answersReturn(node, servicePort, entry)) table.flags[request]! |= NO_RETURN
    if (endpoint === NO_RULE) this.#lose(request)
    else this.#sendToPod(request, mode.cost)
  }

  /** A repeated SYN of a connection that the translating node may still know. */
  #connectAgain(request: number): void {
    const table = this.#table
    if (!this.#kernels.remembers(table.nodes[request]!, table.nodeEpochs[request]!)) {
      this.#forget(request)
      this.#connect(request)
    } else if (table.endpoints[request] === NO_RULE) {
      this.#lose(request)
    } else if (table.bindings[request] !== NO_BINDING && !this.#mode.retransmit(table.bindings[request]!, this.#sim.now)) {
      this.#forget(request)
      this.#lose(request)
    } else {
      this.#sendToPod(request, this.#laterPacket)
    }
  }

  #sendToPod(request: number, cost: Nanos): void {
    const table = this.#table
    const { backends } = this
    const pod = backends.owner(table.endpoints[request]!)
    if (pod === NO_BACKEND || (table.flags[request]! & NO_RETURN) !== 0) {
      this.#lose(request)
      return
    }
    const delay = this.#network.delay(table.nodes[request]!, backends.nodeOf(pod))
    table.oneWay[request] = table.clients[request] === OUTSIDE ? delay + this.#network.external : delay
    this.#scheduleHeld(cost + delay, this.#synAtPod, request, 0)
  }

  #arriveSyn(request: number): void {
    if (!this.#letGo(request)) return
    const table = this.#table
    const { backends } = this
    const pod = backends.owner(table.endpoints[request]!)
    if (pod === NO_BACKEND) {
      this.#lose(request)
      return
    }
    const podNode = backends.nodeOf(pod)
    if (podNode !== table.nodes[request] && !this.#enterPodNode(request, podNode)) return
    if (!backends.isListening(pod)) {
      this.#answerWithFailure(request, REFUSED)
      return
    }
    backends.accept(pod)
    table.backends[request] = pod
    table.backendIncarnations[request] = backends.incarnation(pod)
    table.flags[request]! |= CONNECTED
    this.#scheduleHeld(2 * (table.oneWay[request]! + this.#laterPacket), this.#requestAtPod, request, 0)
  }

  /**
   * Connection tracking of the pod's own node. False: its table is full, and the SYN is lost. Whoever gets an entry here is answered, so
   * no SYN of the connection comes a second time.
   */
  #enterPodNode(request: number, podNode: number): boolean {
    const table = this.#table
    const kernels = this.#kernels
    const conntrack = kernels.conntrack(podNode)
    if (!conntrack.hasRoom(this.#sim.now)) {
      this.#loseToFullTable(request)
      return false
    }
    conntrack.open()
    table.flags[request] = (table.flags[request]! & ~TABLE_FULL) | POD_ENTRY
    table.podNodes[request] = podNode
    table.podNodeEpochs[request] = kernels.epoch(podNode)
    return true
  }

  #arriveRequest(request: number): void {
    const waits = this.#release(request)
    const table = this.#table
    const { backends } = this
    const pod = table.backends[request]!
    if (!backends.runs(pod, table.backendIncarnations[request]!)) {
      if (!waits) table.free(request)
      else if (backends.hasAddress(pod)) this.#answerWithFailure(request, RESET)
      return
    }
    if (!waits && !this.#wasSent(request)) {
      backends.abandon(pod)
      table.free(request)
    } else if (backends.enter(pod, request)) {
      table.flags[request]! |= HELD
    } else if (waits) {
      this.#answerWithFailure(request, QUEUE_FULL)
    } else {
      table.free(request)
    }
  }

  /** Whether the client was still there when the connection was made and the request was to go out. */
  #wasSent(request: number): boolean {
    const table = this.#table
    const sendTime = this.#sim.now - table.oneWay[request]! - this.#laterPacket
    return sendTime < table.sentAt[request]! + this.#traffic[table.traffics[request]!]!.timeout
  }

  #arriveAnswer(request: number): void {
    if (!this.#letGo(request)) return
    const table = this.#table
    if (!this.#kernels.remembers(table.nodes[request]!, table.nodeEpochs[request]!)) return
    if (this.#clientIsGone(request)) {
      this.#fail(request, NO_CLIENT)
      return
    }
    const sentAt = table.sentAt[request]!
    const { metrics, onOutcome } = this.#traffic[table.traffics[request]!]!
    metrics.ok(sentAt, this.#sim.now - sentAt)
    const user = table.users[request]!
    this.#close(request, false)
    onOutcome?.(user)
  }

  #arriveFailure(request: number, cause: number): void {
    if (!this.#letGo(request)) return
    const table = this.#table
    if (!this.#kernels.remembers(table.nodes[request]!, table.nodeEpochs[request]!)) return
    this.#countFailure(request, this.#clientIsGone(request) ? NO_CLIENT : cause)
    this.#close(request, true)
  }

  #sendSynAgain(request: number): void {
    if (!this.#letGo(request)) return
    const table = this.#table
    if (this.#clientIsGone(request)) {
      this.#fail(request, NO_CLIENT)
      return
    }
    if (table.attempts[request] === SYN_RETRIES) {
      this.#fail(request, this.#causeOfSilence(request))
      return
    }
    table.attempts[request]!++
    table.synAt[request] = this.#sim.now
    if (table.clients[request] !== OUTSIDE) {
      if ((table.flags[request]! & ENTRY) === 0) this.#connect(request)
      else this.#connectAgain(request)
    } else if (table.nodes[request] === NO_NODE) {
      this.#sendToBalancer(request, this.#traffic[table.traffics[request]!]!)
    } else {
      this.#scheduleHeld(this.#network.external, this.#atNode, request, 0)
    }
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
    const flags = this.#table.flags[request]!
    if ((flags & CONNECTED) !== 0) return TIMEOUT
    return (flags & TABLE_FULL) !== 0 ? CONNTRACK_FULL : CONNECT_TIMEOUT
  }

  #clientIsGone(request: number): boolean {
    const table = this.#table
    const client = table.clients[request]!
    return client !== OUTSIDE && !this.backends.runs(client, table.clientIncarnations[request]!)
  }

  #loseToFullTable(request: number): void {
    this.#table.flags[request]! |= TABLE_FULL
    this.#lose(request)
  }

  /** The SYN is gone without a trace. The next one follows, unless the client will have given up by then. */
  #lose(request: number): void {
    const table = this.#table
    const { now } = this.#sim
    const next = table.synAt[request]! + synRetransmitTimeout(table.attempts[request]!)
    const { timeout } = this.#traffic[table.traffics[request]!]!
    if (next < table.sentAt[request]! + timeout) this.#scheduleHeld(Math.max(0, next - now), this.#repeatSyn, request, 0)
  }

  /** The pod's side answers with an RST, or closes. */
  #answerWithFailure(request: number, cause: number): void {
    this.#scheduleHeld(this.#table.oneWay[request]! + this.#laterPacket, this.#failureAtClient, request, cause)
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

  /** The client has its outcome: the nodes keep what they know of the connection for as long as they do. */
  #close(request: number, byReset: boolean): void {
    const table = this.#table
    const { now } = this.#sim
    const kernels = this.#kernels
    const flags = table.flags[request]!
    if ((flags & ENTRY) !== 0 && kernels.remembers(table.nodes[request]!, table.nodeEpochs[request]!)) {
      const conntrack = kernels.conntrack(table.nodes[request]!)
      if (byReset) conntrack.reset(now)
      else conntrack.end(now)
      const binding = table.bindings[request]!
      if (binding !== NO_BINDING) {
        this.#mode.release(binding, byReset ? 'close' : (flags & CONNECTED) === 0 ? 'syn-received' : 'time-wait', now)
      }
    }
    if ((flags & POD_ENTRY) !== 0 && kernels.remembers(table.podNodes[request]!, table.podNodeEpochs[request]!)) {
      const conntrack = kernels.conntrack(table.podNodes[request]!)
      if (byReset) conntrack.reset(now)
      else conntrack.end(now)
    }
    table.flags[request] = flags & ~WAITING
    if ((flags & HELD) === 0) table.free(request)
  }

  /** The translating node has thrown the connection away, or is no longer the one that knew it: the next SYN is a first one. */
  #forget(request: number): void {
    const table = this.#table
    const node = table.nodes[request]!
    if ((table.flags[request]! & ENTRY) !== 0 && this.#kernels.remembers(node, table.nodeEpochs[request]!))
      this.#kernels.conntrack(node).remove()
    table.flags[request]! &= ~(ENTRY | NO_RETURN)
    table.bindings[request] = NO_BINDING
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
    this.#table.free(request)
    return false
  }
}

/** A port of the range that Linux takes from, from the request's seed. Source: net.ipv4.ip_local_port_range, default 32768 to 60999. */
function clientPort(seed: number): number {
  return 32_768 + ((mix32(seed) >>> 0) % 28_232)
}
