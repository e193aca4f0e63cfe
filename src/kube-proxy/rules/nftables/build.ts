import { endpointsOf, type ProxyState } from '../../model/proxy-state.ts'
import { addBaseRules } from './base-rules.ts'
import type { Ruleset } from './ruleset.ts'
import { RulesetBuilder } from './ruleset-builder.ts'
import { addServiceRules } from './service-rules.ts'

/** The table that kube-proxy v1.36.2 in nftables mode makes of a state: what a first sync leaves in the kernel. */
export function build(state: ProxyState): Ruleset {
  const rules = new RulesetBuilder(state.config)
  addBaseRules(rules, state.config)
  for (const port of state.servicePorts) addServiceRules(rules, port, endpointsOf(state, port), state.config)
  return rules.finish()
}
