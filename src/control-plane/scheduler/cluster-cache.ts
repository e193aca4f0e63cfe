import { type LabelSelector, matchesSelector } from '../../api/labels.ts'
import type { Node, Pod, Service, StringMap } from '../../api/objects/index.ts'
import type { KubernetesMinor } from '../../kubernetes-version.ts'
import { keyOf, objectKey } from '../object-key.ts'
import { controllerOf } from '../owner-index.ts'
import { ImageSpread } from './image-spread.ts'
import { NodeInfo } from './node-info.ts'
import { PodCounts, type PodQuery } from './pod-counts.ts'
import { PodInfo } from './pod-info.ts'
import { SelectorIndex } from './selector-index.ts'
import { TermIndex } from './term-index.ts'

const ZONE_LABEL = 'topology.kubernetes.io/zone'
const REGION_LABEL = 'topology.kubernetes.io/region'
const NO_LABELS: StringMap = {}

/** An object that makes pods of a selector, as the scheduler reads it: `spec.selector` is a map for a ReplicationController. */
export interface SelectingWorkload {
  readonly kind: string
  readonly metadata: { readonly namespace: string; readonly name: string }
  readonly spec?: { readonly selector?: LabelSelector | StringMap | null }
}

/**
 * What the scheduler knows of the cluster: its nodes, the pods that are bound or assumed to be, and what plugins ask about
 * them, kept up to date with every change.
 */
export class ClusterCache {
  readonly version: KubernetesMinor
  readonly terms = new TermIndex()
  readonly images = new ImageSpread()
  readonly #counts = new PodCounts()
  readonly #byName = new Map<string, NodeInfo>()
  #ordered: readonly NodeInfo[] | null = null
  /** Where each pod counts. */
  readonly #placed = new Map<string, { info: PodInfo; node: string }>()
  /** Pods bound to a node that is not known. */
  readonly #orphans = new Map<string, Map<string, PodInfo>>()
  readonly #namespaces = new Map<string, StringMap>()
  readonly #services = new SelectorIndex<Service>()
  readonly #serviceByKey = new Map<string, Service>()
  readonly #workloads = new Map<string, LabelSelector>()

  constructor(version: KubernetesMinor) {
    this.version = version
  }

  /**
   * All nodes, one of each zone in turn.
   *
   * Source: Kubernetes pkg/scheduler/backend/cache/node_tree.go.
   */
  get nodes(): readonly NodeInfo[] {
    this.#ordered ??= inTurnByZone([...this.#byName.values()])
    return this.#ordered
  }

  node(name: string): NodeInfo | undefined {
    return this.#byName.get(name)
  }

