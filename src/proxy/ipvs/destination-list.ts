/**
 * The destinations (real servers) of one virtual service on one node, as IPVS keeps them: newest first.
 *
 * A destination is known by a slot number. A slot stays taken while the destination is configured or something still
 * refers to it (a connection, a persistence template, a scheduler's cache), and is used again afterwards.
 * All fields of a slot lie side by side in one int32 array: a node of the simulator has thousands of small lists.
 *
 * Source: Linux net/netfilter/ipvs/ip_vs_ctl.c.
 */

/** Slot of a destination, >= 0. */
export type Destination = number

export const NO_DESTINATION: Destination = -1

/** Fields of a slot, as offsets into its row. */
const ADDRESS = 0
const PORT = 1
/** 0..65535; 0 is quiesced: no new connections. */
const WEIGHT = 2
/** The last weight that was not 0. */
const LAST_WEIGHT = 3
const ACTIVE = 4
const INACTIVE = 5
/** What keeps the slot: connections, templates, caches. */
const REFERENCES = 6
const STATE = 7
const NEXT = 8
const PREVIOUS = 9
/** Connections, active or not, from which on it takes no new ones; 0: no limit. */
const UPPER_THRESHOLD = 10
/** Below so many it takes new ones again; 0: below three quarters of the upper threshold. */
const LOWER_THRESHOLD = 11
/** 1 from the upper threshold on, until the lower one. */
const OVERLOADED = 12
const ROW = 13

const FREE = 0
const CONFIGURED = 1
/** Removed, but still referred to: IPVS calls the place the trash. */
const TRASHED = 2

/** Load of an active connection where an inactive one counts 1. */
export const CLASSIC_ACTIVE_LOAD = 256
/** The same in kernels of 2026, which add the active connections once more. */
export const TOTAL_ACTIVE_LOAD = 257

/** `ipvsadm -x` and `-y`. */
export interface Thresholds {
  readonly upper: number
  readonly lower: number
}

export const NO_THRESHOLDS: Thresholds = { upper: 0, lower: 0 }

/** The destinations of a virtual service, newest first: to be read. What changes them goes through the {@link VirtualService}. */
export class DestinationList {
  /** Load of one active connection; an inactive one weighs 1. 256 is the classic formula, 257 the one of 2026 kernels (total instead of inactive). */
  readonly activeLoad: number
  #rows = new Int32Array(4 * ROW)
  /** Slots in use are below this. */
  #slots = 0
  #first: Destination = NO_DESTINATION
  #last: Destination = NO_DESTINATION
  #size = 0

  /** @internal */
  constructor(activeLoad: number) {
    this.activeLoad = activeLoad
  }

  /** Number of configured destinations. */
  get size(): number {
    return this.#size
  }

  /** Upper bound of slot numbers in use. */
  get slots(): number {
    return this.#slots
  }

  /** The newest destination, or NO_DESTINATION. */
  get first(): Destination {
    return this.#first
  }

  /** @internal The next older destination; the newest after NO_DESTINATION, which stands for the head of the ring. */
  next(destination: Destination): Destination {
    return destination === NO_DESTINATION ? this.#first : this.#rows[destination * ROW + NEXT]!
  }

  /** @internal The next newer destination, NO_DESTINATION before the newest. Still answers for one that was just unlinked. */
  previous(destination: Destination): Destination {
    return destination === NO_DESTINATION ? this.#last : this.#rows[destination * ROW + PREVIOUS]!
  }

