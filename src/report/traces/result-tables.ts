import { createReadStream, existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'csv-parse'
import { SUMMARY_FILE } from '../result-files.ts'
import type { RunSummary } from '../run-summary.ts'

/** A row of a table of a result, by the names of its columns. */
export type ResultRow = Readonly<Record<string, string>>

/** The tables of a result folder, read row by row: none is ever in memory as a whole. */
export class ResultTables {
  readonly summary: RunSummary
  readonly #folder: string

  /** `folder` is a whole result, with its summary. */
  constructor(folder: string) {
    this.#folder = folder
    this.summary = JSON.parse(readFileSync(join(folder, SUMMARY_FILE), 'utf8')) as RunSummary
  }

  has(table: string): boolean {
    return existsSync(join(this.#folder, `${table}.csv`))
  }

  /** No rows where the result has no such table. */
  async *rows(table: string): AsyncGenerator<ResultRow, void, undefined> {
    if (!this.has(table)) return
    const rows = createReadStream(join(this.#folder, `${table}.csv`)).pipe(parse({ columns: true }))
    for await (const row of rows) yield row as ResultRow
  }

  /** The rows of consecutive equal keys together; each group must fit into memory. */
  async *groups(table: string, keyOf: (row: ResultRow) => string): AsyncGenerator<readonly ResultRow[], void, undefined> {
    let group: ResultRow[] = []
    let key = ''
    for await (const row of this.rows(table)) {
      const next = keyOf(row)
      if (group.length > 0 && next !== key) {
        yield group
        group = []
      }
      key = next
      group.push(row)
    }
    if (group.length > 0) yield group
  }
}

/** Whole nanoseconds of a cell in seconds. */
export function nanosOf(cell: string): number {
  return Math.round(Number(cell) * 1e9)
}
