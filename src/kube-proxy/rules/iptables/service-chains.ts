import { invariant } from '../../../invariant.ts'
import type { ProxyEndpoint } from '../../model/endpoint.ts'
import { rangeContains } from '../../model/ip-address.ts'
import type { ProxyConfig } from '../../model/proxy-config.ts'
import { MARK_MASQ } from './chains.ts'
import { toAddress } from './entry-rules.ts'
import { comment, FROM_LOCAL, from, jump, type Match, notFrom, protocol } from './rule.ts'
import type { RuleWriter } from './rule-writer.ts'
import type { ServicePlan } from './service-plan.ts'

/** How the chains of one sync are written. */
export interface ChainStyle {
  readonly config: ProxyConfig
  /** Whether rules that exist once for each endpoint say whose they are: not in a large cluster. */
  readonly endpointComments: boolean
}

/**
 * The chains of one Service port's own. A partial sync leaves them out while the Service and its endpoints have not changed.
 *
 * ```
 * KUBE-EXT (from outside: masquerade, or not under policy Local) ─┐   ┌─ KUBE-SVC (cluster) ─┐
 * KUBE-FW (load balancer's source ranges) → KUBE-EXT              ├─→─┤                      ├─→ KUBE-SEP (one endpoint: DNAT)
 * KUBE-SERVICES (cluster IP) ─────────────────────────────────────┘   └─ KUBE-SVL (local) ───┘
 * ```
 */
export function writeServiceChains(writer: RuleWriter, style: ChainStyle, plan: ServicePlan): void {
  if (plan.usesExternalChain) writeExternalChain(writer, style.config, plan)
  if (plan.usesFirewall) writeFirewall(writer, style.config, plan)
  if (plan.endpoints.cluster.length > 0) writePolicyChain(writer, style, plan, plan.chains.cluster, plan.endpoints.cluster)
  if (plan.endpoints.local.length > 0) writePolicyChain(writer, style, plan, plan.chains.local, plan.endpoints.local)
  for (const endpoint of plan.endpoints.allReachable) writeEndpoint(writer, style, plan, endpoint)
}

function writeExternalChain(writer: RuleWriter, { localDetectorCIDR: pods }: ProxyConfig, plan: ServicePlan): void {
  const { chains, servicePort } = plan
  const say = (what: string) => comment(`${what} for ${servicePort.servicePortName} external destinations`)
  writer.begin('nat', chains.external)
  if (!servicePort.externalPolicyLocal) {
    // The endpoint may be on another node, and its answer must come back through this one.
    writer.append('nat', chains.external, [say('masquerade traffic')], jump(MARK_MASQ))
  } else {
    // This node's pods and processes may use every endpoint: as if they had gone out to the load balancer and come back in elsewhere.
    if (pods !== null) writer.append('nat', chains.external, [say('pod traffic'), from(pods)], jump(chains.cluster))
    writer.append('nat', chains.external, [say('masquerade LOCAL traffic'), FROM_LOCAL], jump(MARK_MASQ))
    writer.append('nat', chains.external, [say('route LOCAL traffic'), FROM_LOCAL], jump(chains.cluster))
  }
  if (plan.hasExternal) writer.append('nat', chains.external, [], jump(plan.externalPolicyChain))
}

function writeFirewall(writer: RuleWriter, config: ProxyConfig, { chains, servicePort }: ServicePlan): void {
  const said = comment(`${servicePort.servicePortName} loadbalancer IP`)
  const ranges = servicePort.loadBalancerSourceRanges
  // A node's packet to a load balancer address that the node holds itself comes back with that address as its source.
  const looping = ranges.some((range) => rangeContains(range, config.nodeIP)) ? servicePort.loadBalancerVIPs : []
  writer.begin('nat', chains.firewall)
  for (const range of [...ranges, ...looping]) writer.append('nat', chains.firewall, [said, from(range)], jump(chains.external))
  const rest = comment(`other traffic to ${servicePort.servicePortName} will be dropped by KUBE-PROXY-FIREWALL`)
  writer.append('nat', chains.firewall, [rest], null)
}

/** The choice among endpoints, and before it the masquerading of packets to the cluster IP that come from outside the cluster. */
function writePolicyChain(
  writer: RuleWriter,
  style: ChainStyle,
  plan: ServicePlan,
  chain: string,
  endpoints: readonly ProxyEndpoint[],
): void {
  const { servicePort } = plan
  writer.begin('nat', chain)
  if (chain === plan.internalChain) writeInternalMasquerade(writer, style.config, plan)
  const said = ({ endpoint }: ProxyEndpoint) => saidOf(style, `${servicePort.servicePortName} -> ${endpoint}`)
  const seconds = servicePort.sessionAffinityClientIPSeconds
  if (seconds !== null) {
    for (const endpoint of endpoints) {
      const list = chainOf(plan, endpoint)
      writer.append('nat', chain, [...said(endpoint), { kind: 'recent-check', list, seconds }], jump(list))
    }
  }
  for (const [index, endpoint] of endpoints.entries()) {
    const oneOf = endpoints.length - index
    const chance: Match[] = oneOf === 1 ? [] : [{ kind: 'random', oneOf }]
    writer.append('nat', chain, [...said(endpoint), ...chance], jump(chainOf(plan, endpoint)))
  }
}

function writeInternalMasquerade(writer: RuleWriter, { masqueradeAll, localDetectorCIDR: pods }: ProxyConfig, plan: ServicePlan): void {
  if (!masqueradeAll && pods === null) return
  const { servicePortName, clusterIP } = plan.servicePort
  const matches = [comment(`${servicePortName} cluster IP`), ...toAddress(plan, clusterIP)]
  const source = masqueradeAll || pods === null ? [] : [notFrom(pods)]
  writer.append('nat', plan.internalChain, [...matches, ...source], jump(MARK_MASQ))
}

function writeEndpoint(writer: RuleWriter, style: ChainStyle, plan: ServicePlan, endpoint: ProxyEndpoint): void {
  const { servicePort } = plan
  const chain = chainOf(plan, endpoint)
  const said = saidOf(style, servicePort.servicePortName)
  writer.begin('nat', chain)
  // A pod that reaches itself through its Service must see another source than itself, or it would answer past the node.
  writer.append('nat', chain, [...said, from(endpoint.address)], jump(MARK_MASQ))
  const remember: Match[] = servicePort.sessionAffinityClientIPSeconds === null ? [] : [{ kind: 'recent-set', list: chain }]
  const target = { kind: 'dnat', endpoint: endpoint.endpoint } as const
  writer.append('nat', chain, [...said, ...remember, protocol(servicePort.protocol)], target)
}

function saidOf(style: ChainStyle, text: string): Match[] {
  return style.endpointComments ? [comment(text)] : []
}

function chainOf({ endpointChains }: ServicePlan, endpoint: ProxyEndpoint): string {
  const chain = endpointChains.get(endpoint)
  invariant(chain !== undefined, `Endpoint ${endpoint.endpoint} has no chain`)
  return chain
}
