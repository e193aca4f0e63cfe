import { invariant } from '../../invariant.ts'

/** More halvings than the bits of a double between any two ends that are used here. */
const HALVINGS_MAX = 200

/**
 * Where a function that grows reaches `target`, by halving `[low, high]` until no number lies between its ends.
 *
 * Slow and certain: the same bits everywhere, and no start value that could be a bad one.
 */
export function invert(growing: (x: number) => number, target: number, ends: { readonly low: number; readonly high: number }): number {
  let { low, high } = ends
  invariant(low < high, 'the ends of an inversion are in order')
  for (let step = 0; step < HALVINGS_MAX; step++) {
    const middle = low + (high - low) / 2
    if (middle <= low || middle >= high) break
    if (growing(middle) < target) low = middle
    else high = middle
  }
  return high
}
