import { countOf, type Notes, someOf } from './notes.ts'
import type { CleanObject } from './objects/clean-objects.ts'
import type { ImportedNodes } from './objects/nodes.ts'
import { compareTexts } from './objects/values.ts'
import type { RuleDump, RuleEndpoint, RuleService } from './rules/rule-dump.ts'

/** Objects that would give a node the rules of a dump, where no list of objects says what made them. */
export interface Synthetic {
  readonly objects: readonly CleanObject[]
  readonly otherServices: { readonly count: number; readonly endpoints: number } | null
  readonly nodes: ImportedNodes
}

/** More Services than this are not brought to life one by one: those that nobody outside reaches become `otherServices`. */
export const SERVICES_MAX = 500

/** Service ports of one Service. */
interface Group {
  readonly namespace: string
  readonly name: string
  readonly ports: readonly RuleService[]
  /** Addresses behind any of the ports, in order. */
  readonly addresses: readonly string[]
}

/**
 * A Deployment with as many pods as a Service has endpoints, and the Service in front of it. Services of one namespace with the same endpoints share
 * their Deployment. Services without endpoints have no pods.
 */
export function synthesize(dumps: readonly RuleDump[], notes: Notes): Synthetic {
  const groups = groupsOf(mergedServices(dumps))
  const { kept, others } = divide(groups)
  const deployments = new Map<string, { readonly name: string; readonly group: Group; readonly ports: Map<string, number> }>()
  const services: CleanObject[] = []
  const slices: CleanObject[] = []
  for (const group of kept) {
    const isApi = group.namespace === 'default' && group.name === 'kubernetes'
    if (isApi) slices.push(sliceOf(group))
    const behind = `${group.namespace}\n${group.addresses.join()}`
    const known = group.addresses.length === 0 || isApi ? undefined : deployments.get(behind)
    const deployment = known ?? { name: group.name, group, ports: new Map<string, number>() }
    if (group.addresses.length > 0 && !isApi) deployments.set(behind, deployment)
    for (const port of group.ports) {
      const target = commonestPort(port.endpoints)
      if (target !== 0) deployment.ports.set(`${port.protocol} ${target}`, target)
    }
    services.push(serviceOf(group, isApi ? null : deployment.name, notes))
  }
  const pods = [...deployments.values()].reduce((sum, { group }) => sum + group.addresses.length, 0)
  noteWhatIsMadeUp(kept, notes)
  return {
    objects: [...services, ...slices, ...[...deployments.values()].map(({ name, group, ports }) => deploymentOf(name, group, ports))],
    otherServices: othersOf(others, notes),
    nodes: nodesFor(kept, pods, notes),
  }
}

/** Of several nodes: each Service port once, with the endpoints that any of them knows. */
function mergedServices(dumps: readonly RuleDump[]): RuleService[] {
  const merged = new Map<string, RuleService>()
  for (const { services } of dumps) {
    for (const service of services) {
      const key = keyOf(service)
      const known = merged.get(key)
      merged.set(key, known === undefined ? service : mergeOf(known, service))
    }
  }
  return [...merged.values()]
}

function keyOf({ namespace, name, portName, protocol }: RuleService): string {
  return `${namespace ?? ''}/${name}:${portName}/${protocol}`
}

function mergeOf(a: RuleService, b: RuleService): RuleService {
  const seen = new Set(a.endpoints.map(({ address, port }) => `${address} ${port}`))
  return {
    ...a,
    clusterIP: a.clusterIP ?? b.clusterIP,
    port: a.port === 0 ? b.port : a.port,
    nodePort: a.nodePort === 0 ? b.nodePort : a.nodePort,
    affinitySeconds: a.affinitySeconds ?? b.affinitySeconds,
    internalPolicyLocal: a.internalPolicyLocal || b.internalPolicyLocal,
    externalPolicyLocal: a.externalPolicyLocal || b.externalPolicyLocal,
    endpoints: [...a.endpoints, ...b.endpoints.filter(({ address, port }) => !seen.has(`${address} ${port}`))],
    hidesEndpoints: a.hidesEndpoints && b.hidesEndpoints,
  }
}

