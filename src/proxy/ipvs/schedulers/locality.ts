/**
 * What the locality-based schedulers lblc and lblcr share: when a destination counts as overloaded, and when a cached choice ages.
 *
 * Source: Linux net/netfilter/ipvs/ip_vs_lblc.c, ip_vs_lblcr.c.
 */
import { HOUR, MINUTE, type Nanos } from '../../../units.ts'
import { type Destination, type DestinationList, NO_DESTINATION } from '../destination-list.ts'

/** An address that nobody asked for so long is forgotten: sysctl lblc_expiration, lblcr_expiration. */
export const CACHE_EXPIRATION: Nanos = 24 * HOUR
/** How often the cache is swept. */
export const SWEEP_PERIOD: Nanos = MINUTE

/** More active connections than weight, while another destination runs at less than half of its weight. */
export function isOverloaded(list: DestinationList, destination: Destination): boolean {
  if (list.active(destination) <= list.weight(destination)) return false
  for (let other = list.first; other !== NO_DESTINATION; other = list.next(other)) {
    if (list.active(other) * 2 < list.weight(other)) return true
  }
  return false
}
