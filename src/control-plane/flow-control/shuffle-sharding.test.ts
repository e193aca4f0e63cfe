import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { flowHash, sha256 } from './flow-hash.ts'
import { deal } from './shuffle-sharding.ts'

/** Takes the digit-th of the cards that are left, again and again. */
function slowDeal(hash: bigint, deckSize: number, handSize: number): number[] {
  const deck = Array.from({ length: deckSize }, (_, card) => card)
  const hand: number[] = []
  let rest = hash
  for (let i = 0; i < handSize; i++) {
    const left = BigInt(deck.length)
    hand.push(deck.splice(Number(rest % left), 1)[0]!)
    rest /= left
  }
  return hand
}

const hash = fc.bigInt({ min: 0n, max: (1n << 64n) - 1n })

describe('dealing', () => {
  test('gives the cards that taking them out of a deck one by one gives', () => {
    fc.assert(
      fc.property(hash, fc.integer({ min: 1, max: 128 }), fc.integer({ min: 1, max: 6 }), (value, deck, hand) => {
        fc.pre(hand <= deck)
        expect(deal(value, deck, hand)).toEqual(slowDeal(value, deck, hand))
      }),
    )
  })

  test('a hand has no card twice and none that is not in the deck', () => {
    fc.assert(
      fc.property(hash, (value) => {
        const hand = deal(value, 128, 6)
        expect(new Set(hand).size).toBe(6)
        expect(hand.every((card) => card >= 0 && card < 128)).toBe(true)
      }),
    )
  })

  test('every ordered hand of a small deck belongs to as many hashes as any other', () => {
    // 4 × 3 = 12 ordered hands of 2 out of 4; 24 hashes in a row: each twice.
    const hands = Array.from({ length: 24 }, (_, value) => deal(BigInt(value), 4, 2).join())
    expect(new Set(hands).size).toBe(12)
    for (const hand of hands) expect(hands.filter((other) => other === hand)).toHaveLength(2)
  })

  test('more hands than hashes are refused', () => {
    expect(() => deal(0n, 1024, 7)).toThrow('more hands than hashes')
  })
})

describe("a flow's hash", () => {
  test('SHA-256 gives what the platform gives', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const words = sha256(bytes)
        const hex = Array.from(words, (word) => (word >>> 0).toString(16).padStart(8, '0')).join('')
        expect(hex).toBe(createHash('sha256').update(bytes).digest('hex'))
      }),
    )
  })

  test('is the first eight bytes, little-endian, of schema, zero byte and distinguisher', () => {
    const digest = createHash('sha256').update('service-accounts\0system:serviceaccount:shop:crawler').digest()
    expect(flowHash('service-accounts', 'system:serviceaccount:shop:crawler')).toBe(digest.readBigUInt64LE(0))
  })
})
