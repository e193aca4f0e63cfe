import type { EndpointSet } from './endpoint-set.ts'
import type { NodeRules } from './node-rules.ts'
import type { ServicePortId, ServicePortRules } from './service-history.ts'

/**
 * What the ClusterIP of a Service port leads to, where that is the same on every node that stands at the same two revisions: kept for the next
 * packet to it. All nodes stand at the same ones but shortly after a change, so one answer a port is enough.
 *
 * It is only a memory: {@link find} asks the history where it does not know.
 */
export class SharedRoutes {
  readonly #rules: NodeRules
  /** WIDTH numbers a Service port: the revisions for which an answer is kept, and the history's own then, as a node may stand at one that is yet to be applied. */
  #keys = new Float64Array(64 * WIDTH)
  readonly #rulesOf: ServicePortRules[] = []
  readonly #servedOf: EndpointSet[] = []

  constructor(rules: NodeRules) {
    this.#rules = rules
  }

  /** Whether the answer is the same for all nodes that stand where this one does: then {@link rulesOf} and {@link servedOf} have it. */
  find(node: number, servicePort: ServicePortId): boolean {
    const { history, serviceRevisions, sliceRevisions } = this.#rules
    const services = serviceRevisions[node]!
    const slices = sliceRevisions[node]!
    const keys = this.#keys
    const key = servicePort * WIDTH
    // Revisions count from 1 there, so that what was never kept is never found.
    if (keys[key + SERVICES] === services + 1 && keys[key + SLICES] === slices + 1 && keys[key + APPLIED] === history.revision) return true
    return this.#ask(servicePort, services, slices)
  }

  rulesOf(servicePort: ServicePortId): ServicePortRules {
    return this.#rulesOf[servicePort]!
  }

  servedOf(servicePort: ServicePortId): EndpointSet {
    return this.#servedOf[servicePort]!
  }

  #ask(servicePort: ServicePortId, services: number, slices: number): boolean {
    const { history } = this.#rules
    const rules = history.rules(servicePort, services)
    if (rules === null || rules.internalLocal) return false
    const endpoints = history.endpoints(rules.endpointPort, slices)
    if (endpoints.differsByNode) return false
    const key = servicePort * WIDTH
    if (key + WIDTH > this.#keys.length) {
      const grown = new Float64Array(2 * (key + WIDTH))
      grown.set(this.#keys)
      this.#keys = grown
    }
    const keys = this.#keys
    keys[key + SERVICES] = services + 1
    keys[key + SLICES] = slices + 1
    keys[key + APPLIED] = history.revision
    while (this.#rulesOf.length <= servicePort) {
      this.#rulesOf.push(rules)
      this.#servedOf.push(endpoints.everywhere)
    }
    this.#rulesOf[servicePort] = rules
    this.#servedOf[servicePort] = endpoints.everywhere
    return true
  }
}

const SERVICES = 0
const SLICES = 1
const APPLIED = 2
/** A power of two. */
const WIDTH = 4
