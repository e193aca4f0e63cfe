import type { HandlerId, Simulation } from '../engine/simulation.ts'
import { invariant } from '../invariant.ts'
import { CLUSTER_IP, DROPPED, NO_BINDING, NO_RULE, NODE_PORT, type ProxyMode, REJECTED } from '../kube-proxy/modes/mode.ts'
import type { NodeRules } from '../kube-proxy/node-rules.ts'
import type { ServiceHistory, ServicePortId } from '../kube-proxy/service-history.ts'
import { PACKETS, RETRANSMIT, RULES, SOFTIRQ } from '../metrics/blame.ts'
import {
  CONNECT_TIMEOUT,
  CONNTRACK_FULL,
  NO_CLIENT,
  NO_ENDPOINTS,
  POLICY_DENIED,
  REFUSED,
  SNAT_EXHAUSTED,
  TIMEOUT,
} from '../metrics/failure-cause.ts'
import type { UnseenChange } from '../metrics/unseen-change.ts'
import type { EndpointId } from '../network/addresses.ts'
import { type LoadBalancer, NO_NODE } from '../network/load-balancer.ts'
import { EXTERNAL, type Network } from '../network/network.ts'
import type { Kernels } from '../node/kernel.ts'
import { SYN_RETRIES, synRetransmitTimeout } from '../node/kernel-tcp.ts'
import type { PacketCores } from '../node/packet-cores.ts'
import { DEFAULT_TIMEOUTS } from '../proxy/ipvs/timeouts.ts'
import { mix32 } from '../proxy/mix.ts'
import type { Nanos } from '../units.ts'
import { type Backends, NO_BACKEND } from './backends.ts'
import { ClientPorts, FIRST_PORT, PORTS } from './client-ports.ts'
import {
  CLOSED_BY_POD,
  CONNECTED,
  ConnectionTable,
  DATAGRAM,
  ENTRY,
  HALF_OPEN,
  HELD,
  MASQUERADED,
  NO_POOL,
  NO_REQUEST,
  NO_RETURN,
  NO_SOURCE_PORT,
  OPEN,
  OUTSIDE,
  POD_ENTRY,
  POLICY_DROP,
  STRAIGHT,
  STREAMS,
  TABLE_FULL,
  TO_POD,
} from './connection-table.ts'
import { type Director, NO_PASSAGE } from './director/director.ts'
import { flowHash } from './flow-hash.ts'
import type { PacketFilter } from './packet-filter.ts'
import type { RequestSampler } from './samples/request-sampler.ts'
import { NO_PORT, type PortEnding, SnatPorts } from './snat-ports.ts'
import type { TimeAccounts } from './time-accounts.ts'
import type { UnseenChanges } from './unseen-changes.ts'

/** What the opening of a connection tells of, to those who keep the request that it is opened for. */
export interface ConnectionOpener {
  /** The pod's kernel has accepted it, and its SYN-ACK goes out. */
  accepted(request: number): void
  /** Nothing listens: the pod's kernel answers the SYN with an RST. */
  turnedAway(request: number): void
  /** The rules reject the SYN: after it has waited `wait` ns for a core, for `cpu` ns of CPU, a failure is on its way to the client. */
  rejected(request: number, cause: number, wait: Nanos, cpu: Nanos, network: Nanos): void
  /** The client gives up. */
  gaveUp(request: number, cause: number): void
}

export interface ConnectionsOptions {
  readonly sim: Simulation
  readonly history: ServiceHistory
  readonly mode: ProxyMode
  readonly network: Network
  readonly loadBalancer: LoadBalancer
  /** What stands before the cluster in the place of the load balancer; null: nothing. */
  readonly director: Director | null
  readonly kernels: Kernels
  readonly cores: PacketCores
  readonly backends: Backends
  /** By request. */
  readonly accounts: TimeAccounts
  readonly opener: ConnectionOpener
  /** Where in the history each node stands. */
  readonly rules: NodeRules
  readonly unseen: UnseenChanges
  /** Watches some requests; null or absent: none. */
  readonly sampler?: RequestSampler | null | undefined
}

/**
 * The life of a TCP connection: from its first SYN to its end, and what the nodes remember of it.
 *
 * A SYN without an answer is repeated 1, 3, 7, … s after the first, to the same endpoint as long as the node remembers the translation.
 * While it is opened, its time is that of the request that it is opened for.
 *
 * **Lost packets**: a SYN that a link loses is repeated so, and so is one whose answer is lost. Once a SYN has come to the pod, its kernel repeats
 * the SYN-ACK by itself, 1, 3, 7, … s after the first, or when a SYN comes again, whichever is first (net/ipv4/tcp_minisocks.c, tcp_check_req):
 * the two times are the same, so from then on only the ways back count.
 */
