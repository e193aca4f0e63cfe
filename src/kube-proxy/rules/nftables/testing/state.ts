import { type ProxyState, type RawProxyState, readProxyState } from '../../../model/proxy-state.ts'

/** A cluster for tests: this node is `node1` at 192.168.0.2, pods are in 10.0.0.0/8, cluster IPs in 172.30.0.0/16. */
export const NODE_IP = '192.168.0.2'
export const POD_IP = '10.0.0.9'
export const OUTSIDE_IP = '203.0.113.7'

/** A part of a Service's spec; the type is what the part needs. */
interface ServicePart {
  readonly clusterIP: string
  readonly port?: number
  readonly protocol?: string
  /** Addresses of endpoints, on this node or, after a `@`, another: `10.180.0.1`, `10.180.1.1@node2`. */
  readonly endpoints?: readonly string[]
  readonly nodePort?: number
  readonly ingress?: string | undefined
  readonly spec?: Readonly<Record<string, unknown>>
}

const IPV4 = { ipFamily: 'IPv4', localDetectorCIDR: '10.0.0.0/8', serviceCIDRs: ['172.30.0.0/16'] } as const
const IPV6 = { ipFamily: 'IPv6', localDetectorCIDR: 'fd00:10::/64', serviceCIDRs: ['fd00:10:96::/112'] } as const

/** The state of Services in namespace `shop` by name, each with one port `web`, 80 if not said otherwise, served at 8080. */
export function stateOf(services: Readonly<Record<string, ServicePart>>, config: RawProxyState['config'] = {}): ProxyState {
  return readProxyState({
    config: { ...(config.ipFamily === 'IPv6' ? IPV6 : IPV4), nodePortAddresses: [], ...config },
    nodeName: 'node1',
    nodeIPs: [NODE_IP, '192.168.1.2', '2001:db8::2'],
    services: Object.entries(services).map(([name, part]) => rawService(name, part)),
    endpointSlices: Object.entries(services).map(([name, part]) => rawSlice(name, part)),
  })
}

function rawService(name: string, { clusterIP, port = 80, protocol = 'TCP', nodePort, ingress, spec }: ServicePart): unknown {
  const type = ingress !== undefined ? 'LoadBalancer' : nodePort !== undefined ? 'NodePort' : 'ClusterIP'
  return {
    metadata: { name, namespace: 'shop' },
    spec: { type, clusterIP, ports: [{ name: 'web', protocol, port, nodePort }], ...spec },
    status: { loadBalancer: { ingress: ingress === undefined ? [] : [{ ip: ingress }] } },
  }
}

function rawSlice(name: string, { clusterIP, protocol = 'TCP', endpoints = [] }: ServicePart): unknown {
  return {
    metadata: { name: `${name}-1`, namespace: 'shop', labels: { 'kubernetes.io/service-name': name } },
    addressType: clusterIP.includes(':') ? 'IPv6' : 'IPv4',
    ports: [{ name: 'web', protocol, port: 8080 }],
    endpoints: endpoints.map((endpoint) => {
      const [address, nodeName = 'node1'] = endpoint.split('@')
      return { addresses: [address], conditions: {}, nodeName }
    }),
  }
}
