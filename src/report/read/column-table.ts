/**
 * A table of a result by columns: numbers as doubles with NaN for an empty cell, texts as places in a list of those that occur.
 *
 * Which columns are texts is said beforehand, since a name may look like a number.
 */
export class ColumnTable {
  readonly columns: readonly string[]
  readonly #numbers = new Map<string, number[]>()
  readonly #texts = new Map<string, TextColumn>()
  readonly #readers: readonly ((cell: string) => boolean)[]
  #length = 0

  constructor(columns: readonly string[], textColumns: ReadonlySet<string>) {
    this.columns = columns
    this.#readers = columns.map((name) => {
      if (textColumns.has(name)) {
        const column = new TextColumn()
        this.#texts.set(name, column)
        return (cell) => {
          column.push(cell)
          return true
        }
      }
      const values: number[] = []
      this.#numbers.set(name, values)
      return (cell) => {
        const value = cell === '' ? Number.NaN : Number(cell)
        values.push(value)
        return cell === '' || Number.isFinite(value)
      }
    })
  }

  get length(): number {
    return this.#length
  }

  /** A row, with its cells in the order of the columns. Gives why it cannot be one, or null. */
  push(cells: readonly string[]): string | null {
    this.#length++
    for (const [index, read] of this.#readers.entries())
      if (!read(cells[index]!)) return `row ${this.#length} has "${cells[index]}" for ${this.columns[index]}, which is no number`
    return null
  }

  isText(column: string): boolean {
    return this.#texts.has(column)
  }

  /** Every value of a column of numbers; an empty list for one that the table does not have. */
  numbers(column: string): readonly number[] {
    return this.#numbers.get(column) ?? []
  }

  /** The texts of a column, each once in the order of appearance, and for each row the place of its text among them. */
  texts(column: string): { readonly texts: readonly string[]; readonly places: readonly number[] } {
    return this.#texts.get(column) ?? { texts: [], places: [] }
  }
}

class TextColumn {
  readonly texts: string[] = []
  readonly places: number[] = []
  readonly #known = new Map<string, number>()

  push(text: string): void {
    let place = this.#known.get(text)
    if (place === undefined) {
      place = this.texts.push(text) - 1
      this.#known.set(text, place)
    }
    this.places.push(place)
  }
}
