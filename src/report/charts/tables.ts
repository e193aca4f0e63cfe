/** Tables as charts read them: by column, numbers packed, texts by number. The same from a CSV file and from data inside a page. */

export interface NumberColumn {
  readonly kind: 'number'
  /** NaN where the cell is empty. */
  readonly values: Float64Array
}

export interface TextColumn {
  readonly kind: 'text'
  /** Each text once, in the order in which they first come. */
  readonly texts: readonly string[]
  /** By row: which of them. */
  readonly codes: Uint32Array
}

export class ColumnTable {
  readonly rows: number
  readonly #columns: ReadonlyMap<string, NumberColumn | TextColumn>

  constructor(rows: number, columns: ReadonlyMap<string, NumberColumn | TextColumn>) {
    this.rows = rows
    this.#columns = columns
  }

  get names(): readonly string[] {
    return [...this.#columns.keys()]
  }

  has(name: string): boolean {
    return this.#columns.has(name)
  }

  column(name: string): NumberColumn | TextColumn {
    const column = this.#columns.get(name)
    if (column === undefined) throw new Error(`The table has no column ${name}`)
    return column
  }

  numbers(name: string): Float64Array {
    const column = this.column(name)
    if (column.kind !== 'number') throw new Error(`The column ${name} is no numbers`)
    return column.values
  }

  texts(name: string): TextColumn {
    const column = this.column(name)
    if (column.kind !== 'text') throw new Error(`The column ${name} is no text`)
    return column
  }
}

/** The tables that charts know, by name. */
export type Tables = ReadonlyMap<TableName, ColumnTable>

interface Schema {
  /** A table that has all of these is this one. */
  readonly needs: readonly string[]
  /** Columns that are read beside them, where they are there. */
  readonly also?: readonly string[] | RegExp
}

/** What charts read of each table. */
export const SCHEMAS = {
  requests: {
    needs: [
      'variant',
      'interval_start_s',
      'interval_s',
      'phase',
      'traffic',
      'sent',
      'ok',
      'latency_ms_p50',
      'latency_ms_p90',
      'latency_ms_p99',
    ],
    also: /^(failed_.+|latency_ms_max|latency_ms_mean)$/,
  },
  proxy: { needs: ['variant', 'sync_start_s', 'sync_ms', 'node', 'changes', 'oldest_change_age_ms'] },
  pods: { needs: ['variant', 'namespace', 'pod', 'at_end', 'listened_s', 'requests', 'requests_per_s'] },
  nodes: {
    needs: ['variant', 'interval_start_s', 'interval_s', 'node', 'cores', 'softirq_ms', 'busiest_core_ms', 'sync_ms', 'conntrack_entries'],
    also: ['phase', 'packets_dropped', 'conntrack_dropped'],
  },
  latency: { needs: ['variant', 'traffic', 'latency_ms', 'latency_ms_to', 'requests'] },
  connections: {
    needs: ['variant', 'interval_start_s', 'interval_s', 'namespace', 'pod', 'state', 'connections_open'],
  },
  events: { needs: ['variant', 'started_s', 'ended_s', 'kind', 'name', 'outcome', 'detail'] },
  lookup: { needs: ['mode', 'structure', 'services', 'position', 'ns_per_lookup'] },
  'first-packet': { needs: ['mode', 'scheduler', 'services', 'endpoints', 'ns_per_packet'] },
  pick: { needs: ['mode', 'scheduler', 'method', 'endpoints', 'ns_per_pick'] },
} as const satisfies Readonly<Record<string, Schema>>

export type TableName = keyof typeof SCHEMAS

export const TABLE_NAMES = Object.keys(SCHEMAS) as readonly TableName[]

/** Columns of words; all others are numbers. */
const TEXT_COLUMNS: ReadonlySet<string> = new Set(
  'variant phase traffic node namespace pod at_end state kind name outcome detail mode structure position scheduler method'.split(' '),
)

export function isTextColumn(name: string): boolean {
  return TEXT_COLUMNS.has(name)
}

/** Whether charts read that column of that table. */
export function isRead(table: TableName, column: string): boolean {
  const { needs, also }: Schema = SCHEMAS[table]
  return needs.includes(column) || (also instanceof RegExp ? also.test(column) : also?.includes(column) === true)
}

/** Which table has such columns, or the one that comes nearest and what it lacks. */
export function tableOf(columns: readonly string[]): {
  readonly name: TableName
  readonly missing: readonly string[]
  readonly share: number
} {
  const candidates = TABLE_NAMES.map((name) => {
    const needs: readonly string[] = SCHEMAS[name].needs
    const missing = needs.filter((column) => !columns.includes(column))
    return { name, missing, share: 1 - missing.length / needs.length }
  })
  return candidates.reduce((best, candidate) => (candidate.share > best.share ? candidate : best))
}

/** Collects the rows of a table. Memory grows with the columns that are kept only: 8 bytes a number, 4 a text. */
export class TableBuilder {
  readonly #columns: { readonly name: string; readonly index: number; readonly store: NumberStore | TextStore }[]
  #rows = 0

