import type { CostMode, CostProfile } from '../../profiles/cost-profile.ts'
import type { Nanos } from '../../units.ts'
import type { SyncWork } from './mode.ts'

/**
 * How long a sync takes, taken as the CPU time of programming the kernel and kube-proxy's own work besides.
 *
 * Measured is the programming of everything and of a single changed Service. With more Services changed it lies on the straight line between the
 * two, which is an *assumption*. A sync with nothing to do costs as much as one change: it compares everything all the same.
 *
 * kube-proxy's own work comes from recorded syncs of single changes, and is taken to be the same in a sync of everything: an *assumption*, for
 * which syncs of everything are far less certain than those of changes. A real kube-proxy's first sync of 100, 1,000 and 5,000 Services of 3
 * endpoints took 2.2, 2.7 and 15 times as long as here in iptables mode (its rules in iptables-nft, as it seems, and here in iptables-legacy); in
 * nftables mode 7.0, 0.66 and 0.17 times (the last lies here on a parabola between measurements of 1,000 and of 10,000 Services).
 */
export function syncTime(costs: CostProfile, mode: CostMode, work: SyncWork): Nanos {
  return ownTime(costs, mode, work) + programTime(costs, mode, work)
}

/** What of {@link syncTime} programs the kernel: the end of it. */
export function programTime(costs: CostProfile, mode: CostMode, work: SyncWork): Nanos {
  const services = work.counts.servicePorts
  const endpointsEach = services === 0 ? 0 : work.counts.endpoints / services
  const own = ownTime(costs, mode, work)
  const full = own + costs.programFullNs(mode, services, endpointsEach)
  if (work.full) return full - own
  const update = Math.min(full, own + costs.programUpdateNs(mode, services, endpointsEach))
  if (work.changedServices <= 1) return update - own
  if (work.changedServices >= services) return full - own
  return Math.round(update + ((work.changedServices - 1) * (full - update)) / (services - 1)) - own
}

/** kube-proxy's own work in a sync. */
function ownTime(costs: CostProfile, mode: CostMode, work: SyncWork): Nanos {
  return costs.syncOwnNs(mode, work.counts.servicePorts)
}
