import type { SourceProblem } from '../api/source-problem.ts'
import type { ScenarioWarning } from '../scenario/load-context.ts'
import type { Colors } from './colors.ts'
import { printable } from './printable.ts'

/** Longer lines are cut around the caret, so that a minified file does not fill the screen. */
const LINE_MAX = 160

/** Longer messages are cut: they repeat what the user wrote, which may be a file without line ends. */
const MESSAGE_MAX = 2000

function cut(text: string): string {
  return text.length <= MESSAGE_MAX ? text : `${text.slice(0, MESSAGE_MAX)}…`
}

/** One mistake with the line that it is in, a caret below it, and what would be accepted. */
export function renderProblem(problem: SourceProblem, text: string | null, colors: Colors): string {
  const { file, line, column, length, message, accepted, didYouMean } = problem
  const lines = [`${colors.bold(`${printable(file)}:${line}:${column}`)} ${colors.red(printable(cut(message)))}`]
  const source = text?.split(/\r\n|\r|\n/)[line - 1]?.replace(/^\uFEFF/, '')
  const gutter = String(line).length
  if (source !== undefined && source.trim() !== '') {
    const from = column - 1 + length > LINE_MAX ? Math.max(0, column - 1 - LINE_MAX / 4) : 0
    const shown = source.slice(from, from + LINE_MAX)
    const marked = Math.min(length, LINE_MAX - (column - 1 - from))
    const underline = '^'.repeat(Math.max(1, widthOf(shown.slice(column - 1 - from, column - 1 - from + marked))))
    lines.push(`  ${colors.dim(`${line} |`)} ${printable(shown)}`)
    lines.push(`  ${' '.repeat(gutter)} ${colors.dim('|')} ${indentLike(shown.slice(0, column - 1 - from))}${colors.red(underline)}`)
  }
  const pad = `  ${' '.repeat(gutter)} ${colors.dim('=')}`
  if (accepted !== null) lines.push(`${pad} accepted: ${printable(cut(accepted))}`)
  if (didYouMean !== null) lines.push(`${pad} Did you mean ${colors.green(`"${printable(didYouMean)}"`)}?`)
  return lines.join('\n')
}

/** All mistakes with their frames, and how many there are. */
export function renderProblems(problems: readonly SourceProblem[], textOf: (file: string) => string | null, colors: Colors): string {
  const frames = problems.map((problem) => renderProblem(problem, textOf(problem.file), colors))
  const count = problems.length === 1 ? '1 mistake' : `${problems.length} mistakes`
  return `${frames.join('\n\n')}\n\n${colors.bold(`${count} found; nothing was run and nothing was written`)}\n`
}

export function renderWarning({ file, line, message }: Omit<ScenarioWarning, 'kind'>, colors: Colors): string {
  return `${colors.yellow('warning')} ${printable(file)}:${line} ${printable(message)}`
}

/** Blanks as wide as a text; tabs stay tabs, so that they end where they do in the line above. */
function indentLike(text: string): string {
  return [...text].map((character) => (character === '\t' ? '\t' : ' '.repeat(widthOf(character)))).join('')
}

/** Columns that a text takes in a terminal: Chinese, Japanese and Korean characters and most pictures take two. */
function widthOf(text: string): number {
  let width = 0
  for (const character of text) width += isWide(character.codePointAt(0)!) ? 2 : 1
  return width
}

/** Source: Unicode East Asian Width, the ranges of W and F in broad strokes. */
function isWide(code: number): boolean {
  return (
    (code >= 0x1100 && code <= 0x115f) ||
    (code >= 0x2e80 && code <= 0xa4cf) ||
    (code >= 0xac00 && code <= 0xd7a3) ||
    (code >= 0xf900 && code <= 0xfaff) ||
    (code >= 0xfe30 && code <= 0xfe6f) ||
    (code >= 0xff00 && code <= 0xff60) ||
    (code >= 0xffe0 && code <= 0xffe6) ||
    (code >= 0x1f300 && code <= 0x1faff) ||
    (code >= 0x20000 && code <= 0x3fffd)
  )
}
