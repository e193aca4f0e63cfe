import type { IpFamily } from '../../model/ip-address.ts'
import type { ServiceProtocol } from '../../model/service-port.ts'

/** What a packet must be for a rule to apply. The kinds are the match modules of iptables that kube-proxy uses. */
export type Match =
  /** Says something to the reader; matches everything. */
  | { readonly kind: 'comment'; readonly text: string }
  | { readonly kind: 'protocol'; readonly protocol: ServiceProtocol }
  /** `range` is an address or a network. */
  | { readonly kind: 'source'; readonly range: string; readonly negated: boolean }
  | { readonly kind: 'destination'; readonly range: string; readonly negated: boolean }
  | { readonly kind: 'destination-port'; readonly port: number }
  /** The packet's source or destination is an address of this node. */
  | { readonly kind: 'local-address'; readonly of: 'source' | 'destination' }
  | { readonly kind: 'conntrack'; readonly states: readonly ConntrackState[]; readonly negated: boolean }
  | { readonly kind: 'mark'; readonly mark: number; readonly negated: boolean }
  /** Counts what comes by; matches everything. */
  | { readonly kind: 'accounting'; readonly counter: string }
  /** The source is in the list, seen within so many seconds. */
  | { readonly kind: 'recent-check'; readonly list: string; readonly seconds: number }
  /** Puts the source into the list; matches everything. */
  | { readonly kind: 'recent-set'; readonly list: string }
  /** Matches one packet of `oneOf`, at random. */
  | { readonly kind: 'random'; readonly oneOf: number }

export type ConntrackState = 'NEW' | 'INVALID' | 'RELATED' | 'ESTABLISHED' | 'DNAT'

/** What happens to a packet that matches. */
export type Target =
  | { readonly kind: 'jump'; readonly chain: string }
  | { readonly kind: 'accept' | 'drop' | 'reject' | 'return' }
  | { readonly kind: 'mark'; readonly operation: 'or' | 'xor'; readonly mark: number }
  | { readonly kind: 'masquerade'; readonly randomFully: boolean }
  | { readonly kind: 'dnat'; readonly endpoint: string }

export interface Rule {
  /** All must match; in the order they are written. */
  readonly matches: readonly Match[]
  /** null: the rule only says or counts something. */
  readonly target: Target | null
}

export interface Table {
  /** Each chain's rules in the order they are walked. */
  readonly chains: ReadonlyMap<string, readonly Rule[]>
  /** Chains that a restore empties and removes. */
  readonly deletedChains: readonly string[]
}

/**
 * What a node's two tables hold of kube-proxy's, or what one iptables-restore --noflush hands over: the chains in it are replaced, those it
 * deletes go, all others stay as they are.
 */
export interface IptablesRules {
  readonly family: IpFamily
  /** What the kernel of this node calls LOCAL. */
  readonly localAddresses: readonly string[]
  readonly filter: Table
  readonly nat: Table
}

export type TableName = 'filter' | 'nat'

export function comment(text: string): Match {
  return { kind: 'comment', text }
}

export function from(range: string): Match {
  return { kind: 'source', range, negated: false }
}

export function notFrom(range: string): Match {
  return { kind: 'source', range, negated: true }
}

export function to(range: string): Match {
  return { kind: 'destination', range, negated: false }
}

export function notTo(range: string): Match {
  return { kind: 'destination', range, negated: true }
}

export function protocol(of: ServiceProtocol): Match {
  return { kind: 'protocol', protocol: of }
}

export function toPort(port: number): Match {
  return { kind: 'destination-port', port }
}

export const FROM_LOCAL: Match = { kind: 'local-address', of: 'source' }

export const TO_LOCAL: Match = { kind: 'local-address', of: 'destination' }

export function jump(chain: string): Target {
  return { kind: 'jump', chain }
}

export const ACCEPT: Target = { kind: 'accept' }
export const DROP: Target = { kind: 'drop' }
export const REJECT: Target = { kind: 'reject' }
export const RETURN: Target = { kind: 'return' }
