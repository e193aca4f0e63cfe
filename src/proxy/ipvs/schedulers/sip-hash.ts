/**
 * SipHash-1-3 of one 32-bit number, the low half of the result, as 64-bit kernels compute `hsiphash`.
 *
 * Words of 64 bits are kept as two int32 halves. Source of the algorithm: Aumasson and Bernstein, "SipHash: a fast
 * short-input PRF", 2012; of the variant: Linux lib/siphash.c.
 */

/** The state before the first word, for a key whose two 64-bit words are both `key` (below 2^32): "somepseudorandomlygeneratedbytes". */
function initial(key: number): Int32Array {
  // v0..v3, high half first
  return Int32Array.of(
    0x736f6d65,
    0x70736575 ^ key,
    0x646f7261,
    0x6e646f6d ^ key,
    0x6c796765,
    0x6e657261 ^ key,
    0x74656462,
    0x79746573 ^ key,
  )
}

/** An unsigned 32-bit hash of `value` (32 bits). */
export function sipHash32(value: number, key: number): number {
  const v = initial(key)
  // The only word: the length in bytes on top, the value below.
  const high = 4 << 24
  const low = value | 0
  v[6]! ^= high
  v[7]! ^= low
  round(v)
  v[0]! ^= high
  v[1]! ^= low
  v[5]! ^= 0xff
  round(v)
  round(v)
  round(v)
  return (v[1]! ^ v[3]! ^ v[5]! ^ v[7]!) >>> 0
}

const V0 = 0
const V1 = 2
const V2 = 4
const V3 = 6

function round(v: Int32Array): void {
  add(v, V0, V1)
  rotate(v, V1, 13)
  xor(v, V1, V0)
  swap(v, V0)
  add(v, V2, V3)
  rotate(v, V3, 16)
  xor(v, V3, V2)
  add(v, V0, V3)
  rotate(v, V3, 21)
  xor(v, V3, V0)
  add(v, V2, V1)
  rotate(v, V1, 17)
  xor(v, V1, V2)
  swap(v, V2)
}

/** a += b, modulo 2^64. */
function add(v: Int32Array, a: number, b: number): void {
  const low = (v[a + 1]! >>> 0) + (v[b + 1]! >>> 0)
  v[a] = v[a]! + v[b]! + (low > 0xffffffff ? 1 : 0)
  v[a + 1] = low
}

function xor(v: Int32Array, a: number, b: number): void {
  v[a]! ^= v[b]!
  v[a + 1]! ^= v[b + 1]!
}

/** Rotates left by 1..31 bits. */
function rotate(v: Int32Array, a: number, bits: number): void {
  const high = v[a]!
  const low = v[a + 1]!
  v[a] = (high << bits) | (low >>> (32 - bits))
  v[a + 1] = (low << bits) | (high >>> (32 - bits))
}

/** Rotates by 32 bits. */
function swap(v: Int32Array, a: number): void {
  const high = v[a]!
  v[a] = v[a + 1]!
  v[a + 1] = high
}
