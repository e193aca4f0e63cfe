import type { HandlerId, Simulation } from '../../engine/simulation.ts'
import { CLUSTER_IP, DROPPED, type Entry, NO_BINDING, NO_RULE, NODE_PORT, type ProxyMode, REJECTED } from '../../kube-proxy/modes/mode.ts'
import type { ServiceHistory, ServicePortId } from '../../kube-proxy/service-history.ts'
import type { FinishedSync } from '../../kube-proxy/udp-cleanup.ts'
import { staleUdpEntries } from '../../kube-proxy/udp-cleanup.ts'
import type { KubernetesMinor } from '../../kubernetes-version.ts'
import { PACKETS, RULES, SOFTIRQ } from '../../metrics/blame.ts'
import { NO_ENDPOINTS, REFUSED } from '../../metrics/failure-cause.ts'
import { type LoadBalancer, NO_NODE } from '../../network/load-balancer.ts'
import { EXTERNAL, type Network } from '../../network/network.ts'
import type { Kernels } from '../../node/kernel.ts'
import type { Nanos } from '../../units.ts'
import { type Backends, NO_BACKEND } from '../backends.ts'
import { CONNECTED, type ConnectionTable, DATAGRAM, OUTSIDE, POLICY_DROP, STRAIGHT, TABLE_FULL } from '../connection-table.ts'
import type { PacketFilter } from '../packet-filter.ts'
import { HELD, type RequestTable, WAITING } from '../request-table.ts'
import type { RequestSampler } from '../samples/request-sampler.ts'
import type { Clash } from './clash.ts'
import { NO_FLOW, UdpFlows } from './udp-flows.ts'

/** What becomes of a datagram, told to those who keep its request. */
export interface DatagramKeeper {
  /** It is at the pod's socket, which takes it. */
  delivered(request: number): void
  /** An ICMP error is on its way to the client: `cpu` ns of CPU that `part` answers for, then the network. */
  icmpError(request: number, cause: number, cpu: Nanos, part: number, network: Nanos): void
  /** It is lost without a trace, and its client waits. */
  lost(request: number): void
  /** It is lost, and its client waits no more. */
  over(request: number): void
}

/** Whether what the rules of a node turn away slips through them right now, untranslated, since others are being written. */
export type SlipsThrough = (node: number, servicePort: ServicePortId, entry: Entry) => boolean

export interface DatagramsOptions {
  readonly sim: Simulation
  readonly version: KubernetesMinor
  readonly history: ServiceHistory
  readonly mode: ProxyMode
  readonly network: Network
  readonly loadBalancer: LoadBalancer
  readonly kernels: Kernels
  readonly backends: Backends
  readonly requests: RequestTable
  readonly connections: ConnectionTable
  /** The handler of an answer that has come to its client. */
  readonly answerAtClient: HandlerId
  readonly keeper: DatagramKeeper
  /** Watches some requests; null or absent: none. */
  readonly sampler?: RequestSampler | null | undefined
}

/**
 * Requests over UDP: one datagram there, one back, and nothing is ever sent again.
 *
 * ```text
 *   client              translating node                 pod
 *     | ─────────────▶ flow known? e, else rules: F ──▶ | its node tracks it too; takes it, or ICMP port unreachable
 *     | ◀───────────── e, if the flow is still known ◀── | queue, service
 *
 *   latency = F (or e) + e + 2 × one way + waiting + service
 * ```
 *
 * Whatever goes wrong on the way is silence, until the client's time-out; but the rules' REJECT of a Service without endpoints, and a pod's
 * address where no process has the port, answer with an ICMP error, which a connected socket is told of at once. A full queue of a pod is
 * its socket's full buffer: silence.
 *
 * One-way traffic has no answers: its clients never learn what becomes of a datagram. It has arrived when a pod's socket takes it, after F (or
 * e) and one one-way delay, and it is lost when it meets nothing.
 *
 * A request has the place of a connection, as that has the columns for its way, and no TCP. What the nodes remember is in {@link UdpFlows}: a
 * client that keeps its socket, and so its port, goes where its first datagram went for as long as it goes on sending.
 */
