import type { ProxyConfig } from '../../model/proxy-config.ts'
import { EXTERNAL_SERVICES, FIREWALL, FORWARD, NODE_PORTS, POSTROUTING, PROXY_FIREWALL, SERVICES } from './chains.ts'
import { servesLocalhost } from './fixed-rules.ts'
import { printRule } from './print.ts'
import { comment, jump, type Match, type Rule, type TableName } from './rule.ts'

/** A rule in one of the kernel's own chains that leads to kube-proxy's. They are put in once, at start, and stay. */
export interface Hook {
  readonly table: TableName
  readonly chain: 'PREROUTING' | 'INPUT' | 'FORWARD' | 'OUTPUT' | 'POSTROUTING'
  readonly rule: Rule
}

const NEW: Match = { kind: 'conntrack', states: ['NEW'], negated: false }

/** Source: kubernetes v1.36.2 pkg/proxy/iptables iptablesJumpChains, iptablesKubeletJumpChains. */
export function hooks(config: ProxyConfig): Hook[] {
  const lead = (table: TableName, to: string, chains: readonly Hook['chain'][], said: string, conditions: readonly Match[]): Hook[] =>
    chains.map((chain) => ({ table, chain, rule: { matches: [...conditions, ...(said === '' ? [] : [comment(said)])], target: jump(to) } }))
  return [
    ...lead('filter', EXTERNAL_SERVICES, ['INPUT', 'FORWARD'], 'kubernetes externally-visible service portals', [NEW]),
    ...lead('filter', NODE_PORTS, ['INPUT'], 'kubernetes health check service ports', []),
    ...lead('filter', SERVICES, ['FORWARD', 'OUTPUT'], 'kubernetes service portals', [NEW]),
    ...lead('filter', FORWARD, ['FORWARD'], 'kubernetes forwarding rules', []),
    ...lead('filter', PROXY_FIREWALL, ['INPUT', 'OUTPUT', 'FORWARD'], 'kubernetes load balancer firewall', [NEW]),
    ...lead('nat', SERVICES, ['OUTPUT', 'PREROUTING'], 'kubernetes service portals', []),
    ...lead('nat', POSTROUTING, ['POSTROUTING'], 'kubernetes postrouting rules', []),
    ...(servesLocalhost(config) ? lead('filter', FIREWALL, ['INPUT', 'OUTPUT'], '', []) : []),
  ]
}

/** The hooks as text for iptables-restore --noflush, to be loaded once the chains they lead to are there. Each goes in front of what is there. */
export function printHooks(config: ProxyConfig): string {
  const all = hooks(config)
  const lines = (['filter', 'nat'] as const).flatMap((table) => [
    `*${table}`,
    ...all.filter((hook) => hook.table === table).map(({ chain, rule }) => printRule(chain, rule).replace(/^-A/, '-I')),
    'COMMIT',
  ])
  return `${lines.join('\n')}\n`
}
