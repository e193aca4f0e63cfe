import type { Simulation } from '../../engine/simulation.ts'
import type { CostProfile } from '../../profiles/cost-profile.ts'
import { ClientSet } from '../../proxy/affinity/client-set.ts'
import { HOUR, type Nanos, SECOND } from '../../units.ts'
import type { EndpointSet } from '../endpoint-set.ts'
import { NO_RULES, type NodeRules } from '../node-rules.ts'
import { isLocalOnly, servedBy } from '../routing.ts'
import type { RuleCounts } from '../rule-counts.ts'
import type { ServicePortId } from '../service-history.ts'
import { SharedRoutes } from '../shared-routes.ts'
import { CLUSTER_IP, DROPPED, type Entry, NO_BINDING, NO_RULE, NODE_PORT, type ProxyMode, REJECTED, type SyncWork } from './mode.ts'
import { NodeAffinity } from './node-affinity.ts'
import { NodeStreams } from './node-streams.ts'
import { syncTime } from './sync-time.ts'

/** Source: kubernetes v1.36.2 pkg/proxy/apis/config/v1alpha1/defaults.go (minSyncPeriod), pkg/proxy/util/utils.go (FullSyncPeriod). */
export const NFTABLES_SYNC = { minSyncPeriod: SECOND, maxSyncPeriod: HOUR, fullSyncPeriod: HOUR } as const

/**
 * nftables mode: the first packet of a connection looks its address up in a verdict map, and a random number picks an element of the
 * Service's endpoint map. Neither grows with the number of Services or endpoints.
 *
 * ```text
 *  map service-ips          address . protocol . port → the Service's chain     a hash
 *  map service-nodeports    protocol . port           → the Service's chain
 *    └ service chain    dnat to numgen random mod n map { 0 : endpoint, … }
 *  map no-endpoint-services → reject
 * ```
 *
 * A packet to an address of the Service range that no Service has is dropped, and so is not remembered: its repeated SYN is looked up again. To a
 * port that a Service does not have at its cluster IP it is rejected.
 *
 * With session affinity the Service chain first asks each endpoint's set of clients in turn; what that costs is not measured, and not charged.
 *
 * Source: kubernetes v1.36.2 pkg/proxy/nftables/proxier.go; periods: pkg/proxy/apis/config/v1alpha1/defaults.go, pkg/proxy/util/utils.go.
 */
export class NftablesMode implements ProxyMode {
  readonly name = 'nftables'
  readonly minSyncPeriod: Nanos = NFTABLES_SYNC.minSyncPeriod
  readonly maxSyncPeriod: Nanos = NFTABLES_SYNC.maxSyncPeriod
  readonly fullSyncPeriod: Nanos = NFTABLES_SYNC.fullSyncPeriod
  readonly remembersMisses = false
  readonly noticesReuse = false
  readonly establishedCost: Nanos
  cost: Nanos = 0
  binding = NO_BINDING
  readonly #rules: NodeRules
  readonly #routes: SharedRoutes
  readonly #costs: CostProfile
  /** What `numgen random` of each node draws. */
  readonly #draws: NodeStreams
  readonly #affinity: NodeAffinity<ClientSet>

  constructor(options: { sim: Simulation; rules: NodeRules; costs: CostProfile; nodeNames: readonly string[] }) {
    this.#rules = options.rules
    this.#routes = new SharedRoutes(options.rules)
    this.#costs = options.costs
    this.#draws = new NodeStreams(options.sim, options.nodeNames, 'nftables/numgen')
    this.#affinity = new NodeAffinity(options.rules, options.nodeNames.length)
    this.establishedCost = options.costs.establishedPacketNs('nftables')
  }

  syncTime(work: SyncWork): Nanos {
    return syncTime(this.#costs, 'nftables', work)
  }

  tornTime(): Nanos {
    return 0
  }

  ruleCount(counts: RuleCounts): number {
    return counts.nftablesElements
  }

  passCost(node: number): Nanos {
    if (this.#rules.present[node] === NO_RULES) return this.establishedCost
    return this.#costs.firstPacketNs('nftables', 0, 0, this.#rules.history.servicePortCount(this.#rules.serviceRevisions[node]!))
  }

  connect(node: number, servicePort: ServicePortId, entry: Entry, now: Nanos, client = 0): number {
    const { history, serviceRevisions, present } = this.#rules
    this.cost = this.establishedCost
    if (present[node] === NO_RULES) return NO_RULE
    const revision = serviceRevisions[node]!
    this.cost = this.#costs.firstPacketNs('nftables', 0, 0, history.servicePortCount(revision))
    if (entry === CLUSTER_IP && this.#routes.find(node, servicePort)) {
      const { endpoints, count } = this.#routes.servedOf(servicePort)
      if (count > 0 && this.#routes.rulesOf(servicePort).affinitySeconds === 0) return endpoints[this.#draws.of(node).below(count)]!
    }
    const rules = history.rules(servicePort, revision)
    if (rules === null) return entry === CLUSTER_IP && history.knowsAddress(servicePort, revision) ? REJECTED : NO_RULE
    if (entry === NODE_PORT && rules.nodePort === 0) return NO_RULE
    const endpoints = this.#rules.endpoints(node, rules)
    const served = servedBy(endpoints, rules, node, entry)
    if (served.count === 0) return isLocalOnly(rules, entry) && endpoints.hasAny ? DROPPED : REJECTED
    if (rules.affinitySeconds === 0) return served.endpoints[this.#draws.of(node).below(served.count)]!
    return this.#pickForClient({ node, servicePort, served, client, timeout: rules.affinitySeconds * SECOND, now })
  }

  /** The sets in the order of the endpoints, then the random number; the endpoint's chain then updates the client. */
  #pickForClient(packet: {
    node: number
    servicePort: ServicePortId
    served: EndpointSet
    client: number
    timeout: Nanos
    now: Nanos
  }): number {
    const { node, client, now } = packet
    const { endpoints, count } = packet.served
    const sets = this.#affinity.of(node, packet.servicePort)
    let index = 0
    while (index < count && sets.get(endpoints[index]!)?.has(client, now) !== true) index++
    if (index === count) index = this.#draws.of(node).below(count)
    const endpoint = endpoints[index]!
    let set = sets.get(endpoint)
    if (set === undefined) {
      set = new ClientSet()
      sets.set(endpoint, set)
    }
    set.update(client, packet.timeout, now)
    return endpoint
  }

  answersReturn(): boolean {
    return true
  }

  /** Connection tracking keeps the destination. */
  retransmit(): boolean {
    return true
  }

  release(): void {}

  forget(): void {}

  synced(node: number, now: Nanos): void {
    this.#affinity.synced(node, now)
  }

  crashed(node: number): void {
    this.#affinity.crashed(node)
  }

  beforePrune(): void {
    this.#affinity.beforePrune()
  }
}
