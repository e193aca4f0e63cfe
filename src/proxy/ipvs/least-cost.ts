/**
 * Finds the destination of least cost / weight, with the tie order of the kernel's scan: the first in the list wins.
 *
 * IPVS walks the whole list for every new connection. Up to {@link SCAN_MAX} destinations we do the same; above, a
 * tournament (tournament.ts) keeps the winner up to date, so that a change of counters costs log2(n) comparisons and a pick none.
 *
 * Ratios are compared by cross-multiplication, cost(a) * weight(b) > cost(b) * weight(a), in exact integers: the
 * kernel has no floats, and rounding would break ties differently. A destination of weight 0 takes no part.
 */
import { type Destination, type DestinationList, NO_DESTINATION } from './destination-list.ts'
import { Tournament } from './tournament.ts'

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
    else if (this.#list.size > this.#scanMax) {
      this.#tree = new Tournament(this.#list, this.#ranking, () => this.#list.inOrder())
    }
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

  /** Weight or counters of any of them have changed. */
  allChanged(): void {
    this.#tree?.layOut()
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