export class Connections {
  readonly table = new ConnectionTable()
  readonly #sim: Simulation
  readonly #history: ServiceHistory
  readonly #mode: ProxyMode
  readonly #network: Network
  readonly #loadBalancer: LoadBalancer
  readonly #director: Director | null
  readonly #kernels: Kernels
  readonly #cores: PacketCores
  readonly #backends: Backends
  readonly #accounts: TimeAccounts
  readonly #opener: ConnectionOpener
  readonly #rules: NodeRules
  readonly #unseen: UnseenChanges
  readonly #snatPorts: SnatPorts
  readonly #sampler: RequestSampler | null
  /** null: every packet passes. */
  #filter: PacketFilter | null = null
  /** null where nobody notices which ports clients take: they are drawn. */
  readonly #clientPorts: ClientPorts | null
  /** CPU time of a packet that is no connection's first. */
  readonly #laterPacket: Nanos
  /** A connection on which nothing came for so long is forgotten. */
  readonly #silenceMax: Nanos
  readonly #atNode: HandlerId
  readonly #synAtPod: HandlerId
  readonly #repeatSyn: HandlerId

  constructor(options: ConnectionsOptions) {
    const { sim } = options
    this.#sim = sim
    this.#history = options.history
    this.#mode = options.mode
    this.#network = options.network
    this.#loadBalancer = options.loadBalancer
    this.#director = options.director
    this.#kernels = options.kernels
    this.#cores = options.cores
    this.#backends = options.backends
    this.#accounts = options.accounts
    this.#opener = options.opener
    this.#rules = options.rules
    this.#unseen = options.unseen
    this.#sampler = options.sampler ?? null
    this.#snatPorts = new SnatPorts(sim.rng('network/snat-ports'), options.kernels.linux)
    this.#clientPorts = options.mode.noticesReuse ? new ClientPorts() : null
    this.#laterPacket = options.mode.establishedCost
    this.#silenceMax = options.mode.name === 'ipvs' ? DEFAULT_TIMEOUTS.established : Number.POSITIVE_INFINITY
    this.#atNode = sim.handler((connection) => this.#arriveAtNode(connection))
    this.#synAtPod = sim.handler((connection) => this.#arriveSyn(connection))
    this.#repeatSyn = sim.handler((connection) => this.#sendSynAgain(connection))
  }

  /** From now on the nodes' network plugins look at SYNs. */
  attachFilter(filter: PacketFilter): void {
    this.#filter = filter
  }

  /** A place for a connection of a client pod, or of one {@link OUTSIDE} of that address; {@link open} sends its first SYN. */
  make(
    request: number,
    client: number,
    address: number,
    servicePort: ServicePortId,
    seed: number,
    givesUpAt: Nanos,
    pool = NO_POOL,
  ): number {
    const { table } = this
    const connection = table.take()
    table.requests[connection] = request
    table.pools[connection] = pool
    table.openedAt[connection] = this.#sim.now
    table.connectedAt[connection] = Number.POSITIVE_INFINITY
    table.servicePorts[connection] = servicePort
    table.synAt[connection] = this.#sim.now
    table.attempts[connection] = 0
    table.askedAt[connection] = Number.NaN
    table.givesUpAt[connection] = givesUpAt
    table.clients[connection] = client
    table.bindings[connection] = NO_BINDING
    table.passages[connection] = NO_PASSAGE
    if (client === OUTSIDE) {
      table.clientAddresses[connection] = address
    } else {
      table.clientAddresses[connection] = this.#backends.addressOf(client)
      table.clientIncarnations[connection] = this.#backends.incarnation(client)
      table.nodes[connection] = this.#backends.nodeOf(client)
    }
    table.clientPorts[connection] =
      this.#clientPorts === null ? drawnPort(seed) : this.#clientPorts.take(table.clientAddresses[connection]!, servicePort)
    return connection
  }

  /** It is a datagram's: its port is drawn from `seed`, as that of a new socket is over UDP. Datagrams of one socket have one seed. */
  drawPort(connection: number, seed: number): number {
    const { clientAddresses, clientPorts, servicePorts } = this.table
    this.#clientPorts?.give(clientAddresses[connection]!, servicePorts[connection]!, clientPorts[connection]!)
    const port = drawnPort(seed)
    clientPorts[connection] = port
    return port
  }

  /** It goes to the node port of that node, not by the load balancer. Before {@link open}. */
  callAt(connection: number, node: number): void {
    this.table.flags[connection]! |= STRAIGHT
    this.table.nodes[connection] = node
  }

  /** It goes to that address of a pod, which its client has from DNS. Before {@link open}. */
  callPod(connection: number, endpoint: EndpointId): void {
    this.table.flags[connection]! |= TO_POD
    this.table.endpoints[connection] = endpoint
  }