export class Datagrams {
  readonly flows: UdpFlows
  readonly #options: DatagramsOptions
  readonly #sim: Simulation
  readonly #mode: ProxyMode
  readonly #kernels: Kernels
  readonly #backends: Backends
  readonly #requests: RequestTable
  readonly #table: ConnectionTable
  /** CPU time of a datagram whose flow is known. */
  readonly #laterPacket: Nanos
  /** null: every datagram passes. */
  #filter: PacketFilter | null = null
  /** The next datagram is handled beside the one before, of the same socket, by another core. */
  overlaps = false
  #clash: Clash = 'inserts'
  /** null: rules change at once. */
  #slipsThrough: SlipsThrough | null = null
  readonly #atNode: HandlerId
  readonly #atPod: HandlerId

  constructor(options: DatagramsOptions) {
    const { sim, mode, kernels } = options
    this.#options = options
    this.#sim = sim
    this.#mode = mode
    this.#kernels = kernels
    this.#backends = options.backends
    this.#requests = options.requests
    this.#table = options.connections
    this.#laterPacket = mode.establishedCost
    this.flows = new UdpFlows({ sim, kernels, mode })
    this.#atNode = sim.handler((request) => this.#arriveAtNode(request))
    this.#atPod = sim.handler((request) => this.#arriveAtPod(request))
  }

  /** From now on the nodes' network plugins look at datagrams that belong to no answered flow. */
  attachFilter(filter: PacketFilter): void {
    this.#filter = filter
  }

  /** From now on the nodes run a kernel to which two datagrams of one socket at once are a clash. */
  attachClash(clash: Clash): void {
    this.#clash = clash
  }

  /** From now on a datagram may come while a node's rules are half written. */
  attachSyncs(slipsThrough: SlipsThrough): void {
    this.#slipsThrough = slipsThrough
  }

  /** Sends the datagram of a request whose connection has been made, now. */
  send(request: number): void {
    const table = this.#table
    const connection = this.#requests.connections[request]!
    table.flags[connection]! |= DATAGRAM | CONNECTED
    if (table.clients[connection] !== OUTSIDE) {
      this.#translate(request, connection)
      return
    }
    const { history, loadBalancer } = this.#options
    if ((table.flags[connection]! & STRAIGHT) !== 0) {
      this.#sendToNode(request, table.nodes[connection]!)
      return
    }
    const servicePort = table.servicePorts[connection]!
    const rules = history.rules(servicePort, Number.POSITIVE_INFINITY)
    const node = rules === null || rules.nodePort === 0 ? NO_NODE : loadBalancer.next(servicePort)
    table.nodes[connection] = node
    if (node === NO_NODE) this.#lose(request)
    else this.#sendToNode(request, node)
  }

  /** The pod's answer goes out. */
  answer(request: number): void {
    const table = this.#table
    const connection = this.#requests.connections[request]!
    const late = this.#latenessOfAnswer(connection, this.#backends.nodeOf(table.backends[connection]!))
    if (late === LOST) this.#lose(request)
    else this.#travel(this.#laterPacket, PACKETS, table.oneWay[connection]! + late, this.#options.answerAtClient, request)
  }

