import type { HandlerId, Simulation } from '../engine/simulation.ts'
import { invariant } from '../invariant.ts'
import { CLUSTER_IP, DROPPED, NO_BINDING, NO_RULE, NODE_PORT, type ProxyMode, REJECTED } from '../kube-proxy/modes/mode.ts'
import type { NodeRules } from '../kube-proxy/node-rules.ts'
import type { ServiceHistory, ServicePortId } from '../kube-proxy/service-history.ts'
import { PACKETS, RETRANSMIT, RULES, SOFTIRQ } from '../metrics/blame.ts'
import { CONNECT_TIMEOUT, CONNTRACK_FULL, NO_CLIENT, NO_ENDPOINTS, POLICY_DENIED, REFUSED, TIMEOUT } from '../metrics/failure-cause.ts'
import type { UnseenChange } from '../metrics/unseen-change.ts'
import { type LoadBalancer, NO_NODE } from '../network/load-balancer.ts'
import type { Network } from '../network/network.ts'
import type { Kernels } from '../node/kernel.ts'
import { SYN_RETRIES, synRetransmitTimeout } from '../node/kernel-tcp.ts'
import type { PacketCores } from '../node/packet-cores.ts'
import { DEFAULT_TIMEOUTS } from '../proxy/ipvs/timeouts.ts'
import { mix32 } from '../proxy/mix.ts'
import type { Nanos } from '../units.ts'
import { type Backends, NO_BACKEND } from './backends.ts'
import {
  CONNECTED,
  ConnectionTable,
  ENTRY,
  HELD,
  NO_POOL,
  NO_REQUEST,
  NO_RETURN,
  OPEN,
  OUTSIDE,
  POD_ENTRY,
  POLICY_DROP,
  STRAIGHT,
  STREAMS,
  TABLE_FULL,
} from './connection-table.ts'
import { type Director, NO_PASSAGE } from './director/director.ts'
import { flowHash } from './flow-hash.ts'
import type { PacketFilter } from './packet-filter.ts'
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
}

