import { valueText } from '../experiment/sweep/setting.ts'
import { formatCount, formatMilliseconds, formatPercent, threeDigits } from './format.ts'
import type { SweepWords } from './language/sweep.english.ts'
import { printable } from './printable.ts'
import type { CombinationAnswer, SweepAnswer } from './sweep-answer.ts'
import { plainTable } from './terminal-layout.ts'
import type { TerminalOptions } from './terminal-summary.ts'

/** Rows that a person reads; all are in the files. */
const ROWS_MAX = 40
const MEASURES_MAX = 4

/** Shown where the sweep does not say what it is about: what users notice. */
const NOTICED = /^requests\.(error_rate|latency\.p99)(\{|$)/

/** The sweep for people: how it went, and a row a combination with the mean of some measures over its seeds. */
export function renderSweep(answer: SweepAnswer, words: SweepWords, options: TerminalOptions): string {
  const parts = [verdict(answer, words, options), table(answer, words, options)]
  if (options.folder !== null) parts.push(words.resultsIn(options.colors.cyan(printable(options.folder))))
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`
}

function verdict(answer: SweepAnswer, words: SweepWords, { colors }: TerminalOptions): string {
  const { name, cells, finished, notPassed, combinations, status } = answer
  const counts = { cells, combinations: combinations.length, failed: notPassed }
  const missing = status === 'partial' ? `\n  ${words.missing(cells - finished)}` : ''
  return `${notPassed === 0 ? colors.green('✓') : colors.red('✗')} ${words.verdict(colors.bold(printable(name)), counts)}${missing}`
}

function table({ combinations }: SweepAnswer, words: SweepWords, { colors }: TerminalOptions): string {
  const rows = combinations.filter(({ seeds }) => seeds > 0)
  const [first] = rows
  if (first === undefined) return ''
  const noticed = first.measures.filter(({ name }) => NOTICED.test(name))
  const shown = (first.measures.length <= MEASURES_MAX || noticed.length === 0 ? first.measures : noticed).slice(0, MEASURES_MAX)
  const fields = [...new Set(rows.flatMap(({ parameters }) => Object.keys(parameters)))]
  const hasVariants = rows.some(({ variant }) => variant !== null)
  const several = rows.some(({ seeds }) => seeds > 1)
  const anyFailed = rows.some(({ notPassed }) => notPassed > 0)
  const { columns } = words
  const head = [
    ...(hasVariants ? [columns.variant] : []),
    ...fields,
    ...(several ? [columns.seeds] : []),
    ...shown.map(({ name }) => name),
    ...(anyFailed ? [columns.notPassed] : []),
  ]
  const lines = rows
    .slice(0, ROWS_MAX)
    .map((row) => [
      ...(hasVariants ? [printable(row.variant ?? '')] : []),
      ...fields.map((field) => (Object.hasOwn(row.parameters, field) ? printable(valueText(row.parameters[field])) : '')),
      ...(several ? [formatCount(row.seeds)] : []),
      ...shown.map(({ name }) => meanText(row, name)),
      ...(anyFailed ? [row.notPassed === 0 ? '' : colors.red(formatCount(row.notPassed))] : []),
    ])
  const texts = fields.length + (hasVariants ? 1 : 0)
  const text = plainTable({ head: head.map((label) => colors.bold(printable(label))), rows: lines, texts })
  const more = rows.length > ROWS_MAX ? `\n${words.more(rows.length - ROWS_MAX)}` : ''
  const meaning = several ? `\n${words.means}` : ''
  return `${text}${more}${meaning}`
}

function meanText({ measures }: CombinationAnswer, name: string): string {
  const measure = measures.find((one) => one.name === name)
  if (measure === undefined || !('mean' in measure)) return '–'
  const { mean, half, unit } = measure
  return half === null ? inUnit(mean, unit) : `${inUnit(mean, unit)} ± ${inUnit(half, unit)}`
}

function inUnit(value: number, unit: string): string {
  if (unit === 'milliseconds') return formatMilliseconds(value)
  if (unit === 'fraction') return formatPercent(value)
  return unit === 'perSecond' ? `${threeDigits(value)}/s` : threeDigits(value)
}
