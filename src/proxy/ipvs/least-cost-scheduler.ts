/** A scheduler that is nothing but a ranking of destinations: the least-connection family. */
import type { Destination, DestinationList } from './destination-list.ts'
import { LeastCost, type Ranking } from './least-cost.ts'
import type { Scheduler } from './scheduler.ts'

export class LeastCostScheduler implements Scheduler {
  readonly #least: LeastCost

  constructor(list: DestinationList, ranking: Ranking) {
    this.#least = new LeastCost(list, ranking)
  }

  added(destination: Destination): void {
    this.#least.added(destination)
  }

  removed(destination: Destination): void {
    this.#least.removed(destination)
  }

  updated(destination: Destination): void {
    this.#least.changed(destination)
  }

  loadChanged(destination: Destination): void {
    this.#least.changed(destination)
  }

  pick(): Destination {
    return this.#least.best()
  }
}
