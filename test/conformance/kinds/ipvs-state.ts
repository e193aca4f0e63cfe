import { rangeContains } from '../../../src/kube-proxy/model/ip-address.ts'
import { readProxyState } from '../../../src/kube-proxy/model/proxy-state.ts'
import { build, type IpvsRules } from '../../../src/kube-proxy/rules/ipvs/index.ts'
import { IP_SET_NAMES } from '../../../src/kube-proxy/rules/ipvs/ip-sets.ts'
import { type Case, casesIn, type Outcome, Tally } from './outcome.ts'

/**
 * The address of the node's interface in the unit tests that the cases were recorded from. A case leaves it out where
 * --nodeport-addresses names networks.
 */
const RECORDED_NODE_ADDRESS = '100.101.102.103'

/** What kube-proxy v1.36.2 put into the kernel in ipvs mode: virtual servers with their real servers, and the members of the sets. */
export function check(file: unknown): Outcome {
  const tally = new Tally()
  for (const row of casesIn(file)) {
    tally.attempt(row.id, () => {
      const localAddresses = row.config.localAddresses === undefined ? undefined : nodeAddresses(row)
      checkIpvsState(row.id, { ...row, config: { ...row.config, localAddresses } }, row.expected, tally)
    })
  }
  return tally
}

/**
 * Builds the rules of one state and compares them with `expected`: two checks. `defaults` stands in for what the case does not say of its
 * node, as in `readProxyState`.
 */
export function checkIpvsState(id: string, row: Case, expected: Case, tally: Tally, defaults: Case = {}): void {
  // The recorded kube-proxy did not know its node's own address unless the case gives it.
  const rules = build(readProxyState({ ...row, config: { ...row.config, nodeIP: row.config.nodeIP ?? '' } }, defaults))
  tally.same(id, virtualServersOf(rules), expected.virtualServers.map(readVirtualServer).sort(byText), 'virtual servers')
  tally.same(id, setsOf(rules), sortedSets(expected.ipsets), 'ipsets')
}

/** The recorded list holds what kube-proxy itself has bound: the addresses of Services. */
function nodeAddresses({ config, services }: Case): string[] {
  const bound = new Set<string>(
    services.flatMap(({ spec, status }: Case) => [
      spec.clusterIP,
      ...(spec.clusterIPs ?? []),
      ...(spec.externalIPs ?? []),
      ...(status?.loadBalancer?.ingress ?? []).map(({ ip }: Case) => ip),
    ]),
  )
  const own: string[] = config.localAddresses.filter((address: string) => !bound.has(address))
  const isNamed = (config.nodePortAddresses ?? []).some(
    (cidr: string) => !cidr.endsWith('/0') && rangeContains(cidr, RECORDED_NODE_ADDRESS),
  )
  return isNamed && !own.includes(RECORDED_NODE_ADDRESS) ? [...own, RECORDED_NODE_ADDRESS] : own
}

function virtualServersOf(rules: IpvsRules): string[] {
  return [...rules.virtualServers.values()]
    .map((server) => ({ ...server, ip: server.address, realServers: server.realServers.map((real) => ({ ...real, ip: real.address })) }))
    .map(readVirtualServer)
    .sort(byText)
}

/** One line a virtual server. Order of real servers does not count: kube-proxy's own is that of a Go set. */
function readVirtualServer({ ip, port, protocol, scheduler, persistentTimeout, realServers }: Case): string {
  const servers = realServers.map((real: Case) => (typeof real === 'string' ? real : `${real.ip}|${real.port}|${real.weight}`))
  return `${protocol} ${ip} ${port} ${scheduler} ${persistentTimeout}: ${servers.sort(byText).join(' ')}`
}

/** Sets that are not empty, by their name without the family. */
function setsOf(rules: IpvsRules): Record<string, readonly string[]> {
  const filled = IP_SET_NAMES.filter((name) => rules.sets[name].size > 0)
  return sortedSets(Object.fromEntries(filled.map((name) => [name, rules.sets[name].members()])))
}

function sortedSets(sets: Readonly<Record<string, readonly string[]>>): Record<string, readonly string[]> {
  return Object.fromEntries(Object.entries(sets).map(([name, members]) => [name, [...members].sort(byText)]))
}

function byText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
