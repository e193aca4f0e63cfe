import { canonicalAddress } from '../../kube-proxy/model/ip-address.ts'
import type { ServiceProtocol } from '../../kube-proxy/model/service-port.ts'

/** An endpoint as a rule names it. */
export interface RuleEndpoint {
  readonly address: string
  readonly port: number
  /** Of IPVS; 1 elsewhere. 0: it is drained. */
  readonly weight: number
}

/**
 * One Service port, as the rules of one node have it. The form is the same whichever proxier wrote them; what a proxier does not keep is
 * absent: IPVS knows no names, and only IPVS knows schedulers.
 */
export interface RuleService {
  /** null where the rules have no names. */
  readonly namespace: string | null
  /** Without names, one made of the address. */
  readonly name: string
  /** Empty when the port has no name. */
  readonly portName: string
  readonly protocol: ServiceProtocol
  /** null where no rule names it: a Service port of which only a node port was found. */
  readonly clusterIP: string | null
  /** 0 where the cluster IP is not known. */
  readonly port: number
  /** 0 when there is none. */
  readonly nodePort: number
  readonly externalIPs: readonly string[]
  readonly loadBalancerIPs: readonly string[]
  readonly sourceRanges: readonly string[]
  /** 0 when there is none. */
  readonly healthCheckNodePort: number
  /** Seconds; null without session affinity. */
  readonly affinitySeconds: number | null
  readonly internalPolicyLocal: boolean
  readonly externalPolicyLocal: boolean
  /** Of the whole cluster where the rules have them, in their order; else those of the node. */
  readonly endpoints: readonly RuleEndpoint[]
  /** Those of the node, where a policy Local made rules for them. */
  readonly localEndpoints: readonly RuleEndpoint[]
  /** Policy Local hides the endpoints of other nodes: there are some, and these rules do not have them. */
  readonly hidesEndpoints: boolean
  /** Of IPVS only. */
  readonly scheduler: string | null
  /** 1-based, of the rule that names it first. */
  readonly line: number
}

/** What was found and not read, by what it is. */
export interface SkippedPart {
  readonly what: string
  readonly count: number
}

/** What a node's proxy rules say. */
export interface RuleDump {
  readonly mode: 'iptables' | 'ipvs' | 'nftables'
  readonly file: string
  /** In the order of the rules. */
  readonly services: readonly RuleService[]
  /** Rules of kube-proxy's own chains, of both tables; for nftables also the elements of its sets and maps; for IPVS virtual and real servers. */
  readonly counts: Readonly<Record<string, number>>
  /** What kube-proxy was told is the pods' network; null where no rule says. */
  readonly podCIDR: string | null
  readonly serviceCIDRs: readonly string[]
  readonly skipped: readonly SkippedPart[]
  /** What is odd and no mistake of the file. */
  readonly findings: readonly string[]
}

/** `namespace/name:port` and `namespace/name` into their parts. */
export function parseServicePortName(
  text: string,
): { readonly namespace: string; readonly name: string; readonly portName: string } | null {
  const match = /^([a-z0-9-]+)\/([a-z0-9.-]+)(?::([A-Za-z0-9-]+))?$/.exec(text)
  return match === null ? null : { namespace: match[1]!, name: match[2]!, portName: match[3] ?? '' }
}

const PROTOCOLS: Readonly<Record<string, ServiceProtocol>> = { tcp: 'TCP', udp: 'UDP', sctp: 'SCTP' }

/** `tcp`, `udp` or `sctp` in any case; null for anything else. */
export function protocolNamed(text: string): ServiceProtocol | null {
  return Object.hasOwn(PROTOCOLS, text.toLowerCase()) ? PROTOCOLS[text.toLowerCase()]! : null
}

/** `10.0.0.1:8080` or `[fd00::1]:8080`; null where it is none. */
export function parseEndpoint(text: string): { readonly address: string; readonly port: number } | null {
  const match = /^(?:\[([0-9A-Fa-f:.]+)\]|([0-9.]+)):(\d{1,5})$/.exec(text)
  const address = canonicalAddress(match?.[1] ?? match?.[2] ?? '')
  const port = Number(match?.[3] ?? Number.NaN)
  return address !== null && port >= 0 && port <= 65_535 ? { address, port } : null
}
