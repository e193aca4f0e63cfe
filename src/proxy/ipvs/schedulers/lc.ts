/**
 * Least-connection: the destination with the smallest overhead, whatever its weight, unless it is quiesced.
 *
 * Ties go to the first in the list, the newest destination.
 *
 * Source: Linux net/netfilter/ipvs/ip_vs_lc.c.
 */
import type { Destination, DestinationList } from '../destination-list.ts'
import type { Ranking } from '../least-cost.ts'
import { LeastCostScheduler } from '../least-cost-scheduler.ts'
import type { Scheduler } from '../scheduler.ts'

const OVERHEAD: Ranking = {
  cost: (list: DestinationList, destination: Destination) => list.overhead(destination),
  weight: (list: DestinationList, destination: Destination) => Math.min(list.pickWeight(destination), 1),
}

export function leastConnection(list: DestinationList): Scheduler {
  return new LeastCostScheduler(list, OVERHEAD)
}
