/**
 * Power of two choices: draws two destinations by weight and takes the one with less load for its weight; of equals the first drawn.
 *
 * The kernel draws integers from 0 to the sum W of the weights, W + 1 values, and both 0 and w land on the head of the list:
 * the newest destination is drawn with (w + 1) / (W + 1), any other with w / (W + 1). Both draws may be the same destination.
 *
 * Left out: the kernel multiplies load and weight in 32 bits, which overflow from 2^31 on; here the products are exact.
 *
 * Source: Linux net/netfilter/ipvs/ip_vs_twos.c.
 */
import { type Destination, type DestinationList, NO_DESTINATION } from '../destination-list.ts'
import { SCAN_MAX } from '../least-cost.ts'
import type { Below, Scheduler, SchedulerFlags } from '../scheduler.ts'
import { WeightSums } from '../weight-sums.ts'

class PowerOfTwos implements Scheduler {
  readonly #list: DestinationList
  readonly #below: Below
  /** null while the list is short, and walked. */
  #sums: WeightSums | null = null

  constructor(list: DestinationList, below: Below) {
    this.#list = list
    this.#below = below
  }

  added(destination: Destination): void {
    if (this.#sums !== null) this.#sums.added(destination)
    else if (this.#list.size > SCAN_MAX) this.#sums = new WeightSums(this.#list)
  }

  removed(destination: Destination): void {
    if (this.#list.size * 2 <= SCAN_MAX) this.#sums = null
    else this.#sums?.removed(destination)
  }

  updated(destination: Destination): void {
    this.#sums?.changed(destination)
  }

  /** It may be overloaded from now on, or no more. */
  loadChanged(destination: Destination): void {
    if (this.#sums !== null && this.#list.available(destination)) this.#sums.changed(destination)
  }

  pick(): Destination {
    const list = this.#list
    const total = this.#sums === null ? this.#walkedTotal() : this.#sums.total
    if (total === 0) return NO_DESTINATION
    const first = this.#drawn(this.#below(total + 1))
    const second = this.#drawn(this.#below(total + 1))
    const isSecondLess = list.pickWeight(second) * list.overhead(first) > list.pickWeight(first) * list.overhead(second)
    return isSecondLess ? second : first
  }

  #walkedTotal(): number {
    const list = this.#list
    let total = 0
    for (let destination = list.first; destination !== NO_DESTINATION; destination = list.next(destination)) {
      total += list.pickWeight(destination)
    }
    return total
  }

  /** The destination in whose share of the weights `draw` falls. */
  #drawn(draw: number): Destination {
    if (this.#sums !== null) return this.#sums.at(draw)
    const list = this.#list
    let left = draw
    for (let destination = list.first; destination !== NO_DESTINATION; destination = list.next(destination)) {
      const weight = list.pickWeight(destination)
      if (weight === 0) continue
      left -= weight
      if (left <= 0) return destination
    }
    return NO_DESTINATION
  }
}

export function powerOfTwos(list: DestinationList, _flags: SchedulerFlags, below: Below): Scheduler {
  return new PowerOfTwos(list, below)
}
