import type { Simulation } from '../../engine/simulation.ts'
import type { CostMode, CostProfile } from '../../profiles/cost-profile.ts'
import { RecentList } from '../../proxy/affinity/recent-list.ts'
import { mix32 } from '../../proxy/mix.ts'
import { rulePosition } from '../../proxy/rule-order.ts'
import { pick, statisticRules } from '../../proxy/statistic-cascade.ts'
import { HOUR, type Nanos, SECOND } from '../../units.ts'
import type { EndpointSet } from '../endpoint-set.ts'
import { NO_RULES, type NodeRules } from '../node-rules.ts'
import { isLocalOnly, servedBy } from '../routing.ts'
import type { RuleCounts } from '../rule-counts.ts'
import type { ServicePortId } from '../service-history.ts'
import { SharedRoutes } from '../shared-routes.ts'
import { DROPPED, type Entry, NO_BINDING, NO_RULE, NODE_PORT, type ProxyMode, REJECTED, type SyncWork } from './mode.ts'
import { NodeAffinity } from './node-affinity.ts'
import { NodeStreams } from './node-streams.ts'
import { programTime, syncTime } from './sync-time.ts'

/** Of the two ways in which iptables can hold its rules, the one whose packets and syncs cost less. */
export const IPTABLES_BACKEND: CostMode = 'iptables-legacy'

