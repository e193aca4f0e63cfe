import { type Endpoint, type EndpointSlice, HEADLESS_LABEL, type Protocol, SERVICE_NAME_LABEL, type Service } from '../api/objects/index.ts'
import { invariant } from '../invariant.ts'
import { type Addresses, parseIpv4 } from '../network/addresses.ts'
import type { Nanos } from '../units.ts'
import { type EndpointEntry, endpointEntry, type NodePlaces, ServiceEndpoints } from './service-endpoints.ts'
import { Versions } from './versions.ts'

/** A Service port: (namespace/name, port number, protocol), as a small integer from 0. */
export type ServicePortId = number

/** What the rules of one Service port are made from, but for its endpoints. */
export interface ServicePortRules {
  /** 0 when the Service has none. */
  readonly nodePort: number
  readonly type: 'ClusterIP' | 'NodePort' | 'LoadBalancer'
  /** `internalTrafficPolicy: Local`. */
  readonly internalLocal: boolean
  /** `externalTrafficPolicy: Local`. */
  readonly externalLocal: boolean
  /** As an int32. */
  readonly clusterIP: number
  /** How long a client stays with its endpoint, s; 0 without session affinity. */
  readonly affinitySeconds: number
  /** Whose endpoints it has: several ports of one Service may have different target ports. */
  readonly endpointPort: number
  /** A number below {@link ServiceHistory.servicePortCount} at the same revision; no two Service ports share one. */
  readonly index: number
  /** Likewise among the Service ports with a node port; -1 without one. */
  readonly nodePortIndex: number
}

/** One Service or EndpointSlice, as it came to be at a revision. */
export interface ServiceChange {
  readonly object: Service | EndpointSlice
  /** True when the object is gone; `object` is then its last state. */
  readonly deleted: boolean
  /** When etcd committed it. */
  readonly committedAt: Nanos
}

/** A change that kube-proxy has something to do for. */
export interface RuleChange {
  readonly kind: 'Service' | 'EndpointSlice'
  readonly revision: number
  readonly committedAt: Nanos
  /** Such as `EndpointSlice/shop/frontend-x7k2p`. */
  readonly subject: string
  /** The Service that it belongs to. */
  readonly service: number
}

/**
 * The state of all Services and their endpoints, at every revision that some node still stands at: one history for the whole cluster.
 *
 * ```text
 *              revision   3      5         8    9
 *   Service port 0        rules                 gone        ← node at Service revision 8 has the rules, at 9 it has none
 *   endpoints of it              {a, b}    {b}              ← node at EndpointSlice revision 7 sends to a and b
 * ```
 *
 * A node has no copy of this. It is two cursors, because kube-proxy watches Services and EndpointSlices separately: the revision up to
 * which each of the two has been programmed. What every node holds for a Service port follows from that in O(1) when it is up to date.
 *
 * Follows kube-proxy: several slices of a Service are merged by address, and endpoints are in the order of their `ip:port` as strings; which
 * of them a node uses is told by {@link ServiceEndpoints}. Headless and ExternalName Services have no rules, and kube-proxy asks for no slices of
 * headless ones (cmd/kube-proxy/app/server.go). Of an address that two slices name, the
 * first in the order of their names counts, unless a later one is of the node that looks (kube-proxy leaves that order to a Go map).
 *
 * Source: kubernetes v1.36.2 pkg/proxy/{endpointslicecache,endpointschangetracker,servicechangetracker,topology}.go.
 */
export class ServiceHistory {
  readonly addresses: Addresses
  readonly #places: NodePlaces
  readonly #nodeIndex: ReadonlyMap<string, number>
  readonly #services = new Map<string, ServiceRecord>()
  readonly #serviceList: ServiceRecord[] = []
  readonly #servicePorts = new Map<string, ServicePortId>()
  readonly #rules: Versions<ServicePortRules | null>[] = []
  /** By Service port: the Service. */
  readonly #serviceOf: ServiceRecord[] = []
  /** By Service port: whether its protocol is UDP. */
  readonly #isUdp: boolean[] = []
  readonly #endpoints: Versions<ServiceEndpoints>[] = []
  readonly #servicePortCount = new Versions(0)
  readonly #nodePortCount = new Versions(0)
  /** Which Service port has which index, now. */
  readonly #byIndex: ServicePortId[] = []
  readonly #byNodePortIndex: ServicePortId[] = []
  readonly #changes = new Map<number, RuleChange>()
  #revision = 0
  #entries = 0

