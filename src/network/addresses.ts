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
  /** By address: see {@link ipv4}. */
  readonly #ipv4: number[] = []
  /** By endpoint. */
  readonly #ports: number[] = []

  address(dotted: string): AddressId {
    let id = this.#addresses.get(dotted)
    if (id === undefined) {
      id = this.#addressNames.push(dotted) - 1
      this.#addresses.set(dotted, id)
      this.#ipv4.push(parseIpv4(dotted) ?? -1 - id)
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
      this.#ports.push(port)
    }
    return id
  }

  addressOf(endpoint: EndpointId): AddressId {
    return this.#endpointAddresses[endpoint]!
  }

  /** The address as an int32, as a packet carries it. What is no IPv4 address has a negative number of its own. */
  ipv4(address: AddressId): number {
    return this.#ipv4[address]!
  }

  portOf(endpoint: EndpointId): number {
    return this.#ports[endpoint]!
  }

  /** `ip:port`, as kube-proxy writes and sorts it. */
  endpointName(endpoint: EndpointId): string {
    const name = this.#endpointNames[endpoint]
    invariant(name !== undefined, `Endpoint ${endpoint} is unknown`)
    return name
  }
}

/** A dotted address as an int32, or null. */
export function parseIpv4(dotted: string): number | null {
  const octets = dotted.split('.')
  if (octets.length !== 4 || !octets.every((octet) => /^\d{1,3}$/.test(octet) && Number(octet) <= 255)) return null
  return octets.reduce((address, octet) => (address << 8) | Number(octet), 0)
}
