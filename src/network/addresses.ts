import { invariant } from '../invariant.ts'

/** An interned IP address: a small integer, from 0. */
export type AddressId = number

/** An interned address and port: a small integer, from 0. */
export type EndpointId = number

/**
 * Every address and every `ip:port` that the run has seen, as small integers, so that a packet carries no strings.
 *
 * An address keeps its number when a pod gives it back and another gets it: who answers there now is another table's business.
 */
export class Addresses {
  readonly #addresses = new Map<string, AddressId>()
  readonly #addressNames: string[] = []
  readonly #endpoints = new Map<string, EndpointId>()
  readonly #endpointNames: string[] = []
  /** The address of each endpoint. */
  #endpointAddresses = new Int32Array(1024)

  address(dotted: string): AddressId {
    let id = this.#addresses.get(dotted)
    if (id === undefined) {
      id = this.#addressNames.push(dotted) - 1
      this.#addresses.set(dotted, id)
    }
    return id
  }

  endpoint(dotted: string, port: number): EndpointId {
    const name = `${dotted}:${port}`
    let id = this.#endpoints.get(name)
    if (id === undefined) {
      id = this.#endpointNames.push(name) - 1
      this.#endpoints.set(name, id)
      if (id >= this.#endpointAddresses.length) {
        const grown = new Int32Array(2 * id)
        grown.set(this.#endpointAddresses)
        this.#endpointAddresses = grown
      }
      this.#endpointAddresses[id] = this.address(dotted)
    }
    return id
  }

  addressOf(endpoint: EndpointId): AddressId {
    return this.#endpointAddresses[endpoint]!
  }

  /** `ip:port`, as kube-proxy writes and sorts it. */
  endpointName(endpoint: EndpointId): string {
    const name = this.#endpointNames[endpoint]
    invariant(name !== undefined, `Endpoint ${endpoint} is unknown`)
    return name
  }
}
