/**
 * Calls `visit` with each line of a text and its number from 1. Nothing is kept of a line that was visited, so that a dump of 100 MB needs no
 * second copy.
 */
export function forEachLine(text: string, visit: (line: string, number: number) => void): void {
  let start = text.charCodeAt(0) === 0xfeff ? 1 : 0
  let number = 0
  while (start < text.length) {
    const newline = text.indexOf('\n', start)
    const end = newline < 0 ? text.length : newline
    number += 1
    visit(text.slice(start, text.charCodeAt(end - 1) === 0x0d ? end - 1 : end), number)
    start = end + 1
  }
}
