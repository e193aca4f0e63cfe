import { stringify } from 'csv-stringify/sync'
import type { Cell, Table } from '../metrics/table.ts'
import { finite } from '../report/finite.ts'

/** The rows of a table as objects, by column name: for queries. Made one at a time, as they are read. */
export function* records(table: Table): Generator<Readonly<Record<string, Cell>>, void, undefined> {
  for (const row of table.rows) yield Object.fromEntries(table.columns.map((column, index) => [column, row[index]!]))
}

/** The table as CSV, with a header: cells are written as in the files of results, which have a column `variant` besides. */
export function toCsv(table: Table): string {
  const rows = [table.columns, ...table.rows] as Cell[][]
  return stringify(rows, { cast: { number: (value) => String(finite('', value)) } })
}
