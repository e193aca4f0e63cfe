import type { ApiAccess } from '../control-plane/api-client.ts'
import { type HandlerId, NO_TIMER, type Simulation, type Timer } from '../engine/simulation.ts'
import type { HopId } from '../engine/trace.ts'
import { NETWORK, POD_QUEUE, SERVICE } from '../metrics/blame.ts'
import { HTTP_308, HTTP_404, HTTP_500, HTTP_502, HTTP_503, HTTP_504, OK } from '../metrics/failure-cause.ts'
import type { EndpointId } from '../network/addresses.ts'
import { DATA_RETRIES, RETRANSMIT_MAX, retransmitTimeout, SYN_ACK_TIMEOUT, synRetransmitTimeout } from '../node/kernel-tcp.ts'
import { ALONE, NEVER } from '../node/packet-cores.ts'
import type { SandboxSpec } from '../node/pod-host.ts'
import { mix32 } from '../proxy/mix.ts'
import type { Nanos } from '../units.ts'
import { NO_BACKEND } from '../workload/backends.ts'
import { flowHash } from '../workload/flow-hash.ts'
import type { Gateway, GatewayParts } from '../workload/gateway.ts'
import { WAITS } from '../workload/samples/marks.ts'
import type { RequestSampler } from '../workload/samples/request-sampler.ts'
import { NO_SPAN } from '../workload/samples/spans.ts'
import type { IngressControllerSpec } from '../workload/specs.ts'
import type { PassPolicy } from './annotations.ts'
import { NO_ENDPOINT, type SharedLatencies, sharedRings } from './balancers/index.ts'
import { CookieJars } from './cookie-jar.ts'
import { dotted } from './hash-key.ts'
import type { IdleConnection } from './keep-alive.ts'
import { type NginxConfiguration, NO_UPSTREAM, type Route } from './nginx-configuration.ts'
import { NginxController } from './nginx-controller.ts'
import { NginxWorkers, type Worker } from './nginx-workers.ts'
import { takeCookies, type Visit } from './visit.ts'

/** Kept apart from other uses of a request's seed. */
const WORKER_SALT = 0x1f3d_5b79

/** A TCP connection from a worker to a pod: what the two nodes remember of it. */
interface Connection extends IdleConnection {
  readonly node: number
  readonly nodeEpoch: number
  /** The core of that node that handles its packets. */
  readonly core: number
  hasEntry: boolean
  /** The pod that accepted it, and which process; NO_BACKEND before. */
  pod: number
  incarnation: number
  /** What the pod has of it: nothing, an open connection with a request, or one that waits for the next. */
  atPod: 'closed' | 'busy' | 'idle'
  /** Where its own node's entry is; -1 when it has none. */
  podNode: number
  podNodeEpoch: number
}

/** One process of NGINX: its controller, its workers, and the requests that it is passing on. */
interface Process {
  readonly pod: number
  readonly node: number
  readonly spec: IngressControllerSpec
  readonly controller: NginxController
  readonly latencies: SharedLatencies
  workers: NginxWorkers<Connection> | null
  readonly passing: Set<Passing>
}

/** A request on its way through. */
interface Passing {
  readonly request: number
  readonly process: Process
  readonly worker: Worker<Connection>
  readonly route: Route
  /** The route's, or that of the canary beside it. */
  readonly upstream: string
  /** What it says; null where nobody asks. */
  readonly visit: Visit | null
  readonly startedAt: Nanos
  triesLeft: number
  readonly tried: EndpointId[]
  attempt: Attempt | null
}

/** A request to one pod. It outlives what it was made for, when that has given up on it. */
interface Attempt {
  readonly id: number
  readonly seed: number
  readonly policy: PassPolicy
  passing: Passing | null
  readonly connection: Connection
  readonly isReused: boolean
  readonly startedAt: Nanos
  /** Until the pod's SYN-ACK; 0 on a connection that was there. */
  connectTime: Nanos
  synsSent: number
  /** A pod has accepted a connection for it, and has not had the request. */
  isAccepted: boolean
  /** An event or a pod still refers to it. */
  isHeld: boolean
  /** What the pod answered: OK, or the HTTP error that is passed on. */
  cause: number
  deadline: Timer
  /** What a sampler knows it by, and its serial there. */
  readonly span: number
  readonly spanSerial: number
}

type Failure = 'error' | 'timeout'

