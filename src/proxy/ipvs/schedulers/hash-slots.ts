/**
 * What the hashing schedulers dh and sh share: 256 slots filled with destinations in list order, and the hash that leads there.
 *
 * Source: Linux net/netfilter/ipvs/ip_vs_dh.c, ip_vs_sh.c; include/linux/hash.h.
 */
import { type Destination, type DestinationList, NO_DESTINATION } from '../destination-list.ts'

export const SLOTS = 256

/** The kernel's 32-bit golden ratio: the other one, 2^32 times (1 - 1/phi), odd. */
const GOLDEN_RATIO = 0x61c88647

/** The top bits of the product with the golden ratio. */
export function hash32(value: number, bits: number): number {
  return Math.imul(value, GOLDEN_RATIO) >>> (32 - bits)
}

export function slotOf(value: number): number {
  return hash32(value, 8)
}

/** Deals the slots out, going round the list; a destination takes `share(d)` slots in a row, at least one. All NO_DESTINATION when the list is empty. */
export function dealSlots(list: DestinationList, share: (destination: Destination) => number): Int32Array {
  const slots = new Int32Array(SLOTS).fill(NO_DESTINATION)
  if (list.size === 0) return slots
  let destination = list.first
  let taken = 0
  for (let slot = 0; slot < SLOTS; slot += 1) {
    slots[slot] = destination
    taken += 1
    if (taken < share(destination)) continue
    taken = 0
    destination = list.next(destination)
    if (destination === NO_DESTINATION) destination = list.first
  }
  return slots
}
