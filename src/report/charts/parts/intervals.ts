import type { ColumnTable } from '../tables.ts'

/** Intervals of a table, put together so that there are no more than a picture can show. Edges are edges of the table's own intervals. */
export interface Bins {
  readonly count: number
  /** Seconds. The first begins at `base` or later, where the table begins. */
  readonly base: number
  readonly width: number
  readonly from: number
  readonly to: number
  /** How many intervals of the table one holds. */
  readonly together: number
}

export function binsOf(starts: Float64Array, lengths: Float64Array, rows: Iterable<number>, points: number): Bins | null {
  let from = Number.POSITIVE_INFINITY
  let to = Number.NEGATIVE_INFINITY
  let length = 0
  let firstLength = 0
  for (const row of rows) {
    const start = starts[row]!
    if (start < from) {
      from = start
      firstLength = lengths[row]!
    }
    to = Math.max(to, start + lengths[row]!)
    length = Math.max(length, lengths[row]!)
  }
  if (!(to > from) || !(length > 0)) return null
  const base = from + firstLength - length
  const intervals = Math.max(1, Math.ceil((to - base) / length - 1e-6))
  const together = Math.max(1, Math.ceil(intervals / Math.max(1, points)))
  return { count: Math.ceil(intervals / together), base, width: length * together, from, to, together }
}

/** Which of them an interval of the table is in. */
export function binOf(bins: Bins, start: number, length: number): number {
  const index = Math.floor((start + length / 2 - bins.base) / bins.width)
  return Math.min(bins.count - 1, Math.max(0, index))
}

/** The times between which it lies. */
export function edges(bins: Bins, index: number): { readonly start: number; readonly end: number; readonly middle: number } {
  const start = Math.max(bins.from, bins.base + index * bins.width)
  const end = Math.min(bins.to, bins.base + (index + 1) * bins.width)
  return { start, end, middle: (start + end) / 2 }
}

/** Of the values that fall into each bin: the smallest, the mean by weight, and the largest. NaN where there are none. */
export class MinMeanMax {
  readonly min: Float64Array
  readonly max: Float64Array
  readonly #sums: Float64Array
  readonly #weights: Float64Array

  constructor(count: number) {
    this.min = new Float64Array(count).fill(Number.NaN)
    this.max = new Float64Array(count).fill(Number.NaN)
    this.#sums = new Float64Array(count)
    this.#weights = new Float64Array(count)
  }

  add(index: number, value: number, weight: number): void {
    if (Number.isNaN(value) || !(weight > 0)) return
    if (!(this.min[index]! <= value)) this.min[index] = value
    if (!(this.max[index]! >= value)) this.max[index] = value
    this.#sums[index]! += value * weight
    this.#weights[index]! += weight
  }

  /** NaN where nothing was added. */
  get mean(): Float64Array {
    return this.#sums.map((sum, index) => sum / this.#weights[index]!)
  }
}

/** Rows by variant, in the order of the table, for the variants that are wanted; all names in `names`, wanted or not. */
export function rowsByVariant(
  table: ColumnTable,
  wanted: readonly string[] | undefined,
  where: (row: number) => boolean = () => true,
): { readonly names: readonly string[]; readonly groups: readonly { readonly name: string; readonly rows: readonly number[] }[] } {
  const { texts, codes } = table.texts('variant')
  const rows = texts.map((): number[] => [])
  for (let row = 0; row < table.rows; row++) if (where(row)) rows[codes[row]!]!.push(row)
  const groups = texts
    .map((name, code) => ({ name, rows: rows[code]! }))
    .filter(({ name }) => wanted === undefined || wanted.includes(name))
  return { names: texts, groups }
}

/** The traffic with the most requests, calls of pods left out where there is other traffic; null in an empty table. */
export function busiestTraffic(table: ColumnTable): string | null {
  const { texts, codes } = table.texts('traffic')
  const sent = table.numbers('sent')
  const sums = new Float64Array(texts.length)
  for (let row = 0; row < table.rows; row++) sums[codes[row]!]! += sent[row]!
  const order = texts
    .map((_, code) => code)
    .sort((a, b) => Number(isCall(texts[a]!)) - Number(isCall(texts[b]!)) || sums[b]! - sums[a]! || a - b)
  return order.length === 0 ? null : texts[order[0]!]!
}

/** `frontend -> cart`: requests that pods make, which users do not see for themselves. */
export function isCall(traffic: string): boolean {
  return traffic.includes(' -> ')
}
