import type { Nanos } from '../units.ts'
import type { SimulatedCluster } from './simulated-cluster.ts'

/**
 * Runs on to `until`, and notes at the end of each interval what nodes did in it. To stop there is no event, so it changes nothing.
 *
 * The last interval ends with the run, at `duration`: whoever runs to there calls `dataPlane.endInterval` then.
 */
export function runUntil({ sim, dataPlane }: SimulatedCluster, until: Nanos, duration: Nanos): void {
  for (let end = dataPlane.nextIntervalEnd; end <= until && end < duration; end = dataPlane.nextIntervalEnd) {
    sim.run(end - 1)
    dataPlane.endInterval(end)
  }
  sim.run(until)
}
