/**
 * Weighted failover: all connections to the destination of greatest weight, the first in the list among equals.
 *
 * With kube-proxy's equal weights that is the newest endpoint, which then gets everything.
 *
 * Source: Linux net/netfilter/ipvs/ip_vs_fo.c.
 */
import type { Destination, DestinationList } from '../destination-list.ts'
import type { Ranking } from '../least-cost.ts'
import { LeastCostScheduler } from '../least-cost-scheduler.ts'
import type { Scheduler } from '../scheduler.ts'

const HEAVIEST: Ranking = {
  cost: () => 1,
  weight: (list: DestinationList, destination: Destination) => list.pickWeight(destination),
}

export function failover(list: DestinationList): Scheduler {
  return new LeastCostScheduler(list, HEAVIEST)
}
