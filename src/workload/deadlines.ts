import type { Nanos } from '../units.ts'

/**
 * The deadlines of one traffic's requests. All have the same time-out and are sent in order, so they run out in order: a queue, and one
 * timer for its head, instead of a timer each that is nearly always cancelled.
 */
export class Deadlines {
  #places = new Int32Array(64)
  #serials = new Int32Array(64)
  #times = new Float64Array(64)
  #head = 0
  #size = 0

  get size(): number {
    return this.#size
  }

  /** When the first in the queue runs out. */
  get firstTime(): Nanos {
    return this.#times[this.#head]!
  }

  get firstPlace(): number {
    return this.#places[this.#head]!
  }

  get firstSerial(): number {
    return this.#serials[this.#head]!
  }

  /** `time` is not before that of the last one. */
  push(place: number, serial: number, time: Nanos): void {
    if (this.#size === this.#places.length) this.#grow()
    const at = (this.#head + this.#size) & (this.#places.length - 1)
    this.#places[at] = place
    this.#serials[at] = serial
    this.#times[at] = time
    this.#size++
  }

  shift(): void {
    this.#head = (this.#head + 1) & (this.#places.length - 1)
    this.#size--
  }

  #grow(): void {
    const capacity = 2 * this.#places.length
    const [places, serials, times] = [new Int32Array(capacity), new Int32Array(capacity), new Float64Array(capacity)]
    for (let index = 0; index < this.#size; index++) {
      const at = (this.#head + index) & (this.#places.length - 1)
      places[index] = this.#places[at]!
      serials[index] = this.#serials[at]!
      times[index] = this.#times[at]!
    }
    this.#places = places
    this.#serials = serials
    this.#times = times
    this.#head = 0
  }
}
