import type { Packet, Verdict } from '../../../src/kube-proxy/model/packet.ts'
import type { ProxyState } from '../../../src/kube-proxy/model/proxy-state.ts'
import * as iptables from '../../../src/kube-proxy/rules/iptables/index.ts'
import * as ipvs from '../../../src/kube-proxy/rules/ipvs/index.ts'
import * as nftables from '../../../src/kube-proxy/rules/nftables/index.ts'

export type ModeName = 'iptables' | 'nftables' | 'ipvs'

/** A mode's rules for one state, as far as recorded packets and counts ask about them. */
export interface LoadedRules {
  readonly verdict: (packet: Packet) => Verdict
  /** How many there are of each kind that is counted; null: what the mode holds is not counted but compared. */
  readonly counts: (() => Readonly<Record<string, number>>) | null
}

type Load = (state: ProxyState) => LoadedRules

export const MODES: ReadonlyMap<ModeName, Load> = new Map<ModeName, Load>([
  ['iptables', loadIptables],
  ['nftables', loadNftables],
  ['ipvs', loadIpvs],
])

function loadIptables(state: ProxyState): LoadedRules {
  const rules = iptables.build(state)
  return { verdict: (packet) => iptables.evaluate(rules, packet), counts: () => ({ ...iptables.countRules(rules) }) }
}

function loadNftables(state: ProxyState): LoadedRules {
  const rules = nftables.build(state)
  return { verdict: (packet) => nftables.evaluate(rules, packet), counts: () => countNftables(rules) }
}

function countNftables({ chains, sets, maps }: nftables.Ruleset): Record<string, number> {
  const sum = (sizes: readonly number[]): number => sizes.reduce((total, size) => total + size, 0)
  return {
    chains: chains.size,
    rules: sum([...chains.values()].map(({ rules }) => rules.length)),
    elements: sum([...sets.values(), ...maps.values()].map(({ elements }) => elements.size)),
  }
}

function loadIpvs(state: ProxyState): LoadedRules {
  const rules = ipvs.build(state)
  return { verdict: (packet) => ipvs.evaluate(rules, packet), counts: null }
}
