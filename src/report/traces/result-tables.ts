import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { COLUMN_MEANINGS } from '../column-meanings.ts'
import { csvRows } from '../read/csv-rows.ts'
import { readInputText, UnreadableFile } from '../read/input-file.ts'
import { readSummary } from '../read/summary-schema.ts'
import { SUMMARY_FILE } from '../result-files.ts'
import type { RunSummary } from '../run-summary.ts'

/** A row of a table of a result, by the names of its columns. */
export type ResultRow = Readonly<Record<string, string>>

/** The tables of a result folder, read row by row: none is ever in memory as a whole. */
export class ResultTables {
  readonly summary: RunSummary
  readonly #folder: string

  /**
   * `folder` is a whole result, with its summary.
   *
   * @throws {UnreadableFile} when it has none, or a damaged one; and of a table when its rows are read.
   */
  constructor(folder: string) {
    this.#folder = folder
    const file = join(folder, SUMMARY_FILE)
    const read = readSummary(readInputText(file))
    if (!read.ok) throw new UnreadableFile(file, read.reason)
    this.summary = read.summary
  }

  fileOf(table: string): string {
    return join(this.#folder, `${table}.csv`)
  }

  has(table: string): boolean {
    return existsSync(this.fileOf(table))
  }

  /** No rows where the result has no such table. Every cell of a column of numbers is a number or empty. */
  async *rows(table: string): AsyncGenerator<ResultRow, void, undefined> {
    if (!this.has(table)) return
    const file = this.fileOf(table)
    const rows = csvRows(file)
    const header = (await rows.next()).value ?? []
    const numbers = numbersOf(file, table, header)
    let line = 1
    for await (const cells of rows) {
      line++
      const wrong = numbers.find((place) => !Number.isFinite(Number(cells[place])))
      if (wrong !== undefined) throw new UnreadableFile(file, `"${cells[wrong]}" stands for ${header[wrong]}, and is no number`, line)
      const row: Record<string, string> = {}
      for (let place = 0; place < header.length; place++) row[header[place]!] = cells[place]!
      yield row
    }
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

/**
 * Which columns are numbers.
 *
 * @throws {UnreadableFile} when one is missing that a table of this kind has: all but the ones that not every scenario, or not every version, has.
 */
function numbersOf(file: string, table: string, header: readonly string[]): readonly number[] {
  const meanings = COLUMN_MEANINGS[table] ?? {}
  const missing = (NEEDED[table] ?? []).filter((column) => !header.includes(column))
  if (missing.length > 0) throw new UnreadableFile(file, `it has no column ${missing.join(', ')}`, 1)
  return header.flatMap((column, place) => (UNITS.has(meanings[column]?.unit ?? '') || COUNTERS.has(column) ? [place] : []))
}

/** Units of columns of numbers. */
const UNITS: ReadonlySet<string> = new Set(['count', 'ms', 's', 'rate'])

/** Numbers that count nothing. */
const COUNTERS: ReadonlySet<string> = new Set(['hop', 'cause_hop', 'revision'])

/** Columns without which a table cannot be exported. */
const NEEDED: Readonly<Record<string, readonly string[]>> = {
  objects: ['variant', 'hop', 'cause_hop', 'started_s', 'ended_s', 'actor', 'action', 'object', 'revision', 'detail'],
  samples: ['variant', 'traffic', 'request', 'kept', 'step', 'parent_step', 'started_s', 'ended_s', 'name', 'where', 'detail'],
  events: ['variant', 'started_s', 'ended_s', 'kind', 'name', 'outcome', 'detail'],
  requests: ['variant', 'traffic', 'interval_start_s', 'interval_s', 'sent', 'ok', 'retries', 'latency_ms_p50', 'latency_ms_p99'],
  latency: ['variant', 'traffic', 'latency_ms_from', 'latency_ms_to', 'requests_up_to'],
  proxy: ['variant', 'node', 'sync_ms', 'changes'],
  nodes: ['variant', 'node', 'softirq_ms', 'packets', 'packets_dropped', 'conntrack_entries'],
  pods: ['variant', 'namespace', 'pod', 'node', 'requests'],
}

/** Whole nanoseconds of a cell in seconds. */
export function nanosOf(cell: string): number {
  return Math.round(Number(cell) * 1e9)
}
