import { invariant } from '../invariant.ts'
import type { Nanos } from '../units.ts'

/** Something that makes work take longer. */
export interface Slowing {
  /** How many times as long, 1 or more. */
  readonly factor: number
  /** Called for each piece of work that takes longer. */
  readonly onUse: () => void
}

/** No work takes longer than ten days: products of factors stay whole numbers, and so do the sums of the parts of one step. */
const LONGEST: Nanos = 10 * 86_400 * 1_000_000_000

/** How slow a component is. Several things that slow it at once multiply; without any it is as fast as ever, and nobody pays for it. */
export class Slowness {
  readonly #slowings: Slowing[] = []
  #factor = 1

  /** How many times as long work takes that begins now. */
  get factor(): number {
    return this.#factor
  }

  /** From now on, until what it gives is called. */
  begin(slowing: Slowing): () => void {
    this.#slowings.push(slowing)
    this.#multiply()
    return () => {
      const at = this.#slowings.indexOf(slowing)
      invariant(at >= 0, 'It is not slow by that any more')
      this.#slowings.splice(at, 1)
      this.#multiply()
    }
  }

  /** What work of `time` takes that begins now. */
  stretch(time: Nanos): Nanos {
    if (this.#factor === 1) return time
    const stretched = this.scale(time)
    if (stretched > time) for (const { factor, onUse } of this.#slowings) if (factor > 1) onUse()
    return stretched
  }

  /** The same of a part of work that is counted already. */
  scale(time: Nanos): Nanos {
    return this.#factor === 1 ? time : Math.min(LONGEST, Math.round(time * this.#factor))
  }

  #multiply(): void {
    // Anew each time: divisions would leave a trace.
    this.#factor = 1
    for (const { factor } of this.#slowings) this.#factor *= factor
  }
}
