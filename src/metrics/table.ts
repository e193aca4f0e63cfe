/** A value of a tidy table. `null` is written as an empty cell. */
export type Cell = string | number | null

/**
 * A tidy table: one observation a row, units in the column names.
 *
 * Rows may be produced lazily; they are read once.
 */
export interface Table {
  readonly columns: readonly string[]
  readonly rows: Iterable<readonly Cell[]>
}
