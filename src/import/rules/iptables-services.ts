import { addressFamily, canonicalAddress } from '../../kube-proxy/model/ip-address.ts'
import type { ServiceProtocol } from '../../kube-proxy/model/service-port.ts'
import type { Problems } from '../problems.ts'
import { type IptablesSave, type PlacedRule, readIptablesSave } from './iptables-save.ts'
import { parseEndpoint, parseServicePortName, protocolNamed, type RuleDump, type RuleEndpoint, type RuleService } from './rule-dump.ts'

/**
 * The Services behind the chains of iptables mode, read back from what kube-proxy writes:
 *
 * ```
 * KUBE-SERVICES ──"ns/name:port cluster IP"──► KUBE-SVC-HASH or, policy Local, KUBE-SVL-HASH ──statistic──► KUBE-SEP-… ──► DNAT
 * KUBE-SERVICES ──"… loadbalancer IP"──► KUBE-FW-HASH ──► KUBE-EXT-HASH ──► KUBE-SVC-HASH or KUBE-SVL-HASH
 * KUBE-NODEPORTS ──"ns/name:port"──► KUBE-EXT-HASH
 * filter: "… has no endpoints" (REJECT), "… has no local endpoints" (DROP)
 * ```
 *
 * The four chains of a Service port end in the same hash, which is how they are put together.
 *
 * Source: kubernetes v1.36.2 pkg/proxy/iptables, as src/kube-proxy/rules/iptables writes them.
 */
export function readIptables(file: string, text: string): { readonly dump: RuleDump; readonly problems: Problems } {
  const save = readIptablesSave(file, text)
  const reader = new ServiceReader(save)
  reader.readEntries()
  const services = reader.finish()
  const count = (chains: IptablesSave['nat']) => [...chains.values()].reduce((sum, rules) => sum + rules.length, 0)
  const dump: RuleDump = {
    mode: 'iptables',
    file,
    services,
    counts: { natRules: count(save.nat), filterRules: count(save.filter) },
    podCIDR: reader.podCIDR,
    serviceCIDRs: [],
    skipped: [...save.skipped, ...reader.skipped()],
    findings: reader.findings,
  }
  return { dump, problems: save.problems }
}

/** A Service port while its rules are found. */
interface Draft {
  readonly key: string
  readonly parts: { readonly namespace: string; readonly name: string; readonly portName: string }
  readonly protocol: ServiceProtocol
  readonly line: number
  hash: string | null
  clusterIP: string | null
  port: number
  nodePort: number
  readonly externalIPs: Set<string>
  readonly loadBalancerIPs: Set<string>
  healthCheckNodePort: number
  internalPolicyLocal: boolean
  externalPolicyLocal: boolean
  hidesEndpoints: boolean
}

class ServiceReader {
  readonly findings: string[] = []
  podCIDR: string | null = null
  readonly #save: IptablesSave
  readonly #drafts = new Map<string, Draft>()
  readonly #endpoints = new Map<string, RuleEndpoint | null>()
  #unnamed = 0
  #uneven = 0
  #bare = 0

  constructor(save: IptablesSave) {
    this.#save = save
  }

  readEntries(): void {
    const { nat, filter } = this.#save
    for (const rule of nat.get('KUBE-SERVICES') ?? []) this.#readService(rule)
    for (const rule of nat.get('KUBE-NODEPORTS') ?? []) this.#readNodePort(rule)
    for (const chain of ['KUBE-SERVICES', 'KUBE-EXTERNAL-SERVICES']) {
      for (const rule of filter.get(chain) ?? []) this.#readRefusal(rule)
    }
    for (const rule of filter.get('KUBE-NODEPORTS') ?? []) {
      const name = /^(\S+) health check node port$/.exec(rule.comment ?? '')?.[1]
      const draft = name === undefined ? undefined : this.#draftNamed(name)
      if (draft !== undefined) draft.healthCheckNodePort = rule.destinationPort
    }
  }

  skipped(): { what: string; count: number }[] {
    return this.#unnamed === 0 ? [] : [{ what: 'rules of kube-proxy that name no Service', count: this.#unnamed }]
  }

