/**
 * A hash table from (address, port, protocol) to a service, as IPVS keeps its virtual services and nftables its verdict map.
 *
 * Open addressing with linear probing in int32 columns, at most half full; a removal closes the gap by moving later
 * entries of the run back, so there are no tombstones and the cost does not rise with churn.
 */
import { invariant } from '../../invariant.ts'
import { GOLDEN_RATIO_32, mix32 } from '../mix.ts'
import { NO_SERVICE, packPortProtocol, type ServiceTable } from './service-table.ts'

export class HashServiceTable implements ServiceTable {
  /** Column: IPv4 address as int32. */
  #addresses: Int32Array
  /** Column: protocol << 16 | port. */
  #portProtocols: Int32Array
  /** Column: service index, NO_SERVICE where the slot is empty. */
  #services: Int32Array
  /** Number of slots less one; the number of slots is a power of two. */
  #mask: number
  #size = 0
  #examined = 0

  /** `expected` is the number of keys for which there is room at first; the table grows. */
  constructor(expected = 8) {
    let slots = 16
    while (slots < expected * 2) slots *= 2
    this.#addresses = new Int32Array(slots)
    this.#portProtocols = new Int32Array(slots)
    this.#services = new Int32Array(slots).fill(NO_SERVICE)
    this.#mask = slots - 1
  }

  get size(): number {
    return this.#size
  }

  get examined(): number {
    return this.#examined
  }

  add(address: number, port: number, protocol: number, service: number): void {
    invariant(service >= 0, 'a service index is not negative')
    if ((this.#size + 1) * 2 > this.#mask + 1) this.#grow()
    const portProtocol = packPortProtocol(port, protocol)
    const slot = probe(this.#addresses, this.#portProtocols, this.#services, this.#mask, address | 0, portProtocol)
    if (this.#services[slot] === NO_SERVICE) this.#size += 1
    this.#addresses[slot] = address
    this.#portProtocols[slot] = portProtocol
    this.#services[slot] = service
  }

  remove(address: number, port: number, protocol: number): boolean {
    const portProtocol = packPortProtocol(port, protocol)
    let hole = probe(this.#addresses, this.#portProtocols, this.#services, this.#mask, address | 0, portProtocol)
    if (this.#services[hole] === NO_SERVICE) return false
    const mask = this.#mask
    for (let slot = (hole + 1) & mask; this.#services[slot] !== NO_SERVICE; slot = (slot + 1) & mask) {
      const home = hash(this.#addresses[slot]!, this.#portProtocols[slot]!) & mask
      // The entry may fill the hole when the hole lies between its home and where it stands now.
      if (((slot - home) & mask) < ((slot - hole) & mask)) continue
      this.#addresses[hole] = this.#addresses[slot]!
      this.#portProtocols[hole] = this.#portProtocols[slot]!
      this.#services[hole] = this.#services[slot]!
      hole = slot
    }
    this.#services[hole] = NO_SERVICE
    this.#size -= 1
    return true
  }

  match(address: number, port: number, protocol: number): number {
    const portProtocol = packPortProtocol(port, protocol)
    const mask = this.#mask
    const slot = probe(this.#addresses, this.#portProtocols, this.#services, mask, address | 0, portProtocol)
    this.#examined = ((slot - hash(address | 0, portProtocol)) & mask) + 1
    return this.#services[slot]!
  }

  #grow(): void {
    const old = { addresses: this.#addresses, portProtocols: this.#portProtocols, services: this.#services }
    const slots = (this.#mask + 1) * 2
    this.#addresses = new Int32Array(slots)
    this.#portProtocols = new Int32Array(slots)
    this.#services = new Int32Array(slots).fill(NO_SERVICE)
    this.#mask = slots - 1
    for (let index = 0; index < old.services.length; index += 1) {
      if (old.services[index] === NO_SERVICE) continue
      const address = old.addresses[index]!
      const portProtocol = old.portProtocols[index]!
      const slot = probe(this.#addresses, this.#portProtocols, this.#services, this.#mask, address, portProtocol)
      this.#addresses[slot] = address
      this.#portProtocols[slot] = portProtocol
      this.#services[slot] = old.services[index]!
    }
  }
}

function hash(address: number, portProtocol: number): number {
  return mix32(address ^ Math.imul(portProtocol, GOLDEN_RATIO_32))
}

/** The slot that holds the key, or the empty slot where it would be put. */
function probe(
  addresses: Int32Array,
  portProtocols: Int32Array,
  services: Int32Array,
  mask: number,
  address: number,
  portProtocol: number,
): number {
  let slot = hash(address, portProtocol) & mask
  while (services[slot] !== NO_SERVICE) {
    if (addresses[slot] === address && portProtocols[slot] === portProtocol) return slot
    slot = (slot + 1) & mask
  }
  return slot
}
