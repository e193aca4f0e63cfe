import { invariant } from '../../invariant.ts'

/** Ordered hands that a flow's hash can tell apart: 2^60. Source: apiserver/pkg/util/shufflesharding/dealer.go, MaxHashBits. */
const HANDS_MAX = 1n << 60n

/**
 * Deals a hand of different cards out of a deck, the same one for the same hash.
 *
 * The hash is read as a number whose digits have the bases deckSize, deckSize - 1, …; each digit picks one of the cards that are left. Of
 * all ordered hands each belongs to the same number of hashes, but for rounding.
 *
 * Source: apiserver/pkg/util/shufflesharding/dealer.go.
 */
export function deal(hash: bigint, deckSize: number, handSize: number): number[] {
  let hands = 1n
  const digits: number[] = []
  let rest = hash
  for (let i = 0; i < handSize; i++) {
    const base = BigInt(deckSize - i)
    hands *= base
    digits.push(Number(rest % base))
    rest /= base
  }
  invariant(handSize <= deckSize && hands <= HANDS_MAX, `${handSize} of ${deckSize} are more hands than hashes`)
  const hand: number[] = []
  for (let i = 0; i < handSize; i++) {
    let card = digits[i]!
    for (let j = i - 1; j >= 0; j--) if (card >= digits[j]!) card++
    hand.push(card)
  }
  return hand
}
