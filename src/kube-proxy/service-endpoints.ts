import type { EndpointConditions } from '../api/objects/index.ts'
import type { Addresses, EndpointId } from '../network/addresses.ts'
import { EndpointSet } from './endpoint-set.ts'

/** The nodes that look at endpoints, by index: what makes two of them see different things. */
export interface NodePlaces {
  readonly names: readonly string[]
  /** '' where a node does not know its zone. */
  readonly zones: readonly string[]
}

/** One endpoint of a Service port, in any condition. */
export interface EndpointEntry {
  /** `ip:port`. */
  readonly name: string
  readonly id: EndpointId
  /** Its address without the port, as `Addresses` numbers it. */
  readonly address: number
  /** Index of the node that it runs on; {@link NOWHERE} when that is no node of the cluster. */
  readonly node: number
  readonly conditions: EndpointConditions
  readonly zoneHints: readonly string[]
  readonly nodeHints: readonly string[]
}

export const NOWHERE = -1

/**
 * All endpoints that the slices give one Service port, at one revision: from it follows what each node may send to. Immutable, and shared by
 * all nodes that stand there; what differs by node or zone is worked out once for all of them, at the first question.
 *
 * ```text
 *   all ─ ready? else serving and terminating ─▶ everywhere ─ hints for this node, else for its zone ─▶ cluster(node)
 *   all ─ of this node ─ ready? else serving and terminating ─────────────────────────────────────────▶ local(node)
 * ```
 *
 * The same as `model/categorize.ts` says endpoint by endpoint; a property test holds the two together.
 */
export class ServiceEndpoints {
  static readonly EMPTY = new ServiceEndpoints([], { names: [], zones: [] }, null)

  /** Endpoints in any condition. */
  readonly total: number
  /** Whether anything is usable anywhere: without, packets are rejected; with something elsewhere only, they are dropped. */
  readonly hasAny: boolean
  /** Whether nodes see different endpoints even under policy Cluster. */
  readonly differsByNode: boolean
  readonly #hasHints: boolean
  readonly #entries: readonly EndpointEntry[]
  readonly #places: NodePlaces
  /** Of an address that two slices name: what a node sees that the later one says is its own. */
  readonly #overrides: ReadonlyMap<number, ReadonlyMap<string, EndpointEntry>> | null
  /** Under policy Cluster, on every node where {@link differsByNode} is false. */
  readonly everywhere: EndpointSet
  readonly #byZone: ReadonlyMap<string, EndpointSet> | null
  readonly #byNode: ReadonlyMap<string, EndpointSet> | null
  #local: ReadonlyMap<number, EndpointSet> | null = null
  #localReady: ReadonlySet<number> | null = null
  #serving: ReadonlySet<number> | null = null
  /** By node with overrides. */
  readonly #views = new Map<number, ServiceEndpoints>()
  readonly #reachable = new Map<number, EndpointSet>()

  private constructor(
    entries: readonly EndpointEntry[],
    places: NodePlaces,
    overrides: ReadonlyMap<number, ReadonlyMap<string, EndpointEntry>> | null,
  ) {
    this.#entries = entries
    this.#places = places
    this.#overrides = overrides
    this.total = entries.length
    const ready = entries.filter(({ conditions }) => conditions.ready)
    const usable = ready.length > 0 ? ready : entries.filter(isServingTerminating)
    this.everywhere = setOf(usable)
    this.hasAny = usable.length > 0
    this.#byNode = hinted(ready, ({ nodeHints }) => nodeHints)
    this.#byZone = hinted(ready, ({ zoneHints }) => zoneHints)
    this.#hasHints = this.#byNode !== null || this.#byZone !== null
    this.differsByNode = overrides !== null || this.#hasHints
  }

  /**
   * `entries` in the order in which the slices, by name, give them. Of a name that appears twice the first stays, but for the node that a
   * later one runs on. The result is in the order of `ip:port` as strings, as kube-proxy sorts.
   */
  static of(entries: readonly EndpointEntry[], places: NodePlaces): ServiceEndpoints {
    if (entries.length === 0) return ServiceEndpoints.EMPTY
    const firsts = new Map<string, EndpointEntry>()
    let overrides: Map<number, Map<string, EndpointEntry>> | null = null
    for (const entry of entries) {
      const first = firsts.get(entry.name)
      if (first === undefined) {
        firsts.set(entry.name, entry)
      } else if (entry.node !== NOWHERE) {
        overrides ??= new Map()
        const ofNode = overrides.get(entry.node) ?? new Map<string, EndpointEntry>()
        overrides.set(entry.node, ofNode.set(entry.name, entry))
      }
    }
    const sorted = [...firsts.values()].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
    return new ServiceEndpoints(sorted, places, overrides)
  }

  /** Addresses, as `Addresses` numbers them, of the endpoints that serve, be they terminating or not. */
  get servingAddresses(): ReadonlySet<number> {
    this.#serving ??= new Set(this.#entries.filter(({ conditions }) => conditions.serving).map(({ address }) => address))
    return this.#serving
  }

