import { categorizeEndpoints, type EndpointCategories } from '../../model/categorize.ts'
import type { ProxyEndpoint } from '../../model/endpoint.ts'
import { rangeContains } from '../../model/ip-address.ts'
import type { ProxyConfig } from '../../model/proxy-config.ts'
import { externallyAccessible, type ServicePort, usesClusterEndpoints, usesLocalEndpoints } from '../../model/service-port.ts'
import {
  CLUSTER_IPS,
  FIREWALL_IPS,
  HAIRPIN_CONNECTIONS,
  markForMasquerade,
  NO_ENDPOINT_NODE_PORTS,
  NO_ENDPOINT_SERVICES,
  REJECT_CHAIN,
  SERVICE_IPS,
  SERVICE_NODE_PORTS,
} from './base-rules.ts'
import { endpointNames, type ServiceChainNames, serviceChainNames } from './names.ts'
import { elementKey, type Match, type VerdictStatement } from './ruleset.ts'
import type { RulesetBuilder } from './ruleset-builder.ts'

/**
 * The rules of one Service port.
 *
 * Source: kubernetes v1.36.2 pkg/proxy/nftables/proxier.go syncProxyRules, and what its tests expect of the table.
 */
export function addServiceRules(rules: RulesetBuilder, port: ServicePort, endpoints: readonly ProxyEndpoint[], config: ProxyConfig): void {
  const names = serviceChainNames(port)
  const categories = categorizeEndpoints(endpoints, port, config)
  const { hasAny, local } = categories
  addEndpoints(rules, port, names, categories)
  if (port.loadBalancerVIPs.length > 0 && port.loadBalancerSourceRanges.length > 0) addFirewall(rules, port, names, config)

  // No endpoint anywhere: refused. None on this node where only this node's may serve: dropped, a load balancer shall look elsewhere.
  const hasInternal = hasAny && !(port.internalPolicyLocal && local.length === 0)
  const hasExternal = hasAny && !(port.externalPolicyLocal && local.length === 0)
  const refusal: VerdictStatement = hasAny ? { kind: 'drop' } : { kind: 'goto', chain: REJECT_CHAIN }
  const refuse = (map: string, key: string) => rules.mapElement(map, key, { verdict: refusal, comment: port.servicePortName })
  const send = (map: string, key: string, chain: string) => rules.mapElement(map, key, { verdict: { kind: 'goto', chain }, comment: null })

  const protocol = port.protocol.toLowerCase()
  const clusterIP = elementKey(port.clusterIP, protocol, port.port)
  rules.setElement(CLUSTER_IPS, port.clusterIP)
  if (hasInternal) send(SERVICE_IPS, clusterIP, port.internalPolicyLocal ? names.local : names.cluster)
  else refuse(NO_ENDPOINT_SERVICES, clusterIP)

  for (const address of [...port.externalIPs, ...port.loadBalancerVIPs]) {
    const key = elementKey(address, protocol, port.port)
    if (hasAny) send(SERVICE_IPS, key, names.external)
    // Also where the node's own pods and processes are served: only those whom the external chain lets fall through come here.
    if (!hasExternal) refuse(NO_ENDPOINT_SERVICES, key)
  }
  if (port.nodePort !== 0) {
    const key = elementKey(protocol, port.nodePort)
    if (hasAny) send(SERVICE_NODE_PORTS, key, names.external)
    if (!hasExternal) refuse(NO_ENDPOINT_NODE_PORTS, key)
  }
  if (hasAny && externallyAccessible(port)) addExternalChain(rules, port, names, hasExternal, config)
}

