import { isLoopback } from '../../model/ip-address.ts'
import { type ProxyConfig, servesAllNodePortAddresses } from '../../model/proxy-config.ts'
import { EXTERNAL_SERVICES, FIREWALL, FORWARD, MARK_MASQ, NODE_PORTS, POSTROUTING, PROXY_FIREWALL, SERVICES } from './chains.ts'
import { ACCEPT, comment, DROP, jump, type Match, notFrom, notTo, RETURN, TO_LOCAL, to } from './rule.ts'
import type { RuleWriter } from './rule-writer.ts'

const LOOPBACK_NETWORK = '127.0.0.0/8'

/** Whether node ports answer on loopback addresses: in IPv4 only, where packets from there can be routed. */
export function servesLocalhost(config: ProxyConfig): boolean {
  return config.ipFamily === 'IPv4' && config.localhostNodePorts
}

/** The chains that stand there with no Service at all, and the rules of masquerading. */
export function writeFixedChains(writer: RuleWriter, config: ProxyConfig): void {
  for (const chain of [SERVICES, EXTERNAL_SERVICES, FORWARD, NODE_PORTS, PROXY_FIREWALL]) writer.begin('filter', chain)
  for (const chain of [SERVICES, NODE_PORTS, POSTROUTING, MARK_MASQ]) writer.begin('nat', chain)
  writePostrouting(writer, config)
  writer.append('nat', MARK_MASQ, [], { kind: 'mark', operation: 'or', mark: config.masqueradeMark })
  if (servesLocalhost(config)) writeLocalhostFirewall(writer)
}

function writePostrouting(writer: RuleWriter, { masqueradeMark: mark, masqueradeRandomFully: randomFully }: ProxyConfig): void {
  writer.append('nat', POSTROUTING, [{ kind: 'mark', mark, negated: true }], RETURN)
  // The mark is taken off, so that a packet that comes by again is not masqueraded again.
  writer.append('nat', POSTROUTING, [], { kind: 'mark', operation: 'xor', mark })
  writer.append('nat', POSTROUTING, [comment('kubernetes service traffic requiring SNAT')], { kind: 'masquerade', randomFully })
}

/** For node ports on loopback, packets to 127.0.0.0/8 may be routed; this keeps strangers from using that. */
function writeLocalhostFirewall(writer: RuleWriter): void {
  writer.begin('filter', FIREWALL)
  writer.append(
    'filter',
    FIREWALL,
    [
      comment('block incoming localnet connections'),
      to(LOOPBACK_NETWORK),
      notFrom(LOOPBACK_NETWORK),
      { kind: 'conntrack', states: ['RELATED', 'ESTABLISHED', 'DNAT'], negated: true },
    ],
    DROP,
  )
}

/** What follows the rules of the Services: node ports, and which packets are let through. */
export function writeClosingRules(writer: RuleWriter, config: ProxyConfig): void {
  for (const match of nodePortDestinations(config)) {
    const said = comment('kubernetes service nodeports; NOTE: this must be the last rule in this chain')
    writer.append('nat', SERVICES, [said, ...match], jump(NODE_PORTS))
  }
  writeForward(writer, config)
}

/** One rule for every address of the node where all serve node ports, else a rule for each that does. */
function nodePortDestinations(config: ProxyConfig): readonly (readonly Match[])[] {
  if (!servesAllNodePortAddresses(config)) {
    return config.nodePortIPs.filter((address) => servesLocalhost(config) || !isLoopback(address)).map((address) => [to(address)])
  }
  if (servesLocalhost(config)) return [[TO_LOCAL]]
  return [[TO_LOCAL, notTo(config.ipFamily === 'IPv6' ? '::1/128' : LOOPBACK_NETWORK)]]
}

function writeForward(writer: RuleWriter, config: ProxyConfig): void {
  if (!config.conntrackTCPLiberal) {
    const invalid: Match = { kind: 'conntrack', states: ['INVALID'], negated: false }
    const counter: Match = { kind: 'accounting', counter: 'ct_state_invalid_dropped_pkts' }
    writer.append('filter', FORWARD, config.accounting ? [invalid, counter] : [invalid], DROP)
  }
  const marked: Match = { kind: 'mark', mark: config.masqueradeMark, negated: false }
  writer.append('filter', FORWARD, [comment('kubernetes forwarding rules'), marked], ACCEPT)
  const known: Match = { kind: 'conntrack', states: ['RELATED', 'ESTABLISHED'], negated: false }
  writer.append('filter', FORWARD, [comment('kubernetes forwarding conntrack rule'), known], ACCEPT)
}
