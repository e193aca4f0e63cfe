import type { Simulation } from '../../engine/simulation.ts'
import { parseIpv4 } from '../../network/addresses.ts'
import type { CostProfile } from '../../profiles/cost-profile.ts'
import { NO_DESTINATION } from '../../proxy/ipvs/destination-list.ts'
import type { ReuseRules } from '../../proxy/ipvs/reuse-rules.ts'
import type { Ending } from '../../proxy/ipvs/timeouts.ts'
import { SYN_DROPPED } from '../../proxy/ipvs/tuple-connections.ts'
import { GOLDEN_RATIO_32, mix32 } from '../../proxy/mix.ts'
import { TCP } from '../../proxy/protocol.ts'
import { type Nanos, SECOND } from '../../units.ts'
import { ABSENT, IntMap } from '../int-map.ts'
import type { IpvsScheduler } from '../kube-proxy-spec.ts'
import { NO_RULES, type NodeRules } from '../node-rules.ts'
import type { RuleCounts } from '../rule-counts.ts'
import type { ServicePortId } from '../service-history.ts'
import { CLUSTER_IP, DROPPED, type Entry, NO_BINDING, NO_RULE, NODE_PORT, type ProxyMode, REJECTED, type SyncWork } from './mode.ts'
import { NodeVirtualService } from './node-virtual-service.ts'
import { SyncLog } from './sync-log.ts'
import { syncTime } from './sync-time.ts'

/** A binding is (virtual service, generation, connection) in one number: connections below 2^22, generations kept modulo 16. */
const CONNECTIONS = 4_194_304
const GENERATIONS = 16

/** Source: kubernetes v1.36.2 pkg/proxy/apis/config/v1alpha1/defaults.go (minSyncPeriod, syncPeriod). */
export const IPVS_SYNC = { minSyncPeriod: 0, maxSyncPeriod: 30 * SECOND } as const

/**
 * IPVS mode: a virtual service a Service port on every node, whose scheduler picks a destination for each connection.
 *
 * Each node balances by the connections that it made itself, and knows nothing of those of the other nodes. A ClusterIP port and its node
 * port are two virtual services with counters of their own.
 *
 * `expire_nodest_conn` is 1, as kube-proxy sets it: a repeated SYN whose destination is being drained or gone is dropped, its connection
 * forgotten, and the next SYN is scheduled anew. Destinations of UDP are not drained: they are taken out at once, and since Linux 5.9 their
 * flows with them, so that a flow's next datagram is scheduled anew.
 *
 * Where the kernel and `conn_reuse_mode` make it matter, connections are known by the client's address and port: see proxy/ipvs/reuse-rules.ts.
 *
 * Source: kubernetes v1.36.2 pkg/proxy/ipvs/proxier.go; periods: pkg/proxy/apis/config/v1alpha1/defaults.go. Every sync compares
 * everything with the kernel, so there is no full one, and one runs at least every 30 s.
 */
export class IpvsMode implements ProxyMode {
  readonly name = 'ipvs'
  readonly minSyncPeriod: Nanos = IPVS_SYNC.minSyncPeriod
  readonly maxSyncPeriod: Nanos = IPVS_SYNC.maxSyncPeriod
  readonly fullSyncPeriod = null
  /** IPVS looks at every SYN that belongs to none of its own connections. */
  readonly remembersMisses = false
  readonly noticesReuse: boolean
  readonly establishedCost: Nanos
  cost: Nanos = 0
  binding = NO_BINDING
  readonly #rules: NodeRules
  readonly #costs: CostProfile
  readonly #scheduler: IpvsScheduler
  readonly #reuse: ReuseRules | null
  /** What twos draws from: one stream for all nodes. */
  readonly #below: (n: number) => number
  readonly #nodes: number
  readonly #nodeAddresses: Int32Array
  /** Only dh, lblc and lblcr do. */
  readonly #looksAtDestination: boolean
  /** The packet that a scheduler looks at, filled anew for each. */
  readonly #packet = { protocol: TCP, sourceAddress: 0, sourcePort: 0, destinationAddress: 0, destinationPort: 0 }
  /** By node, since it booted. */
  readonly #logs: SyncLog[]
  readonly #seeds: Int32Array
  /** (node, Service port, entry) to a place in `#services`. */
  readonly #places = new IntMap()
  readonly #services: NodeVirtualService[] = []

  constructor(options: {
    sim: Simulation
    rules: NodeRules
    costs: CostProfile
    nodeNames: readonly string[]
    nodeAddresses: readonly string[]
    scheduler: IpvsScheduler
    reuse: ReuseRules | null
  }) {
    this.#reuse = options.reuse
    this.noticesReuse = options.reuse !== null
    this.#nodeAddresses = Int32Array.from(options.nodeAddresses, (address) => parseIpv4(address) ?? 0)
    this.#looksAtDestination = ['dh', 'lblc', 'lblcr'].includes(options.scheduler)
    this.#rules = options.rules
    this.#costs = options.costs
    this.#scheduler = options.scheduler
    const draws = options.sim.rng('kube-proxy/ipvs/twos')
    this.#below = (n) => draws.below(n)
    this.#nodes = options.nodeNames.length
    this.#logs = options.nodeNames.map(() => new SyncLog())
    const orders = options.sim.rng('kube-proxy/ipvs/addition-order')
    this.#seeds = Int32Array.from(options.nodeNames, () => orders.int32())
    this.establishedCost = options.costs.establishedPacketNs('ipvs')
  }

