import type { CostMode, CostProfile } from '../../profiles/cost-profile.ts'
import type { Nanos } from '../../units.ts'
import type { SyncWork } from './mode.ts'

/**
 * How long a sync takes, taken as its CPU time: measured are a sync of everything and one of a single changed Service. With more Services
 * changed it lies on the straight line between the two, which is an *assumption*. A sync with nothing to do costs as much as one change:
 * it compares everything all the same.
 */
export function syncTime(costs: CostProfile, mode: CostMode, work: SyncWork): Nanos {
  const services = work.counts.servicePorts
  const endpointsEach = services === 0 ? 0 : work.counts.endpoints / services
  const full = costs.programFullNs(mode, services, endpointsEach)
  if (work.full) return full
  const update = Math.min(full, costs.programUpdateNs(mode, services, endpointsEach))
  if (work.changedServices <= 1) return update
  if (work.changedServices >= services) return full
  return Math.round(update + ((work.changedServices - 1) * (full - update)) / (services - 1))
}