  constructor(header: readonly string[], keep: (column: string) => boolean) {
    this.#columns = header.flatMap((name, index) =>
      keep(name) ? [{ name, index, store: isTextColumn(name) ? new TextStore() : new NumberStore() }] : [],
    )
  }

  /** Adds a row of cells. Gives the column of a cell that is no number, or null when all is well. */
  add(cells: readonly string[]): string | null {
    for (const { name, index, store } of this.#columns) if (!store.add(cells[index] ?? '')) return name
    this.#rows++
    return null
  }

  table(): ColumnTable {
    return new ColumnTable(this.#rows, new Map(this.#columns.map(({ name, store }) => [name, store.column(this.#rows)])))
  }
}

class NumberStore {
  #values = new Float64Array(256)
  #length = 0

  add(cell: string): boolean {
    const value = cell === '' ? Number.NaN : Number(cell)
    if (cell !== '' && !Number.isFinite(value)) return false
    if (this.#length === this.#values.length) {
      const grown = new Float64Array(2 * this.#length)
      grown.set(this.#values)
      this.#values = grown
    }
    this.#values[this.#length++] = value
    return true
  }

  column(rows: number): NumberColumn {
    return { kind: 'number', values: this.#values.slice(0, rows) }
  }
}

class TextStore {
  readonly #texts = new Map<string, number>()
  #codes = new Uint32Array(256)
  #length = 0

  add(cell: string): boolean {
    let code = this.#texts.get(cell)
    if (code === undefined) {
      code = this.#texts.size
      this.#texts.set(cell, code)
    }
    if (this.#length === this.#codes.length) {
      const grown = new Uint32Array(2 * this.#length)
      grown.set(this.#codes)
      this.#codes = grown
    }
    this.#codes[this.#length++] = code
    return true
  }

  column(rows: number): TextColumn {
    return { kind: 'text', texts: [...this.#texts.keys()], codes: this.#codes.slice(0, rows) }
  }
}

/** A table as JSON, to be put into a page. Empty cells of numbers are null. */
export interface EmbeddedTable {
  readonly rows: number
  readonly columns: Readonly<
    Record<string, readonly (number | null)[] | { readonly texts: readonly string[]; readonly codes: readonly number[] }>
  >
}

export function embedTable(table: ColumnTable): EmbeddedTable {
  const columns = table.names.map((name) => {
    const column = table.column(name)
    if (column.kind === 'text') return [name, { texts: column.texts, codes: [...column.codes] }] as const
    return [name, Array.from(column.values, (value) => (Number.isNaN(value) ? null : value))] as const
  })
  return { rows: table.rows, columns: Object.fromEntries(columns) }
}

export function unembedTable({ rows, columns }: EmbeddedTable): ColumnTable {
  return new ColumnTable(
    rows,
    new Map(
      Object.entries(columns).map(([name, column]) => [
        name,
        'texts' in column
          ? { kind: 'text', texts: column.texts, codes: Uint32Array.from(column.codes) }
          : { kind: 'number', values: Float64Array.from(column, (value) => value ?? Number.NaN) },
      ]),
    ),
  )
}
