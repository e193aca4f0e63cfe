/**
 * Integer mixing for hash tables and keyed permutations: 32 bits in, 32 bits out, a bijection.
 *
 * The finaliser of MurmurHash3 (public domain, Austin Appleby): every input bit changes about half of the output bits.
 */
export function mix32(value: number): number {
  let x = value | 0
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b)
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35)
  return x ^ (x >>> 16)
}

/** Knuth's multiplicative constant, 2^32 divided by the golden ratio: spreads consecutive numbers. */
export const GOLDEN_RATIO_32 = 0x9e3779b1
