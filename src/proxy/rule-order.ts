/**
 * The order of the rules in KUBE-SERVICES, without storing it.
 *
 * kube-proxy writes the rules in the iteration order of a Go map, so at every sync each Service lands at a random
 * place. A simulator with thousands of nodes cannot keep a shuffled list a node: here the shuffle is a keyed
 * permutation, and the place of one rule is computed when a packet needs it. The key stands for one sync of one node.
 *
 * Method: a Feistel network with key addition on the smallest power of two that holds `count`; a result outside the range is
 * sent through again until it falls inside (cycle walking, fewer than two turns on average).
 *
 * Source: kubernetes v1.36.2 pkg/proxy/iptables/proxier.go (range over svcPortMap).
 */
import { invariant } from '../invariant.ts'
import { GOLDEN_RATIO_32, mix32 } from './mix.ts'

/** Enough for the smallest domains (parts of one bit) to come out uniform; the tests fail with 6. */
const ROUNDS = 8

/**
 * Place of rule `index` among `count` rules, 0..count-1, under `key` (an int32).
 *
 * For a fixed key and count this is a permutation of 0..count-1. `count` is at most 2^30.
 */
export function rulePosition(key: number, index: number, count: number): number {
  invariant(index >= 0 && index < count && count <= 0x40000000, 'the rule is one of count')
  const bits = 32 - Math.clz32(count - 1)
  if (bits === 0) return 0
  let position = index
  do position = permute(key, position, bits)
  while (position >= count)
  return position
}

/**
 * One pass over `bits` bits. A round adds a key, mixes the low part into the high part, and rotates the parts; every step can be
 * undone, so the whole is a permutation. The addition is what makes domains of 2 to 16 places come out uniform: a bare
 * Feistel network reaches only a part of their permutations.
 */
function permute(key: number, value: number, bits: number): number {
  const mask = (1 << bits) - 1
  const lowBits = bits >>> 1
  const highBits = bits - lowBits
  const lowMask = (1 << lowBits) - 1
  let mixed = value
  let roundKey = mix32(key)
  for (let round = 0; round < ROUNDS; round += 1) {
    roundKey = (roundKey + GOLDEN_RATIO_32) | 0
    mixed = (mixed + roundKey) & mask
    mixed ^= (mix32((mixed & lowMask) ^ roundKey) << lowBits) & mask
    mixed = ((mixed & lowMask) << highBits) | (mixed >>> lowBits)
  }
  return mixed
}
