/** Against SipHash-1-3 written with 64-bit BigInts from the paper. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { sipHash32 } from './sip-hash.ts'

const MASK = (1n << 64n) - 1n
const rotate = (x: bigint, bits: bigint): bigint => ((x << bits) | (x >> (64n - bits))) & MASK

function reference(value: number, key: number): number {
  const k = BigInt(key)
  let v0 = 0x736f6d6570736575n ^ k
  let v1 = 0x646f72616e646f6dn ^ k
  let v2 = 0x6c7967656e657261n ^ k
  let v3 = 0x7465646279746573n ^ k
  const round = (): void => {
    v0 = (v0 + v1) & MASK
    v2 = (v2 + v3) & MASK
    v1 = rotate(v1, 13n) ^ v0
    v3 = rotate(v3, 16n) ^ v2
    v0 = rotate(v0, 32n)
    v2 = (v2 + v1) & MASK
    v0 = (v0 + v3) & MASK
    v1 = rotate(v1, 17n) ^ v2
    v3 = rotate(v3, 21n) ^ v0
    v2 = rotate(v2, 32n)
  }
  const word = (4n << 56n) | BigInt(value >>> 0)
  v3 ^= word
  round()
  v0 ^= word
  v2 ^= 0xffn
  for (let times = 0; times < 3; times += 1) round()
  return Number((v0 ^ v1 ^ v2 ^ v3) & 0xffffffffn)
}

test('is SipHash-1-3 of four bytes, its low 32 bits', () => {
  fc.assert(
    fc.property(fc.integer(), fc.constantFrom(0, 1, 2654435761, 2654446892), (value, key) => {
      expect(sipHash32(value, key)).toBe(reference(value, key))
    }),
    { numRuns: 2000 },
  )
})