  open(connection: number): void {
    const { clients, flags } = this.table
    if ((flags[connection]! & STRAIGHT) !== 0) this.#sendToNode(connection)
    else if (clients[connection] === OUTSIDE) this.#sendToBalancer(connection)
    else this.#connect(connection)
  }

  /** What the client makes of hearing nothing. */
  causeOfSilence(connection: number): number {
    const flags = this.table.flags[connection]!
    return (flags & CONNECTED) !== 0 ? TIMEOUT : causeOfLoss(flags)
  }

  /** What the client makes of not being connected in time. */
  causeOfConnectTimeout(connection: number): number {
    const flags = this.table.flags[connection]!
    return (flags & CONNECTED) !== 0 ? CONNECT_TIMEOUT : causeOfLoss(flags)
  }

  clientIsGone(connection: number): boolean {
    const { clients, clientIncarnations } = this.table
    const client = clients[connection]!
    return client !== OUTSIDE && !this.#backends.runs(client, clientIncarnations[connection]!)
  }

  /**
   * The node whose address its pod sees in place of the client's; -1: none. Traffic from outside is masqueraded under the policy Cluster. Source:
   * kubernetes v1.36.2 pkg/proxy/iptables/proxier.go, the KUBE-EXT chains.
   */
  maskedBy(connection: number): number {
    const { clients, nodes, servicePorts } = this.table
    if (clients[connection] !== OUTSIDE) return -1
    const isLocal = this.#history.rules(servicePorts[connection]!, Number.POSITIVE_INFINITY)?.externalLocal === true
    return isLocal ? -1 : nodes[connection]!
  }

  /** The node that translates it is up and has not crashed since; or there is none, as a director refuses it. */
  isRemembered(connection: number): boolean {
    const node = this.table.nodes[connection]!
    return node === NO_NODE || this.#kernels.remembers(node, this.table.nodeEpochs[connection]!)
  }

  /** The kernel of the node that translates it runs. */
  isNodeUp(connection: number): boolean {
    return this.#kernels.isUp(this.table.nodes[connection]!)
  }

  /** Whether the node still knows it when its next packet comes, now. IPVS forgets what was silent for 15 minutes. */
  isKnownAtNode(connection: number): boolean {
    return this.isRemembered(connection) && this.#sim.now - this.table.idleSince[connection]! < this.#silenceMax
  }

  /** The process that has accepted it runs, and has not closed it. */
  meetsPod(connection: number): boolean {
    const { backends, backendIncarnations, flags } = this.table
    if ((flags[connection]! & CLOSED_BY_POD) !== 0) return false
    return this.#backends.runs(backends[connection]!, backendIncarnations[connection]!)
  }

