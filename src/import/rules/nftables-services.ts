import type { ServiceProtocol } from '../../kube-proxy/model/service-port.ts'
import {
  FIREWALL_IPS,
  NO_ENDPOINT_NODE_PORTS,
  NO_ENDPOINT_SERVICES,
  SERVICE_IPS,
  SERVICE_NODE_PORTS,
} from '../../kube-proxy/rules/nftables/base-rules.ts'
import type { Problems } from '../problems.ts'
import { isMap, listOf, type NftTable, readNftJson } from './nft-json.ts'
import { parseServicePortName, protocolNamed, type RuleDump, type RuleEndpoint, type RuleService } from './rule-dump.ts'

/**
 * The Services behind the table of nftables mode:
 *
 * ```
 * map service-ips:        address . protocol . port ──► service-HASH-ns/name/protocol/port, or local-… or, from outside, external-…
 * map service-nodeports:  protocol . port           ──► external-…
 * service-…, local-…: dnat to one of the endpoints; with session affinity goto endpoint-…, each with a set of clients that time out
 * map no-endpoint-services, no-endpoint-nodeports: drop (none here) or goto reject-chain (none at all), with a comment ns/name:port
 * ```
 *
 * Source: kubernetes v1.36.2 pkg/proxy/nftables, as src/kube-proxy/rules/nftables writes it; JSON as nft 1.0.6 prints it.
 */
export function readNftables(file: string, text: string): { readonly dump: RuleDump; readonly problems: Problems } {
  const table = readNftJson(file, text)
  const drafts = new Map<string, Draft>()
  const unread = readMaps(table, drafts)
  const rules = [...table.chains.values()].reduce((sum, chain) => sum + chain.length, 0)
  const elements =
    [...table.sets.values()].reduce((sum, set) => sum + set.elements.length, 0) +
    [...table.maps.values()].reduce((sum, map) => sum + map.length, 0)
  const dump: RuleDump = {
    mode: 'nftables',
    file,
    services: [...drafts.values()].map((draft) => serviceOf(table, draft)),
    counts: { rules, chains: table.chains.size, elements },
    podCIDR: firstNetwork(table, 'services', 'saddr', '!='),
    serviceCIDRs: networks(table, 'cluster-ips-check', 'daddr', '=='),
    skipped: [...table.skipped, ...(unread === 0 ? [] : [{ what: 'elements of maps that name no Service', count: unread }])],
    findings: [],
  }
  return { dump, problems: table.problems }
}

interface Draft {
  /** `HASH-ns/name/protocol/port`, where a chain says; else null. */
  base: string | null
  readonly namespace: string
  readonly name: string
  readonly portName: string
  readonly protocol: ServiceProtocol
  clusterIP: string | null
  port: number
  nodePort: number
  readonly outside: Set<string>
  readonly firewalled: Set<string>
  internalPolicyLocal: boolean
  externalPolicyLocal: boolean
  hidesEndpoints: boolean
}

