/** A stretch of time to be drawn. */
export interface Stretch {
  readonly started: number
  readonly ended: number
}

/**
 * Puts stretches of time on as few lanes as it takes for none to overlap another on the same: a viewer draws what overlaps on one thread wrongly.
 * They come in the order of their ends. A lane is a number from 0.
 */
export class Lanes {
  /** By lane: until when it is taken. */
  readonly #ends: number[] = []

  get count(): number {
    return this.#ends.length
  }

  place({ started, ended }: Stretch): number {
    const free = this.#ends.findIndex((end) => end <= started)
    const lane = free < 0 ? this.#ends.length : free
    this.#ends[lane] = ended
    return lane
  }
}

/**
 * Lanes on which stretches may lie within each other. Each is to come after those that begin before it, and of those that begin with it after
 * the longer ones; it goes below its parent, where nothing is in the way, or else on a lane that is free.
 */
export class NestingLanes {
  /** By lane: the ends of what is open, the innermost last. */
  readonly #open: number[][] = []

  place({ started, ended }: Stretch, parentLane: number): number {
    for (const ends of this.#open) while (ends.length > 0 && ends[ends.length - 1]! <= started) ends.pop()
    const below = this.#open[parentLane]
    if (below !== undefined && (below.length === 0 || ended <= below[below.length - 1]!)) {
      below.push(ended)
      return parentLane
    }
    const free = this.#open.findIndex((ends) => ends.length === 0)
    const lane = free < 0 ? this.#open.length : free
    this.#open[lane] = [ended]
    return lane
  }
}