function groupsOf(services: readonly RuleService[]): Group[] {
  const groups = new Map<string, RuleService[]>()
  for (const service of services) {
    const key = `${service.namespace ?? 'default'}/${service.name}`
    const ports = groups.get(key)
    if (ports === undefined) groups.set(key, [service])
    else ports.push(service)
  }
  return [...groups.values()].map((ports) => {
    const { namespace, name } = ports[0]!
    const addresses = [...new Set(ports.flatMap(({ endpoints }) => endpoints.map(({ address }) => address)))].sort(compareTexts)
    return { namespace: namespace ?? 'default', name, ports, addresses }
  })
}

function isExposed({ ports }: Group): boolean {
  return ports.some(({ nodePort, loadBalancerIPs, externalIPs }) => nodePort !== 0 || loadBalancerIPs.length > 0 || externalIPs.length > 0)
}

/** Those that can be reached from outside stay, then the others in the order of the rules. */
function divide(groups: readonly Group[]): { kept: Group[]; others: Group[] } {
  const inOrder = [...groups.filter(isExposed), ...groups.filter((group) => !isExposed(group))]
  const kept = new Set(inOrder.slice(0, SERVICES_MAX))
  return { kept: groups.filter((group) => kept.has(group)), others: groups.filter((group) => !kept.has(group)) }
}

function othersOf(others: readonly Group[], notes: Notes): Synthetic['otherServices'] {
  const ports = others.flatMap((group) => group.ports)
  if (ports.length === 0) return null
  const endpoints = ports.reduce((sum, port) => sum + port.endpoints.length, 0)
  const each = Math.min(1000, Math.round(endpoints / ports.length))
  notes.assume(
    `${ports.length} Service ports beyond the first ${SERVICES_MAX} Services, with ${endpoints} endpoints, stand in the rules as cluster.otherServices, with ${each} endpoints each (${ports.length * each} in all); nobody calls them`,
  )
  return { count: ports.length, endpoints: each }
}

function serviceOf(group: Group, app: string | null, notes: Notes): CleanObject {
  const { namespace, name, ports } = group
  const first = ports[0]!
  const isBalanced = ports.some(({ loadBalancerIPs, healthCheckNodePort }) => loadBalancerIPs.length > 0 || healthCheckNodePort !== 0)
  const type = isBalanced ? 'LoadBalancer' : ports.some(({ nodePort }) => nodePort !== 0) ? 'NodePort' : 'ClusterIP'
  const shown = `${namespace}/${name}`
  if (ports.some(({ externalIPs }) => externalIPs.length > 0)) notes.leaveOut('externalIPs', 'not modelled', shown)
  if (ports.some(({ sourceRanges }) => sourceRanges.length > 0)) notes.leaveOut('loadBalancerSourceRanges', 'not modelled', shown)
  const affinity = ports.map(({ affinitySeconds }) => affinitySeconds).find((seconds) => seconds !== null)
  const value = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace },
    spec: {
      ...(type === 'ClusterIP' ? {} : { type }),
      ...(app === null ? {} : { selector: { app } }),
      ports: ports.map((port) => ({
        ...(port.portName === '' ? {} : { name: port.portName }),
        protocol: port.protocol,
        port: port.port === 0 ? port.nodePort : port.port,
        targetPort: commonestPort(port.endpoints) || (port.port === 0 ? port.nodePort : port.port),
        ...(type === 'ClusterIP' || port.nodePort < 30_000 || port.nodePort > 32_767 ? {} : { nodePort: port.nodePort }),
      })),
      ...(affinity === undefined ? {} : { sessionAffinity: 'ClientIP', sessionAffinityConfig: { clientIP: { timeoutSeconds: affinity } } }),
      ...(first.internalPolicyLocal ? { internalTrafficPolicy: 'Local' } : {}),
      ...(type !== 'ClusterIP' && ports.some(({ externalPolicyLocal }) => externalPolicyLocal) ? { externalTrafficPolicy: 'Local' } : {}),
    },
  }
  return { kind: 'Service', namespace, name, value }
}

