import { isLoopback } from '../../model/ip-address.ts'
import { type ProxyConfig, servesAllNodePortAddresses } from '../../model/proxy-config.ts'
import { LOOPBACK } from './family.ts'
import type { Chain, Field, KeyPart, Match } from './ruleset.ts'
import type { RulesetBuilder } from './ruleset-builder.ts'

/** Sets, maps and chains that are there whatever the Services, by what they are for. */
export const CLUSTER_IPS = 'cluster-ips'
export const NODE_PORT_IPS = 'nodeport-ips'
export const HAIRPIN_CONNECTIONS = 'hairpin-connections'
export const SERVICE_IPS = 'service-ips'
export const SERVICE_NODE_PORTS = 'service-nodeports'
export const NO_ENDPOINT_SERVICES = 'no-endpoint-services'
export const NO_ENDPOINT_NODE_PORTS = 'no-endpoint-nodeports'
export const FIREWALL_IPS = 'firewall-ips'
export const REJECT_CHAIN = 'reject-chain'

const SERVICES = 'services'
const SERVICE_ENDPOINTS_CHECK = 'service-endpoints-check'
const NODE_PORT_ENDPOINTS_CHECK = 'nodeport-endpoints-check'
const CLUSTER_IPS_CHECK = 'cluster-ips-check'
const FIREWALL_CHECK = 'firewall-check'
const MASQUERADING = 'masquerading'

/** Netfilter's priorities. Source: Linux include/uapi/linux/netfilter_ipv4.h (NF_IP_PRI_NAT_DST, NF_IP_PRI_FILTER, NF_IP_PRI_NAT_SRC). */
const DNAT_PRIORITY = -100
const FILTER_PRIORITY = 0
const SNAT_PRIORITY = 100
/** Source ranges are about the address that the client wrote, so they are checked before it is rewritten. */
const PRE_DNAT_PRIORITY = DNAT_PRIORITY - 10

const BASE_CHAINS: readonly (readonly [string, NonNullable<Chain['base']>])[] = [
  ['filter-prerouting-pre-dnat', { type: 'filter', hook: 'prerouting', priority: PRE_DNAT_PRIORITY }],
  ['filter-output-pre-dnat', { type: 'filter', hook: 'output', priority: PRE_DNAT_PRIORITY }],
  ['filter-input', { type: 'filter', hook: 'input', priority: FILTER_PRIORITY }],
  ['filter-forward', { type: 'filter', hook: 'forward', priority: FILTER_PRIORITY }],
  ['filter-output', { type: 'filter', hook: 'output', priority: FILTER_PRIORITY }],
  ['nat-prerouting', { type: 'nat', hook: 'prerouting', priority: DNAT_PRIORITY }],
  ['nat-output', { type: 'nat', hook: 'output', priority: DNAT_PRIORITY }],
  ['nat-postrouting', { type: 'nat', hook: 'postrouting', priority: SNAT_PRIORITY }],
]

/** From, to, and whether only for the first packet of a connection. Rejecting is possible in input, forward and output only. */
const JUMPS: readonly (readonly [string, string, 'all' | 'new'])[] = [
  ['filter-input', NODE_PORT_ENDPOINTS_CHECK, 'new'],
  ['filter-input', SERVICE_ENDPOINTS_CHECK, 'new'],
  ['filter-forward', SERVICE_ENDPOINTS_CHECK, 'new'],
  ['filter-output', SERVICE_ENDPOINTS_CHECK, 'new'],
  ['filter-prerouting-pre-dnat', FIREWALL_CHECK, 'new'],
  ['filter-output-pre-dnat', FIREWALL_CHECK, 'new'],
  ['nat-output', SERVICES, 'all'],
  ['nat-prerouting', SERVICES, 'all'],
  ['nat-postrouting', MASQUERADING, 'all'],
  ['filter-forward', CLUSTER_IPS_CHECK, 'new'],
  ['filter-output', CLUSTER_IPS_CHECK, 'new'],
]

const ADDRESS: readonly KeyPart[] = ['address']
const NODE_PORT: readonly KeyPart[] = ['protocol', 'port']
const SERVICE: readonly KeyPart[] = ['address', 'protocol', 'port']
const HAIRPIN: readonly KeyPart[] = ['address', 'address', 'protocol', 'port']

const TO_SERVICE: readonly Field[] = ['daddr', 'protocol', 'port']
const TO_NODE_PORT: readonly Field[] = ['protocol', 'port']

/**
 * The part of the table that does not depend on Services.
 *
 * Source: kubernetes v1.36.2 pkg/proxy/nftables/proxier.go setupNFTables, and what its tests expect of the table.
 */
export function addBaseRules(rules: RulesetBuilder, config: ProxyConfig): void {
  declareContainers(rules, config)
  for (const [name, base] of BASE_CHAINS) rules.chain(name, base)
  for (const name of [NODE_PORT_ENDPOINTS_CHECK, SERVICE_ENDPOINTS_CHECK, FIREWALL_CHECK, SERVICES, MASQUERADING, CLUSTER_IPS_CHECK]) {
    rules.chain(name)
  }
  rules.chain(REJECT_CHAIN, null, 'helper for @no-endpoint-services / @no-endpoint-nodeports')
  for (const [from, to, packets] of JUMPS) {
    rules.rule(from, packets === 'new' ? [{ kind: 'connection-new' }] : [], [{ kind: 'jump', chain: to }])
  }
  addServiceDispatch(rules, config)
  addChecks(rules, config)
  addMasquerading(rules, config)
}