  /** @internal All of them, the newest first. */
  inOrder(): Destination[] {
    const destinations: Destination[] = []
    for (let destination = this.#first; destination !== NO_DESTINATION; destination = this.next(destination)) destinations.push(destination)
    return destinations
  }

  address(destination: Destination): number {
    return this.#rows[destination * ROW + ADDRESS]!
  }

  port(destination: Destination): number {
    return this.#rows[destination * ROW + PORT]!
  }

  weight(destination: Destination): number {
    return this.#rows[destination * ROW + WEIGHT]!
  }

  /** The weight with which it may be picked: 0 while it is overloaded. */
  pickWeight(destination: Destination): number {
    const row = destination * ROW
    return this.#rows[row + OVERLOADED] === 0 ? this.#rows[row + WEIGHT]! : 0
  }

  /** From its upper threshold on, until it is below the lower one. */
  overloaded(destination: Destination): boolean {
    return this.#rows[destination * ROW + OVERLOADED] === 1
  }

  /** @internal */
  lastWeight(destination: Destination): number {
    return this.#rows[destination * ROW + LAST_WEIGHT]!
  }

  active(destination: Destination): number {
    return this.#rows[destination * ROW + ACTIVE]!
  }

  inactive(destination: Destination): number {
    return this.#rows[destination * ROW + INACTIVE]!
  }

  references(destination: Destination): number {
    return this.#rows[destination * ROW + REFERENCES]!
  }

  /** Whether it is configured now (not in the trash). */
  available(destination: Destination): boolean {
    return this.#rows[destination * ROW + STATE] === CONFIGURED
  }

  /** The load that the least-connection family compares: active connections weigh `activeLoad`, inactive ones 1. */
  overhead(destination: Destination): number {
    const row = destination * ROW
    return this.#rows[row + ACTIVE]! * this.activeLoad + this.#rows[row + INACTIVE]!
  }

  /** @internal The slot of (address, port), configured or in the trash, or NO_DESTINATION. Looks at every slot. */
  find(address: number, port: number): Destination {
    const rows = this.#rows
    for (let slot = 0; slot < this.#slots; slot += 1) {
      const row = slot * ROW
      if (rows[row + STATE] !== FREE && rows[row + ADDRESS] === (address | 0) && rows[row + PORT] === port) return slot
    }
    return NO_DESTINATION
  }

  /** @internal Puts a destination at the head; one that is in the trash comes back with its connections. It must not be configured already. */
  link(address: number, port: number, weight: number): Destination {
    const trashed = this.find(address, port)
    const destination = trashed === NO_DESTINATION ? this.#freeSlot() : trashed
    const rows = this.#rows
    const row = destination * ROW
    if (trashed === NO_DESTINATION) {
      rows.fill(0, row, row + ROW)
      rows[row + ADDRESS] = address
      rows[row + PORT] = port
    }
    rows[row + STATE] = CONFIGURED
    this.setWeight(destination, weight)
    rows[row + NEXT] = this.#first
    rows[row + PREVIOUS] = NO_DESTINATION
    if (this.#first === NO_DESTINATION) this.#last = destination
    else rows[this.#first * ROW + PREVIOUS] = destination
    this.#first = destination
    this.#size += 1
    return destination
  }

  /** @internal Takes a configured destination out of the list; the slot stays until {@link release}. */
  unlink(destination: Destination): void {
    const rows = this.#rows
    const row = destination * ROW
    const next = rows[row + NEXT]!
    const previous = rows[row + PREVIOUS]!
    if (previous === NO_DESTINATION) this.#first = next
    else rows[previous * ROW + NEXT] = next
    if (next === NO_DESTINATION) this.#last = previous
    else rows[next * ROW + PREVIOUS] = previous
    rows[row + STATE] = TRASHED
    this.#size -= 1
  }

  /** @internal */
  setWeight(destination: Destination, weight: number): void {
    const row = destination * ROW
    this.#rows[row + WEIGHT] = weight
    if (weight !== 0) this.#rows[row + LAST_WEIGHT] = weight
  }

  /**
   * @internal Sets the thresholds. An overloaded destination is free again when the upper one is lifted or raised; with the formula of 2026 kernels
   * the connections of the moment decide.
   *
   * Source: Linux net/netfilter/ipvs/ip_vs_ctl.c.
   */
  setThresholds(destination: Destination, { upper, lower }: Thresholds): void {
    const row = destination * ROW
    const rows = this.#rows
    if (upper === 0 || upper > rows[row + UPPER_THRESHOLD]!) rows[row + OVERLOADED] = 0
    rows[row + UPPER_THRESHOLD] = upper
    rows[row + LOWER_THRESHOLD] = lower
    if (this.activeLoad !== CLASSIC_ACTIVE_LOAD) {
      this.#overloadIfFull(row)
      this.#relieveIfFree(row)
    }
  }

  /** @internal Changes the counters by these amounts. A connection that comes may make it overloaded, one that goes may end that. */
  count(destination: Destination, active: number, inactive: number): void {
    const row = destination * ROW
    const rows = this.#rows
    rows[row + ACTIVE] = rows[row + ACTIVE]! + active
    rows[row + INACTIVE] = rows[row + INACTIVE]! + inactive
    if (active + inactive > 0) this.#overloadIfFull(row)
    else if (rows[row + OVERLOADED] === 1 && active + inactive < 0) this.#relieveIfFree(row)
  }

  #overloadIfFull(row: number): void {
    const upper = this.#rows[row + UPPER_THRESHOLD]!
    if (upper !== 0 && this.#total(row) >= upper) this.#rows[row + OVERLOADED] = 1
  }

  #relieveIfFree(row: number): void {
    const upper = this.#rows[row + UPPER_THRESHOLD]!
    const lower = this.#rows[row + LOWER_THRESHOLD]!
    const isFree = lower !== 0 ? this.#total(row) < lower : this.#total(row) * 4 < upper * 3
    if (isFree) this.#rows[row + OVERLOADED] = 0
  }

  #total(row: number): number {
    return this.#rows[row + ACTIVE]! + this.#rows[row + INACTIVE]!
  }

  /** @internal Keeps the slot. */
  hold(destination: Destination): void {
    const row = destination * ROW
    this.#rows[row + REFERENCES] = this.#rows[row + REFERENCES]! + 1
  }

  /** @internal Gives up one hold. */
  unhold(destination: Destination): void {
    const row = destination * ROW
    this.#rows[row + REFERENCES] = this.#rows[row + REFERENCES]! - 1
    this.release(destination)
  }

  /** @internal Frees the slot if it is in the trash and nothing refers to it. */
  release(destination: Destination): void {
    const row = destination * ROW
    if (this.#rows[row + STATE] === TRASHED && this.#rows[row + REFERENCES] === 0) this.#rows[row + STATE] = FREE
  }

  #freeSlot(): Destination {
    for (let slot = 0; slot < this.#slots && this.#slots > this.#size; slot += 1) {
      if (this.#rows[slot * ROW + STATE] === FREE) return slot
    }
    if ((this.#slots + 1) * ROW > this.#rows.length) {
      const rows = new Int32Array(this.#rows.length * 2)
      rows.set(this.#rows)
      this.#rows = rows
    }
    this.#slots += 1
    return this.#slots - 1
  }
}
