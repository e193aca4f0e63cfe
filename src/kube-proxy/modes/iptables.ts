import type { Simulation } from '../../engine/simulation.ts'
import type { CostMode, CostProfile } from '../../profiles/cost-profile.ts'
import { mix32 } from '../../proxy/mix.ts'
import { rulePosition } from '../../proxy/rule-order.ts'
import { pick, statisticRules } from '../../proxy/statistic-cascade.ts'
import { HOUR, type Nanos, SECOND } from '../../units.ts'
import { NO_RULES, type NodeRules } from '../node-rules.ts'
import type { RuleCounts } from '../rule-counts.ts'
import type { ServicePortId } from '../service-history.ts'
import { type Entry, NO_BINDING, NO_RULE, NODE_PORT, type ProxyMode, REJECTED, type SyncWork } from './mode.ts'
import { NodeStreams } from './node-streams.ts'
import { syncTime } from './sync-time.ts'

/** Of the two ways in which iptables can hold its rules, the one whose packets and syncs cost less. */
const BACKEND: CostMode = 'iptables-legacy'

/**
 * iptables mode: the first packet of a connection walks rules, and a random one of them rewrites its destination.
 *
 * ```text
 *  KUBE-SERVICES  one rule a Service port, in an order that every sync of the node shuffles
 *    └ KUBE-SVC-x    statistic rules: endpoint k of n with probability 1/(n-k)
 *        └ KUBE-SEP-y   DNAT
 *  the last rule of KUBE-SERVICES └ KUBE-NODEPORTS  one rule a node port, likewise shuffled
 * ```
 *
 * The walk is not walked: its length is known from the place of the Service's rule, which is a keyed permutation of (node, sync). All
 * Service ports are counted in the order, also those without endpoints, whose rules are in fact in the filter table.
 * Later packets of the connection skip these rules, so the mode keeps nothing of it. When the endpoint set is empty the filter table rejects.
 *
 * Source: kubernetes v1.36.2 pkg/proxy/iptables/proxier.go; periods: pkg/proxy/apis/config/v1alpha1/defaults.go, pkg/proxy/util/utils.go.
 */
export class IptablesMode implements ProxyMode {
  readonly name = 'iptables'
  readonly minSyncPeriod: Nanos = SECOND
  readonly maxSyncPeriod: Nanos = HOUR
  readonly fullSyncPeriod: Nanos = HOUR
  /** The entry of a packet that no rule knew has no translation, and repeated SYNs do not meet the rules again. */
  readonly remembersMisses = true
  readonly establishedCost: Nanos
  cost: Nanos = 0
  binding = NO_BINDING
  readonly #rules: NodeRules
  readonly #costs: CostProfile
  /** What the `statistic` matches of each node draw. */
  readonly #draws: NodeStreams
  /** By node: what makes its rule orders its own. */
  readonly #orderKeys: Int32Array

  constructor(options: { sim: Simulation; rules: NodeRules; costs: CostProfile; nodeNames: readonly string[] }) {
    this.#rules = options.rules
    this.#costs = options.costs
    this.#draws = new NodeStreams(options.sim, options.nodeNames, 'iptables/statistic')
    const orders = options.sim.rng('kube-proxy/iptables/rule-order')
    this.#orderKeys = Int32Array.from(options.nodeNames, () => orders.int32())
    this.establishedCost = options.costs.establishedPacketNs(BACKEND)
  }

  syncTime(work: SyncWork): Nanos {
    return syncTime(this.#costs, BACKEND, work)
  }

  ruleCount(counts: RuleCounts): number {
    return counts.iptablesRules
  }

  connect(node: number, servicePort: ServicePortId, entry: Entry): number {
    const { history, serviceRevisions, present, syncs } = this.#rules
    this.cost = this.establishedCost
    if (present[node] === NO_RULES) return NO_RULE
    const serviceRevision = serviceRevisions[node]!
    const services = history.servicePortCount(serviceRevision)
    const rules = history.rules(servicePort, serviceRevision)
    if (rules === null || (entry === NODE_PORT && rules.nodePort === 0)) {
      this.cost = this.#costs.firstPacketNs(BACKEND, services, 0, services)
      return NO_RULE
    }
    const key = mix32(this.#orderKeys[node]! ^ mix32(syncs[node]!))
    const before =
      entry === NODE_PORT
        ? services + rulePosition(~key, rules.nodePortIndex, history.nodePortCount(serviceRevision))
        : rulePosition(key, rules.index, services)
    const { endpoints, count } = this.#rules.endpoints(node, rules)
    if (count === 0) {
      this.cost = this.#costs.firstPacketNs(BACKEND, before, 0, services)
      return REJECTED
    }
    const index = pick(count, this.#draws.of(node).uniform())
    this.cost = this.#costs.firstPacketNs(BACKEND, before, statisticRules(count, index), services)
    return endpoints[index]!
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
