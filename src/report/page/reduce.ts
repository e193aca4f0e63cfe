import type { PackedColumn, PackedTable } from './packing.ts'

/** How the values of several rows become one. */
type Rule =
  | 'sum'
  | 'max'
  /** Mean, weighted by the answered requests. */
  | 'mean'
  /** The largest share of its interval, as milliseconds of the new one. */
  | 'peak'
  /** That of the first row. */
  | 'first'

interface Plan {
  /** The column with the time of a row, in seconds. */
  readonly time: string
  /** Rows are put together only where these are equal. */
  readonly keys: readonly string[]
  readonly rule: (column: string) => Rule
  /** Keeps of each group the row that has the most of this column, rather than making one of all. */
  readonly keep?: string
}

/** Tables of which longer intervals can be made; others are small. */
const PLANS: Readonly<Record<string, Plan>> = {
  requests: {
    time: 'interval_start_s',
    keys: ['variant', 'traffic', 'phase'],
    rule: (column) => (column === 'latency_ms_max' ? 'max' : column.includes('_ms_') ? 'mean' : 'sum'),
  },
  nodes: {
    time: 'interval_start_s',
    keys: ['variant', 'node', 'phase'],
    rule: (column) => (column === 'cores' || column === 'conntrack_entries' ? 'max' : column === 'busiest_core_ms' ? 'peak' : 'sum'),
  },
  proxy: { time: 'sync_start_s', keys: ['variant'], rule: () => 'first', keep: 'oldest_change_age_ms' },
  connections: {
    time: 'interval_start_s',
    keys: ['variant', 'namespace', 'pod', 'phase'],
    rule: (column) => (column === 'connections_opened' ? 'sum' : 'max'),
  },
}

export function canReduce(name: string): boolean {
  return name in PLANS
}

/** The table with the rows of `seconds` put together, in the order in which each group began. */
export function reduced(table: PackedTable, seconds: number): PackedTable {
  const plan = PLANS[table.name]!
  const groups = groupRows(table, plan, seconds)
  const kept =
    plan.keep === undefined ? groups.map((rows) => rows[0]!) : groups.map((rows) => rowWithMost(numbersOf(table, plan.keep!), rows))
  const columns = table.columns.map((column): PackedColumn => {
    if ('texts' in column) return { ...column, places: kept.map((row) => column.places[row]!) }
    if (plan.keep !== undefined) return { name: column.name, numbers: kept.map((row) => column.numbers[row]!) }
    if (column.name === plan.time) return { name: column.name, numbers: groups.map((rows) => column.numbers[rows[0]!]!) }
    if (column.name === 'interval_s') return { name: column.name, numbers: groups.map((rows) => lengthOf(table, rows)) }
    const rule = plan.rule(column.name)
    return { name: column.name, numbers: groups.map((rows) => together(table, column.numbers, rows, rule)) }
  })
  return { name: table.name, length: groups.length, columns }
}

function groupRows(table: PackedTable, { time, keys }: Plan, seconds: number): readonly (readonly number[])[] {
  const times = numbersOf(table, time)
  const places = keys.flatMap((key) => {
    const column = table.columns.find(({ name }) => name === key)
    return column !== undefined && 'texts' in column ? [column.places] : []
  })
  const groups = new Map<string, number[]>()
  for (let row = 0; row < table.length; row++) {
    const key = `${Math.floor(times[row]! / seconds)} ${places.map((own) => own[row]).join(' ')}`
    const rows = groups.get(key)
    if (rows === undefined) groups.set(key, [row])
    else rows.push(row)
  }
  return [...groups.values()]
}

function numbersOf(table: PackedTable, name: string): readonly number[] | Float64Array {
  const column = table.columns.find((candidate) => candidate.name === name)
  return column !== undefined && 'numbers' in column ? column.numbers : new Float64Array(table.length)
}

/** From the start of the first to the end of the last. */
function lengthOf(table: PackedTable, rows: readonly number[]): number {
  const starts = numbersOf(table, 'interval_start_s')
  const last = rows.at(-1)!
  return starts[last]! + numbersOf(table, 'interval_s')[last]! - starts[rows[0]!]!
}

function together(table: PackedTable, values: readonly number[] | Float64Array, rows: readonly number[], rule: Rule): number {
  if (rule === 'first') return values[rows[0]!]!
  const known = rows.filter((row) => !Number.isNaN(values[row]!))
  if (known.length === 0) return Number.NaN
  switch (rule) {
    case 'sum':
      return known.reduce((sum, row) => sum + values[row]!, 0)
    case 'max':
      return known.reduce((most, row) => Math.max(most, values[row]!), Number.NEGATIVE_INFINITY)
    case 'mean': {
      const weights = numbersOf(table, 'ok')
      const weight = known.reduce((sum, row) => sum + weights[row]!, 0)
      return weight === 0 ? Number.NaN : known.reduce((sum, row) => sum + values[row]! * weights[row]!, 0) / weight
    }
    case 'peak': {
      const lengths = numbersOf(table, 'interval_s')
      return known.reduce((most, row) => Math.max(most, values[row]! / lengths[row]!), 0) * lengthOf(table, rows)
    }
  }
}

function rowWithMost(values: readonly number[] | Float64Array, rows: readonly number[]): number {
  return rows.reduce((best, row) => (values[row]! > values[best]! ? row : best))
}
