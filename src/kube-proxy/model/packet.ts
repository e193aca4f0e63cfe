import type { ServiceProtocol } from './service-port.ts'

/** The first packet of a connection, as it enters the node's stack (from the wire, a pod, or a process of the node itself). */
export interface Packet {
  readonly sourceIP: string
  readonly protocol: ServiceProtocol
  readonly destIP: string
  readonly destPort: number
}

/** What a node's rules make of a packet. */
export interface Verdict {
  /**
   * dnat: rewritten to one of `endpoints`; reject: refused with an ICMP error; drop: lost in silence; accept: let in by a rule
   * (health-check node port); none: no rule concerns it.
   */
  readonly kind: 'dnat' | 'reject' | 'drop' | 'accept' | 'none'
  /** Every endpoint the packet may reach, as `ip:port`, in rule order; empty unless `dnat`. */
  readonly endpoints: readonly string[]
  /** Whether the packet leaves with the node's address as its source. */
  readonly masq: boolean
}

export const NO_VERDICT: Verdict = { kind: 'none', endpoints: [], masq: false }
