import type { ProxyConfig } from '../../model/proxy-config.ts'
import type { ServiceProtocol } from '../../model/service-port.ts'
import type { FirewallRule, Match, SetDirections, Table, Target } from './firewall-rule.ts'
import type { IpSetName, IpSets } from './ip-sets.ts'

/** A load balancer's address and port that processes of the node must not use. */
export interface BlockedForNode {
  readonly address: string
  readonly protocol: ServiceProtocol
  readonly port: number
}

/** The chains that kube-proxy makes in ipvs mode. */
export const CHAINS: Readonly<Record<Table, readonly string[]>> = {
  nat: ['KUBE-SERVICES', 'KUBE-POSTROUTING', 'KUBE-NODE-PORT', 'KUBE-LOAD-BALANCER', 'KUBE-MARK-MASQ'],
  filter: [
    'KUBE-FORWARD',
    'KUBE-NODE-PORT',
    'KUBE-PROXY-FIREWALL',
    'KUBE-SOURCE-RANGES-FIREWALL',
    'KUBE-IPVS-FILTER',
    'KUBE-IPVS-OUT-FILTER',
  ],
}

/** Jumps out of the kernel's own chains. Each is put before what stands there, so the last made is walked first. */
const JUMPS: readonly (readonly [Table, from: string, to: string, comment: string])[] = [
  ['nat', 'OUTPUT', 'KUBE-SERVICES', 'kubernetes service portals'],
  ['nat', 'PREROUTING', 'KUBE-SERVICES', 'kubernetes service portals'],
  ['nat', 'POSTROUTING', 'KUBE-POSTROUTING', 'kubernetes postrouting rules'],
  ['filter', 'FORWARD', 'KUBE-FORWARD', 'kubernetes forwarding rules'],
  ['filter', 'INPUT', 'KUBE-NODE-PORT', 'kubernetes health check rules'],
  ['filter', 'FORWARD', 'KUBE-PROXY-FIREWALL', 'kube-proxy firewall rules'],
  ['filter', 'INPUT', 'KUBE-PROXY-FIREWALL', 'kube-proxy firewall rules'],
  ['filter', 'INPUT', 'KUBE-IPVS-FILTER', 'kubernetes ipvs access filter'],
  ['filter', 'OUTPUT', 'KUBE-IPVS-OUT-FILTER', 'kubernetes ipvs access filter'],
]

const jump = (chain: string): Target => ({ kind: 'jump', chain })
const RETURN: Target = { kind: 'RETURN' }
const ACCEPT: Target = { kind: 'ACCEPT' }

/** What to do with a set that is not empty: one rule a set. Local sets come before the sets that they except from. */
const SET_RULES: readonly (readonly [
  set: IpSetName,
  table: Table,
  chain: string,
  target: Target | 'masquerade',
  directions: SetDirections,
  protocol: ServiceProtocol | null,
])[] = [
  ['KUBE-LOOP-BACK', 'nat', 'KUBE-POSTROUTING', 'masquerade', 'dst,dst,src', null],
  ['KUBE-LOAD-BALANCER', 'nat', 'KUBE-SERVICES', jump('KUBE-LOAD-BALANCER'), 'dst,dst', null],
  ['KUBE-LOAD-BALANCER-LOCAL', 'nat', 'KUBE-LOAD-BALANCER', RETURN, 'dst,dst', null],
  ['KUBE-NODE-PORT-LOCAL-TCP', 'nat', 'KUBE-NODE-PORT', RETURN, 'dst', 'TCP'],
  ['KUBE-NODE-PORT-TCP', 'nat', 'KUBE-NODE-PORT', jump('KUBE-MARK-MASQ'), 'dst', 'TCP'],
  ['KUBE-NODE-PORT-LOCAL-UDP', 'nat', 'KUBE-NODE-PORT', RETURN, 'dst', 'UDP'],
  ['KUBE-NODE-PORT-UDP', 'nat', 'KUBE-NODE-PORT', jump('KUBE-MARK-MASQ'), 'dst', 'UDP'],
  ['KUBE-NODE-PORT-LOCAL-SCTP-HASH', 'nat', 'KUBE-NODE-PORT', RETURN, 'dst,dst', 'SCTP'],
  ['KUBE-NODE-PORT-SCTP-HASH', 'nat', 'KUBE-NODE-PORT', jump('KUBE-MARK-MASQ'), 'dst,dst', 'SCTP'],
  ['KUBE-LOAD-BALANCER-FW', 'filter', 'KUBE-PROXY-FIREWALL', jump('KUBE-SOURCE-RANGES-FIREWALL'), 'dst,dst', null],
  ['KUBE-LOAD-BALANCER-SOURCE-CIDR', 'filter', 'KUBE-SOURCE-RANGES-FIREWALL', RETURN, 'dst,dst,src', null],
  ['KUBE-LOAD-BALANCER-SOURCE-IP', 'filter', 'KUBE-SOURCE-RANGES-FIREWALL', RETURN, 'dst,dst,src', null],
]

/**
 * The iptables rules beside IPVS. Their number does not grow with Services, but for one rule a load balancer's port that the node itself
 * must not reach: the sets grow.
 *
 * They mark what shall leave with the node's address, filter by source ranges, and keep the node's own ports from being reached through
 * the Services' addresses, which are all bound on the node.
 *
 * Source: kubernetes v1.36.2 pkg/proxy/ipvs/proxier.go.
 */