  constructor(addresses: Addresses, places: NodePlaces) {
    this.addresses = addresses
    this.#places = places
    this.#nodeIndex = new Map(places.names.map((name, index) => [name, index]))
  }

  /** The last revision applied. */
  get revision(): number {
    return this.#revision
  }

  /** Entries kept beyond the present state, over all Service ports: what {@link prune} could free at most. */
  get entries(): number {
    return this.#entries
  }

  /** Service ports ever seen; their ids are 0 to this, exclusive. */
  get servicePorts(): number {
    return this.#rules.length
  }

  /** The id of a Service port, whether it exists already or not. */
  servicePort(namespace: string, service: string, port: number, protocol: Protocol): ServicePortId {
    const key = `${namespace}/${service}:${port}/${protocol}`
    let id = this.#servicePorts.get(key)
    if (id === undefined) {
      id = this.#rules.push(new Versions<ServicePortRules | null>(null)) - 1
      this.#servicePorts.set(key, id)
      const record = this.#service(namespace, service)
      this.#serviceOf.push(record)
      this.#isUdp.push(protocol === 'UDP')
      record.ports.push(id)
    }
    return id
  }

  isUdp(servicePort: ServicePortId): boolean {
    return this.#isUdp[servicePort]!
  }

  /** `namespace/name` of the Service that has a port. */
  nameOf(servicePort: ServicePortId): string {
    const { namespace, name } = this.#serviceOf[servicePort]!
    return `${namespace}/${name}`
  }

  /** Services ever seen; as {@link RuleChange.service} names them, from 0. */
  get services(): number {
    return this.#serviceList.length
  }

  /** The Service ports, ever seen, of a Service named by {@link RuleChange.service}. */
  portsOf(service: number): readonly ServicePortId[] {
    return this.#serviceList[service]!.ports
  }

