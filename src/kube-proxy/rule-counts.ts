import type { EndpointSet } from './endpoint-set.ts'
import type { ServicePortRules } from './service-history.ts'

/** Rules in the nat table for a Service port with endpoints, beside three for each endpoint. */
const NAT_RULES = { ClusterIP: 2, NodePort: 6, LoadBalancer: 7 } as const

/** Rules in the filter table that reject what is sent to a Service port without endpoints: one for each address it is reached by. */
const FILTER_RULES = { ClusterIP: 1, NodePort: 2, LoadBalancer: 3 } as const

const NAT_RULES_ALWAYS = 5
const FILTER_RULES_ALWAYS = 4

/**
 * How much one node's rules hold, kept up to date by what a sync changes, so that no sync counts all Services again.
 *
 * The laws of iptables mode: nat = 5 + (k + 3 endpoints) summed over the Service ports with endpoints, k = 2 for ClusterIP, 6 for NodePort,
 * 7 for LoadBalancer; filter = 4 + 1, 2 or 3 for a Service port without endpoints.
 * Source: counts that kube-proxy v1.36.2 hands to a full iptables-restore.
 */
export class RuleCounts {
  /** Service ports that have rules, with or without endpoints. */
  servicePorts = 0
  /** Endpoints, counted once for each Service port that uses them. */
  endpoints = 0
  natRules = NAT_RULES_ALWAYS
  filterRules = FILTER_RULES_ALWAYS
  /** IPVS virtual services (one a ClusterIP port and one a node port) and the real servers in them. */
  ipvsEntries = 0
  /**
   * Elements of the nftables maps and rules of the Service chains: with endpoints a Service port has an element in service-ips (and one in
   * service-nodeports), two rules (masquerade mark, dnat) and an element for each endpoint; without, one in no-endpoint-services.
   */
  nftablesElements = 0

  copy(): RuleCounts {
    return Object.assign(new RuleCounts(), this)
  }

  get iptablesRules(): number {
    return this.natRules + this.filterRules
  }

  add(rules: ServicePortRules, endpoints: EndpointSet): void {
    this.#change(rules, endpoints, 1)
  }

  remove(rules: ServicePortRules, endpoints: EndpointSet): void {
    this.#change(rules, endpoints, -1)
  }

  #change(rules: ServicePortRules, endpoints: EndpointSet, sign: 1 | -1): void {
    this.servicePorts += sign
    this.endpoints += sign * endpoints.count
    if (endpoints.count > 0) this.natRules += sign * (NAT_RULES[rules.type] + 3 * endpoints.count)
    else this.filterRules += sign * FILTER_RULES[rules.type]
    this.ipvsEntries += sign * (rules.nodePort === 0 ? 1 : 2) * (1 + endpoints.count)
    const addresses = rules.nodePort === 0 ? 1 : 2
    this.nftablesElements += sign * (endpoints.count === 0 ? addresses : addresses + 2 + endpoints.count)
  }
}
