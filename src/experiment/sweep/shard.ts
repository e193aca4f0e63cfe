/** One of several parts of a sweep that different machines do. */
export interface Shard {
  /** From 1. */
  readonly index: number
  readonly count: number
}

/**
 * The cells of one part. Parts are disjoint, are all cells together, and differ by one cell at most.
 *
 * Cells are dealt in the order of their ids, which are hashes: what neighbours have in common, such as a value that makes them slow, is spread
 * over all parts.
 */
export function shardOf<Cell extends { readonly id: string }>(cells: readonly Cell[], { index, count }: Shard): readonly Cell[] {
  const ids = cells.map(({ id }) => id).toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0))
  const mine = new Set(ids.filter((_, position) => position % count === index - 1))
  return cells.filter(({ id }) => mine.has(id))
}
