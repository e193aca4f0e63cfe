import { createReadStream } from 'node:fs'
import { CsvError, parse } from 'csv-parse'
import { needFile, UnreadableFile, whyUnreadable } from './input-file.ts'

/** Characters of a row. A file without line ends is given up there. */
const ROW_MAX = 1_000_000

/**
 * The rows of a CSV file one by one, its header first: none but the current one is in memory.
 *
 * @throws {UnreadableFile} when it is no regular file, has nothing in it, or is no CSV with as many cells in each row as in the first.
 */
export async function* csvRows(file: string): AsyncGenerator<readonly string[], void, undefined> {
  needFile(file)
  const parser = parse({ bom: true, max_record_size: ROW_MAX })
  const source = createReadStream(file).on('error', (error) => parser.destroy(error))
  let isEmpty = true
  try {
    for await (const cells of source.pipe(parser) as AsyncIterable<readonly string[]>) {
      isEmpty = false
      yield cells
    }
  } catch (error) {
    throw asUnreadable(file, error)
  } finally {
    source.destroy()
  }
  if (isEmpty) throw new UnreadableFile(file, 'it is empty: a table begins with the names of its columns')
}

/** The error of a reader of this file in our words; one that is no matter of the file as it is. */
function asUnreadable(file: string, error: unknown): unknown {
  if (error instanceof CsvError) {
    const { lines, record } = error as unknown as { readonly lines?: number; readonly record?: readonly unknown[] }
    // A cell of no text file is not worth showing.
    if (/\0|\uFFFD/.test(error.message)) return new UnreadableFile(file, 'it is not a text file')
    return new UnreadableFile(file, `it is no CSV: ${WRONG[error.code]?.(record?.length ?? 0) ?? error.code}`, lines)
  }
  const { code } = error as NodeJS.ErrnoException
  return code === undefined ? error : new UnreadableFile(file, whyUnreadable(code))
}

/** What is wrong in the line that is told with it, which has so many cells. */
const WRONG: Readonly<Record<string, (cells: number) => string>> = {
  CSV_RECORD_INCONSISTENT_FIELDS_LENGTH: (cells) =>
    `${cells === 1 ? 'there is 1 cell' : `there are ${cells} cells`}, not as many as columns`,
  CSV_INVALID_CLOSING_QUOTE: () => 'something follows the quote that ends a cell',
  INVALID_OPENING_QUOTE: () => 'a quote stands inside a cell that does not begin with one',
  CSV_QUOTE_NOT_CLOSED: () => 'a quote is never closed',
  CSV_MAX_RECORD_SIZE: () => `a row is longer than ${ROW_MAX} characters`,
}
