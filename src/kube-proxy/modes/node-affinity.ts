import type { EndpointId } from '../../network/addresses.ts'
import type { Nanos } from '../../units.ts'
import { ABSENT, IntMap } from '../int-map.ts'
import { NO_RULES, type NodeRules } from '../node-rules.ts'
import { reachableBy } from '../routing.ts'
import type { ServicePortId } from '../service-history.ts'
import { SyncLog } from './sync-log.ts'

/** What one node remembers of the clients of one Service port. */
interface Store<Memory> {
  readonly log: SyncLog
  readonly servicePort: ServicePortId
  readonly node: number
  /** The next sync to look at. */
  nextSync: number
  /** By endpoint. */
  readonly memories: Map<EndpointId, Memory>
}

/**
 * Session affinity where the kernel remembers clients endpoint by endpoint (iptables, nftables): a memory lives as long as the rules lead to its
 * endpoint without a break.
 *
 * A store is made when the first connection comes. When the next one does, the syncs in between are looked through for endpoints that were
 * gone: their memories went with their rules.
 */
export class NodeAffinity<Memory> {
  readonly #rules: NodeRules
  readonly #nodes: number
  readonly #logs: SyncLog[]
  /** (node, Service port) to a place in `#stores`. */
  readonly #places = new IntMap()
  readonly #stores: Store<Memory>[] = []

  constructor(rules: NodeRules, nodes: number) {
    this.#rules = rules
    this.#nodes = nodes
    this.#logs = Array.from({ length: nodes }, () => new SyncLog())
  }

  /** The memories that the node's kernel has for a Service port now. */
  of(node: number, servicePort: ServicePortId): Map<EndpointId, Memory> {
    const key = servicePort * this.#nodes + node
    const place = this.#places.get(key)
    const log = this.#logs[node]!
    if (place !== ABSENT && this.#stores[place]!.log === log) {
      this.#catchUp(this.#stores[place]!)
      return this.#stores[place]!.memories
    }
    const store = { log, servicePort, node, nextSync: log.end, memories: new Map<EndpointId, Memory>() }
    if (place === ABSENT) this.#places.set(key, this.#stores.push(store) - 1)
    else this.#stores[place] = store
    return store.memories
  }

  synced(node: number, now: Nanos): void {
    if (this.#stores.length > 0) this.#logs[node]!.push(now, this.#rules.serviceRevisions[node]!, this.#rules.sliceRevisions[node]!)
  }

  crashed(node: number): void {
    this.#logs[node] = new SyncLog()
  }

  beforePrune(): void {
    for (const store of this.#stores) if (this.#rules.present[store.node] !== NO_RULES) this.#catchUp(store)
    for (const log of this.#logs) log.prune()
  }

  #catchUp(store: Store<Memory>): void {
    const { history } = this.#rules
    const { log, memories, node } = store
    for (; store.nextSync < log.end; store.nextSync++) {
      if (memories.size === 0) continue
      const rules = history.rules(store.servicePort, log.serviceRevisionOf(store.nextSync))
      if (rules === null || rules.affinitySeconds === 0) {
        memories.clear()
        continue
      }
      const endpoints = history.endpoints(rules.endpointPort, log.sliceRevisionOf(store.nextSync)).seenFrom(node)
      const reachable = reachableBy(endpoints, rules, node)
      for (const endpoint of memories.keys()) if (!reachable.has(endpoint)) memories.delete(endpoint)
    }
  }
}
