import { GOLDEN_RATIO_32, mix32 } from '../proxy/mix.ts'

export const ABSENT = -1

/** Integers >= 0 (below 2^53) to integers >= 0: open addressing in columns, at most half full. Nothing is ever taken out. */
export class IntMap {
  #keys = new Float64Array(1024).fill(ABSENT)
  #values = new Int32Array(1024)
  #size = 0

  /** The value, or {@link ABSENT}. */
  get(key: number): number {
    const keys = this.#keys
    const mask = keys.length - 1
    let slot = hash(key) & mask
    for (;;) {
      const found = keys[slot]!
      if (found === key) return this.#values[slot]!
      if (found === ABSENT) return ABSENT
      slot = (slot + 1) & mask
    }
  }

  set(key: number, value: number): void {
    if (2 * (this.#size + 1) > this.#keys.length) this.#grow()
    const keys = this.#keys
    const mask = keys.length - 1
    let slot = hash(key) & mask
    while (keys[slot] !== ABSENT && keys[slot] !== key) slot = (slot + 1) & mask
    if (keys[slot] === ABSENT) this.#size++
    keys[slot] = key
    this.#values[slot] = value
  }

  #grow(): void {
    const [keys, values] = [this.#keys, this.#values]
    this.#keys = new Float64Array(2 * keys.length).fill(ABSENT)
    this.#values = new Int32Array(2 * keys.length)
    this.#size = 0
    for (let slot = 0; slot < keys.length; slot++) if (keys[slot] !== ABSENT) this.set(keys[slot]!, values[slot]!)
  }
}

function hash(key: number): number {
  return mix32((key | 0) ^ Math.imul(Math.floor(key / 4_294_967_296), GOLDEN_RATIO_32))
}
