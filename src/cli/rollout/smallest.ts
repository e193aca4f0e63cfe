/**
 * The smallest whole number from 0 to `limit` that holds, and with which its successor holds too; null when none does.
 *
 * Doubling, then bisection: right when what holds goes on holding. Where the successor does not hold, that was chance or is no threshold,
 * and the search goes on above it.
 */
export async function smallest(limit: number, holds: (value: number) => Promise<boolean>): Promise<number | null> {
  let low = -1
  for (;;) {
    let high = low + 1
    for (let step = 1; !(await holds(high)); step *= 2) {
      if (high >= limit) return null
      low = high
      high = Math.min(limit, high + step)
    }
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2)
      if (await holds(middle)) high = middle
      else low = middle
    }
    if (high >= limit || (await holds(high + 1))) return high
    low = high + 1
    if (low >= limit) return null
  }
}
