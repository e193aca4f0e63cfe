import { EndpointSet } from './endpoint-set.ts'
import { CLUSTER_IP, NODE_PORT } from './modes/mode.ts'
import { reachableBy, realServersOf, usesCluster, usesLocal } from './routing.ts'
import type { ServiceEndpoints } from './service-endpoints.ts'
import type { ServicePortRules } from './service-history.ts'

export const NAT_RULES_ALWAYS = 5
export const FILTER_RULES_ALWAYS = 4

/**
 * How much one node's rules hold, kept up to date by what a sync changes, so that no sync counts all Services again.
 *
 * The laws of iptables mode, where all policies are Cluster: nat = 5 + (k + 3 endpoints) summed over the Service ports with endpoints, k = 2 for
 * ClusterIP, 6 for NodePort, 7 for LoadBalancer; filter = 4 + 1, 2 or 3 for a Service port without endpoints. A test holds the counts to the
 * rules themselves, under all policies.
 * Source: counts that kube-proxy v1.36.2 hands to a full iptables-restore.
 */
export class RuleCounts {
  /** Service ports that have rules, with or without endpoints. */
  servicePorts = 0
  /** Endpoints that some rule leads to, counted once for each Service port that uses them. */
  endpoints = 0
  /** Endpoints in any condition: what decides whether the cluster is a large one. */
  allEndpoints = 0
  natRules = NAT_RULES_ALWAYS
  filterRules = FILTER_RULES_ALWAYS
  /** IPVS virtual services (one a ClusterIP port and one a node port) and the real servers in them. */
  ipvsEntries = 0
  /**
   * Elements of the nftables maps and rules of the Service chains: with endpoints a Service port has an element in service-ips (and one in
   * service-nodeports), and for each of its two lists of endpoints that is not empty two rules (masquerade mark, dnat) and an element for each
   * endpoint, with session affinity a rule more for each; without, one in no-endpoint-services.
   */
  nftablesElements = 0

  copy(): RuleCounts {
    return Object.assign(new RuleCounts(), this)
  }

  get iptablesRules(): number {
    return this.natRules + this.filterRules
  }

  add(rules: ServicePortRules, endpoints: ServiceEndpoints, node: number): void {
    this.#change(rules, endpoints.seenFrom(node), node, 1)
  }

  remove(rules: ServicePortRules, endpoints: ServiceEndpoints, node: number): void {
    this.#change(rules, endpoints.seenFrom(node), node, -1)
  }

  #change(rules: ServicePortRules, endpoints: ServiceEndpoints, node: number, sign: 1 | -1): void {
    const cluster = usesCluster(rules) ? endpoints.cluster(node) : EndpointSet.EMPTY
    const local = usesLocal(rules) ? endpoints.local(node) : EndpointSet.EMPTY
    const reachable = reachableBy(endpoints, rules, node).count
    const hasAny = usesLocal(rules) ? endpoints.hasAny : cluster.count > 0
    const isExternal = rules.nodePort !== 0
    const hasInternal = hasAny && !(rules.internalLocal && local.count === 0)
    const hasExternal = isExternal && hasAny && !(rules.externalLocal && local.count === 0)
    const isBalanced = isExternal && rules.type === 'LoadBalancer'
    /** Rules to choose one of a list. */
    const choice = (count: number) => (rules.affinitySeconds > 0 ? 2 : 1) * count

    // KUBE-SERVICES and the masquerading of its packets; the choices; two rules for each endpoint.
    let nat = (hasInternal ? 2 : 0) + choice(cluster.count) + choice(local.count) + 2 * reachable
    if (isExternal && hasAny) {
      // KUBE-NODEPORTS twice, once with a counter for loopback addresses; the balancer's address; KUBE-EXT.
      nat += 2 + (isBalanced ? 1 : 0) + (rules.externalLocal ? 3 : 1) + (hasExternal ? 1 : 0)
    }
    let filter = hasInternal ? 0 : 1
    if (isExternal && !hasExternal) filter += isBalanced ? 2 : 1
    // The health-check node port is let in.
    if (isBalanced && rules.externalLocal) filter += 1

    let ipvs = 1 + realServersOf(endpoints, rules, node, CLUSTER_IP).count
    if (isExternal) ipvs += 1 + realServersOf(endpoints, rules, node, NODE_PORT).count

    let nftables = (isExternal ? 2 : 1) + (isExternal && hasAny && !hasExternal ? 1 : 0)
    for (const { count } of [cluster, local]) if (count > 0) nftables += 2 + choice(count)

    this.servicePorts += sign
    this.endpoints += sign * reachable
    this.allEndpoints += sign * endpoints.total
    this.natRules += sign * nat
    this.filterRules += sign * filter
    this.ipvsEntries += sign * ipvs
    this.nftablesElements += sign * nftables
  }
}
