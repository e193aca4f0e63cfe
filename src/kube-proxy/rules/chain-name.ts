import { sha256 } from './sha256.ts'

/** The alphabet of base 32. Source: RFC 4648. */
const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

/** The bytes in base 32, five bits a letter, without padding. */
export function base32(bytes: Uint8Array): string {
  let text = ''
  let pending = 0
  let bits = 0
  for (const byte of bytes) {
    pending = (pending << 8) | byte
    bits += 8
    while (bits >= 5) {
      bits -= 5
      text += BASE32[(pending >>> bits) & 31]
    }
    pending &= (1 << bits) - 1
  }
  return bits === 0 ? text : text + BASE32[(pending << (5 - bits)) & 31]
}

/**
 * The first `letters` letters of the base 32 form of a text's SHA-256, by which kube-proxy names chains: iptables has no room for the names
 * of Services (28 letters a chain name).
 */
export function nameHash(text: string, letters: number): string {
  return base32(sha256(new TextEncoder().encode(text))).slice(0, letters)
}

/** Letters of the hash in the names of iptables chains. Source: kubernetes v1.36.2 pkg/proxy/iptables portProtoHash. */
const IPTABLES_LETTERS = 16

/** The iptables chains of one Service port. */
export interface ServiceChainNames {
  /** All endpoints: for policy Cluster. */
  readonly cluster: string
  /** This node's endpoints: for policy Local. */
  readonly local: string
  /** Where packets to node ports, external IPs and load balancer IPs go first. */
  readonly external: string
  /** The source ranges of the load balancer. */
  readonly firewall: string
}

/** `servicePortName` is `namespace/name:port`; the protocol is hashed in lower case. */
export function serviceChainNames(servicePortName: string, protocol: string): ServiceChainNames {
  const hash = nameHash(servicePortName + protocol.toLowerCase(), IPTABLES_LETTERS)
  return { cluster: `KUBE-SVC-${hash}`, local: `KUBE-SVL-${hash}`, external: `KUBE-EXT-${hash}`, firewall: `KUBE-FW-${hash}` }
}

/** `endpoint` is `ip:port`. */
export function endpointChainName(servicePortName: string, protocol: string, endpoint: string): string {
  return `KUBE-SEP-${nameHash(servicePortName + protocol.toLowerCase() + endpoint, IPTABLES_LETTERS)}`
}

/** Whether a chain belongs to a Service port, so that it goes when nothing uses it. */
export function isServiceChain(name: string): boolean {
  return /^KUBE-(SVC|SVL|EXT|FW|SEP)-/.test(name)
}
