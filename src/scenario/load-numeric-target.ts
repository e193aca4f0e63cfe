import type { Service, StringMap } from '../api/objects/index.ts'
import type { LoadContext } from './load-context.ts'
import { listNames } from './load-inventory.ts'
import { hostAndPath } from './parse-target.ts'
import type { Path } from './parse-yaml.ts'
import type { TrafficSource, TrafficTarget } from './scenario.ts'

/** A node as it joins. */
export interface ClusterNode {
  readonly name: string
  /** Dotted IPv4. */
  readonly address: string
  readonly labels: StringMap
}

const DOTTED = /^\d{1,3}(\.\d{1,3}){3}$/

/**
 * What an address in numbers means, or one by the name of a node: the cluster IP that a manifest fixes, or a node port of a node. null: it is
 * no such address. The target is undefined where it is one and leads nowhere, which has been reported.
 */
export function loadNumericTarget(
  context: LoadContext,
  traffic: { path: Path; text: string; from: TrafficSource | undefined; nodes: readonly ClusterNode[] | null },
): { readonly target: TrafficTarget | undefined } | null {
  const { path, text, from, nodes } = traffic
  const address = hostAndPath(text)
  if (address === null || address.isTls) return null
  const { host, port, path: urlPath } = address
  const node = (nodes ?? []).findIndex((one) => one.name === host || one.address === host)
  if (node < 0 && !DOTTED.test(host)) return null
  const isUdp = text.trim().startsWith('udp:')
  const said = { host, path: isUdp ? '/' : urlPath, isNumeric: true, ...(isUdp ? { protocol: 'UDP' as const } : {}) } as const
  if (isUdp && urlPath !== '/') context.mistake(path, 'A datagram has no path', `udp://${host}:PORT`)
  const protocol = isUdp ? 'UDP' : 'TCP'
  const found =
    node >= 0
      ? byNodePort(context, { path, host, from, port, protocol })
      : byClusterIP(context, { path, host, from, port: port ?? (isUdp ? null : 80), protocol, nodes })
  if (found === undefined) return { target: undefined }
  const { service, number } = found
  const { name, namespace } = service.metadata
  return { target: { namespace, service: name, port: number, ...said, ...(node >= 0 ? { node } : {}) } }
}

interface Called {
  readonly path: Path
  readonly host: string
  readonly from: TrafficSource | undefined
  readonly port: number | null
  readonly protocol: 'TCP' | 'UDP'
}

interface Found {
  readonly service: Service
  readonly number: number
}

function byNodePort(context: LoadContext, { path, host, from, port, protocol }: Called): Found | undefined {
  if (from !== undefined && from.kind !== 'external') {
    context.mistake(
      path,
      `"${host}" is a node: only clients outside the cluster call at node ports here`,
      'from: { external: true }, or the name of a Service',
    )
    return undefined
  }
  const { services } = context.inventory
  for (const service of services) {
    const found = service.spec.ports.find((one) => one.nodePort !== 0 && one.nodePort === port && one.protocol === protocol)
    if (found !== undefined) return { service, number: found.port }
  }
  if (port !== null && context.inventory.mayHaveMorePods) return undefined
  const fixed = services.flatMap(({ spec }) => spec.ports.filter((one) => one.nodePort !== 0 && one.protocol === protocol))
  const accepted =
    fixed.length === 0
      ? 'nodePort: NUMBER at a port of a Service of type NodePort or LoadBalancer'
      : `:${fixed.map(({ nodePort }) => nodePort).join(', :')}`
  const message =
    port === null
      ? `The address of the node "${host}" does not say which node port`
      : `No Service of the manifests fixes the ${protocol} node port ${port}: one that the cluster chooses is not known before it runs`
  context.mistake(path, message, accepted)
  return undefined
}

function byClusterIP(context: LoadContext, called: Called & { readonly nodes: readonly ClusterNode[] | null }): Found | undefined {
  const { path, host, from, port, protocol, nodes } = called
  const { services } = context.inventory
  const service = services.find(({ spec }) => spec.clusterIP === host)
  if (service === undefined) {
    if (nodes === null || context.inventory.mayHaveMorePods) return undefined
    const fixed = services.map(({ spec }) => spec.clusterIP).filter((address) => DOTTED.test(address))
    context.mistake(
      path,
      `No Service of the manifests has the cluster IP ${host}, and no node that address: a cluster IP that the cluster chooses is not known before it runs`,
      `clusterIP: ${host} in a Service, or http://NAME.NAMESPACE.svc; the manifests fix ${listNames(fixed, 'none')}`,
    )
    return undefined
  }
  const name = `Service "${service.metadata.name}"`
  if (from?.kind === 'external') {
    context.mistake(
      path,
      `${host} is the cluster IP of ${name}, which clients outside the cluster cannot reach`,
      'from: { pods: SELECTOR } or { nodes: all }, or the name of the Service',
    )
    return undefined
  }
  const ports = service.spec.ports.filter((one) => one.protocol === protocol).map((one) => one.port)
  if (port !== null && ports.includes(port)) return { service, number: port }
  const message = port === null ? 'The address does not say which port' : `${name} has no ${protocol} port ${port}`
  context.mistake(path, message, ports.length === 0 ? `a Service with a ${protocol} port` : `:${ports.join(', :')}`)
  return undefined
}
