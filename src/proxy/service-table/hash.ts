/**
 * A hash table from (address, port, protocol) to a service, as IPVS keeps its virtual services and nftables its verdict map.
 *
 * Open addressing with linear probing, at most half full; a removal closes the gap by moving later entries of the run back, so
 * there are no tombstones and the cost does not rise with churn. The three fields of a slot lie side by side in one int32 array: with
 * 50,000 services the table is larger than a core's cache, and a lookup should wait for one line of memory, not for three.
 */
import { invariant } from '../../invariant.ts'
import { GOLDEN_RATIO_32, mix32 } from '../mix.ts'
import { NO_SERVICE, packPortProtocol, type ServiceTable } from './service-table.ts'

/** Fields of a slot, as offsets into its row. */
const ADDRESS = 0
/** protocol << 16 | port */
const PORT_PROTOCOL = 1
/** Service index, NO_SERVICE where the slot is empty. */
const SERVICE = 2
const ROW = 3

export class HashServiceTable implements ServiceTable {
  #rows: Int32Array
  /** Number of slots less one; the number of slots is a power of two. */
  #mask: number
  #size = 0
  #examined = 0

  /** `expected` is the number of keys for which there is room at first; the table grows. */
  constructor(expected = 8) {
    let slots = 16
    while (slots < expected * 2) slots *= 2
    this.#rows = emptyRows(slots)
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
    const rows = this.#rows
    const row = probe(rows, this.#mask, address | 0, portProtocol) * ROW
    if (rows[row + SERVICE] === NO_SERVICE) this.#size += 1
    rows[row + ADDRESS] = address
    rows[row + PORT_PROTOCOL] = portProtocol
    rows[row + SERVICE] = service
  }

  remove(address: number, port: number, protocol: number): boolean {
    const rows = this.#rows
    const mask = this.#mask
    let hole = probe(rows, mask, address | 0, packPortProtocol(port, protocol))
    if (rows[hole * ROW + SERVICE] === NO_SERVICE) return false
    for (let slot = (hole + 1) & mask; rows[slot * ROW + SERVICE] !== NO_SERVICE; slot = (slot + 1) & mask) {
      const row = slot * ROW
      const home = hash(rows[row + ADDRESS]!, rows[row + PORT_PROTOCOL]!) & mask
      // The entry may fill the hole when the hole lies between its home and where it stands now.
      if (((slot - home) & mask) < ((slot - hole) & mask)) continue
      rows.copyWithin(hole * ROW, row, row + ROW)
      hole = slot
    }
    rows[hole * ROW + SERVICE] = NO_SERVICE
    this.#size -= 1
    return true
  }

  match(address: number, port: number, protocol: number): number {
    const portProtocol = packPortProtocol(port, protocol)
    const mask = this.#mask
    const slot = probe(this.#rows, mask, address | 0, portProtocol)
    this.#examined = ((slot - hash(address | 0, portProtocol)) & mask) + 1
    return this.#rows[slot * ROW + SERVICE]!
  }

  #grow(): void {
    const old = this.#rows
    const slots = (this.#mask + 1) * 2
    const rows = emptyRows(slots)
    for (let row = 0; row < old.length; row += ROW) {
      if (old[row + SERVICE] === NO_SERVICE) continue
      const slot = probe(rows, slots - 1, old[row + ADDRESS]!, old[row + PORT_PROTOCOL]!)
      rows.set(old.subarray(row, row + ROW), slot * ROW)
    }
    this.#rows = rows
    this.#mask = slots - 1
  }
}

function emptyRows(slots: number): Int32Array {
  // An empty slot is known by its service alone; what stands in its other fields does not count.
  return new Int32Array(slots * ROW).fill(NO_SERVICE)
}

function hash(address: number, portProtocol: number): number {
  return mix32(address ^ Math.imul(portProtocol, GOLDEN_RATIO_32))
}

/** The slot that holds the key, or the empty slot where it would be put. */
function probe(rows: Int32Array, mask: number, address: number, portProtocol: number): number {
  let slot = hash(address, portProtocol) & mask
  for (let row = slot * ROW; rows[row + SERVICE] !== NO_SERVICE; row = slot * ROW) {
    if (rows[row + ADDRESS] === address && rows[row + PORT_PROTOCOL] === portProtocol) return slot
    slot = (slot + 1) & mask
  }
  return slot
}
