import Table from 'cli-table3'
import width from 'string-width'

/**
 * How text is set in a terminal. Widths are columns: a Chinese character takes two, and a colour none.
 */

/** Pieces side by side, as many as a line of so many columns holds. */
export function flow(pieces: readonly string[], columns: number): readonly string[] {
  const lines: string[] = []
  for (const piece of pieces) {
    const last = lines.at(-1)
    if (last !== undefined && width(last) + 3 + width(piece) <= columns) lines[lines.length - 1] = `${last}   ${piece}`
    else lines.push(piece)
  }
  return lines
}

export interface PlainTable {
  readonly head: readonly string[]
  readonly rows: readonly (readonly string[])[]
  /** How many columns at the left are texts; numbers stand at the right of theirs. */
  readonly texts: number
  readonly widths?: readonly number[]
}

/** A table without lines between its cells, only room. */
export function plainTable({ head, rows, texts, widths }: PlainTable): string {
  const table = new Table({
    head: [...head],
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
    colAligns: head.map((_, column) => (column < texts ? 'left' : 'right')),
    ...(widths === undefined ? {} : { colWidths: [...widths] }),
    chars: NO_LINES,
  })
  table.push(...rows.map((row) => [...row]))
  return table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')
}

/** The lines of a table that has none. */
export const NO_LINES = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: '  ',
}
