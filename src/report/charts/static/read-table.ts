import { csvRows } from '../../read/csv-rows.ts'
import { UnreadableFile } from '../../read/input-file.ts'
import { type ColumnTable, isRead, TableBuilder, type TableName, tableOf } from '../tables.ts'

/** A CSV file that is no table of ours. */
export class UnknownTable extends Error {
  readonly columns: readonly string[]

  constructor(columns: readonly string[]) {
    super(`No table has the columns ${columns.join(', ')}`)
    this.columns = columns
  }
}

export interface NamedTable {
  readonly name: TableName
  readonly table: ColumnTable
}

/**
 * Reads a CSV file row by row, and keeps the columns that charts read: 8 bytes a number, 4 a text. Which table it is its columns tell.
 *
 * @throws {UnknownTable} when it has not the columns of a table.
 * @throws {UnreadableFile} when it is no CSV, or a cell is no number.
 */
export async function readTable(file: string): Promise<NamedTable> {
  const rows = csvRows(file)
  const header = (await rows.next()).value ?? []
  const { name, missing } = tableOf(header)
  if (missing.length > 0) {
    await rows.return()
    throw new UnknownTable(header)
  }
  const builder = new TableBuilder(header, (column) => isRead(name, column))
  let line = 1
  for await (const cells of rows) {
    line++
    const wrong = builder.add(cells)
    if (wrong !== null) throw new UnreadableFile(file, `the cell of column ${wrong} is no number`, line)
  }
  return { name, table: builder.table() }
}
