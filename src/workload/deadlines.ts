import type { Nanos } from '../units.ts'

/**
 * The deadlines of one traffic's requests. All have the same time-out and are sent in order, so they run out in order: a queue, and one
 * timer for its head, instead of a timer each that is nearly always cancelled.
 */
export class Deadlines {
  /** A ring: WIDTH numbers each. */
  #ring = new Float64Array(64 * WIDTH)
  #head = 0
  #size = 0

  get size(): number {
    return this.#size
  }

  /** When the first in the queue runs out. */
  get firstTime(): Nanos {
    return this.#ring[this.#head + TIME]!
  }

  get firstPlace(): number {
    return this.#ring[this.#head + PLACE]!
  }

  get firstSerial(): number {
    return this.#ring[this.#head + SERIAL]!
  }

  /** `time` is not before that of the last one. */
  push(place: number, serial: number, time: Nanos): void {
    if (this.#size * WIDTH === this.#ring.length) this.#grow()
    const ring = this.#ring
    const at = (this.#head + this.#size * WIDTH) & (ring.length - 1)
    ring[at + PLACE] = place
    ring[at + SERIAL] = serial
    ring[at + TIME] = time
    this.#size++
  }

  shift(): void {
    this.#head = (this.#head + WIDTH) & (this.#ring.length - 1)
    this.#size--
  }

  #grow(): void {
    const ring = new Float64Array(2 * this.#ring.length)
    ring.set(this.#ring.subarray(this.#head))
    ring.set(this.#ring.subarray(0, this.#head), this.#ring.length - this.#head)
    this.#ring = ring
    this.#head = 0
  }
}

const PLACE = 0
const SERIAL = 1
const TIME = 2
/** A power of two. */
const WIDTH = 4
