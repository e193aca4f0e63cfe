/**
 * Weighted least-connection: the destination with the smallest overhead / weight.
 *
 * Overhead is 256 for an active connection and 1 for an inactive one (257 and 1 in 2026 kernels). Ties go to the first in
 * the list, the newest destination. kube-proxy gives every destination weight 1, so wlc and lc are the same there.
 *
 * Source: Linux net/netfilter/ipvs/ip_vs_wlc.c, include/net/ip_vs.h.
 */
import type { Destination, DestinationList } from '../destination-list.ts'
import type { Ranking } from '../least-cost.ts'
import { LeastCostScheduler } from '../least-cost-scheduler.ts'
import type { Scheduler } from '../scheduler.ts'

export const OVERHEAD_PER_WEIGHT: Ranking = {
  cost: (list: DestinationList, destination: Destination) => list.overhead(destination),
  weight: (list: DestinationList, destination: Destination) => list.pickWeight(destination),
}

export function weightedLeastConnection(list: DestinationList): Scheduler {
  return new LeastCostScheduler(list, OVERHEAD_PER_WEIGHT)
}
