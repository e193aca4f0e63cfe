import { joinHostPort } from '../../model/ip-address.ts'
import type { ProxyState } from '../../model/proxy-state.ts'
import type { ServicePort } from '../../model/service-port.ts'

type Chain = 'KUBE-PORTALS-CONTAINER' | 'KUBE-PORTALS-HOST' | 'KUBE-NODEPORT-CONTAINER' | 'KUBE-NODEPORT-HOST' | 'KUBE-NODEPORT-NON-LOCAL'

/** One way into the proxy: packets for `address:port` go to `proxyPort` on the node. */
export interface Redirect {
  readonly chain: Chain
  readonly servicePort: ServicePort
  /** Null: any address of the node. */
  readonly address: string | null
  readonly port: number
  readonly proxyPort: number
  /** Of external addresses: what comes from other machines, or what the node itself owns. */
  readonly restriction: 'not-bridged' | 'local-destination' | null
}

export interface UserspaceRules {
  readonly nodeIP: string
  readonly redirects: readonly Redirect[]
}

/**
 * The rules that led to kube-proxy itself in userspace mode: it listened on a port of its own for every Service port, on all addresses.
 *
 * `proxyPortOf` gives that port, 1 to 65535; the kernel chose it freely. Endpoints do not appear in rules: the proxy picks.
 *
 * Source: kubernetes v1.25 pkg/proxy/userspace/proxier.go.
 */
export function build(state: ProxyState, proxyPortOf: (servicePort: ServicePort) => number): UserspaceRules {
  const redirects: Redirect[] = []
  for (const servicePort of state.servicePorts) {
    const proxyPort = proxyPortOf(servicePort)
    const add = (chain: Chain, address: string | null, port: number, restriction: Redirect['restriction'] = null): void => {
      redirects.push({ chain, servicePort, address, port, proxyPort, restriction })
    }
    add('KUBE-PORTALS-CONTAINER', servicePort.clusterIP, servicePort.port)
    add('KUBE-PORTALS-HOST', servicePort.clusterIP, servicePort.port)
    for (const address of [...servicePort.externalIPs, ...servicePort.loadBalancerVIPs]) {
      add('KUBE-PORTALS-CONTAINER', address, servicePort.port, 'not-bridged')
      add('KUBE-PORTALS-CONTAINER', address, servicePort.port, 'local-destination')
      add('KUBE-PORTALS-HOST', address, servicePort.port, 'local-destination')
    }
    if (servicePort.nodePort === 0) continue
    add('KUBE-NODEPORT-CONTAINER', null, servicePort.nodePort)
    add('KUBE-NODEPORT-HOST', null, servicePort.nodePort)
    add('KUBE-NODEPORT-NON-LOCAL', null, proxyPort)
  }
  return { nodeIP: state.config.nodeIP, redirects }
}

const CLUSTER_IPS_FIRST = 'handle ClusterIPs; NOTE: this must be before the NodePort rules'
const NODE_PORTS_LAST = 'handle service NodePorts; NOTE: this must be the last rule in the chain'

/** The rules as `iptables-restore --noflush` reads them. */
export function print({ nodeIP, redirects }: UserspaceRules): string {
  const isFilter = (redirect: Redirect) => redirect.chain === 'KUBE-NODEPORT-NON-LOCAL'
  const text = (redirect: Redirect) => ruleText(redirect, nodeIP)
  return [
    '*filter',
    ':KUBE-NODEPORT-NON-LOCAL - [0:0]',
    '-A INPUT -m comment --comment "Ensure that non-local NodePort traffic can flow" -j KUBE-NODEPORT-NON-LOCAL',
    ...redirects.filter(isFilter).map(text),
    'COMMIT',
    '*nat',
    ':KUBE-PORTALS-CONTAINER - [0:0]',
    ':KUBE-PORTALS-HOST - [0:0]',
    ':KUBE-NODEPORT-CONTAINER - [0:0]',
    ':KUBE-NODEPORT-HOST - [0:0]',
    `-A PREROUTING -m comment --comment "${CLUSTER_IPS_FIRST}" -j KUBE-PORTALS-CONTAINER`,
    `-A OUTPUT -m comment --comment "${CLUSTER_IPS_FIRST}" -j KUBE-PORTALS-HOST`,
    `-A PREROUTING -m addrtype --dst-type LOCAL -m comment --comment "${NODE_PORTS_LAST}" -j KUBE-NODEPORT-CONTAINER`,
    `-A OUTPUT -m addrtype --dst-type LOCAL -m comment --comment "${NODE_PORTS_LAST}" -j KUBE-NODEPORT-HOST`,
    ...redirects.filter((redirect) => !isFilter(redirect)).map(text),
    'COMMIT',
    '',
  ].join('\n')
}

function ruleText({ chain, servicePort, address, port, proxyPort, restriction }: Redirect, nodeIP: string): string {
  const protocol = servicePort.protocol.toLowerCase()
  const words = [
    `-A ${chain} -m comment --comment ${servicePort.servicePortName}`,
    `-p ${protocol} -m ${protocol} --dport ${port}`,
    ...(address === null ? [] : [`-d ${address}/${address.includes(':') ? 128 : 32}`]),
    ...(restriction === 'not-bridged' ? ['-m physdev ! --physdev-is-in'] : []),
    ...(restriction === 'local-destination' ? ['-m addrtype --dst-type LOCAL'] : []),
    targetText(chain, proxyPort, nodeIP),
  ]
  return words.join(' ')
}

/** REDIRECT leads to the address that a packet came in by; for the node's own packets that would be loopback, so they are sent to its address. */
function targetText(chain: Chain, proxyPort: number, nodeIP: string): string {
  switch (chain) {
    case 'KUBE-PORTALS-CONTAINER':
    case 'KUBE-NODEPORT-CONTAINER':
      return `-j REDIRECT --to-ports ${proxyPort}`
    case 'KUBE-PORTALS-HOST':
    case 'KUBE-NODEPORT-HOST':
      return `-j DNAT --to-destination ${joinHostPort(nodeIP, proxyPort)}`
    case 'KUBE-NODEPORT-NON-LOCAL':
      return '-m conntrack --ctstate NEW -j ACCEPT'
  }
}
