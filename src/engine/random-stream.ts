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
 * A stream of a run: Alea (J. Baagøe), begun by seedrandom from (seed of the run, name), and gone on with here, as its four numbers are then
 * all that a draw touches. A test holds it to seedrandom's own.
 *
 * Every component and purpose has its own name, so that a draw that is added in one part never shifts another part's numbers.
 */
export class NamedStream implements RandomStream {
  #c: number
  #s0: number
  #s1: number
  #s2: number

  constructor(seed: string, name: string) {
    // JSON keeps ("a/b", "c") and ("a", "b/c") apart
    const { c, s0, s1, s2 } = seedrandom.alea(JSON.stringify([seed, name]), { state: true }).state() as unknown as AleaState
    this.#c = c
    this.#s0 = s0
    this.#s1 = s1
    this.#s2 = s2
  }

  uniform(): number {
    const high = this.#next()
    return high + ((this.#next() * 0x20_0000) | 0) * TWO_TO_MINUS_53
  }

  int32(): number {
    return (this.#next() * 0x1_0000_0000) | 0
  }

  below(n: number): number {
    return Math.floor(this.uniform() * n)
  }

  /** A multiple of 2^-32 in [0, 1). */
  #next(): number {
    const t = 2_091_639 * this.#s0 + this.#c * TWO_TO_MINUS_32
    this.#s0 = this.#s1
    this.#s1 = this.#s2
    const c = t | 0
    this.#c = c
    const next = t - c
    this.#s2 = next
    return next
  }
}

/** What seedrandom says of an Alea generator. */
interface AleaState {
  readonly c: number
  readonly s0: number
  readonly s1: number
  readonly s2: number
}

const TWO_TO_MINUS_32 = 2.3283064365386963e-10
const TWO_TO_MINUS_53 = 1.1102230246251565e-16

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
