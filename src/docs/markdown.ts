/** A cell of a table: what would end it is escaped. Lines that break are joined. */
export function cell(text: string): string {
  return text.replace(/\s*\n\s*/g, ' ').replaceAll('|', '\\|')
}

/** In backticks, where there is something. */
export function code(text: string): string {
  return text === '' ? '' : `\`${text}\``
}

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map(cell).join(' | ')} |`
  return [line(head), `|${' --- |'.repeat(head.length)}`, ...rows.map(line)].join('\n')
}

/** A sentence: with a capital letter and a full stop. */
export function sentence(text: string): string {
  if (text === '') return ''
  return text[0]!.toUpperCase() + text.slice(1) + (/[.!?…]$/.test(text) ? '' : '.')
}
