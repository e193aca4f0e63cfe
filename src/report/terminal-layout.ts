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

/**
 * A Chinese character may begin a line, unless it closes something; one that opens stays with what it opens. Anything else up to the next
 * one is not broken.
 */
const UNBROKEN = /[（「《]*(?:[\u2e80-\u9fff]|[^\u2e80-\u9fff\uff00-\uffef]+|.)[，。；：、）」》！？]*/gu

/** Lines of at most so many columns, broken at spaces and between Chinese characters. */
export function wrap(text: string, columns: number): string {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' '))
    for (const [index, part] of (word.match(UNBROKEN) ?? ['']).entries()) {
      const before = index > 0 || line === '' ? '' : ' '
      if (line !== '' && width(line) + before.length + width(part) > columns) {
        lines.push(line)
        line = part
      } else line = `${line}${before}${part}`
    }
  return [...lines, line].join('\n')
}

/** The line, or as much of it as fits, with a sign that something is missing. */
export function cut(line: string, columns: number): string {
  if (width(line) <= columns) return line
  let kept = ''
  for (const sign of line) {
    if (width(kept) + width(sign) + 1 > columns) break
    kept += sign
  }
  return `${kept}…`
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

const NO_LINES = {
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
