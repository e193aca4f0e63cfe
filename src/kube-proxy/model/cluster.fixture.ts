import { type ProxyState, type RawProxyState, readProxyState } from './proxy-state.ts'

/** A Service for tests: ClusterIP 172.30.0.1, TCP port 80 named `http`, in namespace `shop`, with what `spec` says instead. */
export function rawService(name: string, spec: Readonly<Record<string, unknown>> = {}, loadBalancerIPs: readonly string[] = []): unknown {
  return {
    metadata: { namespace: 'shop', name },
    spec: { clusterIP: '172.30.0.1', ports: [{ name: 'http', protocol: 'TCP', port: 80 }], ...spec },
    status: { loadBalancer: { ingress: loadBalancerIPs.map((ip) => ({ ip })) } },
  }
}

/** A slice with one TCP port named `http`, 8080. Endpoints as addresses, or as raw endpoints where more is to be said. */
export function rawSlice(service: string, endpoints: readonly unknown[], ofSlice: Readonly<Record<string, unknown>> = {}): unknown {
  return {
    metadata: { namespace: 'shop', name: `${service}-1`, labels: { 'kubernetes.io/service-name': service } },
    addressType: 'IPv4',
    ports: [{ name: 'http', protocol: 'TCP', port: 8080 }],
    endpoints: endpoints.map((endpoint) => (typeof endpoint === 'string' ? { addresses: [endpoint] } : endpoint)),
    ...ofSlice,
  }
}

/** Node `here`, 192.168.0.2, pods in 10.0.0.0/8. */
export function stateWith(
  services: readonly unknown[],
  endpointSlices: readonly unknown[],
  config: RawProxyState['config'] = {},
): ProxyState {
  return readProxyState({
    config: { localDetectorCIDR: '10.0.0.0/8', ...config },
    nodeName: 'here',
    nodeIPs: ['192.168.0.2', '192.168.1.2', '2001:db8::1'],
    services,
    endpointSlices,
  })
}
