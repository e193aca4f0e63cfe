/** One class that gets a part of a sum: near its target, within its bounds (target >= lower >= 0, upper >= lower). */
export interface AllocationItem {
  readonly target: number
  readonly lowerBound: number
  readonly upperBound: number
}

/** Source: apf's conc_alloc.go, MinTarget: a smaller target counts as this. */
export const TARGET_MIN = 0.001

/**
 * Divides `sum` in proportion to the targets, within the bounds: each class gets max(lower, min(upper, p × target)) with the one p that makes
 * them add up. null: the bounds leave no solution.
 *
 * What they add up to grows with p and is a line between two bounds, so p is found by going through the bounds in order.
 *
 * Source: apiserver/pkg/util/flowcontrol/conc_alloc.go (computeConcurrencyAllocation), KEP-1040.
 */
export function allocate(sum: number, items: readonly AllocationItem[]): number[] | null {
  const at = (item: AllocationItem, p: number): number =>
    Math.max(item.lowerBound, Math.min(item.upperBound, p * Math.max(item.target, TARGET_MIN)))
  const total = (p: number): number => items.reduce((all, item) => all + at(item, p), 0)
  const bends = items
    .flatMap((item) => [item.lowerBound, item.upperBound].map((bound) => bound / Math.max(item.target, TARGET_MIN)))
    .sort((x, y) => x - y)
  if (items.length === 0 || total(0) > sum + 1e-7 || total(bends[bends.length - 1]!) < sum - 1e-7) return null
  let low = 0
  for (const high of bends) {
    const reached = total(high)
    if (reached >= sum) {
      const before = total(low)
      const p = reached === before ? high : low + ((sum - before) / (reached - before)) * (high - low)
      return items.map((item) => at(item, p))
    }
    low = high
  }
  return items.map((item) => item.upperBound)
}
