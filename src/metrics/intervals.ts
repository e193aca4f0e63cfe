import { invariant } from '../invariant.ts'
import type { Nanos } from '../units.ts'

/**
 * Time cut into equal intervals, one of which begins exactly when measuring does.
 *
 * ```text
 *  interval 1 s, measuring from 2.5 s:   [0, 0.5) [0.5, 1.5) [1.5, 2.5) | [2.5, 3.5) …
 * ```
 *
 * So no interval is part warm-up and part measured. Only the first may be shorter.
 */
export class Intervals {
  readonly length: Nanos
  readonly measureFrom: Nanos
  /** Where the first interval would begin if it were whole: at most 0. */
  readonly #base: Nanos

  constructor(options: { length: Nanos; measureFrom: Nanos }) {
    invariant(options.length > 0, `An interval of ${options.length} ns`)
    this.length = options.length
    this.measureFrom = options.measureFrom
    const offset = options.measureFrom % options.length
    this.#base = offset === 0 ? 0 : offset - options.length
  }

  /** Which interval `time` is in, counted from 0. */
  indexOf(time: Nanos): number {
    return Math.floor((time - this.#base) / this.length)
  }

  startOf(index: number): Nanos {
    return Math.max(0, this.#base + index * this.length)
  }

  endOf(index: number): Nanos {
    return this.#base + (index + 1) * this.length
  }

  isMeasured(index: number): boolean {
    return this.startOf(index) >= this.measureFrom
  }
}
