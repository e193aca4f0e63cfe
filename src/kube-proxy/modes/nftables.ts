import type { Simulation } from '../../engine/simulation.ts'
import type { CostProfile } from '../../profiles/cost-profile.ts'
import { HOUR, type Nanos, SECOND } from '../../units.ts'
import { NO_RULES, type NodeRules } from '../node-rules.ts'
import type { RuleCounts } from '../rule-counts.ts'
import type { ServicePortId } from '../service-history.ts'
import { type Entry, NO_BINDING, NO_RULE, NODE_PORT, type ProxyMode, REJECTED, type SyncWork } from './mode.ts'
import { NodeStreams } from './node-streams.ts'
import { syncTime } from './sync-time.ts'

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
 * A packet to an address of the Service range that no Service has is dropped, and so is not remembered: its repeated SYN is looked up again.
 *
 * Source: kubernetes v1.36.2 pkg/proxy/nftables/proxier.go; periods: pkg/proxy/apis/config/v1alpha1/defaults.go, pkg/proxy/util/utils.go.
 */
export class NftablesMode implements ProxyMode {
  readonly name = 'nftables'
  readonly minSyncPeriod: Nanos = SECOND
  readonly maxSyncPeriod: Nanos = HOUR
  readonly fullSyncPeriod: Nanos = HOUR
  readonly remembersMisses = false
  readonly establishedCost: Nanos
  cost: Nanos = 0
  binding = NO_BINDING
  readonly #rules: NodeRules
  readonly #costs: CostProfile
  /** What `numgen random` of each node draws. */
  readonly #draws: NodeStreams

  constructor(options: { sim: Simulation; rules: NodeRules; costs: CostProfile; nodeNames: readonly string[] }) {
    this.#rules = options.rules
    this.#costs = options.costs
    this.#draws = new NodeStreams(options.sim, options.nodeNames, 'nftables/numgen')
    this.establishedCost = options.costs.establishedPacketNs('nftables')
  }

  syncTime(work: SyncWork): Nanos {
    return syncTime(this.#costs, 'nftables', work)
  }

  ruleCount(counts: RuleCounts): number {
    return counts.nftablesElements
  }

  connect(node: number, servicePort: ServicePortId, entry: Entry): number {
    const { history, serviceRevisions, present } = this.#rules
    this.cost = this.establishedCost
    if (present[node] === NO_RULES) return NO_RULE
    const revision = serviceRevisions[node]!
    this.cost = this.#costs.firstPacketNs('nftables', 0, 0, history.servicePortCount(revision))
    const rules = history.rules(servicePort, revision)
    if (rules === null || (entry === NODE_PORT && rules.nodePort === 0)) return NO_RULE
    const { endpoints, count } = this.#rules.endpoints(node, rules)
    return count === 0 ? REJECTED : endpoints[this.#draws.of(node).below(count)]!
  }

  /** Connection tracking keeps the destination. */
  retransmit(): boolean {
    return true
  }

  release(): void {}

  synced(): void {}

  crashed(): void {}

  beforePrune(): void {}
}
