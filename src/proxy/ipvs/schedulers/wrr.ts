/**
 * Weighted round robin.
 *
 * Goes round the ring with a bar that starts at the greatest weight and sinks by the common divisor at every turn; whoever
 * reaches the bar is served. So a heavy destination is served in runs, not evenly spread: 4, 3, 2 added in this order
 * give C B A A B A C B A, then again. Any add, edit or removal sends the position back to the head and moves the bar,
 * which makes the order after a change different from a fresh start.
 *
 * Source: Linux net/netfilter/ipvs/ip_vs_wrr.c, and our recorded traces (test/kernel).
 */
import { type Destination, type DestinationList, NO_DESTINATION } from '../destination-list.ts'
import type { Scheduler } from '../scheduler.ts'

class WeightedRoundRobin implements Scheduler {
  readonly #list: DestinationList
  /** The last pick; NO_DESTINATION is the head of the ring. */
  #cursor: Destination = NO_DESTINATION
  /** The bar. */
  #bar = 0
  /** The highest bar from which every destination is reached on the way down. */
  #barMax = 0
  #divisor = 1

  constructor(list: DestinationList) {
    this.#list = list
  }

  added(): void {
    this.#measure()
  }

  removed(): void {
    this.#measure()
  }

  updated(): void {
    this.#measure()
  }

  loadChanged(): void {}

  /**
   * Goes round from the last pick until a destination that is not overloaded reaches the bar. When all are overloaded it gives up once
   * every one has been tried with the lowest bar: those behind the last pick, the bar at its highest again, and those up to the last pick.
   */
  pick(): Destination {
    const list = this.#list
    if (this.#barMax === 0) return NO_DESTINATION
    const start = this.#cursor
    let stop = NO_DESTINATION
    let wasLowest = false
    let restarted = false
    let destination = start
    for (;;) {
      destination = list.next(destination)
      if (destination !== NO_DESTINATION) {
        const reaches = list.pickWeight(destination) >= this.#bar
        if (!reaches && destination !== stop) continue
        this.#cursor = destination
        return reaches ? destination : NO_DESTINATION
      }
      this.#bar -= this.#divisor
      if (this.#bar <= 0) {
        this.#bar = this.#barMax
        if (wasLowest || start === NO_DESTINATION) {
          this.#cursor = NO_DESTINATION
          return NO_DESTINATION
        }
        restarted = true
      }
      wasLowest = this.#bar <= this.#divisor
      if (wasLowest && restarted) stop = start
    }
  }

  #measure(): void {
    const list = this.#list
    let weightMax = 0
    let divisor = 0
    for (let destination = list.first; destination !== NO_DESTINATION; destination = list.next(destination)) {
      const weight = list.weight(destination)
      if (weight === 0) continue
      divisor = greatestCommonDivisor(weight, divisor)
      if (weight > weightMax) weightMax = weight
    }
    this.#divisor = Math.max(divisor, 1)
    this.#barMax = weightMax === 0 ? 0 : weightMax - (this.#divisor - 1)
    this.#cursor = NO_DESTINATION
    if (this.#bar > this.#barMax || this.#bar === 0) this.#bar = this.#barMax
    else if (this.#divisor > 1) this.#bar = Math.floor(this.#bar / this.#divisor) * this.#divisor + 1
  }
}

/** Of two non-negative integers; of 0 and n it is n. */
export function greatestCommonDivisor(a: number, b: number): number {
  let [large, small] = [a, b]
  while (small !== 0) [large, small] = [small, large % small]
  return large
}

export function weightedRoundRobin(list: DestinationList): Scheduler {
  return new WeightedRoundRobin(list)
}