export function firewallRules(config: ProxyConfig, sets: IpSets, blockedForNode: readonly BlockedForNode[]): FirewallRule[] {
  const rules: FirewallRule[] = []
  const add = (table: Table, chain: string, matches: readonly Match[], target: Target, comment: string | null = null): void => {
    rules.push({ table, chain, comment, matches, target })
  }
  const masquerade: Target = { kind: 'MASQUERADE', randomFully: config.masqueradeRandomFully }
  const inSet = (name: IpSetName, directions: SetDirections): Match => ({ kind: 'set', set: sets[name], directions })

  for (const [table, from, to, comment] of [...JUMPS].reverse()) add(table, from, [], jump(to), comment)

  const loopback = config.ipFamily === 'IPv4' ? '127.0.0.0/8' : '::1/128'
  add('nat', 'KUBE-SERVICES', [{ kind: 'source', network: loopback, negated: false }], RETURN)
  for (const [name, table, chain, target, directions, protocol] of SET_RULES) {
    if (sets[name].size === 0) continue
    const matches: Match[] = [...(protocol === null ? [] : [{ kind: 'protocol', protocol } as const]), inSet(name, directions)]
    add(table, chain, matches, target === 'masquerade' ? masquerade : target, sets[name].comment)
  }
  addClusterIPRule(config, sets, add)
  if (sets['KUBE-EXTERNAL-IP'].size > 0) {
    add('nat', 'KUBE-SERVICES', [inSet('KUBE-EXTERNAL-IP', 'dst,dst')], jump('KUBE-MARK-MASQ'), sets['KUBE-EXTERNAL-IP'].comment)
  }
  for (const name of ['KUBE-EXTERNAL-IP', 'KUBE-EXTERNAL-IP-LOCAL'] as const) {
    if (sets[name].size === 0) continue
    const member = inSet(name, 'dst,dst')
    // Traffic from other machines, and what belongs to this one.
    add('nat', 'KUBE-SERVICES', [member, { kind: 'not-bridged' }, { kind: 'source-not-local' }], ACCEPT, sets[name].comment)
    add('nat', 'KUBE-SERVICES', [member, { kind: 'local-destination' }], ACCEPT, sets[name].comment)
  }
  add('nat', 'KUBE-SERVICES', [{ kind: 'local-destination' }], jump('KUBE-NODE-PORT'))
  add('nat', 'KUBE-LOAD-BALANCER', [], jump('KUBE-MARK-MASQ'))
  // Behind the two rules that let sources through.
  add('filter', 'KUBE-SOURCE-RANGES-FIREWALL', [], { kind: 'DROP' })
  for (const { address, protocol, port } of blockedForNode) {
    // A process of the node that talks to an address bound there has that same address as its source.
    const matches: Match[] = [
      { kind: 'source', network: address, negated: false },
      { kind: 'virtual-server', address, protocol, port },
    ]
    add('filter', 'KUBE-IPVS-OUT-FILTER', matches, { kind: 'DROP' })
  }
  for (const name of ['KUBE-CLUSTER-IP', 'KUBE-LOAD-BALANCER'] as const) {
    if (sets[name].size > 0) add('nat', 'KUBE-SERVICES', [inSet(name, 'dst,dst')], ACCEPT)
  }
  const mark = config.masqueradeMark
  add('filter', 'KUBE-FORWARD', [{ kind: 'mark', mark, negated: false }], ACCEPT, 'kubernetes forwarding rules')
  add('filter', 'KUBE-FORWARD', [{ kind: 'established' }], ACCEPT, 'kubernetes forwarding conntrack rule')
  const healthCheck = inSet('KUBE-HEALTH-CHECK-NODE-PORT', 'dst')
  add('filter', 'KUBE-NODE-PORT', [healthCheck], ACCEPT, sets['KUBE-HEALTH-CHECK-NODE-PORT'].comment)
  for (const name of ['KUBE-LOAD-BALANCER', 'KUBE-CLUSTER-IP', 'KUBE-EXTERNAL-IP', 'KUBE-EXTERNAL-IP-LOCAL'] as const) {
    add('filter', 'KUBE-IPVS-FILTER', [inSet(name, 'dst,dst')], RETURN)
  }
  add('filter', 'KUBE-IPVS-FILTER', [healthCheck], RETURN)
  add('filter', 'KUBE-IPVS-FILTER', [{ kind: 'new-connection' }, inSet('KUBE-IPVS-IPS', 'dst')], { kind: 'REJECT' })
  add('nat', 'KUBE-POSTROUTING', [{ kind: 'mark', mark, negated: true }], RETURN)
  add('nat', 'KUBE-POSTROUTING', [], { kind: 'xor-mark', mark })
  add('nat', 'KUBE-POSTROUTING', [], masquerade, 'kubernetes service traffic requiring SNAT')
  add('nat', 'KUBE-MARK-MASQ', [], { kind: 'or-mark', mark })
  return rules
}

type Add = (table: Table, chain: string, matches: readonly Match[], target: Target, comment: string | null) => void

/** Whose packets to cluster IPs leave with the node's address: everyone's, everyone's but pods', or only those that have a cluster IP as source. */
function addClusterIPRule(config: ProxyConfig, sets: IpSets, add: Add): void {
  const set = sets['KUBE-CLUSTER-IP']
  if (set.size === 0) return
  const toClusterIP: Match = { kind: 'set', set, directions: 'dst,dst' }
  const matches: Match[] = config.masqueradeAll
    ? [toClusterIP]
    : config.localDetectorCIDR !== null
      ? [toClusterIP, { kind: 'source', network: config.localDetectorCIDR, negated: true }]
      : [{ kind: 'set', set, directions: 'src,dst' }]
  add('nat', 'KUBE-SERVICES', matches, jump('KUBE-MARK-MASQ'), set.comment)
}
