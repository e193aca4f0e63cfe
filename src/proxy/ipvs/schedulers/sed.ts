/**
 * Shortest expected delay: the smallest (active connections + 1) / weight, the load with the new connection in it.
 *
 * Inactive connections do not count, so UDP, which is never active, goes to the head of the list. Ties go to the first in the list.
 *
 * Source: Linux net/netfilter/ipvs/ip_vs_sed.c.
 */
import type { Destination, DestinationList } from '../destination-list.ts'
import type { Ranking } from '../least-cost.ts'
import { LeastCostScheduler } from '../least-cost-scheduler.ts'
import type { Scheduler } from '../scheduler.ts'

const DELAY_PER_WEIGHT: Ranking = {
  cost: (list: DestinationList, destination: Destination) => list.active(destination) + 1,
  weight: (list: DestinationList, destination: Destination) => list.pickWeight(destination),
}

export function shortestExpectedDelay(list: DestinationList): Scheduler {
  return new LeastCostScheduler(list, DELAY_PER_WEIGHT)
}
