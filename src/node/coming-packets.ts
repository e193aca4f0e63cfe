/**
 * Packets that will come to one core: a binary heap by (time, serial), in columns. No two have one serial.
 *
 * A packet is the number of whoever it belongs to, a signed 32-bit integer.
 */
export class ComingPackets {
  size = 0
  #times = new Float64Array(CAPACITY)
  #serials = new Float64Array(CAPACITY)
  #owners = new Int32Array(CAPACITY)

  /** When the first comes, its serial, and whose it is; only while there is one. */
  get firstTime(): number {
    return this.#times[0]!
  }

  get firstSerial(): number {
    return this.#serials[0]!
  }

  get firstOwner(): number {
    return this.#owners[0]!
  }

  push(time: number, serial: number, owner: number): void {
    if (this.size === this.#times.length) this.#grow()
    const times = this.#times
    const serials = this.#serials
    const owners = this.#owners
    let at = this.size++
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (isBefore(times[parent]!, serials[parent]!, time, serial)) break
      times[at] = times[parent]!
      serials[at] = serials[parent]!
      owners[at] = owners[parent]!
      at = parent
    }
    times[at] = time
    serials[at] = serial
    owners[at] = owner
  }

  /** Takes the first out. */
  pop(): void {
    const times = this.#times
    const serials = this.#serials
    const owners = this.#owners
    const last = --this.size
    const time = times[last]!
    const serial = serials[last]!
    let at = 0
    for (let child = 1; child < last; child = 2 * at + 1) {
      const right = child + 1
      if (right < last && isBefore(times[right]!, serials[right]!, times[child]!, serials[child]!)) child = right
      if (isBefore(time, serial, times[child]!, serials[child]!)) break
      times[at] = times[child]!
      serials[at] = serials[child]!
      owners[at] = owners[child]!
      at = child
    }
    times[at] = time
    serials[at] = serial
    owners[at] = owners[last]!
  }

  clear(): void {
    this.size = 0
  }

  #grow(): void {
    const capacity = 2 * this.#times.length
    const times = new Float64Array(capacity)
    times.set(this.#times)
    this.#times = times
    const serials = new Float64Array(capacity)
    serials.set(this.#serials)
    this.#serials = serials
    const owners = new Int32Array(capacity)
    owners.set(this.#owners)
    this.#owners = owners
  }
}

const CAPACITY = 8

function isBefore(time: number, serial: number, otherTime: number, otherSerial: number): boolean {
  return time < otherTime || (time === otherTime && serial < otherSerial)
}
