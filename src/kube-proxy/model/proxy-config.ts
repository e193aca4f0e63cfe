import { type IpFamily, parseNetwork, rangeContains } from './ip-address.ts'

/** What one kube-proxy is told about its node and itself, for one IP family. */
export interface ProxyConfig {
  readonly ipFamily: IpFamily
  readonly nodeName: string
  readonly nodeIP: string
  /** Every address of the node's interfaces in this family, loopback included: what the kernel calls LOCAL. */
  readonly localAddresses: readonly string[]
  /** --masquerade-all: every packet to a cluster IP leaves with the node's address. */
  readonly masqueradeAll: boolean
  /** --cluster-cidr: a source inside it is a pod's; null: pods cannot be told apart, and nothing is treated as theirs. */
  readonly localDetectorCIDR: string | null
  /** --nodeport-addresses: networks whose addresses serve node ports; empty: all. */
  readonly nodePortAddresses: readonly string[]
  /** The node's addresses that serve node ports. */
  readonly nodePortIPs: readonly string[]
  readonly topologyLabels: Readonly<Record<string, string>>
  /** --iptables-localhost-nodeports: node ports also answer on 127.0.0.0/8 (iptables mode, IPv4). */
  readonly localhostNodePorts: boolean
  /** Networks that cluster IPs come from (nftables mode rejects what is not allocated in them). */
  readonly serviceCIDRs: readonly string[]
  /** --conntrack-tcp-be-liberal: packets that conntrack calls INVALID are not dropped. */
  readonly conntrackTCPLiberal: boolean
  /** The firewall mark of packets to be masqueraded, as one bit. Default 1 << 14 (--iptables-masquerade-bit). */
  readonly masqueradeMark: number
  /** Whether MASQUERADE may choose source ports at random: iptables 1.6.2 or newer and a kernel that knows the option. */
  readonly masqueradeRandomFully: boolean
  /** Whether the kernel's nfacct counters could be set up; rules then count what they match. */
  readonly accounting: boolean
  /** IPVS scheduler, ipvs mode only. */
  readonly ipvsScheduler: string
}

/** Source: kubernetes v1.36.2 pkg/proxy/apis/config/v1alpha1 defaults (iptables.masqueradeBit 14). */
export const DEFAULT_MASQUERADE_MARK = 0x4000

/** The settings of a fixture: any part may be absent. */
export interface RawProxyConfig {
  readonly ipFamily?: IpFamily
  readonly nodeName?: string
  readonly nodeIP?: string
  readonly localAddresses?: readonly string[]
  readonly masqueradeAll?: boolean
  readonly localDetectorCIDR?: string | null
  readonly nodePortAddresses?: readonly string[]
  readonly nodePortIPs?: readonly string[]
  readonly topologyLabels?: Readonly<Record<string, string>> | null
  readonly localhostNodePorts?: boolean
  readonly serviceCIDRs?: readonly string[]
  readonly conntrackTCPLiberal?: boolean
  readonly masqueradeMark?: string | number
  readonly masqueradeRandomFully?: boolean
  readonly accounting?: boolean
  readonly scheduler?: string
}

/** Completes the settings. `nodeIPs` are the node's addresses of both families, where the fixture gives them apart. */
export function readProxyConfig(raw: RawProxyConfig, nodeIPs: readonly string[] = [], nodeName = ''): ProxyConfig {
  const ipFamily = raw.ipFamily ?? 'IPv4'
  const ofFamily = (address: string) => address.includes(':') === (ipFamily === 'IPv6')
  const loopback = ipFamily === 'IPv4' ? '127.0.0.1' : '::1'
  const interfaces = (raw.localAddresses ?? [...nodeIPs, ...(raw.nodePortIPs ?? [])]).filter(ofFamily)
  const localAddresses = [...new Set([...interfaces, loopback])]
  const nodePortAddresses = (raw.nodePortAddresses ?? []).filter((cidr) => parseNetwork(cidr)?.family === ipFamily)
  const served = (address: string) => nodePortAddresses.length === 0 || nodePortAddresses.some((cidr) => rangeContains(cidr, address))
  return {
    ipFamily,
    nodeName: raw.nodeName ?? nodeName,
    nodeIP: raw.nodeIP ?? interfaces[0] ?? '',
    localAddresses,
    masqueradeAll: raw.masqueradeAll ?? false,
    localDetectorCIDR: raw.localDetectorCIDR ?? null,
    nodePortAddresses,
    nodePortIPs: raw.nodePortIPs ?? localAddresses.filter(served),
    topologyLabels: raw.topologyLabels ?? {},
    localhostNodePorts: raw.localhostNodePorts ?? true,
    serviceCIDRs: raw.serviceCIDRs ?? [],
    conntrackTCPLiberal: raw.conntrackTCPLiberal ?? false,
    masqueradeMark: raw.masqueradeMark === undefined ? DEFAULT_MASQUERADE_MARK : Number(raw.masqueradeMark),
    masqueradeRandomFully: raw.masqueradeRandomFully ?? true,
    accounting: raw.accounting ?? true,
    ipvsScheduler: raw.scheduler ?? 'rr',
  }
}

/** Whether node ports are served on every address of the node: no networks named, or one of length 0. */
export function servesAllNodePortAddresses(config: ProxyConfig): boolean {
  return config.nodePortAddresses.length === 0 || config.nodePortAddresses.some((cidr) => parseNetwork(cidr)?.bits === 0)
}
