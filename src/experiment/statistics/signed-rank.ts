import { sqrt } from '../../engine/elementary.ts'
import { normalUpperTail } from './normal.ts'

/** One tail is the probability of ranks at least as positive, the other of ranks at least as negative, if the signs were thrown by a coin. */
export interface SignedRank {
  /** Pairs that differ: those that do not say nothing about a sign. */
  readonly count: number
  /** The sum of the ranks of positive differences. */
  readonly positive: number
  readonly pGreater: number
  readonly pLess: number
  readonly pTwoSided: number
  readonly exact: boolean
}

/** Up to here the distribution is counted out. The counts are whole numbers that a double holds exactly up to 2^53. */
const EXACT_MAX = 50

/**
 * Wilcoxon's signed-rank test of pairs. Pairs without a difference are left out, as Wilcoxon does; equal differences share their ranks, and the
 * distribution is that of these very ranks, so that ties need no correction.
 *
 * Source: F. Wilcoxon, Individual comparisons by ranking methods, Biometrics Bulletin 1 (1945).
 */
export function signedRank(differences: readonly number[]): SignedRank {
  const sizes = differences.filter((difference) => difference !== 0).sort((a, b) => Math.abs(a) - Math.abs(b))
  const count = sizes.length
  if (count === 0) return { count, positive: 0, pGreater: 1, pLess: 1, pTwoSided: 1, exact: true }
  // Twice the ranks, so that those of ties are whole numbers too.
  const doubled = doubledRanks(sizes)
  const positive = doubled.reduce((sum, rank, index) => (sizes[index]! > 0 ? sum + rank : sum), 0)
  const exact = count <= EXACT_MAX
  const [pGreater, pLess] = exact ? exactTails(doubled, positive) : normalTails(doubled, positive)
  return { count, positive: positive / 2, pGreater, pLess, pTwoSided: Math.min(1, 2 * Math.min(pGreater, pLess)), exact }
}

function doubledRanks(ascending: readonly number[]): readonly number[] {
  const ranks: number[] = []
  for (let from = 0; from < ascending.length; ) {
    let to = from
    while (to < ascending.length && Math.abs(ascending[to]!) === Math.abs(ascending[from]!)) to++
    // The mean of the ranks from + 1 to to, twice.
    for (let place = from; place < to; place++) ranks.push(from + 1 + to)
    from = to
  }
  return ranks
}

/** How many of the 2^n ways to throw signs reach each sum, one rank after the other. */
function exactTails(ranks: readonly number[], positive: number): readonly [number, number] {
  const total = ranks.reduce((sum, rank) => sum + rank, 0)
  const ways = new Float64Array(total + 1)
  ways[0] = 1
  let reached = 0
  for (const rank of ranks) {
    reached += rank
    for (let sum = reached; sum >= rank; sum--) ways[sum]! += ways[sum - rank]!
  }
  let all = 0
  let above = 0
  let below = 0
  for (const [sum, count] of ways.entries()) {
    all += count
    if (sum >= positive) above += count
    if (sum <= positive) below += count
  }
  return [above / all, below / all]
}

/** With the correction for continuity: a sum moves in steps of one rank. */
function normalTails(ranks: readonly number[], positive: number): readonly [number, number] {
  const mean = ranks.reduce((sum, rank) => sum + rank, 0) / 2
  const deviation = sqrt(ranks.reduce((sum, rank) => sum + rank * rank, 0) / 4)
  // Half a rank is 1 in doubled ranks.
  return [normalUpperTail((positive - mean - 1) / deviation), normalUpperTail((mean - positive - 1) / deviation)]
}
