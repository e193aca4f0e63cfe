import { createReadStream } from 'node:fs'
import { CsvError, parse } from 'csv-parse'
import { type ColumnTable, isRead, TableBuilder, type TableName, tableOf } from '../tables.ts'

/** A file that cannot be read as one of our tables: what is wrong, where, and what would be right. */
export class TableError extends Error {
  /** The columns of the file, where it has a header. */
  readonly columns: readonly string[] | null

  constructor(message: string, columns: readonly string[] | null = null) {
    super(message)
    this.columns = columns
  }
}

/** Characters of a row. A file without line ends is given up there. */
const ROW_MAX = 1_000_000

export interface NamedTable {
  readonly name: TableName
  readonly table: ColumnTable
}

/**
 * Reads a CSV file row by row, and keeps the columns that charts read: 8 bytes a number, 4 a text. Which table it is its columns tell.
 *
 * @throws {TableError} when it has not the columns of a table, or a cell is no number.
 */
export async function readTable(file: string): Promise<NamedTable> {
  let builder: TableBuilder | null = null
  let name: TableName | null = null
  let line = 1
  const parser = createReadStream(file).pipe(parse({ bom: true, relax_quotes: false, max_record_size: ROW_MAX }))
  // An error of the file is one of the parser's readers.
  const source = parser as AsyncIterable<string[]>
  try {
    for await (const cells of source) {
      if (builder === null) {
        const found = tableOf(cells)
        if (found.missing.length > 0) throw new TableError('', cells)
        name = found.name
        builder = new TableBuilder(cells, (column) => isRead(found.name, column))
      } else {
        line++
        const wrong = builder.add(cells)
        if (wrong !== null) throw new TableError(`${file}:${line}: the cell of column ${wrong} is no number`)
      }
    }
  } catch (error) {
    if (error instanceof CsvError) {
      // A cell of no text file is worth showing.
      const why = error.message.includes('\0') || error.message.includes('\uFFFD') ? 'it is not a text file' : error.message
      throw new TableError(`Cannot read "${file}" as CSV: ${why}`)
    }
    throw error
  }
  if (builder === null || name === null) throw new TableError(`${file} is empty: a table begins with the names of its columns`)
  return { name, table: builder.table() }
}
