/**
 * The rival of the event queue's radix wheel: a 4-ary heap in columns, ordered by (time, order of pushing). No cancel, fixed capacity.
 *
 * Pop and push of the hold model are fused: the new event sinks from the root.
 */
export class ColumnHeap {
  /** ns. */
  readonly #times: Float64Array
  /** Order of pushing, exact up to 2^53. */
  readonly #orders: Float64Array
  readonly #handles: Int32Array
  #size = 0
  #order = 0

  constructor(capacity: number) {
    this.#times = new Float64Array(capacity)
    this.#orders = new Float64Array(capacity)
    this.#handles = new Int32Array(capacity)
  }

  get firstTime(): number {
    return this.#times[0]!
  }

  get firstHandle(): number {
    return this.#handles[0]!
  }

  push(time: number, handle: number): void {
    const times = this.#times
    const orders = this.#orders
    const handles = this.#handles
    let place = this.#size++
    while (place > 0) {
      const parent = (place - 1) >> 2
      if (times[parent]! <= time) break // an equal time was pushed before
      times[place] = times[parent]!
      orders[place] = orders[parent]!
      handles[place] = handles[parent]!
      place = parent
    }
    times[place] = time
    orders[place] = this.#order++
    handles[place] = handle
  }

  /** Pops the first event and pushes another. */
  replaceFirst(time: number, handle: number): void {
    const times = this.#times
    const orders = this.#orders
    const handles = this.#handles
    const size = this.#size
    let place = 0
    for (;;) {
      const firstChild = (place << 2) + 1
      if (firstChild >= size) break
      const end = Math.min(firstChild + 4, size)
      let least = firstChild
      let leastTime = times[firstChild]!
      for (let child = firstChild + 1; child < end; child++) {
        const childTime = times[child]!
        if (childTime < leastTime || (childTime === leastTime && orders[child]! < orders[least]!)) {
          least = child
          leastTime = childTime
        }
      }
      if (leastTime > time) break // an equal time was pushed before
      times[place] = leastTime
      orders[place] = orders[least]!
      handles[place] = handles[least]!
      place = least
    }
    times[place] = time
    orders[place] = this.#order++
    handles[place] = handle
  }
}
