import { invariant } from '../../../invariant.ts'
import { canonicalAddress } from '../../model/ip-address.ts'
import type { Packet, Verdict } from '../../model/packet.ts'
import { EXTERNAL_SERVICES, FIREWALL, FORWARD, NODE_PORTS, POSTROUTING, PROXY_FIREWALL, SERVICES } from './chains.ts'
import { NO_RECENT_CLIENTS, type RecentClients, type WalkEnd, walk } from './packet-walk.ts'
import type { IptablesRules } from './rule.ts'

/** One way that a packet may go. */
export interface Outcome {
  readonly kind: Verdict['kind']
  /** `ip:port` of dnat; '' otherwise. */
  readonly endpoint: string
  readonly masq: boolean
  /** The chance of it: the shares of a packet's outcomes sum to 1. */
  readonly share: number
  /** The list of `recent` that remembers the client from now on; null: none. */
  readonly remembers: string | null
  /** Rules of the nat table that were looked at to decide where the packet goes. */
  readonly examined: number
}

/**
 * The filter chains, in the order they are walked here. Which of them a packet really meets depends on whether it comes in, goes out or passes
 * through; no two say different things of one packet, so that all are walked for each.
 */
const FILTER_CHAINS = [SERVICES, EXTERNAL_SERVICES, NODE_PORTS, PROXY_FIREWALL, FIREWALL, FORWARD]

/**
 * What a node's rules make of the first packet of a connection, each possible way with its chance: nat PREROUTING or OUTPUT, the filter
 * chains, which see the new destination, and nat POSTROUTING.
 */
export function outcomes(rules: IptablesRules, packet: Packet, recent: RecentClients = NO_RECENT_CLIENTS): Outcome[] {
  const canonical = { ...packet, sourceIP: canonicalOf(packet.sourceIP), destIP: canonicalOf(packet.destIP) }
  const context = { localAddresses: new Set(rules.localAddresses), conntrack: ['NEW'] as const, recent }
  const walker = { packet: canonical, mark: 0, share: 1, examined: 0, remembers: null }
  return walk(rules.nat, SERVICES, walker, context).flatMap((sent) => filtered(rules, sent, recent))
}

/** The verdict over all ways: every endpoint the packet may reach, in rule order, and whether any way masquerades it. */
export function evaluate(rules: IptablesRules, packet: Packet): Verdict {
  const ways = outcomes(rules, packet)
  const delivered = ways.filter(({ kind }) => kind === 'dnat')
  const kind = delivered.length > 0 ? 'dnat' : ways[0]!.kind
  const endpoints = [...new Set(delivered.map(({ endpoint }) => endpoint))]
  return { kind, endpoints, masq: ways.some(({ masq }) => masq) }
}

function canonicalOf(address: string): string {
  const canonical = canonicalAddress(address)
  invariant(canonical !== null, `A packet has an address, not "${address}"`)
  return canonical
}

function filtered(rules: IptablesRules, sent: WalkEnd, recent: RecentClients): Outcome[] {
  const isSent = sent.kind === 'dnat'
  const { share, remembers, examined, endpoint } = sent
  const context = {
    localAddresses: new Set(rules.localAddresses),
    conntrack: isSent ? (['NEW', 'DNAT'] as const) : (['NEW'] as const),
    recent,
  }
  const walker = isSent ? { ...sent, packet: { ...sent.packet, ...destinationOf(endpoint) } } : sent
  const way = { share, remembers, examined, endpoint: '', masq: false }
  for (const chain of FILTER_CHAINS) {
    if (!rules.filter.chains.has(chain)) continue
    const { kind } = walk(rules.filter, chain, walker, context)[0]!
    if (kind === 'drop' || kind === 'reject') return [{ ...way, kind }]
    // An accepted packet that has been sent on elsewhere is on its way there.
    if (kind === 'accept') return [isSent ? delivered(rules, walker, context, { ...way, kind: 'dnat', endpoint }) : { ...way, kind }]
  }
  return [isSent ? delivered(rules, walker, context, { ...way, kind: 'dnat', endpoint }) : { ...way, kind: 'none' }]
}

function delivered(rules: IptablesRules, walker: WalkEnd, context: Parameters<typeof walk>[3], way: Outcome): Outcome {
  return { ...way, masq: walk(rules.nat, POSTROUTING, walker, context)[0]!.kind === 'masquerade' }
}

function destinationOf(endpoint: string): { destIP: string; destPort: number } {
  const colon = endpoint.lastIndexOf(':')
  return { destIP: endpoint.slice(0, colon).replace(/^\[|\]$/g, ''), destPort: Number(endpoint.slice(colon + 1)) }
}
