import stringWidth from 'string-width'

/** Columns that a text takes in a terminal: a Chinese character takes two. The same count as that of tables. */
export function textColumns(text: string): number {
  return stringWidth(text)
}

/**
 * Lines of at most `columns` columns, broken at spaces and between Chinese characters, of which none begins with a closing mark or ends with an
 * opening one. A word that is longer than a line has one of its own.
 */
export function wrapText(text: string, columns: number): string {
  const lines: string[] = []
  let line = ''
  for (const [, space, piece] of text.matchAll(PIECE)) {
    const longer = `${line}${line === '' ? '' : space}${piece}`
    if (line !== '' && textColumns(longer) > columns) {
      lines.push(line)
      line = piece!
    } else line = longer
  }
  return [...lines, line].join('\n')
}

/** The text, or as much of it as fits, with `…` for the rest. */
export function cutText(text: string, columns: number): string {
  if (textColumns(text) <= columns) return text
  let cut = ''
  for (const { segment } of GRAPHEMES.segment(text)) {
    if (textColumns(cut + segment) > columns - 1) break
    cut += segment
  }
  return `${cut}…`
}

const GRAPHEMES = new Intl.Segmenter('en', { granularity: 'grapheme' })

const WIDE = '\\u2e80-\\u303f\\u3041-\\u9fff\\uf900-\\ufaff\\uff01-\\uff60'
const OPENING = '（《「『【“'
const CLOSING = '，。；：！？、）》」』】”…'

/** What is not taken apart, after the spaces before it: a word, or one Chinese character, with the marks that belong to it. */
const PIECE = new RegExp(`( *)([${OPENING}]*(?:[^ ${WIDE}]+|[^ ])[${CLOSING}]*)`, 'gu')