/** Gives the number of elements that could not be read. */
function readMaps(table: NftTable, drafts: Map<string, Draft>): number {
  let unread = 0
  const clusterIPs = new Set(table.sets.get('cluster-ips')?.elements.map(String) ?? [])
  const elements = (name: string): Element[] =>
    (table.maps.get(name) ?? []).flatMap((raw) => {
      const element = elementOf(raw)
      if (element === null) unread += 1
      return element === null ? [] : [element]
    })
  for (const { key, verdict } of elements(SERVICE_IPS)) {
    const named = nameOfChain(verdict)
    if (named === null || key.address === null) {
      unread += 1
      continue
    }
    const draft = draftOf(drafts, named)
    draft.base ??= named.base
    if (draft.port === 0) draft.port = key.port
    if (named.prefix === 'external') draft.outside.add(key.address)
    else {
      draft.clusterIP = key.address
      draft.port = key.port
      draft.internalPolicyLocal = named.prefix === 'local'
    }
  }
  for (const { key, verdict } of elements(SERVICE_NODE_PORTS)) {
    const named = nameOfChain(verdict)
    if (named === null) {
      unread += 1
      continue
    }
    const draft = draftOf(drafts, named)
    draft.base ??= named.base
    draft.nodePort = key.port
  }
  for (const { key, verdict } of elements(FIREWALL_IPS)) {
    const named = nameOfChain(verdict)
    if (named === null || key.address === null) continue
    const draft = draftOf(drafts, named)
    draft.base ??= named.base
    draft.firewalled.add(key.address)
  }
  for (const name of [NO_ENDPOINT_SERVICES, NO_ENDPOINT_NODE_PORTS]) {
    for (const { key, verdict, comment } of elements(name)) {
      const parts = parseServicePortName(comment)
      if (parts === null) {
        unread += 1
        continue
      }
      const draft = draftOf(drafts, { ...parts, protocol: key.protocol })
      const isLocal = isMap(verdict) && 'drop' in verdict
      draft.hidesEndpoints ||= isLocal
      if (key.address !== null && clusterIPs.has(key.address)) {
        draft.clusterIP = key.address
        draft.port = key.port
        draft.internalPolicyLocal ||= isLocal
        continue
      }
      draft.externalPolicyLocal ||= isLocal
      if (key.address === null) draft.nodePort = key.port
      else {
        draft.outside.add(key.address)
        if (draft.port === 0) draft.port = key.port
      }
    }
  }
  return unread
}

interface Element {
  /** address is null in a map of node ports. */
  readonly key: { readonly address: string | null; readonly protocol: ServiceProtocol; readonly port: number }
  readonly verdict: unknown
  readonly comment: string
}

function elementOf(raw: unknown): Element | null {
  const [left, verdict] = listOf(raw)
  const elem = isMap(left) && isMap(left.elem) ? left.elem : null
  const value = elem === null ? left : elem.val
  const parts = isMap(value) ? listOf(value.concat) : []
  const [protocol, port] = parts.slice(-2)
  const named = protocolNamed(String(protocol ?? ''))
  const address = parts.length === 3 ? parts[0] : null
  if (named === null || typeof port !== 'number' || (address !== null && typeof address !== 'string')) return null
  return { key: { address: address as string | null, protocol: named, port }, verdict, comment: String(elem?.comment ?? '') }
}

interface ChainName {
  readonly prefix: string
  readonly base: string
  readonly namespace: string
  readonly name: string
  readonly portName: string
  readonly protocol: ServiceProtocol
}

function nameOfChain(verdict: unknown): ChainName | null {
  const target = isMap(verdict) && isMap(verdict.goto) ? verdict.goto.target : null
  const match = /^(service|local|external|firewall)-([A-Z2-7]{8}-([a-z0-9-]+)\/([a-z0-9.-]+)\/([a-z]+)\/([A-Za-z0-9-]*))$/.exec(
    String(target ?? ''),
  )
  const protocol = protocolNamed(match?.[5] ?? '')
  if (match === null || protocol === null) return null
  return { prefix: match[1]!, base: match[2]!, namespace: match[3]!, name: match[4]!, portName: match[6]!, protocol }
}

function draftOf(drafts: Map<string, Draft>, { namespace, name, portName, protocol }: Omit<ChainName, 'prefix' | 'base'>): Draft {
  const key = `${namespace}/${name}:${portName}/${protocol}`
  const known = drafts.get(key)
  if (known !== undefined) return known
  const draft: Draft = {
    ...{ base: null, namespace, name, portName, protocol, clusterIP: null, port: 0, nodePort: 0 },
    ...{ outside: new Set<string>(), firewalled: new Set<string>() },
    ...{ internalPolicyLocal: false, externalPolicyLocal: false, hidesEndpoints: false },
  }
  drafts.set(key, draft)
  return draft
}

