import { NamedStream } from '../../src/engine/random-stream.ts'

/** Draws for one random scenario: a function of its seed alone. */
export class Dice {
  readonly #stream: NamedStream

  constructor(seed: string) {
    this.#stream = new NamedStream(seed, 'fuzz')
  }

  /** A whole number from `least` to `most`, both included. */
  between(least: number, most: number): number {
    return least + this.#stream.below(most - least + 1)
  }

  chance(probability: number): boolean {
    return this.#stream.uniform() < probability
  }

  pick<T>(values: readonly T[]): T {
    return values[this.#stream.below(values.length)]!
  }
}