  /** How long a client, a pod or {@link OUTSIDE}, still stands still with its node; 0: it runs. */
  thawsIn(client: number): Nanos {
    if (this.#kernels.frozen === 0 || client === OUTSIDE) return 0
    return this.#kernels.thawsIn(this.#backends.nodeOf(client), this.#sim.now)
  }

  /** The same of the node that translates a connection. */
  nodeThawsIn(connection: number): Nanos {
    return this.#kernels.frozen === 0 ? 0 : this.#kernels.thawsIn(this.table.nodes[connection]!, this.#sim.now)
  }

  /** When a packet that comes to the pod is handled, which its sender sends again after `timeout`, doubled each time; 0: now. */
  handledAtPodIn(connection: number, timeout: Nanos): Nanos {
    return this.#kernels.handledIn(this.#backends.nodeOf(this.table.backends[connection]!), this.#sim.now, timeout)
  }

  /** Some node stands still. */
  get someFrozen(): boolean {
    return this.#kernels.frozen > 0
  }

  /** Its node is up and does not know it: the node's kernel answers what comes on it with RST. */
  strayed(connection: number): void {
    this.#dropBinding(connection)
    this.table.nodeEpochs[connection] = this.#kernels.epoch(this.table.nodes[connection]!)
  }

  /** The client has no more use for it: the nodes keep what they know of it for as long as they do. */
  close(connection: number, byReset: boolean): void {
    const { table } = this
    const { now } = this.#sim
    const kernels = this.#kernels
    const flags = table.flags[connection]!
    const isAnswered = (flags & CONNECTED) !== 0
    if ((flags & ENTRY) !== 0 && this.isRemembered(connection)) {
      const conntrack = kernels.conntrack(table.nodes[connection]!)
      if (byReset) conntrack.reset(now, isAnswered)
      else conntrack.end(now, isAnswered)
      this.#endSnat(connection, byReset ? 'close' : (flags & CONNECTED) === 0 ? 'unanswered' : 'time-wait')
      const binding = table.bindings[connection]!
      if (binding !== NO_BINDING) {
        this.#mode.release(binding, byReset ? 'close' : (flags & CONNECTED) === 0 ? 'syn-received' : 'time-wait', now)
      }
    }
    if ((flags & POD_ENTRY) !== 0 && kernels.remembers(table.podNodes[connection]!, table.podNodeEpochs[connection]!)) {
      const conntrack = kernels.conntrack(table.podNodes[connection]!)
      if (byReset) conntrack.reset(now, isAnswered)
      else conntrack.end(now, isAnswered)
    }
    const passage = table.passages[connection]!
    if (passage !== NO_PASSAGE) {
      this.#director!.finish(passage, byReset ? 'close' : (flags & CONNECTED) === 0 ? 'syn-received' : 'time-wait')
      table.passages[connection] = NO_PASSAGE
    }
    this.#clientPorts?.give(table.clientAddresses[connection]!, table.servicePorts[connection]!, table.clientPorts[connection]!)
    table.flags[connection] = flags & ~OPEN
    table.freeIfOver(connection)
  }

  /** Whether what its client sends gets past the director before the cluster, if there is one. */
  passesDirector(connection: number): boolean {
    const passage = this.table.passages[connection]!
    return passage === NO_PASSAGE || this.#director!.passes(passage)
  }

  /** A director's IPVS has forgotten a kept connection that was silent for 15 minutes: its kernel answers what comes on it with RST. */
  isForgottenByDirector(connection: number): boolean {
    const { passages, idleSince } = this.table
    return passages[connection] !== NO_PASSAGE && this.#sim.now - idleSince[connection]! >= DEFAULT_TIMEOUTS.established
  }

  /** The request that had it is over. */
  leave(connection: number): void {
    if ((this.table.flags[connection]! & STREAMS) !== 0 && --this.table.riders[connection]! > 0) return
    this.table.requests[connection] = NO_REQUEST
    this.table.freeIfOver(connection)
  }

  /** Why the rules behind a failure to connect led nowhere: the change that they had not seen; null where they were right, or not to blame. */
  unseenBy(connection: number, cause: number): UnseenChange | null {
    const { table } = this
    const at = table.askedAt[connection]!
    if (Number.isNaN(at) || (cause !== REFUSED && cause !== CONNECT_TIMEOUT && cause !== NO_ENDPOINTS)) return null
    const lookup = {
      node: table.nodes[connection]!,
      servicePort: table.servicePorts[connection]!,
      at,
      serviceRevision: table.serviceRevisions[connection]!,
      sliceRevision: table.sliceRevisions[connection]!,
    }
    const endpoint = table.endpoints[connection]!
    if (endpoint === REJECTED) return this.#unseen.ofNoEndpoint(lookup)
    if (endpoint === NO_RULE) return this.#unseen.ofNoRule(lookup)
    if (endpoint === DROPPED || (table.flags[connection]! & NO_RETURN) !== 0) return null
    // An old connection of its port led it there, not the rules.
    if (this.#mode.noticesReuse && !this.#unseen.wouldSendTo(lookup, endpoint)) return null
    const pod = this.#backends.owner(endpoint)
    return this.#unseen.ofDeadEndpoint(lookup, endpoint, pod !== NO_BACKEND && this.#backends.isListening(pod))
  }

  /** Adds to `open`, by pod, the connections that it has accepted and neither side has closed. What a client closes counts until it has learnt why. */
  countOpen(open: Int32Array): void {
    const { flags, backends, capacity } = this.table
    for (let connection = 0; connection < capacity; connection++) {
      if ((flags[connection]! & (OPEN | CONNECTED | DATAGRAM)) !== (OPEN | CONNECTED)) continue
      if (this.meetsPod(connection)) open[backends[connection]!]!++
    }
  }

  /** Every place in use is open, on its way or a request's. */
  checkConservation(): void {
    const { flags, requests, capacity, size } = this.table
    let used = 0
    for (let connection = 0; connection < capacity; connection++) {
      if ((flags[connection]! & (OPEN | HELD)) !== 0 || (flags[connection] !== 0 && requests[connection] !== NO_REQUEST)) used++
    }
    invariant(used === size, `${size} connections are in use, but somebody refers to ${used}`)
  }

  /** From outside: a node is chosen for the whole connection. Without one the SYN is lost, and its repetition tries again. */
  #sendToBalancer(connection: number): void {
    const { table } = this
    const servicePort = table.servicePorts[connection]!
    const rules = this.#history.rules(servicePort, Number.POSITIVE_INFINITY)
    const isThere = rules !== null && rules.nodePort !== 0
    if (isThere && this.#director !== null) {
      this.#sendToDirector(this.#director, connection)
      return
    }
    const node = isThere ? this.#loadBalancer.next(servicePort) : NO_NODE
    table.nodes[connection] = node
    if (node === NO_NODE) this.#lose(connection)
    else this.#sendToNode(connection)
  }

  /** From outside, to the node that was chosen. */
  #sendToNode(connection: number): void {
    const network = this.#network
    const node = this.table.nodes[connection]!
    if (this.#isLost(connection, EXTERNAL, node)) this.#lose(connection)
    else this.#travel(0, PACKETS, network.external + this.#lateness(EXTERNAL, node), this.#atNode, connection)
  }

  /** As above; where no server is in, IPVS refuses. */
  #sendToDirector(director: Director, connection: number): void {
    const { table } = this
    const { external } = this.#network
    const passage = director.connect(table.servicePorts[connection]!, table.clientAddresses[connection]!, table.clientPorts[connection]!)
    table.passages[connection] = passage
    if (passage === NO_PASSAGE) {
      table.nodes[connection] = NO_NODE
      this.#opener.rejected(table.requests[connection]!, REFUSED, 0, 0, 2 * external)
      return
    }
    table.nodes[connection] = director.nodeOf(passage)
    this.#sendToNode(connection)
  }