  /** From outside, to the node that was chosen. */
  #sendToNode(request: number, node: number): void {
    const late = this.#lateness(EXTERNAL, node)
    if (late === LOST) this.#lose(request)
    else this.#travel(0, PACKETS, this.#options.network.external + late, this.#atNode, request)
  }

  /** How much longer than usual a datagram is on its way that is sent now, or {@link LOST}. */
  #lateness(from: number, to: number): Nanos {
    const { network } = this.#options
    if (network.isPlain) return 0
    return network.loses(from, to) ? LOST : network.cardTime(from, to) + network.lateness(from, to)
  }

  /** The same from a pod's node, by way of the node that translates, to the client. */
  #latenessOfAnswer(connection: number, podNode: number): Nanos {
    const { nodes, clients } = this.#table
    const node = nodes[connection]!
    const late = this.#lateness(podNode, node)
    return late === LOST || clients[connection] !== OUTSIDE ? late : late + this.#lateness(node, EXTERNAL)
  }

  /** An answer has come to its client, if the node let it through. False: it did not, and the client hears nothing. */
  isAnswered(request: number): boolean {
    const table = this.#table
    const connection = this.#requests.connections[request]!
    const outside = table.clients[connection] === OUTSIDE
    const flow = this.#find(connection, table.nodes[connection]!, this.#targetOf(connection))
    const at = this.#sim.now - (outside ? this.#options.network.external : 0)
    const isThrough = flow !== NO_FLOW && this.flows.answer(flow, at)
    if (!isThrough) this.#lose(request)
    const pod = table.backends[connection]!
    const podNode = this.#backends.nodeOf(pod)
    if (podNode !== table.nodes[connection]) {
      const other = this.#find(connection, podNode, ~table.endpoints[connection]!)
      if (other !== NO_FLOW) this.flows.answer(other, this.#sim.now - table.oneWay[connection]!)
    }
    return isThrough
  }

  /** A kube-proxy has written rules: it looks for entries that lead astray. */
  afterSync(sync: FinishedSync): void {
    if (this.flows.size === 0) return
    const isStale = staleUdpEntries(this.#options.history, this.#options.version, sync)
    if (isStale !== null) this.flows.clear(sync.node, isStale)
  }

  #arriveAtNode(request: number): void {
    const connection = this.#requests.connections[request]!
    if (this.#kernels.frozen > 0 && this.#waitsForThaw(request, this.#table.nodes[connection]!, this.#atNode)) return
    this.#release(request)
    if (this.#kernels.isUp(this.#table.nodes[connection]!)) this.#translate(request, connection)
    else this.#lose(request)
  }

  /** Whether the node that it comes to stands still: it waits in the ring of its network card, or is lost. */
  #waitsForThaw(request: number, node: number, handler: HandlerId): boolean {
    const { now } = this.#sim
    const left = this.#kernels.thawsIn(node, now)
    if (left === 0) return false
    if (this.#kernels.takes(node)) {
      const { accounts } = this.#requests
      accounts.settle(request, now)
      accounts.standsStill(request, left, SOFTIRQ)
      this.#sim.schedule(left, handler, request)
    } else {
      this.#release(request)
      this.#lose(request)
    }
    return true
  }

  /** The datagram is at the node that translates it: it follows its flow, or begins one. */
  #translate(request: number, connection: number): void {
    const table = this.#table
    const { flows } = this
    const { now } = this.#sim
    const node = table.nodes[connection]!
    table.nodeEpochs[connection] = this.#kernels.epoch(node)
    const flow = this.#find(connection, node, this.#targetOf(connection))
    if (flow === NO_FLOW) {
      this.#begin(request, connection)
      return
    }
    const binding = flows.bindings[flow]!
    if (this.overlaps && this.#clash !== 'inserts' && flows.isNew(flow) && this.#clashes(connection, flow)) {
      this.#lose(request)
      return
    }
    if (binding !== NO_BINDING && !this.#mode.retransmit(binding, now)) {
      flows.remove(flow)
      this.#begin(request, connection)
      return
    }
    if (flows.isTracked(flow)) flows.pass(flow)
    else if (this.#kernels.conntrack(node).hasRoom(now)) flows.track(flow)
    else {
      this.#loseToFullTable(request)
      return
    }
    table.endpoints[connection] = flows.endpoints[flow]!
    if (this.#filter !== null && !flows.isAnswered(flow) && this.#mayNotLeave(connection)) {
      this.#loseToPolicy(request)
      return
    }
    this.#sendToPod(request, connection, this.#laterPacket, PACKETS)
  }

  /**
   * Whether a datagram that does not see the entry of the one before is dropped by its own. IPVS shares the flow that it has scheduled at once, so
   * there both go to the same destination (*assumption*: its own lookup takes far less time than the way through the node).
   */
  #clashes(connection: number, flow: number): boolean {
    if (this.#clash === 'drops') return true
    if (this.flows.bindings[flow] !== NO_BINDING) return false
    const { nodes, servicePorts, clientAddresses, clientPorts } = this.#table
    const node = nodes[connection]!
    const servicePort = servicePorts[connection]!
    const entry = this.#entryOf(connection)
    const { now } = this.#sim
    const own = this.#mode.connect(node, servicePort, entry, now, clientAddresses[connection]!, clientPorts[connection]!)
    return own !== this.flows.endpoints[flow]
  }

  /** The first datagram of a flow. */
  #begin(request: number, connection: number): void {
    const table = this.#table
    const mode = this.#mode
    const { now } = this.#sim
    const node = table.nodes[connection]!
    if (!this.#kernels.conntrack(node).hasRoom(now)) {
      this.#loseToFullTable(request)
      return
    }
    const outside = table.clients[connection] === OUTSIDE
    const servicePort = table.servicePorts[connection]!
    const client = table.clientAddresses[connection]!
    const port = table.clientPorts[connection]!
    const entry = this.#entryOf(connection)
    const found = mode.connect(node, servicePort, entry, now, client, port)
    const isTurnedAway = found === REJECTED || found === DROPPED
    const endpoint = isTurnedAway && this.#slipsThrough?.(node, servicePort, entry) === true ? NO_RULE : found
    this.#options.sampler?.routed(request, node, endpoint)
    // The address of a node is its own, and nobody listens there.
    const isRefused = endpoint === NO_RULE && (table.flags[connection]! & STRAIGHT) !== 0
    if (endpoint === REJECTED || isRefused) {
      const late = outside ? this.#lateness(node, EXTERNAL) : 0
      const network = outside ? this.#options.network.external + late : 0
      if (late === LOST) this.#lose(request)
      else this.#options.keeper.icmpError(request, isRefused ? REFUSED : NO_ENDPOINTS, mode.cost, RULES, network)
      return
    }
    table.endpoints[connection] = endpoint
    const isDenied = endpoint !== DROPPED && this.#mayNotLeave(connection)
    // Connection tracking confirms an entry as the datagram leaves: of one that is dropped before it keeps nothing, but IPVS does.
    const isKept = !isDenied || mode.binding !== NO_BINDING
    if (isKept && endpoint !== DROPPED && (endpoint !== NO_RULE || mode.remembersMisses))
      this.flows.add(node, client, port, this.#targetOf(connection), endpoint, mode.binding)
    if (endpoint === DROPPED) this.#lose(request)
    else if (isDenied) this.#loseToPolicy(request)
    else this.#sendToPod(request, connection, mode.cost, RULES)
  }

  #sendToPod(request: number, connection: number, cost: Nanos, part: number): void {
    const table = this.#table
    const { network } = this.#options
    const node = table.nodes[connection]!
    const endpoint = table.endpoints[connection]!
    const pod = endpoint === NO_RULE ? NO_BACKEND : this.#backends.owner(endpoint)
    const entry = this.#entryOf(connection)
    if (pod === NO_BACKEND || (entry === NODE_PORT && !this.#mode.answersReturn(node, table.servicePorts[connection]!, entry))) {
      this.#lose(request)
      return
    }
    const podNode = this.#backends.nodeOf(pod)
    const delay = network.delay(node, podNode)
    table.oneWay[connection] = entry === NODE_PORT ? delay + network.external : delay
    const late = this.#lateness(node, podNode)
    if (late === LOST) this.#lose(request)
    else this.#travel(cost, part, delay + late, this.#atPod, request)
  }

  #arriveAtPod(request: number): void {
    const table = this.#table
    const backends = this.#backends
    const connection = this.#requests.connections[request]!
    const endpoint = table.endpoints[connection]!
    const pod = backends.owner(endpoint)
    if (pod === NO_BACKEND) {
      this.#release(request)
      this.#lose(request)
      return
    }
    const podNode = backends.nodeOf(pod)
    if (this.#kernels.frozen > 0 && this.#waitsForThaw(request, podNode, this.#atPod)) return
    if (podNode !== table.nodes[connection] && !this.#enterPodNode(request, connection, pod, endpoint)) return
    if (backends.isListening(pod)) {
      backends.accept(pod)
      table.backends[connection] = pod
      table.backendIncarnations[connection] = backends.incarnation(pod)
      this.#options.keeper.delivered(request)
    } else {
      const late = this.#latenessOfAnswer(connection, podNode)
      if (late !== LOST) {
        this.#options.keeper.icmpError(request, REFUSED, this.#laterPacket, PACKETS, table.oneWay[connection]! + late)
        return
      }
      this.#release(request)
      this.#lose(request)
    }
  }

  /** Connection tracking and network plugin of the pod's own node. False: the datagram is lost there. */
  #enterPodNode(request: number, connection: number, pod: number, endpoint: number): boolean {
    const table = this.#table
    const { flows } = this
    const podNode = this.#backends.nodeOf(pod)
    const flow = this.#find(connection, podNode, ~endpoint)
    const hasRoom = flow !== NO_FLOW || this.#kernels.conntrack(podNode).hasRoom(this.#sim.now)
    if (flow !== NO_FLOW) flows.pass(flow)
    const isKnown = flow !== NO_FLOW && flows.isAnswered(flow)
    const isDenied = hasRoom && this.#filter !== null && !isKnown && !this.#filter.enters(connection, pod, 'UDP')
    if (!hasRoom || isDenied) {
      this.#release(request)
      if (isDenied) this.#loseToPolicy(request)
      else this.#loseToFullTable(request)
      return false
    }
    if (flow === NO_FLOW)
      flows.add(podNode, table.clientAddresses[connection]!, table.clientPorts[connection]!, ~endpoint, endpoint, NO_BINDING)
    return true
  }

  #mayNotLeave(connection: number): boolean {
    return this.#filter !== null && this.#table.endpoints[connection] !== NO_RULE && !this.#filter.leaves(connection, 'UDP')
  }

  #loseToPolicy(request: number): void {
    const { flags } = this.#table
    const connection = this.#requests.connections[request]!
    flags[connection] = (flags[connection]! & ~CONNECTED) | POLICY_DROP
    this.#lose(request)
  }

  #find(connection: number, node: number, target: number): number {
    return this.flows.find(node, this.#table.clientAddresses[connection]!, this.#table.clientPorts[connection]!, target)
  }

  #entryOf(connection: number): Entry {
    return this.#table.clients[connection] === OUTSIDE ? NODE_PORT : CLUSTER_IP
  }

  #targetOf(connection: number): number {
    return targetOf(this.#table.servicePorts[connection]!, this.#entryOf(connection))
  }

  #loseToFullTable(request: number): void {
    const { flags } = this.#table
    const connection = this.#requests.connections[request]!
    flags[connection] = (flags[connection]! & ~CONNECTED) | TABLE_FULL
    this.#lose(request)
  }

  /** The datagram is gone without a trace. */
  #lose(request: number): void {
    if ((this.#requests.flags[request]! & WAITING) === 0) this.#options.keeper.over(request)
    else this.#options.keeper.lost(request)
  }

  /** On its way: `cpu` ns of CPU that `part` answers for, then the network. */
  #travel(cpu: Nanos, part: number, network: Nanos, handler: HandlerId, request: number): void {
    this.#requests.accounts.travels(request, this.#sim.now, cpu, part)
    this.#requests.flags[request]! |= HELD
    this.#sim.schedule(cpu + network, handler, request)
  }

  #release(request: number): void {
    this.#requests.flags[request]! &= ~HELD
  }
}

/** A link loses what is sent: it is on its way for ever. */
const LOST: Nanos = Number.POSITIVE_INFINITY

/** The target of datagrams to a Service port by one of its addresses. */
export function targetOf(servicePort: ServicePortId, entry: Entry): number {
  return servicePort * 2 + entry
}
