import type { IpFamily } from '../../model/ip-address.ts'
import { IpSet, type IpSetType } from './ip-set.ts'

/**
 * The sets that kube-proxy keeps in ipvs mode, always all of them, in the order in which it makes them, by their IPv4 names.
 *
 * Source: kubernetes v1.36.2 pkg/proxy/ipvs/ipset.go (names, types, comments).
 */
const SETS = {
  'KUBE-LOOP-BACK': ['hash:ip,port,ip', 'Kubernetes endpoints dst ip:port, source ip for solving hairpin purpose'],
  'KUBE-CLUSTER-IP': ['hash:ip,port', 'Kubernetes service cluster ip + port for masquerade purpose'],
  'KUBE-EXTERNAL-IP': ['hash:ip,port', 'Kubernetes service external ip + port for masquerade and filter purpose'],
  'KUBE-EXTERNAL-IP-LOCAL': ['hash:ip,port', 'Kubernetes service external ip + port with externalTrafficPolicy=local'],
  'KUBE-LOAD-BALANCER': ['hash:ip,port', 'Kubernetes service lb portal'],
  'KUBE-LOAD-BALANCER-LOCAL': ['hash:ip,port', 'Kubernetes service load balancer ip + port with externalTrafficPolicy=local'],
  'KUBE-LOAD-BALANCER-FW': ['hash:ip,port', 'Kubernetes service load balancer ip + port for load balancer with sourceRange'],
  'KUBE-LOAD-BALANCER-SOURCE-IP': ['hash:ip,port,ip', 'Kubernetes service load balancer ip + port + source IP for packet filter purpose'],
  'KUBE-LOAD-BALANCER-SOURCE-CIDR': [
    'hash:ip,port,net',
    'Kubernetes service load balancer ip + port + source cidr for packet filter purpose',
  ],
  'KUBE-NODE-PORT-TCP': ['bitmap:port', 'Kubernetes nodeport TCP port for masquerade purpose'],
  'KUBE-NODE-PORT-LOCAL-TCP': ['bitmap:port', 'Kubernetes nodeport TCP port with externalTrafficPolicy=local'],
  'KUBE-NODE-PORT-UDP': ['bitmap:port', 'Kubernetes nodeport UDP port for masquerade purpose'],
  'KUBE-NODE-PORT-LOCAL-UDP': ['bitmap:port', 'Kubernetes nodeport UDP port with externalTrafficPolicy=local'],
  'KUBE-NODE-PORT-SCTP-HASH': ['hash:ip,port', "Kubernetes nodeport SCTP port for masquerade purpose with type 'hash ip:port'"],
  'KUBE-NODE-PORT-LOCAL-SCTP-HASH': [
    'hash:ip,port',
    "Kubernetes nodeport SCTP port with externalTrafficPolicy=local with type 'hash ip:port'",
  ],
  'KUBE-HEALTH-CHECK-NODE-PORT': ['bitmap:port', 'Kubernetes health check node port'],
  'KUBE-IPVS-IPS': ['hash:ip', 'Addresses on the ipvs interface'],
} as const satisfies Record<string, readonly [IpSetType, string]>

export type IpSetName = keyof typeof SETS

export type IpSets = Readonly<Record<IpSetName, IpSet>>

export const IP_SET_NAMES = Object.keys(SETS) as readonly IpSetName[]

/** The kernel allows no longer name of a set. Source: Linux include/uapi/linux/netfilter/ipset/ip_set.h IPSET_MAXNAMELEN, less its final 0. */
const NAME_LENGTH_MAX = 31

/** What the set is called in the kernel. Two IPv6 names lose their last letter. */
function kernelName(name: IpSetName, family: IpFamily): string {
  return family === 'IPv4' ? name : name.replace('KUBE-', 'KUBE-6-').slice(0, NAME_LENGTH_MAX)
}

/** All sets, empty. */
export function emptyIpSets(family: IpFamily): IpSets {
  const entries = IP_SET_NAMES.map((name) => {
    const [type, comment] = SETS[name]
    return [name, new IpSet(kernelName(name, family), type, comment)] as const
  })
  return Object.fromEntries(entries) as Record<IpSetName, IpSet>
}
