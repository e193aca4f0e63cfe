/** Rows of one table of a run, with the names of their cells. Read once. */
export interface TableRows {
  readonly columns: readonly string[]
  readonly rows: Iterable<readonly string[]> | AsyncIterable<readonly string[]>
}

/** The tables in which runs are looked through for a difference, in this order: the first hop of an object that differs says the most. */
export const DIVERGENCE_TABLES = ['objects', 'requests', 'proxy', 'nodes', 'pods', 'failures'] as const

export type DivergenceTable = (typeof DIVERGENCE_TABLES)[number]

/** A row with the names of its cells. */
export type RowView = Readonly<Record<string, string>>

/** The first row that differs between two runs. */
export interface Divergence {
  readonly table: DivergenceTable
  /** Rows before it, which are the same. */
  readonly rowsSame: number
  /** When it happened, the earlier of both; null in a table without times. */
  readonly atSeconds: number | null
  /** null: this side has no such row any more. */
  readonly a: RowView | null
  readonly b: RowView | null
  /** Columns in which the two differ. */
  readonly columns: readonly string[]
  /** Of hops those just before it, the last one last. */
  readonly before: readonly RowView[]
}

/** Rows that are shown before the one that differs. */
const BEFORE = 3

/** When a row of a table happened. */
const TIMES: Readonly<Record<DivergenceTable, string | null>> = {
  objects: 'ended_s',
  requests: 'interval_start_s',
  proxy: 'sync_start_s',
  nodes: 'interval_start_s',
  pods: null,
  failures: null,
}

/** Walks both runs in step, table by table; null when all is the same. A table that one side lacks is passed over. */
export async function firstDivergence(
  a: (table: DivergenceTable) => TableRows | null | Promise<TableRows | null>,
  b: (table: DivergenceTable) => TableRows | null | Promise<TableRows | null>,
): Promise<Divergence | null> {
  for (const table of DIVERGENCE_TABLES) {
    const [left, right] = [await a(table), await b(table)]
    if (left === null || right === null) continue
    const found = await firstDifference(table, left, right)
    if (found !== null) return found
  }
  return null
}

async function firstDifference(table: DivergenceTable, a: TableRows, b: TableRows): Promise<Divergence | null> {
  // A version may have added a column: what both have is compared.
  const columns = a.columns.filter((column) => b.columns.includes(column))
  const placesA = columns.map((column) => a.columns.indexOf(column))
  const placesB = columns.map((column) => b.columns.indexOf(column))
  const left = iterate(a.rows)
  const right = iterate(b.rows)
  const before: RowView[] = []
  let earliest: Divergence | null = null
  try {
    for (let rowsSame = 0; ; rowsSame++) {
      const [nextA, nextB] = [await left.next(), await right.next()]
      const rowA = nextA.done === true ? null : placesA.map((place) => nextA.value[place]!)
      const rowB = nextB.done === true ? null : placesB.map((place) => nextB.value[place]!)
      if (rowA === null && rowB === null) return earliest
      const differing = columns.filter((_, place) => rowA?.[place] !== rowB?.[place])
      if (differing.length > 0) {
        const [viewA, viewB] = [view(columns, rowA), view(columns, rowB)]
        const found = { table, rowsSame, atSeconds: timeOf(table, viewA, viewB), a: viewA, b: viewB, columns: differing, before }
        // Hops stand in the order of time. In the other tables one traffic or node follows the other, and a later row may be an earlier moment.
        if (table === 'objects' || found.atSeconds === null) return found
        if (earliest === null || found.atSeconds < earliest.atSeconds!) earliest = found
        if (rowA === null || rowB === null) return earliest
      } else if (table === 'objects') {
        before.push(view(columns, rowA)!)
        if (before.length > BEFORE) before.shift()
      }
    }
  } finally {
    await left.return?.()
    await right.return?.()
  }
}

function iterate(rows: TableRows['rows']): Iterator<readonly string[]> | AsyncIterator<readonly string[]> {
  return Symbol.asyncIterator in rows ? rows[Symbol.asyncIterator]() : rows[Symbol.iterator]()
}

function view(columns: readonly string[], row: readonly string[] | null): RowView | null {
  return row === null ? null : Object.fromEntries(columns.map((column, place) => [column, row[place]!]))
}

function timeOf(table: DivergenceTable, a: RowView | null, b: RowView | null): number | null {
  const column = TIMES[table]
  const times =
    column === null ? [] : [a, b].flatMap((row) => (row?.[column] === undefined || row[column] === '' ? [] : [Number(row[column])]))
  return times.length === 0 ? null : Math.min(...times)
}