  /** Applies the change of one revision. Called once a revision, in order, whichever node will see it when. */
  apply(revision: number, change: ServiceChange): void {
    invariant(revision > this.#revision, `Revision ${revision} came after ${this.#revision}`)
    this.#revision = revision
    const { object } = change
    if (object.kind === 'EndpointSlice' && HEADLESS_LABEL in object.metadata.labels) return
    const serviceName = object.kind === 'Service' ? object.metadata.name : object.metadata.labels[SERVICE_NAME_LABEL]
    if (serviceName === undefined) return
    const service = this.#service(object.metadata.namespace, serviceName)
    const changed =
      object.kind === 'Service'
        ? this.#applyService(revision, service, object, change.deleted)
        : this.#applySlice(revision, service, object, change.deleted)
    if (!changed) return
    this.#changes.set(revision, {
      kind: object.kind,
      revision,
      committedAt: change.committedAt,
      subject: `${object.kind}/${object.metadata.namespace}/${object.metadata.name}`,
      service: service.id,
    })
  }

  /** A Service or a slice that was there before the first revision. To be called before any {@link apply}. */
  standing(object: Service | EndpointSlice): void {
    invariant(this.#revision === 0, 'What stands from the start comes before every change')
    const { namespace } = object.metadata
    if (object.kind === 'Service') this.#applyService(0, this.#service(namespace, object.metadata.name), object, false)
    else this.#applySlice(0, this.#service(namespace, object.metadata.labels[SERVICE_NAME_LABEL]!), object, false)
  }

  /** What a revision means for kube-proxy, or null when its rules stay as they are. */
  change(revision: number): RuleChange | null {
    return this.#changes.get(revision) ?? null
  }

  /** The rules of a Service port for a node whose Services stand at a revision; null when there are none. */
  rules(servicePort: ServicePortId, serviceRevision: number): ServicePortRules | null {
    return this.#rules[servicePort]!.at(serviceRevision)
  }

  /** Whether the Service of this port has rules for any port, so that its address is known at a revision. */
  knowsAddress(servicePort: ServicePortId, serviceRevision: number): boolean {
    return this.#serviceOf[servicePort]!.ports.some((port) => this.rules(port, serviceRevision) !== null)
  }

  /** Whether a node has a ready endpoint of the Service of this port, whichever port of it. */
  hasLocalReady(servicePort: ServicePortId, node: number, serviceRevision: number, sliceRevision: number): boolean {
    return this.#serviceOf[servicePort]!.ports.some((port) => {
      const rules = this.rules(port, serviceRevision)
      return rules !== null && this.endpoints(rules.endpointPort, sliceRevision).seenFrom(node).hasLocalReady(node)
    })
  }

  /** Every version of a Service port's rules that is kept. */
  ruleVersions(servicePort: ServicePortId): Versions<ServicePortRules | null> {
    return this.#rules[servicePort]!
  }

  /** The endpoints that {@link ServicePortRules.endpointPort} names, for a node whose EndpointSlices stand at a revision. */
  endpoints(endpointPort: number, sliceRevision: number): ServiceEndpoints {
    return this.#endpoints[endpointPort]!.at(sliceRevision)
  }

  /** Every version of an endpoint set that is kept. */
  endpointVersions(endpointPort: number): Versions<ServiceEndpoints> {
    return this.#endpoints[endpointPort]!
  }

  /** Service ports that have rules at a revision. */
  servicePortCount(serviceRevision: number): number {
    return this.#servicePortCount.at(serviceRevision)
  }

  /** Service ports that have rules and a node port at a revision. */
  nodePortCount(serviceRevision: number): number {
    return this.#nodePortCount.at(serviceRevision)
  }

  /** Forgets what no node at or after these two revisions can ask for. */
  prune(serviceRevision: number, sliceRevision: number): void {
    let dropped = 0
    for (const versions of this.#rules) dropped += versions.prune(serviceRevision)
    for (const versions of this.#endpoints) dropped += versions.prune(sliceRevision)
    this.#servicePortCount.prune(serviceRevision)
    this.#nodePortCount.prune(serviceRevision)
    for (const change of this.#changes.values()) {
      if (change.revision <= (change.kind === 'Service' ? serviceRevision : sliceRevision)) this.#changes.delete(change.revision)
    }
    this.#entries -= dropped
  }

  #service(namespace: string, name: string): ServiceRecord {
    const key = `${namespace}/${name}`
    let service = this.#services.get(key)
    if (service === undefined) {
      service = { id: this.#serviceList.length, namespace, name, ports: [], endpointPorts: new Map(), slices: new Map() }
      this.#services.set(key, service)
      this.#serviceList.push(service)
    }
    return service
  }

  #endpointPort(service: ServiceRecord, portName: string, protocol: Protocol): number {
    const key = `${portName}/${protocol}`
    let id = service.endpointPorts.get(key)
    if (id === undefined) {
      id = this.#endpoints.push(new Versions(ServiceEndpoints.EMPTY)) - 1
      service.endpointPorts.set(key, id)
    }
    return id
  }

  #applyService(revision: number, service: ServiceRecord, object: Service, deleted: boolean): boolean {
    const wanted = new Map<ServicePortId, ServicePortContent>()
    const { type, clusterIP, ports } = object.spec
    if (!deleted && type !== 'ExternalName' && clusterIP !== 'None' && clusterIP !== '') {
      for (const port of ports) {
        const id = this.servicePort(service.namespace, service.name, port.port, port.protocol)
        wanted.set(id, {
          nodePort: type === 'ClusterIP' ? 0 : port.nodePort,
          type,
          clusterIP: parseIpv4(clusterIP) ?? 0,
          internalLocal: object.spec.internalTrafficPolicy === 'Local',
          externalLocal: type !== 'ClusterIP' && object.spec.externalTrafficPolicy === 'Local',
          affinitySeconds: object.spec.affinitySeconds ?? 0,
          endpointPort: this.#endpointPort(service, port.name, port.protocol),
        })
      }
    }
    let changed = false
    for (const id of service.ports) {
      const before = this.#rules[id]!.latest
      const after = wanted.get(id) ?? null
      if (before === null && after === null) continue
      if (before !== null && after !== null && isSameContent(before, after)) continue
      this.#replaceRules(revision, id, before, after)
      changed = true
    }
    return changed
  }

  #replaceRules(revision: number, id: ServicePortId, before: ServicePortRules | null, after: ServicePortContent | null): void {
    const hadNodePort = before !== null && before.nodePort !== 0
    const hasNodePort = after !== null && after.nodePort !== 0
    let index = before === null ? -1 : before.index
    let nodePortIndex = before === null ? -1 : before.nodePortIndex
    if (hadNodePort && !hasNodePort) {
      this.#freeNodePortIndex(revision, nodePortIndex)
      nodePortIndex = -1
    }
    if (before !== null && after === null) this.#freeIndex(revision, index)
    if (before === null && after !== null) index = this.#byIndex.push(id) - 1
    if (!hadNodePort && hasNodePort) nodePortIndex = this.#byNodePortIndex.push(id) - 1
    this.#servicePortCount.set(revision, this.#byIndex.length)
    this.#nodePortCount.set(revision, this.#byNodePortIndex.length)
    this.#setRules(revision, id, after === null ? null : { ...after, index, nodePortIndex })
  }

  /** The last one takes the place that became free, so that indexes stay dense. */
  #freeIndex(revision: number, index: number): void {
    const moved = this.#byIndex.pop()!
    if (index === this.#byIndex.length) return
    this.#byIndex[index] = moved
    this.#setRules(revision, moved, { ...this.#rules[moved]!.latest!, index })
  }

  #freeNodePortIndex(revision: number, nodePortIndex: number): void {
    const moved = this.#byNodePortIndex.pop()!
    if (nodePortIndex === this.#byNodePortIndex.length) return
    this.#byNodePortIndex[nodePortIndex] = moved
    this.#setRules(revision, moved, { ...this.#rules[moved]!.latest!, nodePortIndex })
  }

  #setRules(revision: number, id: ServicePortId, rules: ServicePortRules | null): void {
    const versions = this.#rules[id]!
    const before = versions.length
    versions.set(revision, rules)
    this.#entries += versions.length - before
  }

  #applySlice(revision: number, service: ServiceRecord, slice: EndpointSlice, deleted: boolean): boolean {
    const name = slice.metadata.name
    const before = service.slices.get(name)
    if (deleted) {
      if (before === undefined) return false
      service.slices.delete(name)
    } else {
      if (before !== undefined && sameContent(before, slice)) return false
      service.slices.set(name, slice)
    }
    this.#mergeSlices(revision, service)
    return true
  }

  /** Makes the endpoint sets of a Service from all its slices. */
  #mergeSlices(revision: number, service: ServiceRecord): void {
    const merged = new Map<number, EndpointEntry[]>()
    const slices = [...service.slices.values()].sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1))
    for (const slice of slices) {
      for (const port of slice.ports) {
        const id = this.#endpointPort(service, port.name, port.protocol)
        let entries = merged.get(id)
        if (entries === undefined) {
          entries = []
          merged.set(id, entries)
        }
        for (const endpoint of slice.endpoints) entries.push(endpointEntry(this.addresses, this.#nodeIndex, endpoint, port.port))
      }
    }
    for (const id of service.endpointPorts.values()) {
      const endpoints = ServiceEndpoints.of(merged.get(id) ?? [], this.#places)
      const versions = this.#endpoints[id]!
      if (versions.latest.equals(endpoints)) continue
      const before = versions.length
      versions.set(revision, endpoints)
      this.#entries += versions.length - before
    }
  }
}

type ServicePortContent = Omit<ServicePortRules, 'index' | 'nodePortIndex'>

function isSameContent(a: ServicePortContent, b: ServicePortContent): boolean {
  return (
    a.nodePort === b.nodePort &&
    a.clusterIP === b.clusterIP &&
    a.type === b.type &&
    a.endpointPort === b.endpointPort &&
    a.internalLocal === b.internalLocal &&
    a.externalLocal === b.externalLocal &&
    a.affinitySeconds === b.affinitySeconds
  )
}

interface ServiceRecord {
  readonly id: number
  readonly namespace: string
  readonly name: string
  /** Every Service port ever seen. */
  readonly ports: ServicePortId[]
  /** By `name/protocol` of the port: number of the endpoint set. */
  readonly endpointPorts: Map<string, number>
  /** Present slices, by name. */
  readonly slices: Map<string, EndpointSlice>
}

/** Whether two states of a slice are the same for kube-proxy: ports, addresses, conditions, nodes and hints. */
function sameContent(a: EndpointSlice, b: EndpointSlice): boolean {
  if (a.ports.length !== b.ports.length || a.endpoints.length !== b.endpoints.length) return false
  for (const [index, port] of a.ports.entries()) {
    const other = b.ports[index]!
    if (port.name !== other.name || port.port !== other.port || port.protocol !== other.protocol) return false
  }
  for (const [index, endpoint] of a.endpoints.entries()) {
    const other = b.endpoints[index]!
    if (endpoint.address !== other.address || endpoint.nodeName !== other.nodeName) return false
    const [before, after] = [endpoint.conditions, other.conditions]
    if (before.ready !== after.ready || before.serving !== after.serving || before.terminating !== after.terminating) return false
    if (!sameHints(endpoint.hints, other.hints)) return false
  }
  return true
}

function sameHints(a: Endpoint['hints'], b: Endpoint['hints']): boolean {
  if (a === b) return true
  return sameList(a?.zones ?? [], b?.zones ?? []) && sameList(a?.nodes ?? [], b?.nodes ?? [])
}

function sameList(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((text, index) => text === b[index])
}
