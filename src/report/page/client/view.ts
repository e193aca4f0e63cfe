/** The range of time that the charts show, in seconds: at least a millisecond long and within the run. */
export interface View {
  readonly from: number
  readonly to: number
}

const SHORTEST = 0.001

/** The nearest range to the one that is wished for that lies within the run. */
export function viewOf(from: number, to: number, end: number): View {
  const [low, high] = from <= to ? [from, to] : [to, from]
  const length = Math.min(end, Math.max(SHORTEST, high - low))
  const start = Math.min(Math.max(0, low), end - length)
  return { from: start, to: start + length }
}

/** The same middle, and `factor` times as long. */
export function zoomed({ from, to }: View, factor: number, end: number): View {
  const middle = (from + to) / 2
  const half = ((to - from) * factor) / 2
  return viewOf(middle - half, middle + half, end)
}

/** As long, and later by a share of its length. */
export function shifted({ from, to }: View, share: number, end: number): View {
  const by = (to - from) * share
  const start = Math.min(Math.max(0, from + by), end - (to - from))
  return { from: start, to: start + (to - from) }
}
