import { deflateSync } from 'fflate'
import type { ColumnTable } from '../read/column-table.ts'
import type { Result } from '../read/read-result.ts'
import { type PackedTable, pack } from './packing.ts'
import { canReduce, reduced } from './reduce.ts'

/** Lengths of intervals in seconds that rows are put together to when a page cannot hold all of them. */
const LENGTHS = [2, 5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600] as const

export interface Embedded {
  readonly name: string
  /** The packed table, deflated, in base64. */
  readonly data: string
  /** Seconds that rows were put together to; null when every row of the CSV file is there. */
  readonly seconds: number | null
}

/**
 * The tables that the charts of a page draw, at most `bytes` long together. Where that is not enough for every row, rows of the longest table are
 * put together to longer intervals, step by step; a table that does not fit with the longest of them is left out.
 *
 * Deflated in JavaScript rather than by the machine's zlib, whose bytes depend on the processor.
 */
export function embed(result: Result, bytes: number): readonly Embedded[] {
  const whole = tablesOf(result)
  const fitted = new Map(whole.map((table) => [table.name, embedded(table, null)]))
  const steps = new Map<string, number>()
  for (;;) {
    const all = [...fitted.values()]
    if (all.reduce((sum, { data }) => sum + data.length, 0) <= bytes) return all
    const longest = all.reduce((most, one) => (one.data.length > most.data.length ? one : most))
    const step = steps.get(longest.name) ?? 0
    steps.set(longest.name, step + 1)
    const seconds = LENGTHS[step]
    const table = whole.find(({ name }) => name === longest.name)!
    if (seconds === undefined || !canReduce(table.name)) fitted.delete(table.name)
    else fitted.set(table.name, embedded(reduced(table, seconds), seconds))
  }
}

function embedded(table: PackedTable, seconds: number | null): Embedded {
  return { name: table.name, data: Buffer.from(deflateSync(pack([table]), { level: 9 })).toString('base64'), seconds }
}

function tablesOf(result: Result): readonly PackedTable[] {
  return [...result.tables].map(([name, table]) => packed(name, table)).filter(({ length }) => length > 0)
}

function packed(name: string, table: ColumnTable): PackedTable {
  return {
    name,
    length: table.length,
    columns: table.columns.map((column) =>
      table.isText(column) ? { name: column, ...table.texts(column) } : { name: column, numbers: table.numbers(column) },
    ),
  }
}
