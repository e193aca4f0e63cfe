import { endpointsKey, type ProxyEndpoint, readEndpoints } from './endpoint.ts'
import { type ProxyConfig, type RawProxyConfig, readProxyConfig } from './proxy-config.ts'
import { readServicePorts, type ServicePort } from './service-port.ts'

/** All that a kube-proxy makes rules from: its settings, the Service ports and their endpoints. */
export interface ProxyState {
  readonly config: ProxyConfig
  readonly servicePorts: readonly ServicePort[]
  /** By `endpointsKey`, each sorted by `ip:port`. */
  readonly endpoints: ReadonlyMap<string, readonly ProxyEndpoint[]>
}

/** A state as raw Kubernetes objects. */
export interface RawProxyState {
  readonly config: RawProxyConfig
  readonly services: readonly unknown[]
  readonly endpointSlices: readonly unknown[]
  /** The node's addresses of both families, where the settings do not say. */
  readonly nodeIPs?: readonly string[]
  readonly nodeName?: string
}

/** Reads a state; `defaults` stands in for what it does not give of the node. */
export function readProxyState(raw: RawProxyState, defaults: Pick<RawProxyState, 'nodeIPs' | 'nodeName'> = {}): ProxyState {
  const config = readProxyConfig(raw.config, raw.nodeIPs ?? defaults.nodeIPs, raw.nodeName ?? defaults.nodeName)
  return {
    config,
    servicePorts: readServicePorts(raw.services, config),
    endpoints: readEndpoints(raw.endpointSlices, config),
  }
}

export function endpointsOf(state: ProxyState, servicePort: ServicePort): readonly ProxyEndpoint[] {
  return state.endpoints.get(endpointsKey(servicePort.servicePortName, servicePort.protocol)) ?? []
}
