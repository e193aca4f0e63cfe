/**
 * IPVS schedulers that a simulated node can have. Those that hash addresses (sh, mh, dh) are in `proxy/ipvs` but not here: clients outside the cluster
 * have no addresses of their own in the simulation, so which of them go where would not be true.
 */
export const IPVS_SCHEDULERS = ['rr', 'wrr', 'lc', 'wlc', 'sed', 'nq', 'fo', 'ovf', 'lblc', 'lblcr'] as const
export type IpvsScheduler = (typeof IPVS_SCHEDULERS)[number]

export interface KubeProxySpec {
  readonly mode: 'iptables' | 'ipvs' | 'nftables'
  /** IPVS only. */
  readonly scheduler: IpvsScheduler
}
