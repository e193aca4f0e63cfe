/**
 * Never queue: the first destination in the list without an active connection; when all have some, shortest expected delay.
 *
 * An idle destination costs nothing, whatever its weight, which is how one ranking says both rules: 0 beats every other
 * cost and ties with 0.
 *
 * Source: Linux net/netfilter/ipvs/ip_vs_nq.c.
 */
import type { Destination, DestinationList } from '../destination-list.ts'
import type { Ranking } from '../least-cost.ts'
import { LeastCostScheduler } from '../least-cost-scheduler.ts'
import type { Scheduler } from '../scheduler.ts'

const IDLE_FIRST: Ranking = {
  cost: (list: DestinationList, destination: Destination) => {
    const active = list.active(destination)
    return active === 0 ? 0 : active + 1
  },
  weight: (list: DestinationList, destination: Destination) => list.pickWeight(destination),
}

export function neverQueue(list: DestinationList): Scheduler {
  return new LeastCostScheduler(list, IDLE_FIRST)
}