  #arriveAtNode(connection: number): void {
    if (!this.#letGo(connection)) return
    if (!this.#kernels.isUp(this.table.nodes[connection]!)) this.#lose(connection)
    else if ((this.table.flags[connection]! & ENTRY) === 0) this.#connect(connection)
    else this.#connectAgain(connection)
  }

  /** A SYN that the translating node knows nothing of. */
  #connect(connection: number): void {
    const { table } = this
    const { now } = this.#sim
    const node = table.nodes[connection]!
    const kernels = this.#kernels
    const cores = this.#cores
    const outside = table.clients[connection] === OUTSIDE
    const servicePort = table.servicePorts[connection]!
    const core = cores.coreFor(node, flowHash(table.clientAddresses[connection]!, table.clientPorts[connection]!, servicePort))
    table.cores[connection] = core
    if (cores.drops(core, now)) {
      this.#lose(connection)
      return
    }
    const conntrack = kernels.conntrack(node)
    if (!conntrack.hasRoom(now)) {
      cores.enter(core, now, this.#laterPacket)
      this.#loseToFullTable(connection)
      return
    }
    const mode = this.#mode
    const entry = outside ? NODE_PORT : CLUSTER_IP
    table.nodeEpochs[connection] = kernels.epoch(node)
    const isToPod = (table.flags[connection]! & TO_POD) !== 0
    let endpoint = table.endpoints[connection]!
    if (!isToPod) {
      endpoint = mode.connect(node, servicePort, entry, now, table.clientAddresses[connection]!, table.clientPorts[connection]!)
      table.endpoints[connection] = endpoint
      table.askedAt[connection] = now
      table.serviceRevisions[connection] = this.#rules.serviceRevisions[node]!
      table.sliceRevisions[connection] = this.#rules.sliceRevisions[node]!
    }
    if (this.#sampler !== null) this.#sampler.routed(table.requests[connection]!, node, endpoint)
    const cost = isToPod ? mode.passCost(node) : mode.cost
    const wait = cores.enter(core, now, cost)
    if (endpoint === REJECTED) {
      this.#reject(connection, NO_ENDPOINTS, wait, cost)
      return
    }
    if (endpoint === NO_RULE && (table.flags[connection]! & STRAIGHT) !== 0) {
      // The address is the node's own, and nobody listens there.
      this.#reject(connection, REFUSED, wait, cost)
      return
    }
    if (endpoint === DROPPED) {
      this.#lose(connection)
      return
    }
    const binding = isToPod ? NO_BINDING : mode.binding
    table.bindings[connection] = binding
    // Connection tracking confirms an entry as the packet leaves: of one that is dropped before it keeps nothing, but IPVS does.
    if (binding === NO_BINDING && endpoint !== NO_RULE && this.#mayNotLeave(connection)) {
      this.#loseToPolicy(connection)
      return
    }
    if (endpoint !== NO_RULE && !isToPod && this.#isMasqueraded(connection) && !this.#takeSnatPort(connection)) {
      this.#loseForWantOfPort(connection)
      return
    }
    if (endpoint !== NO_RULE || mode.remembersMisses) {
      conntrack.open(false)
      table.flags[connection] = (table.flags[connection]! & ~TABLE_FULL) | ENTRY
    }
    if (endpoint !== NO_RULE && outside && !mode.answersReturn(node, servicePort, entry)) table.flags[connection]! |= NO_RETURN
    if (endpoint === NO_RULE) this.#lose(connection)
    else this.#sendToPod(connection, wait, cost, RULES)
  }

  /** The node's own answer to a SYN. */
  #reject(connection: number, cause: number, wait: Nanos, cost: Nanos): void {
    const { clients, requests, nodes } = this.table
    const node = nodes[connection]!
    const outside = clients[connection] === OUTSIDE
    if (outside && this.#isLost(connection, node, EXTERNAL)) this.#lose(connection)
    else {
      const network = outside ? this.#network.external + this.#lateness(node, EXTERNAL) : 0
      this.#opener.rejected(requests[connection]!, cause, wait, cost, network)
    }
  }

  /** A repeated SYN of a connection that the translating node may still know. */
  #connectAgain(connection: number): void {
    const { table } = this
    if (!this.isRemembered(connection)) {
      this.#forget(connection)
      this.#connect(connection)
      return
    }
    const { now } = this.#sim
    if (this.#kernels.conntrack(table.nodes[connection]!).isMissing()) {
      this.#forgetTranslation(connection)
      this.#connect(connection)
      return
    }
    const core = table.cores[connection]!
    if (this.#cores.drops(core, now)) {
      this.#lose(connection)
      return
    }
    const wait = this.#cores.enter(core, now, this.#laterPacket)
    if (table.endpoints[connection] === NO_RULE) {
      this.#lose(connection)
    } else if (table.bindings[connection] !== NO_BINDING && !this.#mode.retransmit(table.bindings[connection]!, now)) {
      this.#forget(connection)
      this.#lose(connection)
    } else {
      this.#sendToPod(connection, wait, this.#laterPacket, PACKETS)
    }
  }

  /** A SYN that has waited `wait` ns for its core, and takes that `cost` ns. */
  #sendToPod(connection: number, wait: Nanos, cost: Nanos, part: number): void {
    if (this.#mayNotLeave(connection)) {
      this.#loseToPolicy(connection)
      return
    }
    const { table } = this
    const backends = this.#backends
    const pod = backends.owner(table.endpoints[connection]!)
    if (pod === NO_BACKEND || (table.flags[connection]! & NO_RETURN) !== 0) {
      this.#lose(connection)
      return
    }
    const node = table.nodes[connection]!
    const podNode = backends.nodeOf(pod)
    const delay = this.#network.delay(node, podNode)
    table.oneWay[connection] = table.clients[connection] === OUTSIDE ? delay + this.#network.external : delay
    if (this.#isLost(connection, node, podNode)) this.#lose(connection)
    else this.#travel(cost, part, delay + this.#lateness(node, podNode), this.#synAtPod, connection, wait)
  }

  #arriveSyn(connection: number): void {
    if (this.#kernels.frozen > 0 && this.#waitsForThaw(connection)) return
    if (!this.#letGo(connection)) return
    const { table } = this
    const backends = this.#backends
    const pod = backends.owner(table.endpoints[connection]!)
    if (pod === NO_BACKEND) {
      this.#lose(connection)
      return
    }
    const podNode = backends.nodeOf(pod)
    if (podNode !== table.nodes[connection] && !this.#enterPodNode(connection, pod, podNode)) return
    if (!this.#network.isPlain && this.#answerIsLost(connection, podNode)) {
      table.flags[connection]! |= HALF_OPEN
      this.#lose(connection)
      return
    }
    if (!backends.isListening(pod)) {
      this.#opener.turnedAway(table.requests[connection]!)
      return
    }
    backends.accept(pod)
    table.backends[connection] = pod
    table.backendIncarnations[connection] = backends.incarnation(pod)
    table.flags[connection]! |= CONNECTED
    this.#answerEntries(connection)
    table.connectedAt[connection] = this.#sim.now + this.#laterPacket + table.oneWay[connection]!
    this.#opener.accepted(table.requests[connection]!)
  }

  /** A link loses what the pod's kernel answers to a SYN. */
  #answerIsLost(connection: number, podNode: number): boolean {
    const { nodes, clients } = this.table
    const node = nodes[connection]!
    return this.#network.loses(podNode, node) || (clients[connection] === OUTSIDE && this.#network.loses(node, EXTERNAL))
  }

  /** A link loses a packet of the opening that is sent now. */
  #isLost(connection: number, from: number, to: number): boolean {
    const network = this.#network
    return !network.isPlain && (this.table.flags[connection]! & HALF_OPEN) === 0 && network.loses(from, to)
  }

  #lateness(from: number, to: number): Nanos {
    const network = this.#network
    return network.isPlain ? 0 : network.cardTime(from, to) + network.lateness(from, to)
  }

