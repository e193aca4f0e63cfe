import { isLoopback, rangeContains } from '../../model/ip-address.ts'
import type { ServiceProtocol } from '../../model/service-port.ts'
import type { IpSet, SetQuery } from './ip-set.ts'

export type Table = 'nat' | 'filter'

/** Which of a packet's addresses and ports a set is asked about, as `--match-set NAME …` says it. */
export type SetDirections = 'dst' | 'dst,dst' | 'src,dst' | 'dst,dst,src'

/** A condition of a rule. */
export type Match =
  | { readonly kind: 'source'; readonly network: string; readonly negated: boolean }
  | { readonly kind: 'protocol'; readonly protocol: ServiceProtocol }
  | { readonly kind: 'set'; readonly set: IpSet; readonly directions: SetDirections }
  | { readonly kind: 'local-destination' }
  | { readonly kind: 'source-not-local' }
  /** Not entered through a port of a bridge: the containers of some network plugins do. */
  | { readonly kind: 'not-bridged' }
  | { readonly kind: 'new-connection' }
  | { readonly kind: 'established' }
  | { readonly kind: 'mark'; readonly mark: number; readonly negated: boolean }
  /** Belongs to a connection of this virtual server. */
  | { readonly kind: 'virtual-server'; readonly address: string; readonly protocol: ServiceProtocol; readonly port: number }

export type Target =
  | { readonly kind: 'jump'; readonly chain: string }
  | { readonly kind: 'RETURN' | 'ACCEPT' | 'DROP' | 'REJECT' }
  | { readonly kind: 'MASQUERADE'; readonly randomFully: boolean }
  | { readonly kind: 'or-mark' | 'xor-mark'; readonly mark: number }

/** One rule of iptables. */
export interface FirewallRule {
  readonly table: Table
  readonly chain: string
  readonly comment: string | null
  readonly matches: readonly Match[]
  readonly target: Target
}

/** The first packet of a connection on its way through the chains; rules may change its mark. */
export interface Passage {
  source: string
  destination: string
  protocol: ServiceProtocol
  port: number
  mark: number
  /** Where it was sent, once IPVS has taken it. */
  virtual: { readonly address: string; readonly port: number } | null
}

/** How a walk ends: by a final target, or by the end of the chain. */
export type WalkEnd = 'ACCEPT' | 'DROP' | 'REJECT' | 'MASQUERADE' | 'end'

/** The rules by table and chain, in order, as the kernel walks them. */
export class Firewall {
  readonly rules: readonly FirewallRule[]
  /** What the kernel calls LOCAL: the node's addresses and those that kube-proxy has bound. */
  readonly #isLocal: (address: string) => boolean
  readonly #chains = new Map<string, FirewallRule[]>()

  constructor(rules: readonly FirewallRule[], isLocal: (address: string) => boolean) {
    this.rules = rules
    this.#isLocal = (address) => isLoopback(address) || isLocal(address)
    for (const rule of rules) {
      const key = `${rule.table} ${rule.chain}`
      const chain = this.#chains.get(key)
      if (chain === undefined) this.#chains.set(key, [rule])
      else chain.push(rule)
    }
  }

  isLocal(address: string): boolean {
    return this.#isLocal(address)
  }

  /** Sends a packet through a chain: a base chain, or one that is jumped to. */
  walk(table: Table, chain: string, passage: Passage): WalkEnd {
    for (const { matches, target } of this.#chains.get(`${table} ${chain}`) ?? []) {
      if (!matches.every((match) => this.#matches(match, passage))) continue
      switch (target.kind) {
        case 'jump': {
          const end = this.walk(table, target.chain, passage)
          if (end !== 'end') return end
          break
        }
        case 'RETURN':
          return 'end'
        case 'or-mark':
          passage.mark |= target.mark
          break
        case 'xor-mark':
          passage.mark ^= target.mark
          break
        default:
          return target.kind
      }
    }
    return 'end'
  }

  #matches(match: Match, passage: Passage): boolean {
    switch (match.kind) {
      case 'source':
        return rangeContains(match.network, passage.source) !== match.negated
      case 'protocol':
        return passage.protocol === match.protocol
      case 'set':
        return match.set.matches(query(match.directions, passage))
      case 'local-destination':
        return this.#isLocal(passage.destination)
      case 'source-not-local':
        return !this.#isLocal(passage.source)
      // A walk is that of a first packet, and pods are assumed to be routed, not bridged.
      case 'not-bridged':
      case 'new-connection':
        return true
      case 'established':
        return false
      case 'mark':
        return ((passage.mark & match.mark) === match.mark) !== match.negated
      case 'virtual-server':
        return passage.virtual?.address === match.address && passage.virtual.port === match.port && passage.protocol === match.protocol
    }
  }
}

function query(directions: SetDirections, passage: Passage): SetQuery {
  return {
    address: directions.startsWith('src') ? passage.source : passage.destination,
    protocol: passage.protocol,
    port: passage.port,
    third: passage.source,
  }
}
