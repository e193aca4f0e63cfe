import { categorizeEndpoints, type EndpointCategories } from '../../model/categorize.ts'
import type { ProxyEndpoint } from '../../model/endpoint.ts'
import { endpointsOf, type ProxyState } from '../../model/proxy-state.ts'
import { externallyAccessible, type ServicePort } from '../../model/service-port.ts'
import { endpointChainName, type ServiceChainNames, serviceChainNames } from '../chain-name.ts'

/** What one Service port needs: its chains, and which of its ways in lead anywhere. */
export interface ServicePlan {
  readonly servicePort: ServicePort
  readonly endpoints: EndpointCategories
  readonly chains: ServiceChainNames
  /** The chain of each endpoint that some rule on this node leads to. */
  readonly endpointChains: ReadonlyMap<ProxyEndpoint, string>
  /** The chain for packets to the cluster IP. */
  readonly internalChain: string
  /** Whether the cluster IP leads to an endpoint. */
  readonly hasInternal: boolean
  /** The chain of the endpoints for packets from outside. */
  readonly externalPolicyChain: string
  /** Whether packets from outside find an endpoint; the node's own pods and processes may find one even if not. */
  readonly hasExternal: boolean
  /** Whether there is a KUBE-EXT chain. */
  readonly usesExternalChain: boolean
  /** Whether there is a KUBE-FW chain. */
  readonly usesFirewall: boolean
}

export function planOf(state: ProxyState, servicePort: ServicePort): ServicePlan {
  const endpoints = categorizeEndpoints(endpointsOf(state, servicePort), servicePort, state.config)
  const { servicePortName, protocol } = servicePort
  const chains = serviceChainNames(servicePortName, protocol)
  const reaches = (isLocal: boolean) => (isLocal ? endpoints.local.length > 0 : endpoints.hasAny)
  return {
    servicePort,
    endpoints,
    chains,
    endpointChains: new Map(
      endpoints.allReachable.map((endpoint) => [endpoint, endpointChainName(servicePortName, protocol, endpoint.endpoint)]),
    ),
    internalChain: servicePort.internalPolicyLocal ? chains.local : chains.cluster,
    hasInternal: endpoints.hasAny && reaches(servicePort.internalPolicyLocal),
    externalPolicyChain: servicePort.externalPolicyLocal ? chains.local : chains.cluster,
    hasExternal: endpoints.hasAny && reaches(servicePort.externalPolicyLocal),
    usesExternalChain: endpoints.hasAny && externallyAccessible(servicePort),
    usesFirewall: endpoints.hasAny && servicePort.loadBalancerVIPs.length > 0 && servicePort.loadBalancerSourceRanges.length > 0,
  }
}
