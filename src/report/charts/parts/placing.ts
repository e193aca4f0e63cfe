/** Heights near to the wished ones, in the same order as given, of which none are nearer to each other than `gap`, between `top` and `bottom` where there is room. */
export function apart(
  wished: readonly number[],
  { gap, top, bottom }: { readonly gap: number; readonly top: number; readonly bottom: number },
): readonly number[] {
  const order = wished.map((_, index) => index).sort((a, b) => wished[a]! - wished[b]! || a - b)
  // Groups of labels that touch, each as near to its wishes as it can be: two that meet become one.
  const groups: { members: number[]; sum: number }[] = []
  const placeOf = ({ members, sum }: { members: number[]; sum: number }): number => {
    const height = (members.length - 1) * gap
    const center = sum / members.length
    const first = Math.min(center - height / 2, bottom - height)
    return Math.max(first, top)
  }
  for (const index of order) {
    groups.push({ members: [index], sum: wished[index]! })
    for (;;) {
      const last = groups.at(-1)!
      const before = groups.at(-2)
      if (before === undefined || placeOf(before) + before.members.length * gap <= placeOf(last) + 1e-9) break
      groups.splice(-2, 2, { members: [...before.members, ...last.members], sum: before.sum + last.sum })
    }
  }
  const heights = new Array<number>(wished.length).fill(0)
  for (const group of groups) {
    const first = placeOf(group)
    group.members.forEach((member, place) => {
      heights[member] = first + place * gap
    })
  }
  return heights
}

export interface Placed {
  readonly start: number
  readonly width: number
}

/** A row for each label, given from left to right, so that none overlap; null for one for which no row is left. */
export function rowsFor(labels: readonly Placed[], rows: number, gap: number): readonly (number | null)[] {
  const ends = new Array<number>(rows).fill(Number.NEGATIVE_INFINITY)
  return labels.map(({ start, width }) => {
    const row = ends.findIndex((end) => end + gap <= start)
    if (row < 0) return null
    ends[row] = start + width
    return row
  })
}