function serviceOf(table: NftTable, draft: Draft): RuleService {
  const chain = (prefix: string) => table.chains.get(`${prefix}-${draft.base ?? ''}`) ?? []
  const cluster = choiceOf(table, chain('service'))
  const local = choiceOf(table, chain('local'))
  const outside = [...draft.outside]
  const isBalanced = draft.nodePort !== 0 || draft.firewalled.size > 0
  const sourceRanges = chain('firewall').flatMap(({ statements }) =>
    statements.flatMap((statement) => networksIn(statement, 'saddr', '!=')),
  )
  return {
    namespace: draft.namespace,
    name: draft.name,
    portName: draft.portName,
    protocol: draft.protocol,
    clusterIP: draft.clusterIP,
    port: draft.port,
    nodePort: draft.nodePort,
    externalIPs: isBalanced ? [] : outside,
    loadBalancerIPs: isBalanced ? outside : [],
    sourceRanges: [...new Set(sourceRanges)].filter((range) => !draft.outside.has(range)),
    healthCheckNodePort: 0,
    affinitySeconds: cluster.affinitySeconds ?? local.affinitySeconds,
    internalPolicyLocal: draft.internalPolicyLocal,
    externalPolicyLocal: draft.externalPolicyLocal || chain('external').some(({ comment }) => comment === 'short-circuit local traffic'),
    endpoints: cluster.endpoints.length > 0 ? cluster.endpoints : local.endpoints,
    localEndpoints: local.endpoints,
    hidesEndpoints: draft.hidesEndpoints && cluster.endpoints.length === 0,
    scheduler: null,
    line: 1,
  }
}

function choiceOf(
  table: NftTable,
  rules: NonNullable<ReturnType<NftTable['chains']['get']>>,
): { endpoints: RuleEndpoint[]; affinitySeconds: number | null } {
  const endpoints: RuleEndpoint[] = []
  let affinitySeconds: number | null = null
  for (const { statements } of rules) {
    for (const statement of statements) {
      for (const value of choicesIn(statement)) {
        const target = isMap(value) && isMap(value.goto) ? String(value.goto.target) : null
        if (target === null) {
          const [address, port] = isMap(value) ? listOf(value.concat) : []
          if (typeof address === 'string' && typeof port === 'number') endpoints.push({ address, port, weight: 1 })
          continue
        }
        const dnat = (table.chains.get(target) ?? []).flatMap((rule) => rule.statements).find((each) => isMap(each.dnat))?.dnat
        if (isMap(dnat) && typeof dnat.addr === 'string' && typeof dnat.port === 'number') {
          endpoints.push({ address: dnat.addr, port: dnat.port, weight: 1 })
        }
        affinitySeconds ??= table.sets.get(target.replace(/^endpoint-/, 'affinity-'))?.timeoutSeconds ?? null
      }
    }
  }
  return { endpoints, affinitySeconds }
}

/** The values of `numgen random mod N map {…}` of a dnat, or of a `vmap` of the same form. */
function choicesIn(statement: Readonly<Record<string, unknown>>): readonly unknown[] {
  const map = isMap(statement.vmap) ? statement.vmap : isMap(statement.dnat) && isMap(statement.dnat.addr) ? statement.dnat.addr.map : null
  if (!isMap(map) || !isMap(map.key) || !('numgen' in map.key) || !isMap(map.data)) return []
  return listOf(map.data.set).map((pair) => listOf(pair)[1])
}

function networks(table: NftTable, chain: string, field: string, op: string): string[] {
  return (table.chains.get(chain) ?? []).flatMap(({ statements }) => statements.flatMap((statement) => networksIn(statement, field, op)))
}

function firstNetwork(table: NftTable, chain: string, field: string, op: string): string | null {
  return networks(table, chain, field, op)[0] ?? null
}

/** The networks that a match of an address compares with; none for sets. */
function networksIn(statement: Readonly<Record<string, unknown>>, field: string, op: string): string[] {
  const match = statement.match
  if (!isMap(match) || match.op !== op || !isMap(match.left) || !isMap(match.left.payload) || match.left.payload.field !== field) return []
  const right = isMap(match.right) && Array.isArray(match.right.set) ? match.right.set : [match.right]
  return right.flatMap((value) => {
    if (typeof value === 'string' && !value.startsWith('@')) return [value]
    if (!isMap(value) || !isMap(value.prefix)) return []
    return [`${String(value.prefix.addr)}/${String(value.prefix.len)}`]
  })
}