/**
 * Pods of ingress-nginx: which requests they pass on, to which pods, and what becomes of them.
 *
 * ```text
 *   client                        controller pod                                     pod of the Service
 *     | request ── kube-proxy ──▶ | a worker's CPU time; host and path → route
 *     |                           | an endpoint by the worker's balancer
 *     |                           | SYN ───────── straight to the pod's address ───▶ |   unless a connection is open
 *     |                           | request ───────────────────────────────────────▶ | queue, service
 *     | ◀────────────────────────  ◀──────────────────────────────────────── answer  |
 * ```
 *
 * No kube-proxy is on the second way, so a node's stale rules do not matter there; the controller's own stale view does. An error (refused,
 * reset) or a time-out is tried again elsewhere, three tries in all unless annotations say otherwise, as every request counts as idempotent; a
 * connection that had been kept open and turns out to be closed costs no try. A SYN that is lost is sent again after 1 s, 3 s, …. A pod's
 * own HTTP errors are passed on. Other answers are 404 without a route, 503 without an endpoint, 502 after an error, 504 after a time-out.
 *
 * Which worker has a connection is decided by a hash, as with SO_REUSEPORT; the CPU time of all is one queue before `concurrency` servers, an
 * *assumption*: a worker that is busy while others are not does not show. All of a request's CPU time is spent when it comes. Of a request whose client has
 * gone the try is finished, and its connection closed then.
 *
 * Source: ingress-nginx docs/user-guide/nginx-configuration/configmap.md, NGINX ngx_http_upstream.c (behaviour).
 */
export class IngressNginx implements Gateway {
  readonly #parts: GatewayParts
  readonly #access: ApiAccess
  readonly #accessOf: (node: number) => ApiAccess
  readonly #sim: Simulation
  readonly #processes = new Map<number, Process>()
  readonly #jars = new CookieJars()
  readonly #rings: ReturnType<typeof sharedRings>
  /** By index, as int32. */
  readonly #nodeAddresses: readonly number[]
  readonly #attempts: (Attempt | null)[] = []
  readonly #freeIds: number[] = []
  readonly #sendSyn: HandlerId
  readonly #synAtPod: HandlerId
  readonly #requestAtPod: HandlerId
  readonly #answerAtNginx: HandlerId
  readonly #errorAtNginx: HandlerId
  readonly #connectTimeout: HandlerId
  readonly #readTimeout: HandlerId

