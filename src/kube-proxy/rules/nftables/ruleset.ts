import type { NftFamily } from './family.ts'

/**
 * The table `kube-proxy` as the kernel holds it: chains of rules, sets, and verdict maps.
 *
 * ```text
 * hook ──► base chain ──jump──► chain ──vmap @map──► chain of a Service port ──► dnat
 *                                  │
 *                                  └─ ip daddr @set
 * ```
 *
 * Elements are found by their key as text (`172.30.0.41 . tcp . 80`), in one step however many there are, as in the kernel's hash tables.
 */
export interface Ruleset {
  readonly family: NftFamily
  readonly chains: ReadonlyMap<string, Chain>
  readonly sets: ReadonlyMap<string, NftSet>
  readonly maps: ReadonlyMap<string, NftMap>
  /** What `fib … type local` answers yes to: the node's own addresses. Not part of the table. */
  readonly localAddresses: ReadonlySet<string>
}

export type Hook = 'prerouting' | 'input' | 'forward' | 'output' | 'postrouting'

export interface Chain {
  readonly name: string
  /** Where the kernel calls a base chain; null: only rules and map elements lead here. Chains of a hook run by ascending priority. */
  readonly base: { readonly type: 'filter' | 'nat'; readonly hook: Hook; readonly priority: number } | null
  readonly comment: string | null
  readonly rules: readonly Rule[]
}

/** Holds when all matches do; then its statements act in order. */
export interface Rule {
  readonly matches: readonly Match[]
  readonly statements: readonly Statement[]
  readonly comment: string | null
}

/** A part of a packet that keys are made of. `port` is the destination's. */
export type Field = 'saddr' | 'daddr' | 'protocol' | 'port'

export type Match =
  | { readonly kind: 'address'; readonly field: 'saddr' | 'daddr'; readonly negated: boolean; readonly ranges: string | readonly string[] }
  | { readonly kind: 'in-set'; readonly fields: readonly Field[]; readonly set: string }
  | { readonly kind: 'local'; readonly field: 'saddr' | 'daddr' }
  | { readonly kind: 'protocol'; readonly protocol: string }
  /** Some bit of the firewall mark is set. */
  | { readonly kind: 'marked'; readonly mark: number }
  /** First packet of a connection. */
  | { readonly kind: 'connection-new' }
  /** The connection's destination was rewritten. */
  | { readonly kind: 'connection-translated' }

/** What a map's element, or the end of a rule, does with the packet. */
export type VerdictStatement = { readonly kind: 'goto'; readonly chain: string } | { readonly kind: 'drop' }

export interface Target {
  readonly address: string
  readonly port: number
}

export type Statement =
  | VerdictStatement
  | { readonly kind: 'jump'; readonly chain: string }
  | { readonly kind: 'reject' }
  | { readonly kind: 'mark'; readonly operation: 'or' | 'xor'; readonly mark: number }
  | { readonly kind: 'masquerade' }
  | { readonly kind: 'vmap'; readonly fields: readonly Field[]; readonly map: string }
  /** One of the chains, each as likely as the other. */
  | { readonly kind: 'spread'; readonly chains: readonly string[] }
  | { readonly kind: 'dnat'; readonly target: Target }
  /** One of the targets, each as likely as the other. */
  | { readonly kind: 'dnat-spread'; readonly targets: readonly Target[] }
  /** The source's address is put in a set, or its time-out there starts anew. */
  | { readonly kind: 'remember'; readonly set: string }

export type KeyPart = 'address' | 'protocol' | 'port'

export interface NftSet {
  readonly name: string
  readonly key: readonly KeyPart[]
  readonly comment: string | null
  /** Seconds that an element stays which rules put in; null: kube-proxy fills the set itself. */
  readonly timeoutSeconds: number | null
  readonly elements: ReadonlySet<string>
}

export interface MapElement {
  readonly verdict: VerdictStatement
  readonly comment: string | null
}

export interface NftMap {
  readonly name: string
  readonly key: readonly KeyPart[]
  readonly comment: string
  readonly elements: ReadonlyMap<string, MapElement>
}

/** An element's key from its parts, in the order of the container's key. */
export function elementKey(...parts: readonly (string | number)[]): string {
  return parts.join(' . ')
}
