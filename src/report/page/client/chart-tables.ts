import { ColumnTable, type NumberColumn, type TableName, type Tables, type TextColumn } from '../../charts/tables.ts'
import type { PackedTable } from '../packing.ts'
import type { View } from './view.ts'

/** A table as charts read it. */
export function chartTable(packed: PackedTable): ColumnTable {
  return new ColumnTable(
    packed.length,
    new Map(
      packed.columns.map((column) => [
        column.name,
        'texts' in column
          ? { kind: 'text', texts: column.texts, codes: Uint32Array.from(column.places) }
          : { kind: 'number', values: Float64Array.from(column.numbers) },
      ]),
    ),
  )
}

/** Where a row of each table is in time: from `start` for `length`, or to `end`. Tables that are not here have no time. */
const TIMES: Readonly<Record<string, { readonly start: string; readonly length?: string; readonly end?: string }>> = {
  requests: { start: 'interval_start_s', length: 'interval_s' },
  nodes: { start: 'interval_start_s', length: 'interval_s' },
  connections: { start: 'interval_start_s', length: 'interval_s' },
  proxy: { start: 'sync_start_s' },
  events: { start: 'started_s', end: 'ended_s' },
}

export function hasTime(name: string): boolean {
  return name in TIMES
}

/** The rows that touch the range, in their order. What has no time stays whole. */
export function inView(tables: Tables, { from, to }: View): Tables {
  return new Map([...tables].map(([name, table]) => [name, rowsInView(name, table, from, to)]))
}

function rowsInView(name: TableName, table: ColumnTable, from: number, to: number): ColumnTable {
  const times = TIMES[name]
  if (times === undefined) return table
  const starts = table.numbers(times.start)
  const lengths = times.length === undefined ? null : table.numbers(times.length)
  const ends = times.end === undefined ? null : table.numbers(times.end)
  const rows: number[] = []
  for (let row = 0; row < table.rows; row++) {
    const start = starts[row]!
    // An event without an end goes on beyond the run.
    const end = ends !== null ? (Number.isNaN(ends[row]) ? Number.POSITIVE_INFINITY : ends[row]!) : start + (lengths?.[row] ?? 0)
    // An interval at the edge belongs to the range that has its middle; a moment belongs to where it is.
    const inside = lengths !== null ? (start + end) / 2 >= from && (start + end) / 2 < to : end >= from && start <= to
    if (inside) rows.push(row)
  }
  return rows.length === table.rows ? table : selectRows(table, rows)
}

export function selectRows(table: ColumnTable, rows: readonly number[]): ColumnTable {
  const columns = table.names.map((name): [string, NumberColumn | TextColumn] => {
    const column = table.column(name)
    return column.kind === 'text'
      ? [name, { ...column, codes: Uint32Array.from(rows, (row) => column.codes[row]!) }]
      : [name, { kind: 'number', values: Float64Array.from(rows, (row) => column.values[row]!) }]
  })
  return new ColumnTable(rows.length, new Map(columns))
}

/** The rows of some variants and, where the table knows traffic, of one. */
export function rowsOfChoice(table: ColumnTable, variants: readonly string[], traffic: string | null): ColumnTable {
  const variantOf = textAt(table, 'variant')
  const trafficOf = traffic !== null && table.has('traffic') ? textAt(table, 'traffic') : null
  const rows: number[] = []
  for (let row = 0; row < table.rows; row++)
    if (variants.includes(variantOf(row)) && (trafficOf === null || trafficOf(row) === traffic)) rows.push(row)
  return selectRows(table, rows)
}

function textAt(table: ColumnTable, name: string): (row: number) => string {
  const { texts, codes } = table.texts(name)
  return (row) => texts[codes[row]!]!
}
