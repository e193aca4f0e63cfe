/**
 * SipHash-1-3 of one 32-bit number, the low half of the result, as 64-bit kernels compute `hsiphash`.
 *
 * Words of 64 bits are kept as two int32 halves. Source of the algorithm: Aumasson and Bernstein, "SipHash: a fast
 * short-input PRF", 2012; of the variant: Linux lib/siphash.c.
 */

/** "somepseudorandomlygeneratedbytes", high half first. */
const V0_HIGH = 0x736f6d65
const V0_LOW = 0x70736575
const V1_HIGH = 0x646f7261
const V1_LOW = 0x6e646f6d
const V2_HIGH = 0x6c796765
const V2_LOW = 0x6e657261
const V3_HIGH = 0x74656462
const V3_LOW = 0x79746573
/** The only word has the length in bytes on top, the value below. */
const LENGTH = 4 << 24

/**
 * An unsigned 32-bit hash of `value` (32 bits), for a key whose two 64-bit words are both `key` (below 2^32).
 *
 * One round goes before the word is taken out again, three behind it. Halves are plain variables: there is nothing to allocate for a pick.
 */
export function sipHash32(value: number, key: number): number {
  const word = value | 0
  let h0 = V0_HIGH | 0
  let l0 = V0_LOW ^ key
  let h1 = V1_HIGH | 0
  let l1 = V1_LOW ^ key
  let h2 = V2_HIGH | 0
  let l2 = V2_LOW ^ key
  let h3 = V3_HIGH ^ LENGTH
  let l3 = V3_LOW ^ key ^ word
  for (let round = 0; round < 4; round += 1) {
    // v0 += v1, modulo 2^64; v1 = (v1 <<< 13) ^ v0; v0 <<<= 32
    let sum = (l0 >>> 0) + (l1 >>> 0)
    h0 = (h0 + h1 + (sum > 0xffffffff ? 1 : 0)) | 0
    l0 = sum | 0
    let high = h1
    h1 = ((high << 13) | (l1 >>> 19)) ^ h0
    l1 = ((l1 << 13) | (high >>> 19)) ^ l0
    high = h0
    h0 = l0
    l0 = high
    // v2 += v3; v3 = (v3 <<< 16) ^ v2
    sum = (l2 >>> 0) + (l3 >>> 0)
    h2 = (h2 + h3 + (sum > 0xffffffff ? 1 : 0)) | 0
    l2 = sum | 0
    high = h3
    h3 = ((high << 16) | (l3 >>> 16)) ^ h2
    l3 = ((l3 << 16) | (high >>> 16)) ^ l2
    // v0 += v3; v3 = (v3 <<< 21) ^ v0
    sum = (l0 >>> 0) + (l3 >>> 0)
    h0 = (h0 + h3 + (sum > 0xffffffff ? 1 : 0)) | 0
    l0 = sum | 0
    high = h3
    h3 = ((high << 21) | (l3 >>> 11)) ^ h0
    l3 = ((l3 << 21) | (high >>> 11)) ^ l0
    // v2 += v1; v1 = (v1 <<< 17) ^ v2; v2 <<<= 32
    sum = (l2 >>> 0) + (l1 >>> 0)
    h2 = (h2 + h1 + (sum > 0xffffffff ? 1 : 0)) | 0
    l2 = sum | 0
    high = h1
    h1 = ((high << 17) | (l1 >>> 15)) ^ h2
    l1 = ((l1 << 17) | (high >>> 15)) ^ l2
    high = h2
    h2 = l2
    l2 = high
    if (round === 0) {
      h0 ^= LENGTH
      l0 ^= word
      l2 ^= 0xff
    }
  }
  return (l0 ^ l1 ^ l2 ^ l3) >>> 0
}
