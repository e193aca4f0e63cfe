import { isLoopback, rangeContains } from '../../../src/kube-proxy/model/ip-address.ts'
import type { Packet } from '../../../src/kube-proxy/model/packet.ts'
import type { ProxyState } from '../../../src/kube-proxy/model/proxy-state.ts'
import type { ServicePort } from '../../../src/kube-proxy/model/service-port.ts'

/**
 * Why iptables mode and nftables mode treat such a packet differently, so that what one of them was recorded to do says nothing of the
 * other; null when they agree.
 *
 * Decided from the state, the packet and the recorded verdict, never from an answer.
 *
 * Source: kubernetes v1.36.2 pkg/proxy/nftables/README.md, and where the recorded answers of both modes to the same packets differ.
 */
export function nftablesDiffers(state: ProxyState, packet: Packet, recorded: string): string | null {
  const { servicePorts, config } = state
  const { sourceIP, destIP, destPort, protocol } = packet
  const asked = servicePorts.find((port) => port.protocol === protocol && port.port === destPort && addressesOf(port).includes(destIP))
  if (asked !== undefined) {
    const isBlocked = asked.loadBalancerVIPs.includes(destIP) && !isAllowed(asked, sourceIP)
    return isBlocked && recorded !== 'dnat'
      ? 'a blocked source is dropped by nftables mode, but rejected by iptables mode where there are no endpoints'
      : null
  }
  if (isLoopback(destIP) || config.localAddresses.includes(destIP)) {
    if (servicePorts.some((port) => port.protocol === protocol && port.nodePort === destPort)) {
      if (isLoopback(destIP)) return 'node ports on loopback addresses exist in iptables mode only'
      return config.nodePortIPs.includes(destIP) || recorded === 'dnat'
        ? null
        : 'only nftables mode honours the node-port addresses where a Service has no endpoint to use'
    }
    const isHealthCheck = servicePorts.some(({ healthCheckNodePort }) => healthCheckNodePort === destPort)
    return isHealthCheck ? 'only iptables mode accepts health-check node ports by a rule' : null
  }
  const isInServiceNetwork = config.serviceCIDRs.some((cidr) => rangeContains(cidr, destIP))
  return isInServiceNetwork ? 'only nftables mode refuses wrong ports of cluster IPs and drops unallocated ones' : null
}

function addressesOf({ clusterIP, externalIPs, loadBalancerVIPs }: ServicePort): string[] {
  return [clusterIP, ...externalIPs, ...loadBalancerVIPs]
}

function isAllowed({ loadBalancerSourceRanges }: ServicePort, sourceIP: string): boolean {
  return loadBalancerSourceRanges.length === 0 || loadBalancerSourceRanges.some((range) => rangeContains(range, sourceIP))
}

/**
 * Whether the packet comes from an endpoint that runs on another node. iptables mode masquerades it when it may meet itself. nftables mode
 * keeps a set of hairpin connections for that, in which kube-proxy puts this node's endpoints alone (its golden texts, and the counts of
 * elements); the recording was traced with iptables mode's rule for both. No such packet starts on this node.
 */
export function isFromEndpointElsewhere({ endpoints }: ProxyState, { sourceIP }: Packet): boolean {
  return [...endpoints.values()].some((list) => list.some(({ address, isLocal }) => address === sourceIP && !isLocal))
}
