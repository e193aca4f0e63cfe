import { joinHostPort } from '../../model/ip-address.ts'
import type { ServiceProtocol } from '../../model/service-port.ts'

/** An endpoint behind a virtual server. */
export interface RealServer {
  readonly address: string
  readonly port: number
  /** 1, or 0 while it is drained: its connections go on, new ones pass it by. */
  readonly weight: number
}

/** An address and port of a Service on the node, as IPVS holds it. */
export interface VirtualServer {
  readonly address: string
  readonly port: number
  readonly protocol: ServiceProtocol
  readonly scheduler: string
  /** Seconds that a client stays with its real server; 0: no persistence. */
  readonly persistentTimeout: number
  /** Whether the scheduler hashes the client's port too: kube-proxy asks mh for it, and no other scheduler. */
  readonly sourcePort: boolean
  /** In the order in which they were added: IPVS puts each new one at the head of its list. */
  readonly realServers: readonly RealServer[]
}

/** Names a virtual server in a table. */
export function virtualServerKey(address: string, protocol: ServiceProtocol, port: number): string {
  return `${protocol} ${joinHostPort(address, port)}`
}

export function keyOf({ address, protocol, port }: VirtualServer): string {
  return virtualServerKey(address, protocol, port)
}
