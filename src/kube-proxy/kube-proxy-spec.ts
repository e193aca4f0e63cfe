/** IPVS schedulers that a simulated node can have. */
export const IPVS_SCHEDULERS = ['rr', 'wrr', 'lc', 'wlc', 'sed', 'nq', 'fo', 'ovf', 'lblc', 'lblcr', 'sh', 'mh', 'dh', 'twos'] as const
export type IpvsScheduler = (typeof IPVS_SCHEDULERS)[number]

export interface KubeProxySpec {
  readonly mode: 'iptables' | 'ipvs' | 'nftables'
  /** IPVS only. */
  readonly scheduler: IpvsScheduler
  /** IPVS only: net.ipv4.vs.conn_reuse_mode, where it is not what kube-proxy leaves behind. */
  readonly connReuseMode?: 0 | 1
}
