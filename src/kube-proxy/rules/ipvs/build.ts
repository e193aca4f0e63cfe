import { categorizeEndpoints } from '../../model/categorize.ts'
import type { ProxyEndpoint } from '../../model/endpoint.ts'
import { isLoopback, rangeContains } from '../../model/ip-address.ts'
import { endpointsOf, type ProxyState } from '../../model/proxy-state.ts'
import type { ServicePort } from '../../model/service-port.ts'
import { Firewall } from './firewall-rule.ts'
import { type BlockedForNode, firewallRules } from './firewall-rules.ts'
import { emptyIpSets, type IpSets } from './ip-sets.ts'
import { type VirtualServer, virtualServerKey } from './virtual-server.ts'

/** What ipvs mode puts into the kernel. */
export interface IpvsRules {
  /** By `virtualServerKey`. */
  readonly virtualServers: ReadonlyMap<string, VirtualServer>
  readonly sets: IpSets
  readonly firewall: Firewall
}

/**
 * What kube-proxy in ipvs mode makes of a state, from an empty kernel.
 *
 * Every address of a Service is a virtual server of its own, with connections and scheduler state of its own. Where two Service ports claim
 * the same address, port and protocol, the later one's real servers stand; kube-proxy's own order is that of a Go map, so either may win
 * there.
 *
 * Source: kubernetes v1.36.2 pkg/proxy/ipvs/proxier.go syncProxyRules, syncEndpoint.
 */
export function build(state: ProxyState): IpvsRules {
  const { config } = state
  const sets = emptyIpSets(config.ipFamily)
  const virtualServers = new Map<string, VirtualServer>()
  const blockedForNode: BlockedForNode[] = []
  const nodeAddresses = new Set(config.localAddresses.filter((address) => !isLoopback(address)))
  const nodePortAddresses = config.nodePortIPs.filter((address) => !isLoopback(address))

  for (const servicePort of state.servicePorts) {
    const { protocol, port } = servicePort
    const endpoints = endpointsOf(state, servicePort)
    const { cluster, local } = categorizeEndpoints(endpoints, servicePort, config)
    /** Under policy Local without a local endpoint, all endpoints serve: the node's own pods shall get through. */
    const serving = (isLocalOnly: boolean) => (isLocalOnly && local.length > 0 ? local : cluster)
    const add = (address: string, serverPort: number, isLocalOnly: boolean): void => {
      virtualServers.set(virtualServerKey(address, protocol, serverPort), {
        address,
        port: serverPort,
        protocol,
        scheduler: config.ipvsScheduler,
        persistentTimeout: servicePort.sessionAffinityClientIPSeconds ?? 0,
        sourcePort: config.ipvsScheduler === 'mh',
        realServers: serving(isLocalOnly).map((endpoint) => ({ address: endpoint.address, port: endpoint.port, weight: 1 })),
      })
    }
    /** An address that an interface of the node has is not bound again. */
    const bind = (address: string): void => {
      if (!nodeAddresses.has(address)) sets['KUBE-IPVS-IPS'].addAddress(address)
    }

    addLoopBack(sets, endpoints, servicePort)
    sets['KUBE-CLUSTER-IP'].addAddressAndPort(servicePort.clusterIP, protocol, port)
    sets['KUBE-IPVS-IPS'].addAddress(servicePort.clusterIP)
    add(servicePort.clusterIP, port, servicePort.internalPolicyLocal)
    for (const address of servicePort.externalIPs) {
      sets[servicePort.externalPolicyLocal ? 'KUBE-EXTERNAL-IP-LOCAL' : 'KUBE-EXTERNAL-IP'].addAddressAndPort(address, protocol, port)
      bind(address)
      add(address, port, servicePort.externalPolicyLocal)
    }
    for (const address of servicePort.loadBalancerVIPs) {
      if (!addLoadBalancer(sets, address, servicePort, config.nodeIP)) blockedForNode.push({ address, protocol, port })
      bind(address)
      add(address, port, servicePort.externalPolicyLocal)
    }
    // Without an address for its node port, kube-proxy skips the rest of the Service port.
    if (servicePort.nodePort !== 0 && nodePortAddresses.length === 0) continue
    if (servicePort.nodePort !== 0) {
      addNodePort(sets, servicePort, nodePortAddresses)
      for (const address of nodePortAddresses) add(address, servicePort.nodePort, servicePort.externalPolicyLocal)
    }
    if (servicePort.healthCheckNodePort !== 0) sets['KUBE-HEALTH-CHECK-NODE-PORT'].addPort(servicePort.healthCheckNodePort)
  }

  const bound = sets['KUBE-IPVS-IPS']
  const isLocal = (address: string) => nodeAddresses.has(address) || bound.matches({ address, protocol: 'TCP', port: 0, third: '' })
  return { virtualServers, sets, firewall: new Firewall(firewallRules(config, sets, blockedForNode), isLocal) }
}

/** An endpoint of this node that is sent to itself must leave with another source, whatever its state. */
function addLoopBack(sets: IpSets, endpoints: readonly ProxyEndpoint[], { protocol }: ServicePort): void {
  for (const { address, port, isLocal } of endpoints) {
    if (isLocal) sets['KUBE-LOOP-BACK'].addTriple(address, protocol, port, address)
  }
}

/** Gives whether processes of the node may use the address. */
function addLoadBalancer(sets: IpSets, address: string, servicePort: ServicePort, nodeIP: string): boolean {
  const { protocol, port, externalPolicyLocal, loadBalancerSourceRanges } = servicePort
  sets['KUBE-LOAD-BALANCER'].addAddressAndPort(address, protocol, port)
  if (externalPolicyLocal) sets['KUBE-LOAD-BALANCER-LOCAL'].addAddressAndPort(address, protocol, port)
  if (loadBalancerSourceRanges.length === 0) return true
  sets['KUBE-LOAD-BALANCER-FW'].addAddressAndPort(address, protocol, port)
  for (const range of loadBalancerSourceRanges) sets['KUBE-LOAD-BALANCER-SOURCE-CIDR'].addTriple(address, protocol, port, range)
  if (!loadBalancerSourceRanges.some((range) => rangeContains(range, nodeIP))) return false
  sets['KUBE-LOAD-BALANCER-SOURCE-IP'].addTriple(address, protocol, port, address)
  return true
}

/** SCTP ports stand in their sets with each address: a bitmap of ports does not know the protocol. */
function addNodePort(sets: IpSets, { protocol, nodePort, externalPolicyLocal }: ServicePort, addresses: readonly string[]): void {
  if (protocol === 'SCTP') {
    for (const address of addresses) {
      sets['KUBE-NODE-PORT-SCTP-HASH'].addAddressAndPort(address, protocol, nodePort)
      if (externalPolicyLocal) sets['KUBE-NODE-PORT-LOCAL-SCTP-HASH'].addAddressAndPort(address, protocol, nodePort)
    }
    return
  }
  sets[`KUBE-NODE-PORT-${protocol}`].addPort(nodePort)
  if (externalPolicyLocal) sets[`KUBE-NODE-PORT-LOCAL-${protocol}`].addPort(nodePort)
}
