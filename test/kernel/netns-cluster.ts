import type { RawProxyState } from '../../src/kube-proxy/model/proxy-state.ts'

/** The addresses of the test's small world. Both clients are the same machine: one address is a pod's, one comes from outside. */
export const NODE_IP = '192.168.0.2'
export const POD_CLIENT = '10.200.0.2'
export const OUTSIDE_CLIENT = '203.0.113.2'
/** Outside, and not among the allowed source ranges. */
export const BLOCKED_CLIENT = '203.0.113.130'
/** Where the endpoints live; the pod client's address is not in it. */
export const ENDPOINT_CIDR = '10.64.0.0/16'
export const TARGET_PORT = 8080

export const ENDPOINTS_PER_SERVICE = 3
/** A Service in five hundred has this many, so that shares are judged over more than three. */
export const MANY_ENDPOINTS = 10

/** Connections are judged by these Services, the first of each form; all others are of one of these forms too. */
export const FORMS = [
  'clusterIP',
  'nodePort',
  'loadBalancer',
  'loadBalancerLocal',
  'externalIP',
  'affinity',
  'internalLocal',
  'internalLocalElsewhere',
  'empty',
  'externalLocalElsewhere',
] as const
export type Form = (typeof FORMS)[number]

export function formOf(index: number): Form {
  return FORMS[index % FORMS.length]!
}

export function clusterIPOf(index: number): string {
  return `172.30.${4 + Math.floor(index / 250)}.${1 + (index % 250)}`
}

export function loadBalancerIPOf(index: number): string {
  return `198.51.${100 + Math.floor(index / 250)}.${1 + (index % 250)}`
}

export function externalIPOf(index: number): string {
  return `198.18.${Math.floor(index / 250)}.${1 + (index % 250)}`
}

export function nodePortOf(index: number): number {
  return 30_000 + index
}

function isElsewhere(form: Form): boolean {
  return form === 'internalLocalElsewhere' || form === 'externalLocalElsewhere'
}

function endpointCount(index: number): number {
  if (formOf(index) === 'empty') return 0
  return index % 500 === 0 ? MANY_ENDPOINTS : ENDPOINTS_PER_SERVICE
}

/** A node's view of so many Services of all forms, three endpoints each but for a few; the first endpoint of each is on the node. */
export function clusterOf(services: number): RawProxyState {
  const indexes = Array.from({ length: services }, (_, index) => index)
  return {
    config: {
      ipFamily: 'IPv4',
      nodeName: 'node',
      nodeIP: NODE_IP,
      localAddresses: [NODE_IP, '169.254.10.1', '169.254.20.1'],
      nodePortAddresses: [`${NODE_IP}/32`],
      localDetectorCIDR: '10.0.0.0/8',
      serviceCIDRs: ['172.30.0.0/16'],
      // Counters of the nfacct kind would have to be made beforehand, and nothing here reads them.
      accounting: false,
    },
    nodeIPs: [NODE_IP],
    services: indexes.map(serviceOf),
    endpointSlices: indexes.filter((index) => endpointCount(index) > 0).map(sliceOf),
  }
}

function serviceOf(index: number): unknown {
  const form = formOf(index)
  const isBalanced = form === 'loadBalancer' || form === 'loadBalancerLocal'
  const hasNodePort = isBalanced || form === 'nodePort' || form === 'externalLocalElsewhere'
  return {
    metadata: { name: `svc-${index}`, namespace: 'shop' },
    spec: {
      type: isBalanced ? 'LoadBalancer' : hasNodePort ? 'NodePort' : 'ClusterIP',
      clusterIP: clusterIPOf(index),
      ports: [
        { name: 'http', protocol: 'TCP', port: 80, targetPort: TARGET_PORT, ...(hasNodePort ? { nodePort: nodePortOf(index) } : {}) },
      ],
      ...(form === 'externalIP' ? { externalIPs: [externalIPOf(index)] } : {}),
      ...(form === 'affinity' ? { sessionAffinity: 'ClientIP' } : {}),
      ...(form === 'loadBalancer' ? { loadBalancerSourceRanges: ['203.0.113.0/25'] } : {}),
      ...(form === 'loadBalancerLocal' || form === 'externalLocalElsewhere' ? { externalTrafficPolicy: 'Local' } : {}),
      ...(form === 'loadBalancerLocal' ? { healthCheckNodePort: 20_000 + index } : {}),
      ...(form === 'internalLocal' || form === 'internalLocalElsewhere' ? { internalTrafficPolicy: 'Local' } : {}),
    },
    ...(isBalanced ? { status: { loadBalancer: { ingress: [{ ip: loadBalancerIPOf(index) }] } } } : {}),
  }
}

function sliceOf(index: number): unknown {
  return {
    metadata: { name: `svc-${index}-1`, namespace: 'shop', labels: { 'kubernetes.io/service-name': `svc-${index}` } },
    addressType: 'IPv4',
    ports: [{ name: 'http', protocol: 'TCP', port: TARGET_PORT }],
    endpoints: Array.from({ length: endpointCount(index) }, (_, i) => ({
      addresses: [`10.64.${Math.floor(index / 16)}.${1 + (index % 16) * 15 + i}`],
      conditions: { ready: true },
      nodeName: i === 0 && !isElsewhere(formOf(index)) ? 'node' : `other-${i}`,
    })),
  }
}
