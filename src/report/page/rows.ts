import type { ColumnTable } from '../read/column-table.ts'

/** A row of a small table, by name of the column: texts as they are, numbers with NaN for an empty cell. */
export interface TableRow {
  readonly text: (column: string) => string
  readonly number: (column: string) => number
}

/** The rows of one variant, in the order of the table. */
export function rowsOf(table: ColumnTable, variant: string): readonly TableRow[] {
  const { texts, places } = table.texts('variant')
  const wanted = texts.indexOf(variant)
  const rows: TableRow[] = []
  for (let row = 0; row < table.length; row++) {
    if (places[row] !== wanted) continue
    rows.push({
      text: (column) => {
        const own = table.texts(column)
        return own.texts[own.places[row] ?? -1] ?? ''
      },
      number: (column) => table.numbers(column)[row] ?? Number.NaN,
    })
  }
  return rows
}
