/** The free places of a table in columns: the one freed last is taken first. */
export class FreePlaces {
  #places: Int32Array
  /** How many are free. */
  free = 0
  capacity = 0

  constructor(capacity: number) {
    this.#places = new Int32Array(capacity)
    this.#add(capacity)
  }

  get used(): number {
    return this.capacity - this.free
  }

  /** There must be one. */
  take(): number {
    return this.#places[--this.free]!
  }

  give(place: number): void {
    this.#places[this.free++] = place
  }

  /** Doubles the places; gives the new capacity. */
  grow(): number {
    const capacity = 2 * this.capacity
    this.#places = grown(this.#places, new Int32Array(capacity))
    this.#add(capacity)
    return capacity
  }

  #add(until: number): void {
    for (let place = until - 1; place >= this.capacity; place--) this.give(place)
    this.capacity = until
  }
}

/** A longer column with the same beginning. */
export function grown<Column extends Uint8Array | Uint16Array | Int32Array | Float64Array>(from: Column, to: Column): Column {
  to.set(from)
  return to
}