/** Source: kubernetes v1.36.2 pkg/proxy/apis/config/v1alpha1/defaults.go (minSyncPeriod), pkg/proxy/util/utils.go (FullSyncPeriod). */
export const IPTABLES_SYNC = { minSyncPeriod: SECOND, maxSyncPeriod: HOUR, fullSyncPeriod: HOUR } as const

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
  readonly minSyncPeriod: Nanos = IPTABLES_SYNC.minSyncPeriod
  readonly maxSyncPeriod: Nanos = IPTABLES_SYNC.maxSyncPeriod
  readonly fullSyncPeriod: Nanos = IPTABLES_SYNC.fullSyncPeriod
  /** The entry of a packet that no rule knew has no translation, and repeated SYNs do not meet the rules again. */
  readonly remembersMisses = true
  readonly noticesReuse = false
  readonly establishedCost: Nanos
  cost: Nanos = 0
  binding = NO_BINDING
  readonly #rules: NodeRules
  readonly #routes: SharedRoutes
  readonly #costs: CostProfile
  /** What the `statistic` matches of each node draw. */
  readonly #draws: NodeStreams
  readonly #affinity: NodeAffinity<RecentList>
  /** Rules that the last pick for a client examined: a `recent` rule is taken to cost what a statistic rule does, an *assumption*. */
  #examined = 0
  /** By node: what makes its rule orders its own. */
  readonly #orderKeys: Int32Array

  constructor(options: { sim: Simulation; rules: NodeRules; costs: CostProfile; nodeNames: readonly string[] }) {
    this.#rules = options.rules
    this.#routes = new SharedRoutes(options.rules)
    this.#costs = options.costs
    this.#draws = new NodeStreams(options.sim, options.nodeNames, 'iptables/statistic')
    this.#affinity = new NodeAffinity(options.rules, options.nodeNames.length)
    const orders = options.sim.rng('kube-proxy/iptables/rule-order')
    this.#orderKeys = Int32Array.from(options.nodeNames, () => orders.int32())
    this.establishedCost = options.costs.establishedPacketNs(IPTABLES_BACKEND)
  }

  syncTime(work: SyncWork): Nanos {
    return syncTime(this.#costs, IPTABLES_BACKEND, work)
  }

  /**
   * iptables-restore commits one table after the other, and kube-proxy writes filter before nat. That each takes half of the time is an
   * *assumption*. Source: kubernetes v1.36.2 pkg/proxy/iptables/proxier.go, syncProxyRules.
   */
  tornTime(work: SyncWork): Nanos {
    return Math.round(programTime(this.#costs, IPTABLES_BACKEND, work) / 2)
  }

  ruleCount(counts: RuleCounts): number {
    return counts.iptablesRules
  }

  connect(node: number, servicePort: ServicePortId, entry: Entry, now: Nanos, client = 0): number {
    const { history, serviceRevisions, present, syncs } = this.#rules
    this.cost = this.establishedCost
    if (present[node] === NO_RULES) return NO_RULE
    const serviceRevision = serviceRevisions[node]!
    const services = history.servicePortCount(serviceRevision)
    if (entry !== NODE_PORT && this.#routes.find(node, servicePort)) {
      const rules = this.#routes.rulesOf(servicePort)
      const served = this.#routes.servedOf(servicePort)
      if (served.count > 0 && rules.affinitySeconds === 0) {
        const key = mix32(this.#orderKeys[node]! ^ mix32(syncs[node]!))
        return this.#pick(node, served, rulePosition(key, rules.index, services), services)
      }
    }
    const rules = history.rules(servicePort, serviceRevision)
    if (rules === null || (entry === NODE_PORT && rules.nodePort === 0)) {
      this.cost = this.#costs.firstPacketNs(IPTABLES_BACKEND, services, 0, services)
      return NO_RULE
    }
    const key = mix32(this.#orderKeys[node]! ^ mix32(syncs[node]!))
    const before =
      entry === NODE_PORT
        ? services + rulePosition(~key, rules.nodePortIndex, history.nodePortCount(serviceRevision))
        : rulePosition(key, rules.index, services)
    const endpoints = this.#rules.endpoints(node, rules)
    const served = servedBy(endpoints, rules, node, entry)
    const { count } = served
    if (count === 0) {
      this.cost = this.#costs.firstPacketNs(IPTABLES_BACKEND, before, 0, services)
      return isLocalOnly(rules, entry) && endpoints.hasAny ? DROPPED : REJECTED
    }
    if (rules.affinitySeconds > 0) {
      const index = this.#pickForClient({ node, servicePort, served, client, within: rules.affinitySeconds * SECOND, now })
      this.cost = this.#costs.firstPacketNs(IPTABLES_BACKEND, before, this.#examined, services)
      return served.endpoints[index]!
    }
    return this.#pick(node, served, before, services)
  }

  /** By the statistic rules of the Service's chain. */
  #pick(node: number, { endpoints, count }: EndpointSet, before: number, services: number): number {
    const index = pick(count, this.#draws.of(node).uniform())
    this.cost = this.#costs.firstPacketNs(IPTABLES_BACKEND, before, statisticRules(count, index), services)
    return endpoints[index]!
  }

  passCost(node: number): Nanos {
    if (this.#rules.present[node] === NO_RULES) return this.establishedCost
    const services = this.#rules.history.servicePortCount(this.#rules.serviceRevisions[node]!)
    return this.#costs.firstPacketNs(IPTABLES_BACKEND, services, 0, services)
  }

  /** The `recent` rules in the order of the endpoints, then the statistic rules; the endpoint's chain then sets the client. */
  #pickForClient(packet: {
    node: number
    servicePort: ServicePortId
    served: EndpointSet
    client: number
    within: Nanos
    now: Nanos
  }): number {
    const { node, client, now } = packet
    const { endpoints, count } = packet.served
    const lists = this.#affinity.of(node, packet.servicePort)
    let index = 0
    while (index < count && lists.get(endpoints[index]!)?.check(client, packet.within, now) !== true) index++
    this.#examined = Math.min(index + 1, count)
    if (index === count) {
      index = pick(count, this.#draws.of(node).uniform())
      this.#examined += statisticRules(count, index)
    }
    let list = lists.get(endpoints[index]!)
    if (list === undefined) {
      list = new RecentList()
      lists.set(endpoints[index]!, list)
    }
    list.set(client, now)
    return index
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