  finish(): RuleService[] {
    const services = [...this.#drafts.values()].map((draft) => this.#service(draft))
    if (this.#uneven > 0) {
      this.findings.push(
        `${this.#uneven} chains choose among their endpoints with other chances than 1/n each: not written by kube-proxy, or cut off`,
      )
    }
    if (this.#bare > 0) this.findings.push(`${this.#bare} chains of endpoints have no DNAT rule: they lead nowhere`)
    return services
  }

  #readService(rule: PlacedRule): void {
    if (rule.target === 'KUBE-NODEPORTS') return
    const said = /^(\S+) (cluster IP|external IP|loadbalancer IP)$/.exec(rule.comment ?? '')
    if (rule.target === 'KUBE-MARK-MASQ' || rule.target === null) return
    const draft = said === null ? null : this.#draft(said[1]!, rule)
    const address = addressOf(rule.destination)
    if (draft === null || said === null || address === null) {
      this.#unnamed += 1
      return
    }
    draft.hash ??= hashOf(rule.target)
    if (said[2] === 'cluster IP') {
      draft.clusterIP = address
      draft.port = rule.destinationPort
      draft.internalPolicyLocal = rule.target.startsWith('KUBE-SVL-')
      return
    }
    if (draft.port === 0) draft.port = rule.destinationPort
    ;(said[2] === 'external IP' ? draft.externalIPs : draft.loadBalancerIPs).add(address)
  }

  #readNodePort(rule: PlacedRule): void {
    if (rule.destinationPort === 0 || rule.target === null) return
    const draft = rule.comment === null ? null : this.#draft(rule.comment, rule)
    if (draft === null) {
      this.#unnamed += 1
      return
    }
    draft.hash ??= hashOf(rule.target)
    draft.nodePort = rule.destinationPort
  }