  /** Whether the pod's node stands still: the SYN waits in the ring of its network card, or is lost. */
  #waitsForThaw(connection: number): boolean {
    const { table } = this
    const { now } = this.#sim
    const pod = this.#backends.owner(table.endpoints[connection]!)
    if (pod === NO_BACKEND || (table.flags[connection]! & OPEN) === 0) return false
    const node = this.#backends.nodeOf(pod)
    const left = this.#kernels.thawsIn(node, now)
    if (left === 0) return false
    if (this.#kernels.takes(node)) {
      const request = table.requests[connection]!
      this.#accounts.settle(request, now)
      this.#accounts.standsStill(request, left, SOFTIRQ)
      this.#hold(connection, left, this.#synAtPod)
    } else {
      table.flags[connection]! &= ~HELD
      this.#lose(connection)
    }
    return true
  }

  /** What connection tracking has of it is not thrown out any more (*assumption*: from the SYN-ACK on, which is a round trip before the client's ACK that decides it). */
  #answerEntries(connection: number): void {
    const { flags, nodes, podNodes } = this.table
    const has = flags[connection]!
    if ((has & ENTRY) !== 0 && this.isRemembered(connection)) this.#kernels.conntrack(nodes[connection]!).answer()
    if ((has & POD_ENTRY) !== 0) this.#kernels.conntrack(podNodes[connection]!).answer()
  }

  /**
   * Connection tracking and network plugin of the pod's own node. False: the SYN is lost there. Whoever gets an entry here is answered: a SYN of
   * the connection comes a second time only when a link has lost the answer.
   */
  #enterPodNode(connection: number, pod: number, podNode: number): boolean {
    const { table } = this
    const kernels = this.#kernels
    const hadEntry = (table.flags[connection]! & POD_ENTRY) !== 0
    if (hadEntry && kernels.remembers(table.podNodes[connection]!, table.podNodeEpochs[connection]!)) {
      if (table.podNodes[connection] === podNode) return true
      // The SYN goes to another pod now: what the node of the first remembers of it runs out.
      kernels.conntrack(table.podNodes[connection]!).reset(this.#sim.now, false)
    }
    table.flags[connection]! &= ~POD_ENTRY
    const conntrack = kernels.conntrack(podNode)
    if (!conntrack.hasRoom(this.#sim.now)) {
      this.#loseToFullTable(connection)
      return false
    }
    if (this.#filter !== null && !this.#filter.enters(connection, pod, 'TCP')) {
      this.#loseToPolicy(connection)
      return false
    }
    conntrack.open(false)
    table.flags[connection] = (table.flags[connection]! & ~TABLE_FULL) | POD_ENTRY
    table.podNodes[connection] = podNode
    table.podNodeEpochs[connection] = kernels.epoch(podNode)
    return true
  }

  #sendSynAgain(connection: number): void {
    if (!this.#letGo(connection)) return
    const { table } = this
    if (this.clientIsGone(connection)) {
      this.#opener.gaveUp(table.requests[connection]!, NO_CLIENT)
      return
    }
    if (table.attempts[connection] === SYN_RETRIES) {
      this.#opener.gaveUp(table.requests[connection]!, this.causeOfSilence(connection))
      return
    }
    table.attempts[connection]!++
    table.flags[connection]! &= ~(POLICY_DROP | NO_SOURCE_PORT)
    table.synAt[connection] = this.#sim.now
    if (table.clients[connection] !== OUTSIDE) {
      if ((table.flags[connection]! & ENTRY) === 0) this.#connect(connection)
      else this.#connectAgain(connection)
    } else if (table.nodes[connection] === NO_NODE) {
      this.#sendToBalancer(connection)
    } else if (!this.passesDirector(connection)) {
      this.#lose(connection)
    } else {
      this.#sendToNode(connection)
    }
  }

  #mayNotLeave(connection: number): boolean {
    return this.#filter !== null && !this.#filter.leaves(connection, 'TCP')
  }

  #loseToPolicy(connection: number): void {
    const { flags } = this.table
    flags[connection] = (flags[connection]! & ~TABLE_FULL) | POLICY_DROP
    this.#lose(connection)
  }

  /** Clients outside, unless the Service keeps their addresses, and nodes themselves: their addresses are none of pods. */
  #isMasqueraded(connection: number): boolean {
    const { table } = this
    const client = table.clients[connection]!
    if (client !== OUTSIDE) return this.#backends.isOnHost(client)
    const rules = this.#rules.of(table.nodes[connection]!, table.servicePorts[connection]!)
    return rules !== null && !rules.externalLocal
  }

  #takeSnatPort(connection: number): boolean {
    const { table } = this
    const port = this.#snatPorts.take(table.nodes[connection]!, table.nodeEpochs[connection]!, table.endpoints[connection]!, this.#sim.now)
    if (port === NO_PORT) return false
    table.snatPorts[connection] = port
    table.flags[connection]! |= MASQUERADED
    return true
  }

  #giveSnatPort(connection: number): void {
    const { table } = this
    if ((table.flags[connection]! & MASQUERADED) === 0) return
    this.#snatPorts.give(table.nodes[connection]!, table.endpoints[connection]!, table.snatPorts[connection]!)
  }

  /** What the node knows of it ends: its source port is kept as long as that. */
  #endSnat(connection: number, ending: PortEnding): void {
    const { table } = this
    if ((table.flags[connection]! & MASQUERADED) === 0) return
    this.#snatPorts.end(table.nodes[connection]!, table.endpoints[connection]!, table.snatPorts[connection]!, ending, this.#sim.now)
  }

  /** The SYN is dropped when connection tracking is to confirm it. IPVS keeps its entry until it times out; the next SYN is scheduled anew. */
  #loseForWantOfPort(connection: number): void {
    const { table } = this
    const binding = table.bindings[connection]!
    if (binding !== NO_BINDING) this.#mode.release(binding, 'syn-received', this.#sim.now)
    table.bindings[connection] = NO_BINDING
    table.flags[connection] = (table.flags[connection]! & ~TABLE_FULL) | NO_SOURCE_PORT
    this.#lose(connection)
  }

  #loseToFullTable(connection: number): void {
    this.table.flags[connection]! |= TABLE_FULL
    this.#lose(connection)
  }

  /** The SYN is gone without a trace. The next one follows, unless the client will have given up by then. */
  #lose(connection: number): void {
    const { table } = this
    const { now } = this.#sim
    this.#accounts.waits(table.requests[connection]!, now, RETRANSMIT)
    const next = table.synAt[connection]! + synRetransmitTimeout(table.attempts[connection]!)
    if (next < table.givesUpAt[connection]!) this.#hold(connection, Math.max(0, next - now), this.#repeatSyn)
  }

  /** The translating node has thrown the connection away, or is no longer the one that knew it: the next SYN is a first one. */
  #forget(connection: number): void {
    const { table } = this
    if ((table.flags[connection]! & ENTRY) !== 0 && this.isRemembered(connection)) this.#removeEntry(connection)
    table.flags[connection]! &= ~(ENTRY | NO_RETURN | MASQUERADED | HALF_OPEN)
    table.bindings[connection] = NO_BINDING
  }

  /** A full table has thrown its entry out. IPVS keeps its own until it times out; as its SYN is scheduled anew, perhaps to another endpoint, that is one more. */
  #forgetTranslation(connection: number): void {
    const { table } = this
    const binding = table.bindings[connection]!
    if (binding !== NO_BINDING) this.#mode.release(binding, 'syn-received', this.#sim.now)
    table.bindings[connection] = NO_BINDING
    this.#giveSnatPort(connection)
    table.flags[connection]! &= ~(ENTRY | NO_RETURN | MASQUERADED | HALF_OPEN)
  }

  #removeEntry(connection: number): void {
    const { table } = this
    this.#kernels.conntrack(table.nodes[connection]!).remove(false)
    this.#giveSnatPort(connection)
  }

  #dropBinding(connection: number): void {
    const { table } = this
    const binding = table.bindings[connection]!
    if (this.isRemembered(connection)) {
      if ((table.flags[connection]! & ENTRY) !== 0) {
        this.#kernels.conntrack(table.nodes[connection]!).reset(this.#sim.now, (table.flags[connection]! & CONNECTED) !== 0)
        this.#endSnat(connection, 'close')
      }
      if (binding !== NO_BINDING) this.#mode.release(binding, 'close', this.#sim.now)
    }
    table.flags[connection]! &= ~(ENTRY | MASQUERADED)
    table.bindings[connection] = NO_BINDING
  }

  /** A SYN is on its way: `wait` ns before a core has time for it, `cpu` ns of CPU that `part` answers for, then the network. */
  #travel(cpu: Nanos, part: number, network: Nanos, handler: HandlerId, connection: number, wait: Nanos = 0): void {
    const request = this.table.requests[connection]!
    this.#accounts.travels(request, this.#sim.now, cpu, part)
    if (wait > 0) this.#accounts.delayed(request, wait, SOFTIRQ)
    this.#hold(connection, wait + cpu + network, handler)
  }

  #hold(connection: number, delay: Nanos, handler: HandlerId): void {
    this.table.flags[connection]! |= HELD
    this.#sim.schedule(delay, handler, connection)
  }

  /** The event that held the connection has come. False: the client has closed it, so it is over. */
  #letGo(connection: number): boolean {
    const { table } = this
    const flags = table.flags[connection]! & ~HELD
    table.flags[connection] = flags
    if ((flags & OPEN) !== 0) return true
    table.freeIfOver(connection)
    return false
  }
}

/** What a client whose last SYN was lost makes of it. */
function causeOfLoss(flags: number): number {
  if ((flags & POLICY_DROP) !== 0) return POLICY_DENIED
  if ((flags & NO_SOURCE_PORT) !== 0) return SNAT_EXHAUSTED
  return (flags & TABLE_FULL) !== 0 ? CONNTRACK_FULL : CONNECT_TIMEOUT
}

/** A port of the range that Linux takes from, from a seed. */
function drawnPort(seed: number): number {
  return FIRST_PORT + ((mix32(seed) >>> 0) % PORTS)
}
