export interface KubeProxySpec {
  readonly mode: 'iptables' | 'ipvs'
  /** IPVS only. */
  readonly scheduler: 'rr' | 'wlc'
}
