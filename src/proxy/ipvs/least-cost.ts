/**
 * Finds the destination of least cost / weight, with the tie order of the kernel's scan: the first in the list wins.
 *
 * IPVS walks the whole list for every new connection. Up to {@link SCAN_MAX} destinations we do the same; above, a
 * tournament tree keeps the winner up to date, so that a change of counters costs log2(n) comparisons and a pick none.
 *
 * Ratios are compared by cross-multiplication, cost(a) * weight(b) > cost(b) * weight(a), in exact integers: the
 * kernel has no floats, and rounding would break ties differently. A destination of weight 0 takes no part.
 *
 * Leaves of the tree stand in list order. New destinations come to the head of the list, so leaves are handed out from
 * the right to the left; a removal leaves a gap, and when no leaf is left at the head the tree is laid out afresh.
 */
import { type Destination, type DestinationList, NO_DESTINATION } from './destination-list.ts'

/** Longest list that is walked. From our measurement (bench/lookup.ts): above, the tree is faster. */
export const SCAN_MAX = 16

/** How one scheduler sees a destination. Weight 0 excludes it; products of cost and weight stay below 2^53. */
export interface Ranking {
  cost(list: DestinationList, destination: Destination): number
  weight(list: DestinationList, destination: Destination): number
}

export class LeastCost {
  readonly #list: DestinationList
  readonly #ranking: Ranking
  readonly #scanMax: number
  /** null while the list is short. */
  #tree: Tournament | null = null

  /** `scanMax` is the longest list that is walked instead of kept in a tree. */
  constructor(list: DestinationList, ranking: Ranking, scanMax = SCAN_MAX) {
    this.#list = list
    this.#ranking = ranking
    this.#scanMax = scanMax
  }

  added(destination: Destination): void {
    if (this.#tree !== null) this.#tree.add(destination)
    else if (this.#list.size > this.#scanMax) this.#tree = new Tournament(this.#list, this.#ranking)
  }

  removed(destination: Destination): void {
    if (this.#tree === null) return
    // Half the threshold, so that a list that hovers around it does not rebuild for every change.
    if (this.#list.size * 2 <= this.#scanMax) this.#tree = null
    else this.#tree.remove(destination)
  }

  /** Weight or counters of `destination` have changed. */
  changed(destination: Destination): void {
    if (this.#tree !== null && this.#list.available(destination)) this.#tree.update(destination)
  }

  /** The destination of least cost, or NO_DESTINATION. */
  best(): Destination {
    return this.#tree === null ? scanLeastCost(this.#list, this.#ranking) : this.#tree.winner
  }
}

/** The kernel's way: one walk over the list. The reference for the tree. */
export function scanLeastCost(list: DestinationList, ranking: Ranking): Destination {
  let best = NO_DESTINATION
  let bestCost = 0
  let bestWeight = 0
  for (let destination = list.first; destination !== NO_DESTINATION; destination = list.next(destination)) {
    const weight = ranking.weight(list, destination)
    if (weight === 0) continue
    const cost = ranking.cost(list, destination)
    if (best === NO_DESTINATION || bestCost * weight > cost * bestWeight) {
      best = destination
      bestCost = cost
      bestWeight = weight
    }
  }
  return best
}

class Tournament {
  readonly #list: DestinationList
  readonly #ranking: Ranking
  /** Number of leaves, a power of two. */
  #leaves = 0
  /** Leaves below this are free. */
  #head = 0
  /** Node -> leaf that wins below it, or -1. The root is node 1; leaf i is node #leaves + i. */
  #winners = new Int32Array(0)
  /** Leaf -> destination. */
  #destinations = new Int32Array(0)
  /** Leaf -> cost and weight. */
  #costs = new Float64Array(0)
  #weights = new Float64Array(0)
  /** Destination -> leaf. */
  #leafOf = new Int32Array(0)

  constructor(list: DestinationList, ranking: Ranking) {
    this.#list = list
    this.#ranking = ranking
    this.#layOut()
  }

  get winner(): Destination {
    const leaf = this.#winners[1]!
    return leaf < 0 ? NO_DESTINATION : this.#destinations[leaf]!
  }

  add(destination: Destination): void {
    if (this.#head === 0 || destination >= this.#leafOf.length) {
      this.#layOut()
      return
    }
    this.#head -= 1
    this.#seat(this.#head, destination)
    this.#climb(this.#head)
  }

  remove(destination: Destination): void {
    const leaf = this.#leafOf[destination]!
    this.#winners[this.#leaves + leaf] = -1
    this.#climb(leaf)
  }

  update(destination: Destination): void {
    const leaf = this.#leafOf[destination]!
    this.#seat(leaf, destination)
    this.#climb(leaf)
  }

  /** Puts a destination at a leaf. */
  #seat(leaf: number, destination: Destination): void {
    const weight = this.#ranking.weight(this.#list, destination)
    this.#destinations[leaf] = destination
    this.#leafOf[destination] = leaf
    this.#costs[leaf] = this.#ranking.cost(this.#list, destination)
    this.#weights[leaf] = weight
    this.#winners[this.#leaves + leaf] = weight === 0 ? -1 : leaf
  }

  #climb(leaf: number): void {
    replay(this.#winners, this.#costs, this.#weights, this.#leaves + leaf)
  }

  /** A tree with as many free leaves at the head as there are destinations. */
  #layOut(): void {
    const size = this.#list.size
    let leaves = 2
    while (leaves < size * 2) leaves *= 2
    this.#leaves = leaves
    this.#head = leaves - size
    this.#winners = new Int32Array(leaves * 2).fill(-1)
    this.#destinations = new Int32Array(leaves)
    this.#costs = new Float64Array(leaves)
    this.#weights = new Float64Array(leaves)
    this.#leafOf = new Int32Array(Math.max(this.#list.slots, leaves))
    let leaf = this.#head
    for (let destination = this.#list.first; destination !== NO_DESTINATION; destination = this.#list.next(destination)) {
      this.#seat(leaf, destination)
      leaf += 1
    }
    for (let node = leaves - 1; node >= 1; node -= 1) decide(this.#winners, this.#costs, this.#weights, node)
  }
}

/** Plays the matches above `node` again, up to the root. */
function replay(winners: Int32Array, costs: Float64Array, weights: Float64Array, node: number): void {
  for (let above = node >> 1; above >= 1; above >>= 1) decide(winners, costs, weights, above)
}

/** The left child wins unless the right one is strictly better. */
function decide(winners: Int32Array, costs: Float64Array, weights: Float64Array, node: number): void {
  const left = winners[node * 2]!
  const right = winners[node * 2 + 1]!
  if (right < 0) winners[node] = left
  else if (left < 0) winners[node] = right
  else winners[node] = costs[left]! * weights[right]! > costs[right]! * weights[left]! ? right : left
}
