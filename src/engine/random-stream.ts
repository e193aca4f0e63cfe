import seedrandom from 'seedrandom'

/** A source of random numbers. */
export interface RandomStream {
  /** Uniform in [0, 1), a multiple of 2^-53. */
  uniform(): number
  /** A uniform signed 32-bit integer. */
  int32(): number
  /** A uniform integer in 0..n-1, for n up to 2^32 (the bias is below n / 2^53). */
  below(n: number): number
}

/**
 * A stream of a run: Alea (J. Baagøe) from seedrandom, seeded from (seed of the run, name).
 *
 * Every component and purpose has its own name, so that a draw that is added in one part never shifts another part's numbers.
 */
export class NamedStream implements RandomStream {
  readonly #prng: seedrandom.PRNG

  constructor(seed: string, name: string) {
    // JSON keeps ("a/b", "c") and ("a", "b/c") apart
    this.#prng = seedrandom.alea(JSON.stringify([seed, name]))
  }

  uniform(): number {
    return this.#prng.double()
  }

  int32(): number {
    return this.#prng.int32()
  }

  below(n: number): number {
    return Math.floor(this.#prng.double() * n)
  }
}

/**
 * A tiny generator that is seeded anew at almost no cost: for the draws that belong to one request, so that its demand is a function of
 * (the request's own 32-bit seed, distribution) and is the same in every variant of a scenario.
 *
 * Counter-based: number i is mix(mix(key1 + i * odd constant) xor key2), with both keys hashed from the seed. The second key keeps seeds
 * apart whose first keys are a few steps from each other. The mixer is two rounds of multiply
 * and xor-shift, with constants found by C. Wellons' hash prospector.
 */
export class ReseedableStream implements RandomStream {
  #counter = 0
  #key = 0

  constructor(seed = 0) {
    this.reseed(seed)
  }

  /** Starts the sequence of this seed, of which the low 32 bits count. */
  reseed(seed: number): void {
    this.#counter = mix((seed | 0) ^ COUNTER_SALT)
    this.#key = mix(mix((seed | 0) ^ KEY_SALT))
  }

  int32(): number {
    const counter = (this.#counter + ODD) | 0
    this.#counter = counter
    return mix(mix(counter) ^ this.#key)
  }

  uniform(): number {
    const high = this.int32() >>> 5
    const low = this.int32() >>> 6
    return (high * 0x400_0000 + low) / 0x20_0000_0000_0000
  }

  below(n: number): number {
    return Math.floor(this.uniform() * n)
  }
}

/** 2^32 divided by the golden ratio, made odd: the increment of a Weyl sequence. */
const ODD = 0x9e3779b9
/** Arbitrary, and different. */
const COUNTER_SALT = 0x5851f42d
const KEY_SALT = 0x14057b7e

/** A bijection of 32-bit integers in which every input bit moves every output bit with probability near one half. */
function mix(value: number): number {
  let x = value | 0
  x = Math.imul(x ^ (x >>> 16), 0x21f0aaad)
  x = Math.imul(x ^ (x >>> 15), 0x735a2d97)
  return x ^ (x >>> 15)
}
