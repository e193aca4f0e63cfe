import { EndpointSet } from './endpoint-set.ts'
import { type Entry, NODE_PORT } from './modes/mode.ts'
import type { ServiceEndpoints } from './service-endpoints.ts'
import type { ServicePortRules } from './service-history.ts'

/** Whether this way in is restricted to the node's own endpoints. */
export function isLocalOnly(rules: ServicePortRules, entry: Entry): boolean {
  return entry === NODE_PORT ? rules.externalLocal : rules.internalLocal
}

/** Whether endpoints of the whole cluster may serve the Service port at all. Source: kubernetes v1.36.2 pkg/proxy/serviceport.go. */
export function usesCluster(rules: ServicePortRules): boolean {
  return !rules.internalLocal || rules.nodePort !== 0
}

/** Whether some way in is restricted to the node's own endpoints. Source: as above. */
export function usesLocal(rules: ServicePortRules): boolean {
  return rules.internalLocal || (rules.externalLocal && rules.nodePort !== 0)
}

/** What the rules of one node send a packet to, in iptables and nftables mode. Empty: rejected without a usable endpoint anywhere, else dropped. */
export function servedBy(endpoints: ServiceEndpoints, rules: ServicePortRules, node: number, entry: Entry): EndpointSet {
  return isLocalOnly(rules, entry) ? endpoints.local(node) : endpoints.cluster(node)
}

/**
 * The real servers of a virtual service. Under policy Local without an endpoint of the node all endpoints serve, so that the node's own pods
 * get through; the packets of others are sent on as well, unmasqueraded, and their answers do not find the way back.
 * Source: kubernetes v1.36.2 pkg/proxy/ipvs/proxier.go, syncEndpoint.
 */
export function realServersOf(endpoints: ServiceEndpoints, rules: ServicePortRules, node: number, entry: Entry): EndpointSet {
  if (isLocalOnly(rules, entry)) {
    const local = endpoints.local(node)
    if (local.count > 0) return local
  }
  return usesCluster(rules) ? endpoints.cluster(node) : EndpointSet.EMPTY
}

/** Every endpoint that some rule of the node leads to. */
export function reachableBy(endpoints: ServiceEndpoints, rules: ServicePortRules, node: number): EndpointSet {
  if (!usesLocal(rules)) return endpoints.cluster(node)
  return usesCluster(rules) ? endpoints.reachable(node) : endpoints.local(node)
}
