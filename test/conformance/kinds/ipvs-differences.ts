import { categorizeEndpoints } from '../../../src/kube-proxy/model/categorize.ts'
import type { ProxyEndpoint } from '../../../src/kube-proxy/model/endpoint.ts'
import { isLoopback, rangeContains } from '../../../src/kube-proxy/model/ip-address.ts'
import type { Packet } from '../../../src/kube-proxy/model/packet.ts'
import { endpointsOf, type ProxyState } from '../../../src/kube-proxy/model/proxy-state.ts'
import type { ServicePort } from '../../../src/kube-proxy/model/service-port.ts'

type Way = 'cluster IP' | 'external IP' | 'load balancer IP' | 'node port'

/**
 * Why kube-proxy in ipvs mode does something else with a packet than in iptables mode, by its own rules; null when both do the same.
 *
 * Decided from the state and the packet alone, never from an answer.
 */
export function ipvsDiffers(state: ProxyState, packet: Packet): string | null {
  const { config } = state
  const aimed = aim(state, packet)
  if (aimed === null) {
    const checked = state.servicePorts.find(({ healthCheckNodePort }) => healthCheckNodePort === packet.destPort)
    if (checked === undefined) {
      return isBound(state, packet.destIP) ? 'ipvs mode refuses ports of a bound address that no Service has there' : null
    }
    return checked.nodePort !== 0 && config.nodePortIPs.every(isLoopback)
      ? 'ipvs mode sets up no health-check node port where no address but loopback serves node ports'
      : null
  }
  const { servicePort, way } = aimed
  const { cluster, local, hasAny } = categorizeEndpoints(endpointsOf(state, servicePort), servicePort, config)
  if (way === 'node port' && (isLoopback(packet.destIP) || !config.nodePortIPs.includes(packet.destIP))) {
    return differsOffNodePortAddresses(state, packet, (servicePort.externalPolicyLocal ? local : cluster).length === 0)
  }
  const fromNode = config.localAddresses.includes(packet.sourceIP)
  const ranges = servicePort.loadBalancerSourceRanges
  if (way === 'load balancer IP' && ranges.length > 0 && !ranges.some((range) => rangeContains(range, packet.sourceIP))) {
    return differsWhenBlocked(servicePort, fromNode, cluster, local)
  }
  const isLocalOnly = way === 'cluster IP' ? servicePort.internalPolicyLocal : servicePort.externalPolicyLocal
  return (
    (isLocalOnly && hasAny ? differsUnderPolicyLocal(state, packet, way, cluster, local) : null) ??
    differsInMasquerade(state, packet, way, isLocalOnly && local.length > 0 ? local : cluster, isLocalOnly)
  )
}

function aim(state: ProxyState, { protocol, destIP, destPort }: Packet): { servicePort: ServicePort; way: Way } | null {
  for (const servicePort of state.servicePorts.filter((port) => port.protocol === protocol)) {
    if (servicePort.port === destPort) {
      if (servicePort.clusterIP === destIP) return { servicePort, way: 'cluster IP' }
      if (servicePort.externalIPs.includes(destIP)) return { servicePort, way: 'external IP' }
      if (servicePort.loadBalancerVIPs.includes(destIP)) return { servicePort, way: 'load balancer IP' }
    }
    if (servicePort.nodePort === destPort && state.config.localAddresses.includes(destIP)) return { servicePort, way: 'node port' }
  }
  return null
}

/** Whether kube-proxy has put the address on the node because of a Service. */
function isBound({ config, servicePorts }: ProxyState, address: string): boolean {
  if (servicePorts.some(({ clusterIP }) => clusterIP === address)) return true
  if (config.localAddresses.includes(address)) return false
  return servicePorts.some(({ externalIPs, loadBalancerVIPs }) => externalIPs.includes(address) || loadBalancerVIPs.includes(address))
}

/** A source outside the source ranges of a load balancer. */
function differsWhenBlocked(
  servicePort: ServicePort,
  fromNode: boolean,
  cluster: readonly ProxyEndpoint[],
  local: readonly ProxyEndpoint[],
): string | null {
  const hasNone = cluster.length === 0 && local.length === 0
  // IPVS refuses what the node's own processes send before any filter sees it.
  if (hasNone && !fromNode) return 'a blocked source is dropped by ipvs mode, but rejected by iptables mode where there are no endpoints'
  if (!hasNone && fromNode && servicePort.externalPolicyLocal && cluster.length === 0) return NONE_LOCAL
  return null
}

const NONE_LOCAL = 'under policy Local without a local endpoint ipvs mode uses all endpoints, or refuses; iptables mode drops'

function differsUnderPolicyLocal(
  { config }: ProxyState,
  { sourceIP }: Packet,
  way: Way,
  cluster: readonly ProxyEndpoint[],
  local: readonly ProxyEndpoint[],
): string | null {
  if (way === 'cluster IP') return local.length === 0 ? NONE_LOCAL : null
  const isNode = config.localAddresses.includes(sourceIP)
  const isPod = config.localDetectorCIDR !== null && rangeContains(config.localDetectorCIDR, sourceIP)
  if (!isNode && !isPod) return local.length === 0 ? NONE_LOCAL : null
  // Where ipvs mode falls back to all endpoints, or all are local, pods meet the same ones. The node's processes are masqueraded by one mode only.
  const meetTheSame = local.length === 0 || (local.length === cluster.length && local.every((endpoint) => cluster.includes(endpoint)))
  return isPod && meetTheSame ? null : SHORT_CIRCUIT
}

const SHORT_CIRCUIT =
  "under external policy Local iptables mode sends the node's own pods and processes to all endpoints, ipvs mode to local ones"

/** A node port on an address of the node that serves none. */
function differsOffNodePortAddresses({ config }: ProxyState, { destIP }: Packet, hasNoneToUse: boolean): string | null {
  if (hasNoneToUse) {
    return 'iptables mode refuses on every address of the node where there is no endpoint to use, ipvs mode only where it serves node ports'
  }
  if (!isLoopback(destIP) || config.ipFamily === 'IPv6' || !config.localhostNodePorts) return null
  const isNamed = config.nodePortAddresses.length === 0 || config.nodePortAddresses.some((cidr) => rangeContains(cidr, destIP))
  return isNamed ? 'node ports on loopback addresses exist in iptables mode only' : null
}

/** Cluster IPs, and senders that are endpoints themselves. Everything else is masqueraded alike. */
function differsInMasquerade(
  { config }: ProxyState,
  { sourceIP }: Packet,
  way: Way,
  endpoints: readonly ProxyEndpoint[],
  isLocalOnly: boolean,
): string | null {
  if (endpoints.length === 0) return null
  const isMasqueraded =
    way === 'cluster IP'
      ? config.masqueradeAll || (config.localDetectorCIDR !== null && !rangeContains(config.localDetectorCIDR, sourceIP))
      : !isLocalOnly
  if (isMasqueraded) return null
  if (config.localAddresses.includes(sourceIP)) {
    return "ipvs mode masquerades the node's own packets to cluster IPs, whose source is the cluster IP itself"
  }
  const itself = endpoints.find(({ address }) => address === sourceIP)
  if (itself !== undefined && !itself.isLocal) return 'ipvs mode masquerades an endpoint that meets itself only on its own node'
  return null
}