function declareContainers(rules: RulesetBuilder, config: ProxyConfig): void {
  rules.set(CLUSTER_IPS, ADDRESS, 'Active ClusterIPs')
  rules.set(HAIRPIN_CONNECTIONS, HAIRPIN, 'service hairpin connections')
  if (!servesAllNodePortAddresses(config)) {
    rules.set(NODE_PORT_IPS, ADDRESS, 'IPs that accept NodePort traffic')
    for (const address of config.nodePortIPs) if (!isLoopback(address)) rules.setElement(NODE_PORT_IPS, address)
  }
  rules.map(NO_ENDPOINT_SERVICES, SERVICE, 'vmap to drop or reject packets to services with no endpoints')
  rules.map(NO_ENDPOINT_NODE_PORTS, NODE_PORT, 'vmap to drop or reject packets to service nodeports with no endpoints')
  rules.map(FIREWALL_IPS, SERVICE, 'destinations that are subject to LoadBalancerSourceRanges')
  rules.map(SERVICE_IPS, SERVICE, 'ClusterIP, ExternalIP and LoadBalancer IP traffic')
  rules.map(SERVICE_NODE_PORTS, NODE_PORT, 'NodePort traffic')
}

/** Chain `services`: masquerade what comes to cluster IPs from outside, then look the destination up. */
function addServiceDispatch(rules: RulesetBuilder, config: ProxyConfig): void {
  const toClusterIP: Match = { kind: 'in-set', fields: ['daddr'], set: CLUSTER_IPS }
  if (config.masqueradeAll) {
    // The comment's wording is an assumption: no recorded table has this rule.
    rules.rule(SERVICES, [toClusterIP], [markForMasquerade(config)], 'masquerade all clusterIP traffic')
  } else if (config.localDetectorCIDR !== null) {
    const fromOutside: Match = { kind: 'address', field: 'saddr', negated: true, ranges: config.localDetectorCIDR }
    rules.rule(SERVICES, [toClusterIP, fromOutside], [markForMasquerade(config)], 'masquerade clusterIP traffic from outside cluster')
  }
  rules.rule(SERVICES, [], [{ kind: 'vmap', fields: TO_SERVICE, map: SERVICE_IPS }])
  const toThisNode: readonly Match[] = servesAllNodePortAddresses(config)
    ? [{ kind: 'local', field: 'daddr' }, ...toNodePortAddress(rules, config)]
    : toNodePortAddress(rules, config)
  rules.rule(SERVICES, toThisNode, [{ kind: 'vmap', fields: TO_NODE_PORT, map: SERVICE_NODE_PORTS }])
}

/** What is refused or dropped. A packet whose destination was rewritten passes: it no longer has the Service's address. */
function addChecks(rules: RulesetBuilder, config: ProxyConfig): void {
  rules.rule(REJECT_CHAIN, [], [{ kind: 'reject' }])
  rules.rule(SERVICE_ENDPOINTS_CHECK, [], [{ kind: 'vmap', fields: TO_SERVICE, map: NO_ENDPOINT_SERVICES }])
  rules.rule(NODE_PORT_ENDPOINTS_CHECK, toNodePortAddress(rules, config), [
    { kind: 'vmap', fields: TO_NODE_PORT, map: NO_ENDPOINT_NODE_PORTS },
  ])
  rules.rule(FIREWALL_CHECK, [], [{ kind: 'vmap', fields: TO_SERVICE, map: FIREWALL_IPS }])
  rules.rule(
    CLUSTER_IPS_CHECK,
    [{ kind: 'in-set', fields: ['daddr'], set: CLUSTER_IPS }],
    [{ kind: 'reject' }],
    'Reject traffic to invalid ports of ClusterIPs',
  )
  if (config.serviceCIDRs.length > 0) {
    const toServiceNetworks: Match = { kind: 'address', field: 'daddr', negated: false, ranges: config.serviceCIDRs }
    rules.rule(CLUSTER_IPS_CHECK, [toServiceNetworks], [{ kind: 'drop' }], 'Drop traffic to unallocated ClusterIPs')
  }
}

function addMasquerading(rules: RulesetBuilder, config: ProxyConfig): void {
  const mark = config.masqueradeMark
  rules.rule(MASQUERADING, [{ kind: 'marked', mark }], [{ kind: 'mark', operation: 'xor', mark }, { kind: 'masquerade' }])
  rules.rule(
    MASQUERADING,
    [{ kind: 'connection-translated' }, { kind: 'in-set', fields: ['saddr', 'daddr', 'protocol', 'port'], set: HAIRPIN_CONNECTIONS }],
    [{ kind: 'masquerade' }],
  )
}

/** Chains of the input hook see local destinations only, so this alone says there whether node ports answer. */
function toNodePortAddress(rules: RulesetBuilder, config: ProxyConfig): readonly Match[] {
  return servesAllNodePortAddresses(config)
    ? [{ kind: 'address', field: 'daddr', negated: true, ranges: LOOPBACK[rules.family] }]
    : [{ kind: 'in-set', fields: ['daddr'], set: NODE_PORT_IPS }]
}

export function markForMasquerade(config: Pick<ProxyConfig, 'masqueradeMark'>): {
  readonly kind: 'mark'
  readonly operation: 'or'
  readonly mark: number
} {
  return { kind: 'mark', operation: 'or', mark: config.masqueradeMark }
}