/** The API servers' own Service: its endpoints are no pods. */
function sliceOf({ namespace, name, ports }: Group): CleanObject {
  const value = {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name, namespace, labels: { 'kubernetes.io/service-name': name } },
    addressType: 'IPv4',
    ports: ports.map((port) => ({ name: port.portName, protocol: port.protocol, port: commonestPort(port.endpoints) || port.port })),
    endpoints: [...new Set(ports.flatMap(({ endpoints }) => endpoints.map(({ address }) => address)))].map((address) => ({
      addresses: [address],
      conditions: { ready: true },
    })),
  }
  return { kind: 'EndpointSlice', namespace, name, value }
}

function deploymentOf(app: string, { namespace, addresses }: Group, ports: ReadonlyMap<string, number>): CleanObject {
  const value = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: app, namespace, labels: { app } },
    spec: {
      replicas: addresses.length,
      selector: { matchLabels: { app } },
      template: {
        metadata: { labels: { app } },
        spec: {
          containers: [
            {
              name: 'server',
              image: `imported/${app}:unknown`,
              ports: [...ports].map(([key, containerPort]) => ({ containerPort, protocol: key.split(' ')[0]! })),
            },
          ],
        },
      },
    },
  }
  return { kind: 'Deployment', namespace, name: app, value }
}

function noteWhatIsMadeUp(groups: readonly Group[], notes: Notes): void {
  const shown = (some: readonly Group[]) => someOf(some.map(({ namespace, name }) => `${namespace}/${name}`))
  notes.assume(
    'No list of objects was given: each Service has a Deployment of its own with as many pods as the rules have endpoints, without requests, probes and volumes. Give `kubectl get deployments,pods,nodes -A -o yaml` as well',
  )
  if (groups.some(({ ports }) => ports[0]!.namespace === null)) {
    notes.assume(
      'IPVS has no names: Services are called after their address and are in the namespace default; a port from 30000 to 32767 is taken for a node port, and every other address for a cluster IP',
    )
  }
  const hidden = groups.filter(({ ports, addresses }) => addresses.length === 0 && ports.some(({ hidesEndpoints }) => hidesEndpoints))
  if (hidden.length > 0) {
    notes.find(
      `${hidden.length} Services have endpoints on other nodes only, which policy Local keeps out of these rules; here they have no pods: ${shown(hidden)}. Give the rules of every node, or lists of objects`,
    )
  }
  const uneven = groups.filter(({ ports }) => {
    const sets = ports.map(({ endpoints }) =>
      endpoints
        .map(({ address }) => address)
        .sort(compareTexts)
        .join(),
    )
    return new Set(sets).size > 1
  })
  if (uneven.length > 0)
    notes.find(
      `${uneven.length} Services have other endpoints at one port than at another; here every pod serves all ports: ${shown(uneven)}`,
    )
  const unknown = groups.filter(({ ports }) => ports.some(({ port }) => port === 0))
  if (unknown.length > 0)
    notes.assume(
      `Of ${unknown.length} Services only a node port is known: the port of their cluster IP is the same here (${shown(unknown)})`,
    )
}

/** Kubernetes gives each node a /24 of the pods' addresses, so that endpoints tell how many nodes there are at least. */
function nodesFor(groups: readonly Group[], pods: number, notes: Notes): ImportedNodes {
  const networks = new Set(groups.flatMap(({ addresses }) => addresses.map((address) => address.slice(0, address.lastIndexOf('.')))))
  const maxPods = 110
  const count = Math.max(1, networks.size, Math.ceil(pods / maxPods))
  notes.assume(
    `No list of nodes was given: ${countOf(count, 'node')}, one for each /24 in which endpoints were seen and enough for ${pods} pods, of the default size. Give \`kubectl get nodes -o yaml\` as well`,
  )
  const group = { count: Math.min(count, 5000), cpuMilli: 4000, memoryMi: 16_384, maxPods, zones: [] }
  return { groups: [group], nodes: [], install: null, controlPlane: null, version: null, kernel: null, runtime: null }
}

/** Ports of pods that differ from endpoint to endpoint come from names; the commonest is taken, of several the smallest. 0 for none. */
function commonestPort(endpoints: readonly RuleEndpoint[]): number {
  const counts = new Map<number, number>()
  for (const { port } of endpoints) counts.set(port, (counts.get(port) ?? 0) + 1)
  const [first] = [...counts].sort((a, b) => b[1] - a[1] || a[0] - b[0])
  return first?.[0] ?? 0
}
