/**
 * Weighted overflow: the heaviest destination whose active connections do not exceed its weight; then the next one.
 *
 * A destination takes weight + 1 connections at a time, and when all are full the client is refused.
 *
 * Source: Linux net/netfilter/ipvs/ip_vs_ovf.c.
 */
import type { Destination, DestinationList } from '../destination-list.ts'
import type { Ranking } from '../least-cost.ts'
import { LeastCostScheduler } from '../least-cost-scheduler.ts'
import type { Scheduler } from '../scheduler.ts'

const HEAVIEST_WITH_ROOM: Ranking = {
  cost: () => 1,
  weight: (list: DestinationList, destination: Destination) => {
    const weight = list.pickWeight(destination)
    return list.active(destination) > weight ? 0 : weight
  },
}

export function overflow(list: DestinationList): Scheduler {
  return new LeastCostScheduler(list, HEAVIEST_WITH_ROOM)
}