  syncTime(work: SyncWork): Nanos {
    return syncTime(this.#costs, 'ipvs', work)
  }

  tornTime(): Nanos {
    return 0
  }

  ruleCount(counts: RuleCounts): number {
    return counts.ipvsEntries
  }

  synced(node: number, now: Nanos): void {
    this.#logs[node]!.push(now, this.#rules.serviceRevisions[node]!, this.#rules.sliceRevisions[node]!)
  }

  crashed(node: number): void {
    this.#logs[node] = new SyncLog()
  }

  beforePrune(now: Nanos): void {
    for (const service of this.#services) service.catchUp(now)
    for (const log of this.#logs) log.prune()
  }

  passCost(node: number): Nanos {
    if (this.#rules.present[node] === NO_RULES) return this.establishedCost
    return this.#costs.firstPacketNs('ipvs', 0, 0, this.#rules.history.servicePortCount(this.#rules.serviceRevisions[node]!))
  }

  connect(node: number, servicePort: ServicePortId, entry: Entry, now: Nanos, client = 0, clientPort = 0): number {
    this.binding = NO_BINDING
    this.cost = this.establishedCost
    if (this.#rules.present[node] === NO_RULES) return NO_RULE
    this.cost = this.#costs.firstPacketNs('ipvs', 0, 0, this.#rules.history.servicePortCount(this.#rules.serviceRevisions[node]!))
    const key = (servicePort * 2 + entry) * this.#nodes + node
    let place = this.#places.get(key)
    if (place === ABSENT || this.#services[place]!.log !== this.#logs[node]) place = this.#make(key, node, servicePort, entry)
    const service = this.#services[place]!
    service.catchUp(now)
    if (!service.exists) {
      // Every address of a Service is the node's own, and what no virtual service takes there is rejected.
      const isKnown = entry === CLUSTER_IP && this.#rules.history.knowsAddress(servicePort, this.#rules.serviceRevisions[node]!)
      return isKnown ? REJECTED : NO_RULE
    }
    const packet = this.#packet
    packet.sourceAddress = client
    packet.sourcePort = clientPort
    if (this.#looksAtDestination) packet.destinationAddress = this.#addressOf(node, servicePort, entry)
    const connection = service.connect(packet, now)
    if (connection === NO_DESTINATION) return REJECTED
    if (connection === SYN_DROPPED) return DROPPED
    this.binding = (place * GENERATIONS + (service.generation % GENERATIONS)) * CONNECTIONS + connection
    return service.endpointOf(connection)
  }

  answersReturn(node: number, servicePort: ServicePortId, entry: Entry): boolean {
    if (entry === CLUSTER_IP) return true
    const rules = this.#rules.of(node, servicePort)
    return rules === null || !rules.externalLocal || this.#rules.endpoints(node, rules).local(node).count > 0
  }

  /** The address that a virtual service has. */
  #addressOf(node: number, servicePort: ServicePortId, entry: Entry): number {
    return entry === NODE_PORT ? this.#nodeAddresses[node]! : (this.#rules.of(node, servicePort)?.clusterIP ?? 0)
  }

  retransmit(binding: number, now: Nanos): boolean {
    const service = this.#serviceOf(binding, now)
    if (service === null) return false
    const destination = binding % CONNECTIONS
    if (service.accepts(destination)) return true
    service.expire(destination, now)
    return false
  }

  release(binding: number, ending: Ending, now: Nanos): void {
    this.#serviceOf(binding, now)?.finish(binding % CONNECTIONS, ending, now)
  }

  forget(binding: number, now: Nanos): void {
    this.#serviceOf(binding, now)?.expire(binding % CONNECTIONS, now)
  }

  /** The virtual service on a node as of `now`, or null when it was never needed. For tests and inspection. */
  inspect(node: number, servicePort: ServicePortId, entry: Entry, now: Nanos): NodeVirtualService | null {
    const place = this.#places.get((servicePort * 2 + entry) * this.#nodes + node)
    if (place === ABSENT) return null
    this.#services[place]!.catchUp(now)
    return this.#services[place]!
  }

  /** The virtual service that still counts this connection, brought up to date; null when it was deleted, or its node crashed. */
  #serviceOf(binding: number, now: Nanos): NodeVirtualService | null {
    const rest = Math.floor(binding / CONNECTIONS)
    const service = this.#services[Math.floor(rest / GENERATIONS)]!
    service.catchUp(now)
    return service.generation % GENERATIONS === rest % GENERATIONS ? service : null
  }

  #make(key: number, node: number, servicePort: ServicePortId, entry: Entry): number {
    const service = new NodeVirtualService({
      history: this.#rules.history,
      servicePort,
      node,
      entry,
      scheduler: this.#scheduler,
      below: this.#below,
      reuse: this.#reuse,
      log: this.#logs[node]!,
      seed: mix32(this.#seeds[node]! ^ Math.imul(servicePort * 2 + entry + 1, GOLDEN_RATIO_32)),
    })
    const place = this.#services.push(service) - 1
    this.#places.set(key, place)
    return place
  }
}
