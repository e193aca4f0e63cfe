/**
 * Keeps the destination of least cost / weight of many up to date, with the tie order of a scan: a change of counters costs log2(n) comparisons at
 * most, most often one or two, and a pick none.
 */
import { type Destination, type DestinationList, NO_DESTINATION } from './destination-list.ts'
import { LeafOrder } from './leaf-order.ts'
import type { Ranking } from './least-cost.ts'

export class Tournament {
  readonly #list: DestinationList
  readonly #ranking: Ranking
  /** Those who take part, in their order, the newest first. */
  readonly #members: () => readonly Destination[]
  readonly #order = new LeafOrder()
  /** Node -> leaf that wins below it, or -1. The root is node 1; leaf i is node `leaves` + i. */
  #winners = new Int32Array(0)
  /** Leaf -> cost and weight. */
  #costs = new Float64Array(0)
  #weights = new Float64Array(0)

  constructor(list: DestinationList, ranking: Ranking, members: () => readonly Destination[]) {
    this.#list = list
    this.#ranking = ranking
    this.#members = members
    this.layOut()
  }

  get winner(): Destination {
    const leaf = this.#winners[1]!
    return leaf < 0 ? NO_DESTINATION : this.#order.at(leaf)
  }

  /** One that has come to the head of the members. */
  add(destination: Destination): void {
    const leaf = this.#order.add(destination)
    if (leaf < 0) this.layOut()
    else this.#play(leaf, destination)
  }

  /** One that is a member no more. */
  remove(destination: Destination): void {
    const leaf = this.#order.leafOf(destination)
    this.#winners[this.#order.leaves + leaf] = -1
    replay(this.#winners, this.#costs, this.#weights, leaf)
  }

  /** Weight or cost of a member have changed. */
  update(destination: Destination): void {
    this.#play(this.#order.leafOf(destination), destination)
  }

  /** Starts afresh from the members. */
  layOut(): void {
    const members = this.#members()
    this.#order.layOut(members, this.#list.slots)
    const { leaves } = this.#order
    this.#winners = new Int32Array(leaves * 2).fill(-1)
    this.#costs = new Float64Array(leaves)
    this.#weights = new Float64Array(leaves)
    for (const destination of members) this.#seat(this.#order.leafOf(destination), destination)
    for (let node = leaves - 1; node >= 1; node -= 1) decide(this.#winners, this.#costs, this.#weights, node)
  }

  #play(leaf: number, destination: Destination): void {
    this.#seat(leaf, destination)
    replay(this.#winners, this.#costs, this.#weights, leaf)
  }

  #seat(leaf: number, destination: Destination): void {
    const weight = this.#ranking.weight(this.#list, destination)
    this.#costs[leaf] = this.#ranking.cost(this.#list, destination)
    this.#weights[leaf] = weight
    this.#winners[this.#order.leaves + leaf] = weight === 0 ? -1 : leaf
  }
}

/** Plays the matches above a leaf again, up to the first that somebody else wins now as before: above it nothing is different. */
function replay(winners: Int32Array, costs: Float64Array, weights: Float64Array, leaf: number): void {
  for (let node = ((winners.length >> 1) + leaf) >> 1; node >= 1; node >>= 1) {
    const before = winners[node]!
    decide(winners, costs, weights, node)
    if (winners[node] === before && before !== leaf) return
  }
}

/** The left child wins unless the right one is strictly better. */
function decide(winners: Int32Array, costs: Float64Array, weights: Float64Array, node: number): void {
  const left = winners[node * 2]!
  const right = winners[node * 2 + 1]!
  if (right < 0) winners[node] = left
  else if (left < 0) winners[node] = right
  else winners[node] = costs[left]! * weights[right]! > costs[right]! * weights[left]! ? right : left
}