/** Packets from outside: masqueraded under policy Cluster; under policy Local only the node itself and its pods reach other nodes. */
function addExternalChain(
  rules: RulesetBuilder,
  port: ServicePort,
  names: ServiceChainNames,
  hasExternal: boolean,
  config: ProxyConfig,
): void {
  const chain = names.external
  rules.chain(chain)
  if (port.externalPolicyLocal) {
    const toAll = { kind: 'goto', chain: names.cluster } as const
    if (config.localDetectorCIDR !== null) {
      const fromPod: Match = { kind: 'address', field: 'saddr', negated: false, ranges: config.localDetectorCIDR }
      rules.rule(chain, [fromPod], [toAll], 'short-circuit pod traffic')
    }
    const fromNode: Match = { kind: 'local', field: 'saddr' }
    rules.rule(chain, [fromNode], [markForMasquerade(config)], 'masquerade local traffic')
    rules.rule(chain, [fromNode], [toAll], 'short-circuit local traffic')
  } else {
    rules.rule(chain, [], [markForMasquerade(config)], 'masquerade')
  }
  if (hasExternal) rules.rule(chain, [], [{ kind: 'goto', chain: port.externalPolicyLocal ? names.local : names.cluster }])
}

/**
 * Source ranges. Where they allow the node itself they also allow the load balancer's addresses: these are often the node's own by a
 * route, and its processes then reach them with such an address as their source.
 */
function addFirewall(rules: RulesetBuilder, port: ServicePort, names: ServiceChainNames, config: ProxyConfig): void {
  const allowsNode = port.loadBalancerSourceRanges.some((range) => rangeContains(range, config.nodeIP))
  const ranges = allowsNode ? [...port.loadBalancerSourceRanges, ...port.loadBalancerVIPs] : port.loadBalancerSourceRanges
  rules.chain(names.firewall)
  rules.rule(names.firewall, [{ kind: 'address', field: 'saddr', negated: true, ranges }], [{ kind: 'drop' }])
  for (const address of port.loadBalancerVIPs) {
    const key = elementKey(address, port.protocol.toLowerCase(), port.port)
    rules.mapElement(FIREWALL_IPS, key, { verdict: { kind: 'goto', chain: names.firewall }, comment: null })
  }
}

/** The chains that choose an endpoint, and those of the endpoints themselves. */
function addEndpoints(rules: RulesetBuilder, port: ServicePort, names: ServiceChainNames, categories: EndpointCategories): void {
  const { cluster, local, allReachable } = categories
  const protocol = port.protocol.toLowerCase()
  for (const { isLocal, address, port: number } of allReachable) {
    // Only a pod of this node can be its own client here.
    if (isLocal) rules.setElement(HAIRPIN_CONNECTIONS, elementKey(address, address, protocol, number))
  }
  if (port.sessionAffinityClientIPSeconds !== null) {
    for (const endpoint of allReachable) addAffinity(rules, port, endpoint, port.sessionAffinityClientIPSeconds)
  }
  if (cluster.length > 0 && usesClusterEndpoints(port)) addChoice(rules, port, names.cluster, cluster)
  if (local.length > 0 && usesLocalEndpoints(port)) addChoice(rules, port, names.local, local)
}

/** A chain that rewrites the destination to one of the endpoints, all as likely; with session affinity to the client's last, if any. */
function addChoice(rules: RulesetBuilder, port: ServicePort, chain: string, endpoints: readonly ProxyEndpoint[]): void {
  rules.chain(chain)
  if (port.sessionAffinityClientIPSeconds === null) {
    const targets = endpoints.map(({ address, port: number }) => ({ address, port: number }))
    rules.rule(chain, [{ kind: 'protocol', protocol: port.protocol.toLowerCase() }], [{ kind: 'dnat-spread', targets }])
    return
  }
  const chosen = endpoints.map((endpoint) => endpointNames(port, endpoint))
  for (const { chain: target, affinitySet } of chosen) {
    rules.rule(chain, [{ kind: 'in-set', fields: ['saddr'], set: affinitySet }], [{ kind: 'goto', chain: target }])
  }
  rules.rule(chain, [], [{ kind: 'spread', chains: chosen.map(({ chain: target }) => target) }])
}

function addAffinity(rules: RulesetBuilder, port: ServicePort, endpoint: ProxyEndpoint, seconds: number): void {
  const { chain, affinitySet } = endpointNames(port, endpoint)
  rules.set(affinitySet, ['address'], null, seconds)
  rules.chain(chain)
  rules.rule(chain, [], [{ kind: 'remember', set: affinitySet }])
  const target = { address: endpoint.address, port: endpoint.port }
  rules.rule(chain, [{ kind: 'protocol', protocol: port.protocol.toLowerCase() }], [{ kind: 'dnat', target }])
}
