import type { Problems } from '../problems.ts'
import { type DumpedVirtualServer, readIpvsadm } from './ipvsadm.ts'
import type { RuleDump, RuleEndpoint, RuleService } from './rule-dump.ts'

/** Source: kube-apiserver --service-node-port-range, its default. */
const NODE_PORT_FIRST = 30_000
const NODE_PORT_LAST = 32_767

/**
 * The Services behind IPVS's virtual servers.
 *
 * IPVS has no names and does not say what an address is for. A virtual server on a port of the node port range is taken for a node port, once for
 * all addresses of the node that have it, and belongs to the first Service of the same protocol and real servers that has none yet. Every other
 * address is taken for a cluster IP. Both are guesses, and told as such.
 */
export function readIpvs(file: string, text: string): { readonly dump: RuleDump; readonly problems: Problems } {
  const { servers, fwmarks, problems } = readIpvsadm(file, text)
  const services = new Map<string, RuleService>()
  const nodePorts = new Map<string, DumpedVirtualServer[]>()
  for (const server of servers) {
    if (server.port >= NODE_PORT_FIRST && server.port <= NODE_PORT_LAST) {
      const key = `${server.protocol} ${server.port}`
      nodePorts.set(key, [...(nodePorts.get(key) ?? []), server])
    } else services.set(keyOf(server), serviceOf(server))
  }
  const withoutNodePort = new Map<string, string[]>()
  for (const [key, service] of services) {
    const behind = behindOf(service.protocol, service.endpoints)
    withoutNodePort.set(behind, [...(withoutNodePort.get(behind) ?? []), key])
  }
  let lonely = 0
  for (const [first, ...others] of nodePorts.values()) {
    const isNodePort = others.every((other) => sameServers(other.realServers, first!.realServers))
    const key =
      isNodePort && first!.realServers.length > 0 ? withoutNodePort.get(behindOf(first!.protocol, first!.realServers))?.shift() : undefined
    if (key !== undefined) services.set(key, { ...services.get(key)!, nodePort: first!.port })
    else {
      lonely += 1
      services.set(keyOf(first!), { ...serviceOf(first!), clusterIP: null, port: 0, nodePort: first!.port })
    }
  }
  const findings = []
  if (lonely > 0)
    findings.push(`${lonely} node ports have real servers that no other virtual server has: each is taken for a Service of its own`)
  const drained = servers.reduce((sum, { realServers }) => sum + realServers.filter(({ weight }) => weight === 0).length, 0)
  if (drained > 0) findings.push(`${drained} real servers have weight 0: they are being drained, and are left out`)
  const dump: RuleDump = {
    mode: 'ipvs',
    file,
    services: [...services.values()].map((service) => ({ ...service, endpoints: service.endpoints.filter(({ weight }) => weight > 0) })),
    counts: { virtualServers: servers.length, realServers: servers.reduce((sum, { realServers }) => sum + realServers.length, 0) },
    podCIDR: null,
    serviceCIDRs: [],
    skipped: fwmarks === 0 ? [] : [{ what: 'virtual servers by firewall mark', count: fwmarks }],
    findings,
  }
  return { dump, problems }
}

function keyOf({ protocol, address, port }: Pick<DumpedVirtualServer, 'protocol' | 'address' | 'port'>): string {
  return `${protocol} ${address} ${port}`
}

function serviceOf(server: DumpedVirtualServer): RuleService {
  const { protocol, address, port, realServers, scheduler, persistenceSeconds, line } = server
  return {
    namespace: null,
    name: `svc-${address.replaceAll(/[.:]+/g, '-')}`,
    portName: `${protocol.toLowerCase()}-${port}`,
    ...{ protocol, clusterIP: address, port, nodePort: 0, externalIPs: [], loadBalancerIPs: [], sourceRanges: [], healthCheckNodePort: 0 },
    affinitySeconds: persistenceSeconds > 0 ? persistenceSeconds : null,
    ...{ internalPolicyLocal: false, externalPolicyLocal: false, endpoints: realServers, localEndpoints: [], hidesEndpoints: false },
    ...{ scheduler, line },
  }
}

/** Names a set of real servers, in whatever order. */
function behindOf(protocol: string, servers: readonly RuleEndpoint[]): string {
  return [protocol, ...servers.map(({ address, port }) => `${address}:${port}`).sort()].join(' ')
}

function sameServers(a: readonly RuleEndpoint[], b: readonly RuleEndpoint[]): boolean {
  return behindOf('', a) === behindOf('', b)
}
