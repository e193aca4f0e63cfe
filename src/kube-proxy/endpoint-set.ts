import type { Addresses, EndpointId } from '../network/addresses.ts'

/**
 * The endpoints that one Service port is balanced over, at one revision. Immutable, and shared by all nodes that stand there.
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

  static of(addresses: Addresses, members: readonly { readonly address: string; readonly port: number }[]): EndpointSet {
    if (members.length === 0) return EndpointSet.EMPTY
    const named = members.map(({ address, port }) => ({ name: `${address}:${port}`, id: addresses.endpoint(address, port) }))
    named.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
    return new EndpointSet(Int32Array.from(named, ({ id }) => id))
  }

  has(endpoint: EndpointId): boolean {
    return this.endpoints.includes(endpoint)
  }

  equals(other: EndpointSet): boolean {
    if (this.count !== other.count) return false
    for (let index = 0; index < this.count; index++) if (this.endpoints[index] !== other.endpoints[index]) return false
    return true
  }
}
