import type { EndpointId } from '../network/addresses.ts'

/**
 * The endpoints that one Service port is balanced over, at one revision and seen from one place. Immutable, and shared by all nodes that stand
 * there.
 *
 * In the order of `ip:port` as strings, as kube-proxy sorts them: `10.0.0.10:80` comes before `10.0.0.9:80`.
 */
export class EndpointSet {
  static readonly EMPTY = new EndpointSet(new Int32Array(0))

  readonly endpoints: Int32Array
  readonly count: number

  private constructor(endpoints: Int32Array) {
    this.endpoints = endpoints
    this.count = endpoints.length
  }

  /** Of endpoints that are in order. */
  static sorted(ids: readonly EndpointId[]): EndpointSet {
    return ids.length === 0 ? EndpointSet.EMPTY : new EndpointSet(Int32Array.from(ids))
  }

  has(endpoint: EndpointId): boolean {
    return this.endpoints.includes(endpoint)
  }

  isSubsetOf(other: EndpointSet): boolean {
    return this === other || this.endpoints.every((endpoint) => other.has(endpoint))
  }

  equals(other: EndpointSet): boolean {
    if (this === other) return true
    if (this.count !== other.count) return false
    for (let index = 0; index < this.count; index++) if (this.endpoints[index] !== other.endpoints[index]) return false
    return true
  }
}
