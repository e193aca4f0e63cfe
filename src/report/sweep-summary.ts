import Table from 'cli-table3'
import { valueText } from '../experiment/sweep/setting.ts'
import { formatCount, formatMilliseconds, formatPercent, threeDigits } from './format.ts'
import { printable } from './printable.ts'
import type { CombinationAnswer, SweepAnswer } from './sweep-answer.ts'
import { PLAIN, type TerminalOptions } from './terminal-summary.ts'

/** Rows that a person reads; all are in the files. */
const ROWS_MAX = 40
const MEASURES_MAX = 4

/** Shown where the sweep does not say what it is about: what users notice. */
const NOTICED = /^requests\.(error_rate|latency\.p99)(\{|$)/

/** The sweep for people: how it went, and a row a combination with the mean of some measures over its seeds. */
export function renderSweep(answer: SweepAnswer, options: TerminalOptions): string {
  const parts = [verdict(answer, options), table(answer, options)]
  if (options.folder !== null) parts.push(`Results in ${options.colors.cyan(printable(options.folder))}`)
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`
}

function verdict({ name, cells, finished, notPassed, combinations, status }: SweepAnswer, { colors }: TerminalOptions): string {
  const size = `${count(cells, 'cell')}, ${count(combinations.length, 'combination')}`
  const missing = status === 'partial' ? `\n  ${count(cells - finished, 'cell')} missing: the tables lack them.` : ''
  const label = `${colors.bold(printable(name))}: ${size}`
  if (notPassed === 0) return `${colors.green('✓')} ${label}, and every threshold holds${missing}`
  return `${colors.red('✗')} ${label}, and in ${formatCount(notPassed)} of the cells a threshold fails${missing}`
}

function table({ combinations }: SweepAnswer, { colors }: TerminalOptions): string {
  const rows = combinations.filter(({ seeds }) => seeds > 0)
  const [first] = rows
  if (first === undefined) return ''
  const noticed = first.measures.filter(({ name }) => NOTICED.test(name))
  const shown = (first.measures.length <= MEASURES_MAX || noticed.length === 0 ? first.measures : noticed).slice(0, MEASURES_MAX)
  const fields = [...new Set(rows.flatMap(({ parameters }) => Object.keys(parameters)))]
  const hasVariants = rows.some(({ variant }) => variant !== null)
  const several = rows.some(({ seeds }) => seeds > 1)
  const anyFailed = rows.some(({ notPassed }) => notPassed > 0)
  const head = [
    ...(hasVariants ? ['variant'] : []),
    ...fields,
    ...(several ? ['seeds'] : []),
    ...shown.map(({ name }) => name),
    ...(anyFailed ? ['not passed'] : []),
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
  const numbers = fields.length + (hasVariants ? 1 : 0)
  const drawn = new Table({
    head: head.map((text) => colors.bold(printable(text))),
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
    colAligns: head.map((_, column): 'left' | 'right' => (column < numbers ? 'left' : 'right')),
    chars: PLAIN,
  })
  drawn.push(...lines)
  const text = drawn
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')
  const more = rows.length > ROWS_MAX ? `\n… and ${formatCount(rows.length - ROWS_MAX)} more in sweep-summary.csv` : ''
  const meaning = several ? '\nMeans over the seeds, ± half of their 95 % t-interval' : ''
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

function count(number: number, noun: string): string {
  return `${formatCount(number)} ${noun}${number === 1 ? '' : 's'}`
}