  /** As one node sees it: the same but for addresses that two slices name. To be asked before all else. */
  seenFrom(node: number): ServiceEndpoints {
    const own = this.#overrides?.get(node)
    if (own === undefined) return this
    let view = this.#views.get(node)
    if (view === undefined) {
      const entries = this.#entries.map((entry) => own.get(entry.name) ?? entry)
      view = new ServiceEndpoints(entries, this.#places, null)
      this.#views.set(node, view)
    }
    return view
  }

  /** Under policy Cluster. */
  cluster(node: number): EndpointSet {
    if (!this.#hasHints) return this.everywhere
    return this.#byNode?.get(this.#places.names[node]!) ?? this.#byZone?.get(this.#places.zones[node]!) ?? this.everywhere
  }

  /** Under policy Local. */
  local(node: number): EndpointSet {
    this.#local ??= localSets(this.#entries)
    return this.#local.get(node) ?? EndpointSet.EMPTY
  }

  /** Of either list, once. */
  reachable(node: number): EndpointSet {
    const [cluster, local] = [this.cluster(node), this.local(node)]
    if (local.isSubsetOf(cluster)) return cluster
    let union = this.#reachable.get(node)
    if (union === undefined) {
      union = setOf(this.#entries.filter(({ id }) => cluster.has(id) || local.has(id)))
      this.#reachable.set(node, union)
    }
    return union
  }

  /** Whether a node has a ready endpoint of its own: what its health-check node port answers. */
  hasLocalReady(node: number): boolean {
    this.#localReady ??= new Set(this.#entries.filter(({ conditions }) => conditions.ready).map((entry) => entry.node))
    return this.#localReady.has(node)
  }

  /** Whether some node could tell the two apart. */
  equals(other: ServiceEndpoints): boolean {
    if (this === other) return true
    if (this.#overrides !== null || other.#overrides !== null || this.total !== other.total) return false
    return this.#entries.every((entry, index) => isSame(entry, other.#entries[index]!))
  }
}

/** Reads one endpoint of a slice. */
export function endpointEntry(
  addresses: Addresses,
  nodeIndex: ReadonlyMap<string, number>,
  endpoint: {
    readonly address: string
    readonly conditions: EndpointConditions
    readonly nodeName: string
    readonly hints?: { readonly zones: readonly string[]; readonly nodes: readonly string[] }
  },
  port: number,
): EndpointEntry {
  return {
    name: `${endpoint.address}:${port}`,
    id: addresses.endpoint(endpoint.address, port),
    address: addresses.address(endpoint.address),
    node: nodeIndex.get(endpoint.nodeName) ?? NOWHERE,
    conditions: endpoint.conditions,
    zoneHints: endpoint.hints?.zones ?? NO_HINTS,
    nodeHints: endpoint.hints?.nodes ?? NO_HINTS,
  }
}

const NO_HINTS: readonly string[] = []

function isServingTerminating({ conditions }: EndpointEntry): boolean {
  return conditions.serving && conditions.terminating
}

function setOf(entries: readonly EndpointEntry[]): EndpointSet {
  return EndpointSet.sorted(entries.map(({ id }) => id))
}

/** The ready endpoints by the place they are hinted for; null when hints do not count: there is none, or one endpoint has none. */
function hinted(ready: readonly EndpointEntry[], hintsOf: (entry: EndpointEntry) => readonly string[]): Map<string, EndpointSet> | null {
  if (ready.length === 0 || ready.some((entry) => hintsOf(entry).length === 0)) return null
  const byPlace = new Map<string, EndpointEntry[]>()
  for (const entry of ready) for (const place of new Set(hintsOf(entry))) byPlace.set(place, [...(byPlace.get(place) ?? []), entry])
  return new Map([...byPlace].map(([place, entries]) => [place, setOf(entries)]))
}

function localSets(entries: readonly EndpointEntry[]): Map<number, EndpointSet> {
  const byNode = new Map<number, EndpointEntry[]>()
  for (const entry of entries) {
    if (entry.node === NOWHERE) continue
    const ofNode = byNode.get(entry.node)
    if (ofNode === undefined) byNode.set(entry.node, [entry])
    else ofNode.push(entry)
  }
  const sets = new Map<number, EndpointSet>()
  for (const [node, ofNode] of byNode) {
    const ready = ofNode.filter(({ conditions }) => conditions.ready)
    sets.set(node, setOf(ready.length > 0 ? ready : ofNode.filter(isServingTerminating)))
  }
  return sets
}

function isSame(a: EndpointEntry, b: EndpointEntry): boolean {
  return (
    a.id === b.id &&
    a.node === b.node &&
    a.conditions.ready === b.conditions.ready &&
    isServingTerminating(a) === isServingTerminating(b) &&
    sameTexts(a.zoneHints, b.zoneHints) &&
    sameTexts(a.nodeHints, b.nodeHints)
  )
}

function sameTexts(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((text, index) => text === b[index])
}