  setNode(node: Node): void {
    const { name } = node.metadata
    const known = this.#byName.get(name)
    if (known !== undefined) {
      this.images.replace(known.node, node)
      if (zoneOf(known.node) !== zoneOf(node)) this.#ordered = null
      known.node = node
      return
    }
    const fresh = new NodeInfo(node)
    this.#byName.set(name, fresh)
    this.images.replace(null, node)
    this.#ordered = null
    for (const info of this.#orphans.get(name)?.values() ?? []) this.#add(info, fresh)
    this.#orphans.delete(name)
  }

  removeNode(name: string): void {
    const info = this.#byName.get(name)
    if (info === undefined) return
    this.#byName.delete(name)
    this.images.replace(info.node, null)
    this.#ordered = null
    const left = new Map(info.pods)
    for (const pod of left.values()) this.#remove(pod, info)
    if (left.size > 0) this.#orphans.set(name, left)
  }

  /** Counts the pod on that node, and nowhere else. */
  place(pod: Pod, node: string): void {
    const key = keyOf(pod)
    const before = this.#placed.get(key)
    if (before !== undefined) {
      if (before.node === node && countsAlike(before.info.pod, pod)) {
        before.info.pod = pod
        return
      }
      this.#withdraw(before.info, before.node)
    }
    const info = new PodInfo(pod)
    this.#placed.set(key, { info, node })
    const target = this.#byName.get(node)
    if (target !== undefined) {
      this.#add(info, target)
      return
    }
    const orphans = this.#orphans.get(node)
    if (orphans === undefined) this.#orphans.set(node, new Map([[key, info]]))
    else orphans.set(key, info)
  }

  /** The pod that was counted, if it was. */
  forget(key: string): Pod | undefined {
    const placed = this.#placed.get(key)
    if (placed === undefined) return undefined
    this.#placed.delete(key)
    this.#withdraw(placed.info, placed.node)
    return placed.info.pod
  }

  placed(key: string): Pod | undefined {
    return this.#placed.get(key)?.info.pod
  }

  /** How many pods of a query are on each node that has any. */
  counts(query: PodQuery): ReadonlyMap<NodeInfo, number> {
    return this.#counts.of(query, this.#byName.values())
  }

  setNamespace(name: string, labels: StringMap | null): void {
    if (labels === null) this.#namespaces.delete(name)
    else this.#namespaces.set(name, labels)
  }

  namespaceLabels(name: string): StringMap {
    return this.#namespaces.get(name) ?? NO_LABELS
  }

  /** Names of the namespaces that a selector matches, and those given, each once and in order. */
  namespacesOf(names: readonly string[], selector: LabelSelector | null): readonly string[] {
    if (selector === null) return names
    const all = new Set(names)
    for (const [name, labels] of this.#namespaces) if (matchesSelector(selector, labels)) all.add(name)
    return [...all].toSorted()
  }

  setService(service: Service, deleted: boolean): void {
    const key = keyOf(service)
    const before = this.#serviceByKey.get(key)
    if (before !== undefined) this.#services.remove(before)
    this.#serviceByKey.delete(key)
    const { selector } = service.spec
    if (deleted || selector === null) return
    this.#serviceByKey.set(key, service)
    this.#services.add(service, [service.metadata.namespace], { matchLabels: selector, matchExpressions: [] })
  }

  setWorkload(workload: SelectingWorkload, deleted: boolean): void {
    const key = objectKey(workload.kind, workload.metadata.namespace, workload.metadata.name)
    const selector = workload.spec?.selector
    if (deleted || selector === undefined || selector === null) this.#workloads.delete(key)
    else this.#workloads.set(key, isLabelSelector(selector) ? selector : { matchLabels: selector, matchExpressions: [] })
  }

  /**
   * What makes a pod one of many: the selectors of all Services that match it, and of the workload that owns it, taken
   * together. null when there is none.
   *
   * Source: Kubernetes pkg/scheduler/framework/plugins/helper/spread.go (DefaultSelector).
   */
  defaultSelector(pod: Pod): LabelSelector | null {
    const { namespace, labels } = pod.metadata
    let matchLabels: Record<string, string> | null = null
    this.#services.forEachCandidate(namespace, labels, (service) => {
      const selector = { matchLabels: service.spec.selector!, matchExpressions: [] }
      if (matchesSelector(selector, labels)) matchLabels = { ...matchLabels, ...service.spec.selector! }
    })
    const owner = controllerOf(pod.metadata)
    const workload = owner === undefined ? undefined : this.#workloads.get(objectKey(owner.kind, namespace, owner.name))
    if (workload === undefined) return matchLabels === null ? null : { matchLabels, matchExpressions: [] }
    if (matchLabels === null) return workload
    return { matchLabels, matchExpressions: [...asRequirements(workload.matchLabels), ...workload.matchExpressions] }
  }

  #add(info: PodInfo, node: NodeInfo): void {
    node.add(info)
    this.#counts.change(info, node, 1)
    this.terms.change(info, node, 1)
  }

  #remove(info: PodInfo, node: NodeInfo): void {
    node.remove(info)
    this.#counts.change(info, node, -1)
    this.terms.change(info, node, -1)
  }

  #withdraw(info: PodInfo, name: string): void {
    const node = this.#byName.get(name)
    if (node !== undefined) this.#remove(info, node)
    else this.#orphans.get(name)?.delete(info.key)
  }
}

/** Whether nothing changed that the scheduler looks at: most updates of a pod are of its status. */
function countsAlike(before: Pod, after: Pod): boolean {
  return (
    before.metadata.uid === after.metadata.uid &&
    before.metadata.labels === after.metadata.labels &&
    before.metadata.deletionTimestamp === after.metadata.deletionTimestamp &&
    before.spec.containers === after.spec.containers
  )
}

function isLabelSelector(selector: LabelSelector | StringMap): selector is LabelSelector {
  return typeof selector.matchLabels === 'object'
}

function asRequirements(labels: StringMap): LabelSelector['matchExpressions'] {
  return Object.keys(labels).map((key) => ({ key, operator: 'In', values: [labels[key]!] }))
}

function zoneOf(node: Node): string {
  const { labels } = node.metadata
  return `${labels[REGION_LABEL] ?? ''}:${labels[ZONE_LABEL] ?? ''}`
}

function inTurnByZone(nodes: readonly NodeInfo[]): NodeInfo[] {
  const zones = new Map<string, NodeInfo[]>()
  for (const info of nodes) {
    const zone = zoneOf(info.node)
    const members = zones.get(zone)
    if (members === undefined) zones.set(zone, [info])
    else members.push(info)
  }
  const ordered: NodeInfo[] = []
  for (let turn = 0; ordered.length < nodes.length; turn++) {
    for (const members of zones.values()) if (turn < members.length) ordered.push(members[turn]!)
  }
  return ordered
}
