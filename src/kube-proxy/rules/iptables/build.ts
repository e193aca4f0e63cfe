import { endpointsOf, type ProxyState } from '../../model/proxy-state.ts'
import { isServiceChain } from '../chain-name.ts'
import { writeEntryRules } from './entry-rules.ts'
import { writeClosingRules, writeFixedChains } from './fixed-rules.ts'
import type { IptablesRules } from './rule.ts'
import { RuleWriter } from './rule-writer.ts'
import { writeServiceChains } from './service-chains.ts'
import { planOf } from './service-plan.ts'

/**
 * More endpoints than this, counted once for each Service port, make a cluster large: comments are left out of the rules of endpoints,
 * and stale chains are not looked for at every sync.
 *
 * Source: kubernetes v1.36.2 pkg/proxy/iptables largeClusterEndpointsThreshold.
 */
export const LARGE_CLUSTER_ENDPOINTS = 1000

/** Whether the state is one of a large cluster. Endpoints count whether ready or not. */
export function isLargeCluster(state: ProxyState): boolean {
  return state.servicePorts.reduce((sum, servicePort) => sum + endpointsOf(state, servicePort).length, 0) > LARGE_CLUSTER_ENDPOINTS
}

/**
 * Everything that kube-proxy keeps in the two tables for a state: what a full sync hands to iptables-restore.
 *
 * Service ports stand in KUBE-SERVICES in the state's order. (kube-proxy's own order is that of a Go map: another one at each sync.)
 *
 * Source: kubernetes v1.36.2 pkg/proxy/iptables.
 */
export function build(state: ProxyState): IptablesRules {
  return buildSync(state, { changed: null, kernelChains: [], deletesStale: false })
}

export interface SyncScope {
  /** The Services (`namespace/name`) whose own chains are written; null: all, a full sync. */
  readonly changed: ReadonlySet<string> | null
  /** The chains that the nat table holds now, looked through for stale ones. */
  readonly kernelChains: Iterable<string>
  /** Whether stale chains are deleted. kube-proxy does at every sync; in a large cluster only once a sync period. */
  readonly deletesStale: boolean
}

/** What one sync hands to iptables-restore. The shared chains are always complete, the Services' own only for those that changed. */
export function buildSync(state: ProxyState, { changed, kernelChains, deletesStale }: SyncScope): IptablesRules {
  const { config } = state
  const style = { config, endpointComments: !isLargeCluster(state) }
  const writer = new RuleWriter()
  const skipped = new RuleWriter()
  writeFixedChains(writer, config)
  for (const servicePort of state.servicePorts) {
    const plan = planOf(state, servicePort)
    writeEntryRules(writer, config, plan)
    const isWritten = changed === null || changed.has(`${servicePort.namespace}/${servicePort.name}`)
    writeServiceChains(isWritten ? writer : skipped, style, plan)
  }
  writeClosingRules(writer, config)
  const used = [writer, skipped].map((chains) => chains.table('nat').chains)
  const stale = [...kernelChains].filter((chain) => isServiceChain(chain) && !used.some((chains) => chains.has(chain)))
  return {
    family: config.ipFamily,
    localAddresses: config.localAddresses,
    filter: writer.table('filter'),
    nat: writer.table('nat', deletesStale ? stale : []),
  }
}
