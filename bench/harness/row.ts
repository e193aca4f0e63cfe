/** What a benchmark gives: rows. The default export of a benchmark is `(size: Size) => Row[] | Promise<Row[]>`. */

/** `smoke` runs with the tests and judges no time; `full` is what counts. */
export type Size = 'smoke' | 'full'

export type Unit = 'ns' | 'µs' | 'ms' | 's' | 'bytes' | 'MB' | '%' | 'a second' | 'count'

export interface Row {
  /** What was done, such as `hold`. Rows of one question and size have done the same work. */
  readonly question: string
  /** By what: a structure, a library, a mode. */
  readonly variant: string
  /** Of how many: events pending, Services, pods. */
  readonly size: number
  /** Median of the samples. For every unit but `a second` less is better. */
  readonly value: number
  readonly unit: Unit
  /** By round. Samples of the same round were measured next to each other. */
  readonly samples: readonly number[]
  /** Of the answers; equal for all variants of a question and size. Null where nothing is answered, as in a row of bytes. */
  readonly checksum: string | null
  /** Its answers are its own, such as those of a mode that chooses other pods: they agree with nobody's. */
  readonly answersAlone?: boolean
  /** The variant of the same question and size with which this one is compared in the printed table. */
  readonly baseline?: string
}

/** Which rows: those of a question, of one variant or of all, of one size or of any. */
export interface RowName {
  readonly question: string
  readonly variant?: string
  readonly size?: number
}

export function rowsNamed(rows: readonly Row[], { question, variant, size }: RowName): Row[] {
  return rows.filter(
    (row) => row.question === question && (variant === undefined || row.variant === variant) && (size === undefined || row.size === size),
  )
}

export function rowOf(row: Omit<Row, 'value'>): Row {
  return { ...row, value: median(row.samples) }
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((x, y) => x - y)
  return sorted[sorted.length >> 1]!
}

/** `of` divided by `by`: the median of the rounds' own quotients where they have the same rounds, so that what disturbs both falls out. */
export function quotient(of: Row, by: Row): number {
  if (of.samples.length !== by.samples.length) return of.value / by.value
  return median(of.samples.map((sample, round) => sample / by.samples[round]!))
}

/** How many times better than another row; above 1 is better. */
export function timesBetter(row: Row, than: Row): number {
  return row.unit === 'a second' ? quotient(row, than) : quotient(than, row)
}

/** The baseline of a row among all rows, or undefined. */
export function baselineOf(row: Row, rows: readonly Row[]): Row | undefined {
  const { question, size, baseline } = row
  return baseline === undefined
    ? undefined
    : rows.find((other) => other !== row && other.question === question && other.size === size && other.variant === baseline)
}

/** Questions whose variants do not agree, as messages. */
export function disagreements(rows: readonly Row[]): string[] {
  const answers = new Map<string, Set<string>>()
  for (const { question, size, checksum, answersAlone } of rows) {
    if (checksum === null || answersAlone === true) continue
    const key = `"${question}" at ${size}`
    answers.set(key, (answers.get(key) ?? new Set()).add(checksum))
  }
  return [...answers].filter(([, checksums]) => checksums.size > 1).map(([key]) => `The variants of ${key} do not agree`)
}

/** Eight hexadecimal digits. */
export function hex(checksum: number): string {
  return (checksum >>> 0).toString(16).padStart(8, '0')
}
