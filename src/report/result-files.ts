import { closeSync, openSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { stringify } from 'csv-stringify/sync'
import { invariant } from '../invariant.ts'
import type { Cell, Table } from '../metrics/table.ts'
import type { RunResult } from '../scenario/run-result.ts'
import { finite } from './finite.ts'
import { RAW_FILES } from './raw/index.ts'
import type { RunSummary } from './run-summary.ts'

/** The tables of a result, each a file of the same name with the ending `.csv`. */
const TABLES = [
  'requests',
  'latency',
  'objects',
  'proxy',
  'pods',
  'nodes',
  'connections',
  'failures',
  'events',
  'parameters',
] as const satisfies readonly (keyof RunResult | 'parameters')[]

/** Only where it was asked for. */
const SAMPLES = 'samples'

type TableName = (typeof TABLES)[number] | typeof SAMPLES

/** What traces and metrics of a result are called where they are written into its folder. */
export const EXPORT_FILES = { perfetto: 'trace.json', otlp: 'otlp.json', prometheus: 'metrics.prom' } as const

export const SUMMARY_FILE = 'summary.json'
export const REPORT_FILE = 'report.html'

/** Every file that a result folder may hold, and that may be replaced with it. */
export const RESULT_FILES: readonly string[] = [
  ...TABLES.map((name) => `${name}.csv`),
  `${SAMPLES}.csv`,
  ...Object.values(RAW_FILES),
  ...Object.values(EXPORT_FILES),
  SUMMARY_FILE,
  REPORT_FILE,
]

/** Rows that are turned into text at a time: enough to be fast, few enough to need no memory to speak of. */
const ROWS_PER_CHUNK = 1000

/** Writes the files of one result into a folder that is empty: the tables variant by variant, the summary at the end. */
export class ResultWriter {
  readonly #folder: string
  readonly #columns = new Map<TableName, readonly string[]>()

  constructor(folder: string) {
    this.#folder = folder
  }

  /** Appends the tables of one variant, whose name becomes their first column, and its parameters in force. The rows are read once, as they are written. */
  add(result: RunResult, parameters: Table): void {
    const tables = { ...result, parameters }
    for (const name of TABLES) this.#append(name, result.variant, tables[name])
    if (result.samples !== undefined) this.#append(SAMPLES, result.variant, result.samples)
  }

  /** Writes the summary, which makes the result whole. */
  finish(summary: RunSummary): void {
    writeFileSync(join(this.#folder, SUMMARY_FILE), `${JSON.stringify(summary, finite, 2)}\n`, { flag: 'wx' })
  }

  #append(name: TableName, variant: string, table: Table): void {
    const file = openSync(join(this.#folder, `${name}.csv`), this.#columns.has(name) ? 'a' : 'wx')
    try {
      const known = this.#columns.get(name)
      if (known === undefined) {
        write(file, [['variant', ...table.columns]])
        this.#columns.set(name, table.columns)
      } else {
        invariant(known.join() === table.columns.join(), `the table ${name} has the same columns in every variant`)
      }
      let chunk: Cell[][] = []
      for (const row of table.rows) {
        invariant(row.length === table.columns.length, `a row of the table ${name} has as many cells as there are columns`)
        chunk.push([variant, ...row])
        if (chunk.length < ROWS_PER_CHUNK) continue
        write(file, chunk)
        chunk = []
      }
      write(file, chunk)
    } finally {
      closeSync(file)
    }
  }
}

function write(file: number, rows: readonly (readonly Cell[])[]): void {
  if (rows.length === 0) return
  const bytes = Buffer.from(stringify(rows as Cell[][], { cast: { number: (value) => String(finite('', value)) } }))
  for (let done = 0; done < bytes.length; ) done += writeSync(file, bytes, done)
}
