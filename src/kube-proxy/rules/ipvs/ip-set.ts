import { networkContains, parseAddress, parseNetwork } from '../../model/ip-address.ts'
import type { ServiceProtocol } from '../../model/service-port.ts'

/** What the members of a set are made of. Source: ipset(8). */
export type IpSetType = 'hash:ip' | 'hash:ip,port' | 'hash:ip,port,ip' | 'hash:ip,port,net' | 'bitmap:port'

/** What a set is asked about a packet: `third` is the address held against a member's third part. */
export interface SetQuery {
  readonly address: string
  readonly protocol: ServiceProtocol
  readonly port: number
  readonly third: string
}

/**
 * A set of addresses, ports and combinations of them that one iptables rule matches against, however many there are.
 *
 * Members are kept as the text that `ipset` takes, and looked up by it; members with a network also stand in a list of their prefix.
 */
export class IpSet {
  readonly name: string
  readonly type: IpSetType
  /** The comment of the iptables rules that match the set. */
  readonly comment: string
  readonly #members = new Set<string>()
  /** By `ip,protocol:port`, the networks of its members: hash:ip,port,net only. */
  readonly #networks = new Map<string, string[]>()

  constructor(name: string, type: IpSetType, comment: string) {
    this.name = name
    this.type = type
    this.comment = comment
  }

  get size(): number {
    return this.#members.size
  }

  /** In order of addition. */
  members(): readonly string[] {
    return [...this.#members]
  }

  addAddress(address: string): void {
    this.#members.add(address)
  }

  addPort(port: number): void {
    this.#members.add(String(port))
  }

  addAddressAndPort(address: string, protocol: ServiceProtocol, port: number): void {
    this.#members.add(addressAndPort(address, protocol, port))
  }

  /** `third` is an address, or a network in sets of type hash:ip,port,net. */
  addTriple(address: string, protocol: ServiceProtocol, port: number, third: string): void {
    const key = addressAndPort(address, protocol, port)
    const member = `${key},${third}`
    if (this.#members.has(member)) return
    this.#members.add(member)
    if (this.type !== 'hash:ip,port,net') return
    const networks = this.#networks.get(key)
    if (networks === undefined) this.#networks.set(key, [third])
    else networks.push(third)
  }

  matches({ address, protocol, port, third }: SetQuery): boolean {
    switch (this.type) {
      case 'hash:ip':
        return this.#members.has(address)
      case 'bitmap:port':
        return this.#members.has(String(port))
      case 'hash:ip,port':
        return this.#members.has(addressAndPort(address, protocol, port))
      case 'hash:ip,port,ip':
        return this.#members.has(`${addressAndPort(address, protocol, port)},${third}`)
      case 'hash:ip,port,net': {
        const bytes = parseAddress(third)
        const networks = this.#networks.get(addressAndPort(address, protocol, port)) ?? []
        return bytes !== null && networks.some((network) => networkContains(parseNetwork(network)!, bytes))
      }
    }
  }
}

function addressAndPort(address: string, protocol: ServiceProtocol, port: number): string {
  return `${address},${protocol.toLowerCase()}:${port}`
}
