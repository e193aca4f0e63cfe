/**
 * p values corrected for how many there are, by Holm's step-down: rejecting where the corrected one is at most `alpha` makes even one false
 * rejection among all no more likely than `alpha`, however the tests depend on each other. In the order they were given.
 *
 * Source: S. Holm, A simple sequentially rejective multiple test procedure, Scand. J. Statist. 6 (1979).
 */
export function holm(ps: readonly number[]): readonly number[] {
  const ascending = ps.map((p, index) => ({ p, index })).sort((a, b) => a.p - b.p || a.index - b.index)
  const corrected = new Array<number>(ps.length).fill(1)
  let floor = 0
  for (const [place, { p, index }] of ascending.entries()) {
    floor = Math.max(floor, Math.min(1, (ps.length - place) * p))
    corrected[index] = floor
  }
  return corrected
}