/**
 * The life of a TCP connection: from its first SYN to its end, and what the nodes remember of it.
 *
 * A SYN without an answer is repeated 1, 3, 7, … s after the first, to the same endpoint as long as the node remembers the translation.
 * While it is opened, its time is that of the request that it is opened for.
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
  /** null: every packet passes. */
  #filter: PacketFilter | null = null
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
    table.clientPorts[connection] = clientPort(seed)
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
    return connection
  }

  /** It goes to the node port of that node, not by the load balancer. Before {@link open}. */
  callAt(connection: number, node: number): void {
    this.table.flags[connection]! |= STRAIGHT
    this.table.nodes[connection] = node
  }

  open(connection: number): void {
    const { clients, flags } = this.table
    if ((flags[connection]! & STRAIGHT) !== 0) this.#travel(0, PACKETS, this.#network.external, this.#atNode, connection)
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
    if ((flags & ENTRY) !== 0 && this.isRemembered(connection)) {
      const conntrack = kernels.conntrack(table.nodes[connection]!)
      if (byReset) conntrack.reset(now)
      else conntrack.end(now)
      const binding = table.bindings[connection]!
      if (binding !== NO_BINDING) {
        this.#mode.release(binding, byReset ? 'close' : (flags & CONNECTED) === 0 ? 'syn-received' : 'time-wait', now)
      }
    }
    if ((flags & POD_ENTRY) !== 0 && kernels.remembers(table.podNodes[connection]!, table.podNodeEpochs[connection]!)) {
      const conntrack = kernels.conntrack(table.podNodes[connection]!)
      if (byReset) conntrack.reset(now)
      else conntrack.end(now)
    }
    const passage = table.passages[connection]!
    if (passage !== NO_PASSAGE)
      this.#director!.finish(passage, byReset ? 'close' : (flags & CONNECTED) === 0 ? 'syn-received' : 'time-wait')
    table.flags[connection] = flags & ~OPEN
    table.freeIfOver(connection)
  }

  /** Whether what its client sends gets past the director before the cluster, if there is one. */
  passesDirector(connection: number): boolean {
    const passage = this.table.passages[connection]!
    return passage === NO_PASSAGE || this.#director!.passes(passage)
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
    const pod = this.#backends.owner(endpoint)
    return this.#unseen.ofDeadEndpoint(lookup, endpoint, pod !== NO_BACKEND && this.#backends.isListening(pod))
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
    else this.#travel(0, PACKETS, this.#network.external, this.#atNode, connection)
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
    this.#travel(0, PACKETS, external, this.#atNode, connection)
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
    const endpoint = mode.connect(node, servicePort, entry, now, table.clientAddresses[connection]!, table.clientPorts[connection]!)
    table.nodeEpochs[connection] = kernels.epoch(node)
    table.endpoints[connection] = endpoint
    table.askedAt[connection] = now
    table.serviceRevisions[connection] = this.#rules.serviceRevisions[node]!
    table.sliceRevisions[connection] = this.#rules.sliceRevisions[node]!
    const { cost } = mode
    const wait = cores.enter(core, now, cost)
    if (endpoint === REJECTED) {
      this.#opener.rejected(table.requests[connection]!, NO_ENDPOINTS, wait, cost, outside ? this.#network.external : 0)
      return
    }
    if (endpoint === NO_RULE && (table.flags[connection]! & STRAIGHT) !== 0) {
      // The address is the node's own, and nobody listens there.
      this.#opener.rejected(table.requests[connection]!, REFUSED, wait, cost, this.#network.external)
      return
    }
    if (endpoint === DROPPED) {
      this.#lose(connection)
      return
    }
    table.bindings[connection] = mode.binding
    // Connection tracking confirms an entry as the packet leaves: of one that is dropped before it keeps nothing, but IPVS does.
    if (mode.binding === NO_BINDING && endpoint !== NO_RULE && this.#mayNotLeave(connection)) {
      this.#loseToPolicy(connection)
      return
    }
    if (endpoint !== NO_RULE || mode.remembersMisses) {
      conntrack.open()
      table.flags[connection] = (table.flags[connection]! & ~TABLE_FULL) | ENTRY
    }
    if (endpoint !== NO_RULE && outside && !mode.answersReturn(node, servicePort, entry)) table.flags[connection]! |= NO_RETURN
    if (endpoint === NO_RULE) this.#lose(connection)
    else this.#sendToPod(connection, wait, cost, RULES)
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
    const delay = this.#network.delay(table.nodes[connection]!, backends.nodeOf(pod))
    table.oneWay[connection] = table.clients[connection] === OUTSIDE ? delay + this.#network.external : delay
    this.#travel(cost, part, delay, this.#synAtPod, connection, wait)
  }

  #arriveSyn(connection: number): void {
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
    if (!backends.isListening(pod)) {
      this.#opener.turnedAway(table.requests[connection]!)
      return
    }
    backends.accept(pod)
    table.backends[connection] = pod
    table.backendIncarnations[connection] = backends.incarnation(pod)
    table.flags[connection]! |= CONNECTED
    table.connectedAt[connection] = this.#sim.now + this.#laterPacket + table.oneWay[connection]!
    this.#opener.accepted(table.requests[connection]!)
  }

  /**
   * Connection tracking and network plugin of the pod's own node. False: the SYN is lost there. Whoever gets an entry here is answered, so
   * no SYN of the connection comes a second time.
   */
  #enterPodNode(connection: number, pod: number, podNode: number): boolean {
    const { table } = this
    const kernels = this.#kernels
    const conntrack = kernels.conntrack(podNode)
    if (!conntrack.hasRoom(this.#sim.now)) {
      this.#loseToFullTable(connection)
      return false
    }
    if (this.#filter !== null && !this.#filter.enters(connection, pod, 'TCP')) {
      this.#loseToPolicy(connection)
      return false
    }
    conntrack.open()
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
    table.flags[connection]! &= ~POLICY_DROP
    table.synAt[connection] = this.#sim.now
    if (table.clients[connection] !== OUTSIDE) {
      if ((table.flags[connection]! & ENTRY) === 0) this.#connect(connection)
      else this.#connectAgain(connection)
    } else if (table.nodes[connection] === NO_NODE) {
      this.#sendToBalancer(connection)
    } else if (!this.passesDirector(connection)) {
      this.#lose(connection)
    } else {
      this.#travel(0, PACKETS, this.#network.external, this.#atNode, connection)
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
    if ((table.flags[connection]! & ENTRY) !== 0 && this.isRemembered(connection))
      this.#kernels.conntrack(table.nodes[connection]!).remove()
    table.flags[connection]! &= ~(ENTRY | NO_RETURN)
    table.bindings[connection] = NO_BINDING
  }

  #dropBinding(connection: number): void {
    const { table } = this
    const binding = table.bindings[connection]!
    if (this.isRemembered(connection)) {
      if ((table.flags[connection]! & ENTRY) !== 0) this.#kernels.conntrack(table.nodes[connection]!).reset(this.#sim.now)
      if (binding !== NO_BINDING) this.#mode.release(binding, 'close', this.#sim.now)
    }
    table.flags[connection]! &= ~ENTRY
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
  return (flags & TABLE_FULL) !== 0 ? CONNTRACK_FULL : CONNECT_TIMEOUT
}

/** A port of the range that Linux takes from, from a seed. Source: net.ipv4.ip_local_port_range, default 32768 to 60999. */
function clientPort(seed: number): number {
  return 32_768 + ((mix32(seed) >>> 0) % 28_232)
}
