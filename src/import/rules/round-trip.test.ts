import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { categorizeEndpoints } from '../../kube-proxy/model/categorize.ts'
import { endpointsOf, type ProxyState } from '../../kube-proxy/model/proxy-state.ts'
import { externallyAccessible } from '../../kube-proxy/model/service-port.ts'
import { countRules } from '../../kube-proxy/rules/iptables/count.ts'
import * as iptables from '../../kube-proxy/rules/iptables/index.ts'
import * as ipvs from '../../kube-proxy/rules/ipvs/index.ts'
import { countRules as countNft } from '../../kube-proxy/rules/nftables/count.ts'
import * as nftables from '../../kube-proxy/rules/nftables/index.ts'
import { readIptables } from './iptables-services.ts'
import { readIpvs } from './ipvs-services.ts'
import { readNftables } from './nftables-services.ts'
import type { RuleDump } from './rule-dump.ts'
import { nftJsonOf } from './testing/nft-json-of.ts'
import { cluster, stateOf } from './testing/random-cluster.ts'

/**
 * Random clusters are programmed as kube-proxy would, the rules are written as text, and what is read from the text must be the cluster again, as
 * far as the rules of one node can tell: of policy Local without endpoints on the node they do not have the endpoints elsewhere.
 */

const names = (endpoints: readonly { address: string; port: number }[]) => endpoints.map(({ address, port }) => `${address}:${port}`).sort()

/** What rules with names tell of each Service port. */
function expected(state: ProxyState, mode: 'iptables' | 'nftables') {
  return state.servicePorts
    .map((port) => {
      const { cluster: all, local, hasAny } = categorizeEndpoints(endpointsOf(state, port), port, state.config)
      const isExternal = externallyAccessible(port)
      const sees = all.length > 0 ? all : local
      return {
        name: port.servicePortName,
        protocol: port.protocol,
        clusterIP: port.clusterIP,
        port: port.port,
        nodePort: port.nodePort,
        externalIPs: port.externalIPs,
        loadBalancerIPs: port.loadBalancerVIPs,
        // The firewall is there only where there are endpoints, in iptables mode.
        sourceRanges: mode === 'iptables' && !hasAny ? [] : port.loadBalancerSourceRanges.toSorted(),
        affinitySeconds: sees.length > 0 ? port.sessionAffinityClientIPSeconds : null,
        internalPolicyLocal: hasAny && port.internalPolicyLocal,
        externalPolicyLocal: hasAny && isExternal && port.externalPolicyLocal,
        healthCheckNodePort: mode === 'iptables' ? port.healthCheckNodePort : 0,
        endpoints: names(sees),
        localEndpoints: names(local),
      }
    })
    .sort((a, b) => (a.clusterIP < b.clusterIP ? -1 : 1))
}

function found(dump: RuleDump) {
  return dump.services
    .map((service) => ({
      name: `${service.namespace}/${service.name}${service.portName === '' ? '' : `:${service.portName}`}`,
      protocol: service.protocol,
      clusterIP: service.clusterIP,
      port: service.port,
      nodePort: service.nodePort,
      externalIPs: service.externalIPs,
      loadBalancerIPs: service.loadBalancerIPs,
      sourceRanges: service.sourceRanges.toSorted(),
      affinitySeconds: service.affinitySeconds,
      internalPolicyLocal: service.internalPolicyLocal,
      externalPolicyLocal: service.externalPolicyLocal,
      healthCheckNodePort: service.healthCheckNodePort,
      endpoints: names(service.endpoints),
      localEndpoints: names(service.localEndpoints),
    }))
    .sort((a, b) => (a.clusterIP! < b.clusterIP! ? -1 : 1))
}

describe('what is read from the rules is what they were made from', () => {
  test('iptables', () => {
    fc.assert(
      fc.property(cluster, (services) => {
        const state = stateOf(services)
        const rules = iptables.build(state)
        const { dump, problems } = readIptables('node.iptables', iptables.print(rules))
        expect(problems.told).toEqual([])
        expect(found(dump)).toEqual(expected(state, 'iptables'))
        const { natRules, filterRules } = countRules(rules)
        expect(dump.counts).toEqual({ natRules, filterRules })
        expect(dump.findings).toEqual([])
        expect(dump.skipped).toEqual([])
      }),
      { numRuns: 300 },
    )
  })

  test('nftables', () => {
    fc.assert(
      fc.property(cluster, (services) => {
        const state = stateOf(services)
        const rules = nftables.build(state)
        const { dump, problems } = readNftables('node.json', JSON.stringify(nftJsonOf(rules)))
        expect(problems.told).toEqual([])
        expect(found(dump)).toEqual(expected(state, 'nftables'))
        expect(dump.counts).toEqual(countNft(rules))
        expect(dump).toMatchObject({ podCIDR: '10.0.0.0/8', serviceCIDRs: ['172.30.0.0/16'], skipped: [], findings: [] })
      }),
      { numRuns: 300 },
    )
  })

  test('ipvs: cluster IPs with their real servers, node ports where real servers tell whose they are', () => {
    fc.assert(
      fc.property(cluster, (services) => {
        const state = stateOf(services.map((drawn) => ({ ...drawn, form: drawn.form === 'NodePort' ? 'NodePort' : 'ClusterIP' }) as const))
        const rules = ipvs.build(state)
        const { dump, problems } = readIpvs('node.ipvs', ipvs.print(rules))
        expect(problems.told).toEqual([])
        const seen = dump.services.filter(({ clusterIP }) => clusterIP !== null)
        const wanted = state.servicePorts.map((port) => {
          const server = [...rules.virtualServers.values()].find(({ address }) => address === port.clusterIP)!
          const outside = [...rules.virtualServers.values()].find((other) => other.port === port.nodePort && port.nodePort !== 0)
          const isSame = outside !== undefined && names(outside.realServers).join() === names(server.realServers).join()
          return {
            clusterIP: port.clusterIP,
            port: port.port,
            protocol: port.protocol,
            scheduler: 'rr',
            affinitySeconds: port.sessionAffinityClientIPSeconds,
            nodePort: isSame && server.realServers.length > 0 ? port.nodePort : 0,
            endpoints: names(server.realServers),
          }
        })
        expect(
          seen.map(({ clusterIP, port, protocol, scheduler, affinitySeconds, nodePort, endpoints }) => ({
            ...{ clusterIP, port, protocol, scheduler, affinitySeconds, nodePort, endpoints: names(endpoints) },
          })),
        ).toEqual(wanted)
        let realServers = 0
        for (const server of rules.virtualServers.values()) realServers += server.realServers.length
        expect(dump.counts).toEqual({ virtualServers: rules.virtualServers.size, realServers })
      }),
      { numRuns: 300 },
    )
  })
})
