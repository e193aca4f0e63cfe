/**
 * The sums of the weights of a list's destinations, in its order: finds in whose share a draw falls with log2(n) additions, as a walk over the list does
 * with n.
 */
import { type Destination, type DestinationList, NO_DESTINATION } from './destination-list.ts'
import { LeafOrder } from './leaf-order.ts'

export class WeightSums {
  readonly #list: DestinationList
  readonly #order = new LeafOrder()
  /** Node -> sum of the weights below it. The root is node 1; leaf i is node `leaves` + i. */
  #sums = new Float64Array(0)

  constructor(list: DestinationList) {
    this.#list = list
    this.#layOut()
  }

  /** Of all destinations that may be picked. */
  get total(): number {
    return this.#sums[1]!
  }

  /** The first destination up to which the weights sum to `share` at least, at least the first with a weight; NO_DESTINATION if there is none. */
  at(share: number): Destination {
    const sums = this.#sums
    if (sums[1] === 0 || share > sums[1]!) return NO_DESTINATION
    let left = Math.max(share, 1)
    let node = 1
    while (node < this.#order.leaves) {
      node *= 2
      if (left > sums[node]!) {
        left -= sums[node]!
        node += 1
      }
    }
    return this.#order.at(node - this.#order.leaves)
  }

  added(destination: Destination): void {
    if (this.#order.add(destination) < 0) this.#layOut()
    else this.changed(destination)
  }

  removed(destination: Destination): void {
    this.#set(destination, 0)
  }

  /** The weight with which it may be picked has changed, or may have. */
  changed(destination: Destination): void {
    this.#set(destination, this.#list.pickWeight(destination))
  }

  #set(destination: Destination, weight: number): void {
    const sums = this.#sums
    let node = this.#order.leaves + this.#order.leafOf(destination)
    const more = weight - sums[node]!
    if (more === 0) return
    for (; node >= 1; node >>= 1) sums[node] = sums[node]! + more
  }

  #layOut(): void {
    const destinations = this.#list.inOrder()
    this.#order.layOut(destinations, this.#list.slots)
    const { leaves } = this.#order
    const sums = new Float64Array(leaves * 2)
    for (const destination of destinations) sums[leaves + this.#order.leafOf(destination)] = this.#list.pickWeight(destination)
    for (let node = leaves - 1; node >= 1; node -= 1) sums[node] = sums[node * 2]! + sums[node * 2 + 1]!
    this.#sums = sums
  }
}
