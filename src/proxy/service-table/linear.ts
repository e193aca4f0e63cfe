/**
 * A rule list, walked from the top for every packet, as iptables walks KUBE-SERVICES: one rule a (address, port, protocol).
 *
 * The columns are packed and the walk takes four rules a turn: this is the fastest honest form of a linear scan we know
 * in JavaScript, so that a comparison with the hash table is fair to iptables.
 */
import { invariant } from '../../invariant.ts'
import { NO_SERVICE, packPortProtocol, type ServiceTable } from './service-table.ts'

export class LinearServiceTable implements ServiceTable {
  /** Column: IPv4 address as int32. */
  #addresses: Int32Array
  /** Column: protocol << 16 | port. */
  #portProtocols: Int32Array
  /** Column: service index. */
  #services: Int32Array
  #size = 0
  #examined = 0

  /** `capacity` is the number of rules for which there is room at first; the table grows. */
  constructor(capacity = 16) {
    this.#addresses = new Int32Array(capacity)
    this.#portProtocols = new Int32Array(capacity)
    this.#services = new Int32Array(capacity)
  }

  get size(): number {
    return this.#size
  }

  get examined(): number {
    return this.#examined
  }

  /** Appends a rule at the end of the list. Walks the list first, to keep keys unique. */
  add(address: number, port: number, protocol: number, service: number): void {
    invariant(service >= 0, 'a service index is not negative')
    const portProtocol = packPortProtocol(port, protocol)
    const found = walk(this.#addresses, this.#portProtocols, this.#size, address | 0, portProtocol)
    if (found < this.#size) {
      this.#services[found] = service
      return
    }
    if (this.#size === this.#services.length) this.#grow()
    this.#addresses[this.#size] = address
    this.#portProtocols[this.#size] = portProtocol
    this.#services[this.#size] = service
    this.#size += 1
  }

  /** Takes a rule out; the rules behind it move up. */
  remove(address: number, port: number, protocol: number): boolean {
    const found = walk(this.#addresses, this.#portProtocols, this.#size, address | 0, packPortProtocol(port, protocol))
    if (found === this.#size) return false
    this.#addresses.copyWithin(found, found + 1, this.#size)
    this.#portProtocols.copyWithin(found, found + 1, this.#size)
    this.#services.copyWithin(found, found + 1, this.#size)
    this.#size -= 1
    return true
  }

  match(address: number, port: number, protocol: number): number {
    const found = walk(this.#addresses, this.#portProtocols, this.#size, address | 0, packPortProtocol(port, protocol))
    if (found === this.#size) {
      this.#examined = found
      return NO_SERVICE
    }
    this.#examined = found + 1
    return this.#services[found]!
  }

  /**
   * Sets the order of the rules, as a sync of kube-proxy does: the rule now at index i moves to `positionOf(i)`.
   *
   * `positionOf` must be a permutation of 0..size-1.
   */
  reorder(positionOf: (index: number) => number): void {
    const addresses = new Int32Array(this.#addresses.length)
    const portProtocols = new Int32Array(this.#addresses.length)
    const services = new Int32Array(this.#addresses.length).fill(NO_SERVICE)
    for (let index = 0; index < this.#size; index += 1) {
      const position = positionOf(index)
      invariant(position >= 0 && position < this.#size, 'a rule keeps a place inside the list')
      invariant(services[position] === NO_SERVICE, 'two rules do not share a place')
      addresses[position] = this.#addresses[index]!
      portProtocols[position] = this.#portProtocols[index]!
      services[position] = this.#services[index]!
    }
    this.#addresses = addresses
    this.#portProtocols = portProtocols
    this.#services = services
  }

  #grow(): void {
    const capacity = Math.max(16, this.#services.length * 2)
    this.#addresses = copyInto(new Int32Array(capacity), this.#addresses)
    this.#portProtocols = copyInto(new Int32Array(capacity), this.#portProtocols)
    this.#services = copyInto(new Int32Array(capacity), this.#services)
  }
}

function copyInto(target: Int32Array, source: Int32Array): Int32Array {
  target.set(source)
  return target
}

/** Index of the first rule that matches, or `size`. */
function walk(addresses: Int32Array, portProtocols: Int32Array, size: number, address: number, portProtocol: number): number {
  let index = 0
  for (const end = size - 3; index < end; index += 4) {
    if (addresses[index] === address && portProtocols[index] === portProtocol) return index
    if (addresses[index + 1] === address && portProtocols[index + 1] === portProtocol) return index + 1
    if (addresses[index + 2] === address && portProtocols[index + 2] === portProtocol) return index + 2
    if (addresses[index + 3] === address && portProtocols[index + 3] === portProtocol) return index + 3
  }
  while (index < size) {
    if (addresses[index] === address && portProtocols[index] === portProtocol) return index
    index += 1
  }
  return size
}
