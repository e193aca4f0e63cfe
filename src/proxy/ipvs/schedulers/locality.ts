/**
 * When a destination counts as overloaded to the locality-based schedulers lblc and lblcr.
 *
 * Source: Linux net/netfilter/ipvs/ip_vs_lblc.c, ip_vs_lblcr.c.
 */
import { type Destination, type DestinationList, NO_DESTINATION } from '../destination-list.ts'

/** More active connections than weight, while another destination runs at less than half of its weight. */
export function isOverloaded(list: DestinationList, destination: Destination): boolean {
  if (list.active(destination) <= list.weight(destination)) return false
  for (let other = list.first; other !== NO_DESTINATION; other = list.next(other)) {
    if (list.active(other) * 2 < list.weight(other)) return true
  }
  return false
}