  /** A way in that leads nowhere: no endpoint at all, or none that policy Local allows on this node. */
  #readRefusal(rule: PlacedRule): void {
    const said = /^(\S+) has no (local )?endpoints$/.exec(rule.comment ?? '')
    if (said === null) return
    const draft = this.#draft(said[1]!, rule)
    if (draft === null) return
    const isExternal = rule.chain === 'KUBE-EXTERNAL-SERVICES'
    const address = addressOf(rule.destination)
    if (isExternal && address === null) draft.nodePort = rule.destinationPort
    else if (isExternal && address !== null) draft.loadBalancerIPs.add(address)
    else if (address !== null) {
      draft.clusterIP = address
      draft.port = rule.destinationPort
    }
    if (draft.port === 0 && address !== null) draft.port = rule.destinationPort
    if (said[2] === undefined) return
    draft.hidesEndpoints = true
    if (isExternal) draft.externalPolicyLocal = true
    else draft.internalPolicyLocal = true
  }

  #draft(servicePortName: string, rule: PlacedRule): Draft | null {
    const parts = parseServicePortName(servicePortName)
    const protocol = protocolNamed(rule.protocol ?? '')
    if (parts === null || protocol === null) return null
    const key = `${servicePortName}/${protocol}`
    const known = this.#drafts.get(key)
    if (known !== undefined) return known
    const draft: Draft = {
      ...{ key, parts, protocol, line: rule.line, hash: null, clusterIP: null, port: 0, nodePort: 0, healthCheckNodePort: 0 },
      ...{ externalIPs: new Set<string>(), loadBalancerIPs: new Set<string>() },
      ...{ internalPolicyLocal: false, externalPolicyLocal: false, hidesEndpoints: false },
    }
    this.#drafts.set(key, draft)
    return draft
  }

  #draftNamed(servicePortName: string): Draft | undefined {
    return (
      this.#drafts.get(`${servicePortName}/TCP`) ??
      this.#drafts.get(`${servicePortName}/UDP`) ??
      this.#drafts.get(`${servicePortName}/SCTP`)
    )
  }

  #service(draft: Draft): RuleService {
    const chain = (prefix: string) => this.#save.nat.get(`KUBE-${prefix}-${draft.hash ?? ''}`) ?? []
    const cluster = this.#readChoice(chain('SVC'))
    const local = this.#readChoice(chain('SVL'))
    const external = chain('EXT')
    const externalPolicyLocal = draft.externalPolicyLocal || external.some(({ comment }) => /^route LOCAL traffic for /.test(comment ?? ''))
    const sourceRanges = chain('FW').flatMap(({ source, target }) => (source !== null && target?.startsWith('KUBE-EXT-') ? [source] : []))
    const vips = draft.loadBalancerIPs
    // Without endpoints a refusal does not say whether an address is a load balancer's or an external one.
    const isBalanced = draft.nodePort !== 0 || sourceRanges.length > 0
    const outside = [...vips].filter((address) => !draft.externalIPs.has(address))
    const endpoints = cluster.endpoints.length > 0 ? cluster.endpoints : local.endpoints
    return {
      ...draft.parts,
      protocol: draft.protocol,
      clusterIP: draft.clusterIP,
      port: draft.port,
      nodePort: draft.nodePort,
      externalIPs: [...draft.externalIPs, ...(isBalanced ? [] : outside)],
      loadBalancerIPs: isBalanced ? outside : [],
      // A range is named again for each load balancer address that the node itself may come back with.
      sourceRanges: [...new Set(sourceRanges)].filter((range) => !vips.has(range.replace(/\/32$/, ''))),
      healthCheckNodePort: draft.healthCheckNodePort,
      affinitySeconds: cluster.affinitySeconds ?? local.affinitySeconds,
      internalPolicyLocal: draft.internalPolicyLocal,
      externalPolicyLocal,
      endpoints,
      localEndpoints: local.endpoints,
      hidesEndpoints: draft.hidesEndpoints && cluster.endpoints.length === 0,
      scheduler: null,
      line: draft.line,
    }
  }

  #readChoice(rules: readonly PlacedRule[]): { endpoints: RuleEndpoint[]; affinitySeconds: number | null } {
    const endpoints: RuleEndpoint[] = []
    const chances: (number | null)[] = []
    let affinitySeconds: number | null = null
    for (const rule of rules) {
      if (rule.target === 'KUBE-MARK-MASQ') {
        if (rule.sourceNegated) this.podCIDR ??= rule.source
        continue
      }
      if (rule.target?.startsWith('KUBE-SEP-') !== true) continue
      if (rule.recentSeconds !== null) {
        affinitySeconds = rule.recentSeconds
        continue
      }
      chances.push(rule.probability)
      const endpoint = this.#endpointOf(rule.target)
      if (endpoint !== null) endpoints.push(endpoint)
    }
    // 1/n, 1/(n-1), …, and no match in the last rule. iptables keeps 31 bits of a chance.
    const isEven = chances.every((chance, index) => {
      const left = chances.length - index
      return left === 1 ? chance === null || chance === 1 : chance !== null && Math.abs(chance - 1 / left) < 1e-6
    })
    if (!isEven) this.#uneven += 1
    return { endpoints, affinitySeconds }
  }

  #endpointOf(chain: string): RuleEndpoint | null {
    const known = this.#endpoints.get(chain)
    if (known !== undefined) return known
    const dnat = (this.#save.nat.get(chain) ?? []).find(({ toDestination }) => toDestination !== null)
    const read = parseEndpoint(dnat?.toDestination ?? '')
    if (dnat === undefined) this.#bare += 1
    else if (read === null) {
      const message = `Cannot use "${dnat.toDestination}" as an endpoint`
      this.#save.problems.add({ line: dnat.line }, { message, accepted: 'ADDRESS:PORT' })
    }
    const endpoint = read === null ? null : { ...read, weight: 1 }
    this.#endpoints.set(chain, endpoint)
    return endpoint
  }
}

function hashOf(chain: string): string | null {
  return /^KUBE-(?:SVC|SVL|EXT|FW)-([A-Z2-7]+)$/.exec(chain)?.[1] ?? null
}

/** `10.96.0.1/32`: one address; null for none, and for a network. */
function addressOf(text: string | null): string | null {
  const match = /^([0-9A-Fa-f:.]+)(?:\/(\d+))?$/.exec(text ?? '')
  const address = match === null ? null : canonicalAddress(match[1]!)
  if (address === null) return null
  const whole = addressFamily(address) === 'IPv4' ? '32' : '128'
  return (match![2] ?? whole) === whole ? address : null
}
