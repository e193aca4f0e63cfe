/** Reads `0-2,5`, as an Indexed Job's status has it; only indexes below `end` count. */
export function parseIndexes(text: string, end: number): Set<number> {
  const indexes = new Set<number>()
  for (const range of text.split(',')) {
    if (range === '') continue
    const [first, last] = range.split('-').map(Number) as [number, number?]
    for (let index = first; index <= (last ?? first) && index < end; index++) indexes.add(index)
  }
  return indexes
}

/** Writes indexes as `0-2,5`: two in a row are `0,1`, three are `0-2`. Source: Kubernetes pkg/controller/job/indexed_job_utils.go (orderedIntervals.String). */
export function formatIndexes(indexes: ReadonlySet<number>): string {
  const sorted = [...indexes].sort((a, b) => a - b)
  const parts: string[] = []
  for (let i = 0; i < sorted.length; ) {
    let end = i
    while (sorted[end + 1] === sorted[end]! + 1) end++
    const first = sorted[i]!
    const last = sorted[end]!
    parts.push(first === last ? String(first) : `${first}${last === first + 1 ? ',' : '-'}${last}`)
    i = end + 1
  }
  return parts.join(',')
}