  /** `nodeAddresses`: of the nodes, by index, as int32. `accessOf`: that of a controller on a node. */
  constructor(
    parts: GatewayParts,
    access: ApiAccess,
    nodeAddresses: readonly number[],
    accessOf: (node: number) => ApiAccess = () => access,
  ) {
    const { sim } = parts
    this.#nodeAddresses = nodeAddresses
    this.#rings = sharedRings((endpoint) => parts.addresses.endpointName(endpoint))
    this.#parts = parts
    this.#access = access
    this.#accessOf = accessOf
    this.#sim = sim
    this.#sendSyn = sim.handler((id) => this.#take(this.#sendSyn, id, (attempt) => this.#connect(attempt)))
    this.#synAtPod = sim.handler((id) => this.#take(this.#synAtPod, id, (attempt) => this.#arriveSyn(attempt)))
    this.#requestAtPod = sim.handler((id) => this.#take(this.#requestAtPod, id, (attempt) => this.#arriveRequest(attempt)))
    this.#answerAtNginx = sim.handler((id) => this.#take(this.#answerAtNginx, id, (attempt) => this.#arriveAnswer(attempt)))
    this.#errorAtNginx = sim.handler((id) => this.#take(this.#errorAtNginx, id, (attempt) => this.#failed(attempt, 'error')))
    this.#connectTimeout = sim.handler((id) => this.#take(this.#connectTimeout, id, (attempt) => this.#failed(attempt, 'timeout')))
    this.#readTimeout = sim.handler((id) => {
      const attempt = this.#attempts[id]!
      const late = this.#thawsIn(attempt.connection.node)
      if (late > 0) {
        attempt.deadline = sim.schedule(late, this.#readTimeout, id)
        return
      }
      attempt.deadline = NO_TIMER
      this.#failed(attempt, 'timeout')
    })
  }

  started(pod: number, spec: SandboxSpec, controller: IngressControllerSpec, workers: number): void {
    const { addresses, backends } = this.#parts
    const name = `${spec.namespace}/${spec.podName}`
    const draws = this.#sim.rng(`ingress/${name}/balancers`)
    const latencies: SharedLatencies = new Map()
    const reloaded = (configuration: NginxConfiguration, cause: HopId): void => {
      const before = process.workers
      process.workers = new NginxWorkers<Connection>({
        sim: this.#sim,
        count: workers,
        configuration,
        loadBalance: controller.loadBalance,
        parts: { below: (n) => draws.below(n), latencies, nameOf: (endpoint) => addresses.endpointName(endpoint), ring: this.#rings },
        cause,
        close: (connection) => this.#close(connection, false),
      })
      if (before === null) backends.open(pod)
      else before.retire()
    }
    const process: Process = {
      pod,
      node: spec.nodeIndex,
      spec: controller,
      latencies,
      workers: null,
      passing: new Set(),
      controller: new NginxController({
        access: this.#accessOf(spec.nodeIndex),
        addresses,
        spec: controller,
        pod: name,
        leads: () => this.#leaderOf(controller) === pod,
        nginx: { reloaded, hand: (configuration, done) => process.workers!.hand(configuration, done) },
      }),
    }
    this.#processes.set(pod, process)
    process.controller.start()
  }

  ended(pod: number, withReset: boolean): void {
    const process = this.#processes.get(pod)
    if (process === undefined) return
    this.#processes.delete(pod)
    process.controller.stop()
    process.workers?.retire()
    for (const { request, attempt } of process.passing) {
      if (attempt !== null) this.#leave(attempt)
      this.#parts.requests.dropped(request, withReset)
    }
    process.passing.clear()
    for (const other of this.#processes.values()) other.controller.writeStatuses()
  }

  /** The pod that writes statuses: of those of one controller the one whose process is the oldest. It stands for the election of a leader. */
  #leaderOf({ api, controllerClass }: IngressControllerSpec): number | null {
    for (const { pod, spec } of this.#processes.values()) if (spec.api === api && spec.controllerClass === controllerClass) return pod
    return null
  }

  received(pod: number, request: number): void {
    const process = this.#processes.get(pod)!
    const workers = process.workers!
    const { requests, backends } = this.#parts
    if (!requests.isWaited(request)) {
      backends.abandon(pod)
      requests.served(request)
      return
    }
    const traffic = requests.trafficOf(request)
    const wanted = requests.routeOf(traffic)
    const { route, isFirst } = workers.routeOf(traffic, wanted)
    if (isFirst) this.#tellFirst(process, workers, route, `${wanted.host}${wanted.path}`)
    if (route === null || (route.redirects && !wanted.isTls)) {
      backends.abandon(pod)
      requests.refused(request, route === null ? HTTP_404 : HTTP_308)
      return
    }
    const index = (mix32(requests.seedOf(request) ^ WORKER_SALT) >>> 0) % workers.workers.length
    const worker = workers.workers[index]!
    const visit = workers.looksAt(route) ? this.#visit(request, traffic, route) : null
    const passing: Passing = {
      request,
      process,
      worker,
      route,
      upstream: workers.upstreamOf(worker, route, traffic, wanted, requests.seedOf(request), visit),
      visit,
      startedAt: this.#sim.now,
      triesLeft: route.policy.tries,
      tried: [],
      attempt: null,
    }
    process.passing.add(passing)
    this.#try(passing)
  }

  countOpen(open: Int32Array): void {
    const { backends } = this.#parts
    const count = ({ pod, incarnation, atPod }: Connection): void => {
      if (atPod === 'closed' || !backends.runs(pod, incarnation)) return
      // A pod that drains has closed those on which it has no request.
      if (atPod === 'busy' || backends.isListening(pod)) open[pod]!++
    }
    for (const attempt of this.#attempts) if (attempt !== null && attempt.passing !== null) count(attempt.connection)
    for (const { workers } of this.#processes.values())
      for (const { idle } of workers?.workers ?? []) for (const connection of idle.connections) count(connection)
  }

  closed(pod: number): void {
    const { network, backends } = this.#parts
    const { now } = this.#sim
    const isOver = (connection: Connection): boolean => connection.pod === pod && connection.openedAt <= now
    for (const { node, workers } of this.#processes.values()) {
      if (workers === null) continue
      this.#sim.after(network.delay(node, backends.nodeOf(pod)), () => {
        for (const { idle } of workers.workers) idle.drop(isOver)
      })
    }
  }

  begun(id: number): void {
    this.#mark(this.#attempts[id]!, WAITS + SERVICE)
  }

  tellSpanOf(id: number, sampler: RequestSampler): void {
    const { span, spanSerial } = this.#attempts[id]!
    sampler.sendsForSpan(span, spanSerial)
  }

  #mark({ span, spanSerial }: Attempt, kind: number): void {
    this.#parts.sampler?.upstreamMark(span, spanSerial, kind)
  }

  #tell({ span, spanSerial, connection, synsSent }: Attempt, cause: number): void {
    this.#parts.sampler?.upstreamEnds(span, spanSerial, cause, connection.pod, Math.max(0, synsSent - 1))
  }

  seedOf(id: number): number {
    return this.#attempts[id]!.seed
  }

  answered(id: number, cause: number): void {
    const attempt = this.#attempts[id]!
    attempt.cause = cause
    attempt.connection.atPod = 'idle'
    attempt.isHeld = false
    this.#mark(attempt, WAITS + NETWORK)
    if (attempt.passing === null) this.#free(attempt, false)
    else this.#sendBack(attempt, this.#answerAtNginx)
  }

  dropped(id: number, withReset: boolean): void {
    const attempt = this.#attempts[id]!
    attempt.isHeld = false
    if (attempt.passing === null) this.#free(attempt, withReset)
    else if (withReset) this.#sendBack(attempt, this.#errorAtNginx)
  }

  /** What the request says, for those who choose by it. */
  #visit(request: number, traffic: number, route: Route): Visit {
    const { requests } = this.#parts
    const client = requests.clientOf(request)
    const node = requests.maskedBy(request)
    return {
      ingress: route.ingress,
      request: requests.routeOf(traffic),
      client: dotted(client),
      remoteAddress: node < 0 ? client : this.#nodeAddresses[node]!,
      jar: this.#jars.of(traffic, client),
      given: new Map(),
    }
  }

  /** Sends the request to another endpoint, or to the first. */
  #try(passing: Passing): void {
    const { process, worker, route, upstream, visit, tried } = passing
    if (upstream === NO_UPSTREAM) {
      this.#end(passing, HTTP_500)
      return
    }
    const { now } = this.#sim
    const balancer = worker.balancers.get(upstream)
    const endpoint = balancer?.pick(tried, now, visit) ?? NO_ENDPOINT
    if (endpoint === NO_ENDPOINT) {
      // Affinity has found none that the request has not tried: NGINX has no peer to connect to.
      this.#end(passing, balancer?.isEmpty === false ? HTTP_502 : HTTP_503)
      return
    }
    tried.push(endpoint)
    const open = worker.idle.take(endpoint)
    const { sampler } = this.#parts
    const span = sampler === null ? NO_SPAN : sampler.upstreamBegins(passing.request, process.node, endpoint, open !== null)
    const attempt: Attempt = {
      id: this.#freeIds.pop() ?? this.#attempts.length,
      seed: this.#parts.requests.seedOf(passing.request),
      policy: route.policy,
      passing,
      connection: open ?? this.#newConnection(process.node, endpoint, passing.request),
      isReused: open !== null,
      startedAt: now,
      connectTime: 0,
      synsSent: 0,
      isAccepted: false,
      isHeld: false,
      cause: OK,
      deadline: NO_TIMER,
      span,
      spanSerial: span === NO_SPAN ? 0 : sampler!.spans.serials[span]!,
    }
    this.#attempts[attempt.id] = attempt
    passing.attempt = attempt
    if (open === null) this.#connect(attempt)
    else {
      attempt.deadline = this.#sim.schedule(route.policy.readTimeout, this.#readTimeout, attempt.id)
      this.#cross(attempt, true, (late) => {
        const way = this.#wayTo(attempt)
        this.#parts.cores.expect(open.core, this.#sim.now + late, ~attempt.id, retransmitTimeout(2 * way))
        this.#schedule(attempt, way + late + this.#laterPacket, this.#requestAtPod)
      })
    }
  }

  /** A SYN goes out. */
  #connect(attempt: Attempt): void {
    const { connection } = attempt
    const { backends, cores, filter, kernels, mode, network } = this.#parts
    const { now } = this.#sim
    attempt.synsSent++
    if (cores.drops(connection.core, now)) {
      this.#lose(attempt)
      return
    }
    if (filter !== null && !filter.podLeaves(attempt.passing!.process.pod, connection.endpoint, 'TCP')) {
      this.#lose(attempt)
      return
    }
    const isFirst = !connection.hasEntry
    if (isFirst) {
      const conntrack = kernels.conntrack(connection.node)
      if (!conntrack.hasRoom(now)) {
        cores.enter(connection.core, now, this.#laterPacket)
        this.#lose(attempt)
        return
      }
      conntrack.open()
      connection.hasEntry = true
    }
    const cost = isFirst ? mode.passCost(connection.node) : this.#laterPacket
    const wait = cores.enter(connection.core, now, cost)
    const pod = backends.owner(connection.endpoint)
    if (pod === NO_BACKEND) {
      this.#lose(attempt)
      return
    }
    const podNode = backends.nodeOf(pod)
    if (network.isPlain) this.#schedule(attempt, wait + cost + network.delay(connection.node, podNode), this.#synAtPod)
    else if (network.loses(connection.node, podNode)) this.#lose(attempt)
    else {
      const late = network.lateness(connection.node, podNode)
      this.#schedule(attempt, wait + cost + network.delay(connection.node, podNode) + late, this.#synAtPod)
    }
  }

  #arriveSyn(attempt: Attempt): void {
    const { connection } = attempt
    const { backends, filter, kernels } = this.#parts
    const pod = backends.owner(connection.endpoint)
    if (pod === NO_BACKEND) {
      this.#lose(attempt)
      return
    }
    if (filter !== null && !filter.podEnters(attempt.passing!.process.pod, pod, connection.endpoint, 'TCP')) {
      this.#lose(attempt)
      return
    }
    const podNode = backends.nodeOf(pod)
    if (podNode !== connection.node && connection.podNode < 0) {
      const conntrack = kernels.conntrack(podNode)
      if (!conntrack.hasRoom(this.#sim.now)) {
        this.#lose(attempt)
        return
      }
      conntrack.open()
      connection.podNode = podNode
      connection.podNodeEpoch = kernels.epoch(podNode)
    }
    const { network } = this.#parts
    if (!network.isPlain && network.loses(podNode, connection.node)) {
      this.#lose(attempt)
      return
    }
    connection.pod = pod
    connection.incarnation = backends.incarnation(pod)
    const back = this.#wayTo(attempt) + this.#laterPacket
    if (!backends.isListening(pod)) {
      this.#comeBack(attempt, this.#errorAtNginx, 0)
      return
    }
    backends.accept(pod)
    connection.atPod = 'busy'
    attempt.isAccepted = true
    attempt.connectTime = this.#sim.now + back - attempt.startedAt
    attempt.deadline = this.#sim.schedule(back + attempt.policy.readTimeout, this.#readTimeout, attempt.id)
    // Whether the request is lost that follows the SYN-ACK is asked when that goes out.
    this.#cross(attempt, true, (late) => {
      this.#expect(attempt, SYN_ACK_TIMEOUT, 0, late)
      this.#schedule(attempt, 2 * back + late, this.#requestAtPod)
    })
  }

  #arriveRequest(attempt: Attempt): void {
    const { pod, incarnation } = attempt.connection
    const { backends } = this.#parts
    attempt.isAccepted = false
    const isThere = attempt.isReused
      ? backends.incarnation(pod) === incarnation && backends.isListening(pod)
      : backends.runs(pod, incarnation)
    if (isThere && attempt.isReused) backends.accept(pod)
    if (isThere) this.#mark(attempt, WAITS + POD_QUEUE)
    const isTaken = isThere && backends.enter(pod, ~attempt.id)
    attempt.connection.atPod = isTaken ? 'busy' : 'closed'
    if (isTaken) attempt.isHeld = true
    else if (backends.hasAddress(pod)) this.#sendBack(attempt, this.#errorAtNginx)
  }

  #arriveAnswer(attempt: Attempt): void {
    const passing = attempt.passing!
    const { connection } = attempt
    const keeps = this.#parts.requests.isWaited(passing.request)
    this.#note(passing, attempt)
    this.#tell(attempt, attempt.cause)
    this.#sim.cancel(attempt.deadline)
    this.#forget(attempt)
    if (keeps) passing.worker.idle.put(connection)
    else this.#close(connection, false)
    this.#end(passing, attempt.cause)
  }

  /** A try is over without an answer. */
  #failed(attempt: Attempt, failure: Failure): void {
    const passing = attempt.passing!
    this.#tell(attempt, failure === 'error' ? HTTP_502 : HTTP_504)
    this.#leave(attempt, failure === 'error')
    if (!(attempt.isReused && failure === 'error')) passing.triesLeft--
    if (this.#mayTryAgain(passing, failure)) {
      this.#try(passing)
      return
    }
    this.#note(passing, attempt)
    this.#end(passing, failure === 'error' ? HTTP_502 : HTTP_504)
  }

  #mayTryAgain({ request, route: { policy }, startedAt, triesLeft }: Passing, failure: Failure): boolean {
    if (triesLeft === 0 || !(failure === 'error' ? policy.afterError : policy.afterTimeout)) return false
    return this.#sim.now - startedAt < policy.triesWithin && this.#parts.requests.isWaited(request)
  }

  /** The client is told: success ({@link OK}), or the HTTP error that `cause` names. */
  #end(passing: Passing, cause: number): void {
    const { process, request, visit } = passing
    const { backends, requests } = this.#parts
    process.passing.delete(passing)
    if (visit !== null && requests.isWaited(request)) takeCookies(visit)
    if (cause === OK) requests.served(request)
    else requests.refused(request, cause)
    backends.abandon(process.pod)
  }

  /** The last try of a request tells its balancer how long it took, from the start of the try, and to connect besides. */
  #note({ worker, upstream }: Passing, { connection, startedAt, connectTime }: Attempt): void {
    const { now } = this.#sim
    worker.balancers.get(upstream)?.finished(connection.endpoint, connectTime + now - startedAt, now)
  }

  /** The SYN is gone without a trace. */
  #lose(attempt: Attempt): void {
    const { now } = this.#sim
    let next = attempt.startedAt
    for (let sent = 0; sent < attempt.synsSent; sent++) next += synRetransmitTimeout(sent)
    const givesUpAt = attempt.startedAt + attempt.policy.connectTimeout
    if (next < givesUpAt) this.#schedule(attempt, Math.max(0, next - now), this.#sendSyn)
    else this.#schedule(attempt, Math.max(0, givesUpAt - now), this.#connectTimeout)
  }

  #newConnection(node: number, endpoint: EndpointId, request: number): Connection {
    const { now } = this.#sim
    const { cores, kernels, requests } = this.#parts
    return {
      endpoint,
      openedAt: now,
      idleSince: now,
      requests: 0,
      node,
      nodeEpoch: kernels.epoch(node),
      core: cores.coreFor(node, flowHash(endpoint, 0, requests.seedOf(request))),
      hasEntry: false,
      pod: NO_BACKEND,
      incarnation: 0,
      atPod: 'closed',
      podNode: -1,
      podNodeEpoch: 0,
    }
  }

  /** Nobody waits for the try any more; it ends where it is, or with the pod that serves it. */
  #leave(attempt: Attempt, byReset = false): void {
    this.#sim.cancel(attempt.deadline)
    attempt.deadline = NO_TIMER
    attempt.passing = null
    if (!attempt.isHeld) this.#free(attempt, byReset)
  }

  #free(attempt: Attempt, byReset: boolean): void {
    const { connection } = attempt
    const { backends } = this.#parts
    if (attempt.isAccepted && backends.runs(connection.pod, connection.incarnation)) backends.abandon(connection.pod)
    this.#forget(attempt)
    this.#close(connection, byReset)
  }

  #forget(attempt: Attempt): void {
    this.#attempts[attempt.id] = null
    this.#freeIds.push(attempt.id)
  }

  #close(connection: Connection, byReset: boolean): void {
    const { kernels } = this.#parts
    const { now } = this.#sim
    const end = (node: number, epoch: number): void => {
      if (!kernels.remembers(node, epoch)) return
      if (byReset) kernels.conntrack(node).reset(now)
      else kernels.conntrack(node).end(now)
    }
    if (connection.hasEntry) end(connection.node, connection.nodeEpoch)
    if (connection.podNode >= 0) end(connection.podNode, connection.podNodeEpoch)
  }

  /** The pod answers: it comes to the worker's node, then to the worker. */
  #sendBack(attempt: Attempt, handler: HandlerId): void {
    this.#cross(attempt, false, (late) => this.#comeBack(attempt, handler, late))
  }

  #comeBack(attempt: Attempt, handler: HandlerId, late: Nanos): void {
    const way = this.#wayTo(attempt)
    this.#expect(attempt, retransmitTimeout(2 * way), ALONE, late)
    this.#schedule(attempt, way + late + this.#laterPacket, handler)
  }

  /** A segment between the worker and the pod: `send` puts it on its way, so much later than usual. What a link loses is sent again by TCP. */
  #cross(attempt: Attempt, isToPod: boolean, send: (late: Nanos) => void, repeats = 0, timeout = 0): void {
    const { network, backends } = this.#parts
    if (network.isPlain) {
      send(0)
      return
    }
    const { node, pod } = attempt.connection
    const podNode = backends.nodeOf(pod)
    const [from, to] = isToPod ? [node, podNode] : [podNode, node]
    if (!network.loses(from, to)) {
      send(network.lateness(from, to))
      return
    }
    // Given up, the try ends at its deadline.
    if (repeats === DATA_RETRIES) return
    const wait = repeats === 0 ? retransmitTimeout(2 * this.#wayTo(attempt)) : timeout
    attempt.isHeld = true
    this.#sim.after(wait, () => {
      attempt.isHeld = false
      if (attempt.passing === null) this.#free(attempt, false)
      else this.#cross(attempt, isToPod, send, repeats + 1, Math.min(2 * wait, RETRANSMIT_MAX))
    })
  }

  /** A packet from the pod will come to the core of the connection, and another `gap` ns after it was handled. */
  #expect(attempt: Attempt, timeout: Nanos, gap: Nanos, late: Nanos): void {
    const way = this.#wayTo(attempt)
    this.#parts.cores.expect(attempt.connection.core, this.#sim.now + way + late, ~attempt.id, timeout, gap, retransmitTimeout(2 * way))
  }

  /** One way between the worker and the pod that has accepted. */
  #wayTo({ connection }: Attempt): Nanos {
    const { network, backends } = this.#parts
    return network.delay(connection.node, backends.nodeOf(connection.pod))
  }

  get #laterPacket(): Nanos {
    return this.#parts.mode.establishedCost
  }

  #schedule(attempt: Attempt, delay: Nanos, handler: HandlerId): void {
    attempt.isHeld = true
    this.#sim.schedule(delay, handler, attempt.id)
  }

  /**
   * The event that held a try has come; it is put off when what comes had to wait for its core. A try that nobody waits for ends here; what its
   * pod had accepted for it is given up.
   */
  #take(handler: HandlerId, id: number, then: (attempt: Attempt) => void): void {
    const attempt = this.#attempts[id]!
    const late = this.#parts.cores.resolve(~id, this.#sim.now)
    if (late > 0 && late !== NEVER) {
      this.#schedule(attempt, late, handler)
      return
    }
    const still = this.#parts.kernels.frozen > 0 ? this.#standsStill(handler, attempt) : 0
    if (still > 0) {
      this.#schedule(attempt, still, handler)
      return
    }
    attempt.isHeld = false
    if (still < 0) {
      if (attempt.passing === null) this.#free(attempt, false)
      else this.#lose(attempt)
      return
    }
    // Its sender has given the connection up: the try ends at its deadline.
    if (late === NEVER && attempt.passing !== null) return
    if (attempt.passing !== null) then(attempt)
    else this.#free(attempt, false)
  }

  /** How long until what comes is handled where it comes to, as that node stands still; 0: it runs; below 0: never, a SYN is lost. */
  #standsStill(handler: HandlerId, attempt: Attempt): Nanos {
    const { backends, kernels } = this.#parts
    const { connection } = attempt
    const { now } = this.#sim
    if (handler === this.#synAtPod) {
      const pod = backends.owner(connection.endpoint)
      const left = pod === NO_BACKEND ? 0 : this.#thawsIn(backends.nodeOf(pod))
      return left > 0 && !kernels.takes(backends.nodeOf(pod)) ? -1 : left
    }
    if (handler === this.#requestAtPod)
      return kernels.handledIn(backends.nodeOf(connection.pod), now, retransmitTimeout(2 * this.#wayTo(attempt)))
    return this.#thawsIn(connection.node)
  }

  #thawsIn(node: number): Nanos {
    const { kernels } = this.#parts
    return kernels.frozen > 0 ? kernels.thawsIn(node, this.#sim.now) : 0
  }

  #tellFirst({ controller }: Process, { cause }: NginxWorkers<Connection>, route: Route | null, wanted: string): void {
    if (route === null) return
    const detail = `${wanted} to ${route.upstream}`
    this.#access.trace.record({ cause, actor: controller.actor, action: 'routed the first request', subject: route.ingress, detail })
  }
}
