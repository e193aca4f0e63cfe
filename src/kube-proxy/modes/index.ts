import type { Simulation } from '../../engine/simulation.ts'
import type { CostProfile } from '../../profiles/cost-profile.ts'
import type { ReuseRules } from '../../proxy/ipvs/reuse-rules.ts'
import type { KubeProxySpec } from '../kube-proxy-spec.ts'
import type { NodeRules } from '../node-rules.ts'
import { IptablesMode } from './iptables.ts'
import { IpvsMode } from './ipvs.ts'
import type { ProxyMode } from './mode.ts'
import { NftablesMode } from './nftables.ts'

export interface ProxyModeOptions {
  readonly sim: Simulation
  readonly rules: NodeRules
  readonly costs: CostProfile
  readonly nodeNames: readonly string[]
  readonly nodeAddresses: readonly string[]
  readonly scheduler: KubeProxySpec['scheduler']
  /** IPVS only: what a client's use of a port again leads to; null: to nothing. */
  readonly reuse: ReuseRules | null
}

/** kube-proxy's modes: one file each, one line here. */
export const PROXY_MODES = {
  iptables: (options) => new IptablesMode(options),
  ipvs: (options) => new IpvsMode(options),
  nftables: (options) => new NftablesMode(options),
} as const satisfies Record<KubeProxySpec['mode'], (options: ProxyModeOptions) => ProxyMode>
