import Table from 'cli-table3'
import type { Comparison, MetricComparison, MetricVerdict } from '../../experiment/comparison/comparison.ts'
import type { Colors } from '../colors.ts'
import type { CompareWords } from '../language/compare.ts'
import { printable } from '../printable.ts'
import { flow, NO_LINES } from '../terminal-layout.ts'
import { cutText, textColumns, wrapText } from '../wrap-text.ts'
import { countVerdicts, divergenceLines, headline, howMany, metricName, remark, sideNames, standsOut } from './describe.ts'
import { formatDifference, formatInterval, formatP, formatRelative, formatSize, formatValue, halfWidthOf } from './values.ts'

export interface ComparisonOptions {
  readonly colors: Colors
  /** Columns of the terminal. */
  readonly width: number
  readonly folder: string
}

/** The comparison for people: the verdict, what differs with the worst first, what could not be told apart, and where the runs part. */
export function renderComparison(comparison: Comparison, words: CompareWords, options: ComparisonOptions): string {
  const { colors, folder } = options
  const { metrics, warnings, kind, tested } = comparison
  const quiet: readonly MetricVerdict[] = ['identical', 'unmeasured']
  const told = metrics.filter(({ verdict }) => !quiet.includes(verdict))
  const short = told.filter((metric) => metric.verdict === 'none-found' && !standsOut(metric))
  const negligible = told.filter(({ verdict }) => verdict === 'negligible')
  const shown = told.filter((metric) => !short.includes(metric) && !negligible.includes(metric))
  const counts = countVerdicts(metrics)
  const parts = [
    head(comparison, words, options),
    warnings.map((warning) => colors.yellow(wrapText(`! ${printable(words.warning(warning))}`, options.width))).join('\n'),
    shown.length === 0 ? '' : table(shown, comparison, words, options),
    negligible.length === 0 ? '' : negligibles(negligible, comparison, words, options),
    short.length === 0 ? '' : noneFound(short, comparison, words, options),
    [
      counts.identical > 0 ? words.identical(counts.identical) : '',
      counts.unmeasured > 0 ? words.unmeasured(counts.unmeasured) : '',
      kind === 'single' ? words.singleRun : tested > 0 ? words.fineprint(tested) : '',
    ]
      .filter((line) => line !== '')
      .map((line) => colors.dim(wrapText(line, options.width)))
      .join('\n'),
    partings(comparison, words, options),
    words.resultsIn(colors.cyan(printable(folder))),
  ]
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`
}

function head(comparison: Comparison, words: CompareWords, { colors, width }: ComparisonOptions): string {
  const { verdict, metrics } = comparison
  const [a, b] = sideNames(comparison)
  const mark = verdict === 'not-judged' ? '' : verdict === 'passed' ? '✓ ' : '✗ '
  const paint = verdict === 'not-judged' ? colors.bold : verdict === 'passed' ? colors.green : colors.red
  const counts = words.counts(countVerdicts(metrics))
  return [
    wrapText(`${mark}${headline(comparison, words)}`, width)
      .split('\n')
      .map(paint)
      .join('\n'),
    ...(counts === '' ? [] : [wrapText(counts, width)]),
    colors.dim(`A  ${a}`),
    colors.dim(`B  ${b}`),
    colors.dim(wrapText(howMany(comparison, words), width)),
  ].join('\n')
}

/** From this width on a metric is one row of a table, if that leaves room for what is said of it; below, three lines. */
const TABLE_WIDTH = 130

/** Columns at least for what is said of a metric. */
const VERDICT_WIDTH = 16

const GAP = '  '

function table(metrics: readonly MetricComparison[], comparison: Comparison, words: CompareWords, options: ComparisonOptions): string {
  const { colors, width } = options
  const { variants, kind } = comparison
  const cells = metrics.map((metric) => ({
    metric,
    name: metricName(metric, variants),
    a: formatValue(metric.a, metric.unit),
    b: formatValue(metric.b, metric.unit),
    difference: [formatDifference(metric.difference, metric.unit), formatRelative(metric.relative)].filter((part) => part !== '').join(' '),
    interval: kind === 'single' ? '' : formatInterval(metric),
    p: metric.pHolm === null ? '' : formatP(metric.pHolm),
    remark: remark(metric, words),
    paint: painter(metric.verdict, colors),
  }))
  const { headings } = words
  const head = [headings.metric, headings.a, headings.b, headings.difference, headings.interval, headings.p, headings.verdict]
  const texts = cells.map(({ name, a, b, difference, interval, p }) => [name, a, b, difference, interval, p])
  const widths = head.slice(0, -1).map((text, column) => Math.max(...[text, ...texts.map((row) => row[column]!)].map(textColumns)))
  const room = width - widths.reduce((sum, columns) => sum + columns + GAP.length, 0)
  if (width < TABLE_WIDTH || room < VERDICT_WIDTH)
    return cells
      .map(({ name, a, b, difference, interval, p, remark: said, paint }) => {
        const numbers = [`${a} → ${b}`, difference, interval, p === '' ? '' : `${headings.p} ${p}`].filter((part) => part !== '')
        return [paint(name), ...flow(numbers, width - 4), ...wrapText(said, width - 4).split('\n')].join('\n    ')
      })
      .join('\n')
  const rows = new Table({
    head: head.map((text) => colors.bold(text)),
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
    colAligns: ['left', 'right', 'right', 'right', 'left', 'right', 'left'],
    chars: { ...NO_LINES, middle: GAP },
  })
  for (const [index, { paint, remark: said }] of cells.entries()) {
    const [name, ...numbers] = texts[index]!
    rows.push([paint(name!), ...numbers, wrapText(said, room).split('\n').map(paint).join('\n')])
  }
  return rows
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')
}

function painter(verdict: MetricVerdict, colors: Colors): (text: string) => string {
  if (verdict === 'regression' || verdict === 'lost') return colors.red
  if (verdict === 'worse') return colors.yellow
  return verdict === 'better' ? colors.green : (text) => text
}

/** Of each pair of variants where its runs part. */
function partings({ variants }: Comparison, words: CompareWords, { colors, width }: ComparisonOptions): string {
  return variants
    .map(({ variantA, variantB, divergence }) => {
      const name = variants.length > 1 ? ` (${variantA === variantB ? variantA : `${variantA}, ${variantB}`})` : ''
      const [sentence, ...rows] = divergenceLines(divergence, words)
      const lines = [wrapText(sentence!, width), ...rows.map((line) => cutText(line, width))]
      return [colors.bold(`${words.divergence.heading}${printable(name)}`), ...lines].join('\n')
    })
    .join('\n\n')
}

/** One line a metric: what it is, and by how little it differs. */
function negligibles(
  metrics: readonly MetricComparison[],
  { variants }: Comparison,
  words: CompareWords,
  { width }: ComparisonOptions,
): string {
  const lines = metrics.map((metric) => {
    const { a, b, unit, difference, relative } = metric
    const change = [formatDifference(difference, unit), formatRelative(relative)].filter((part) => part !== '').join(' ')
    return listed(metricName(metric, variants), `${formatValue(a, unit)} → ${formatValue(b, unit)}   ${change}`, width)
  })
  return [wrapText(words.negligibleIn(metrics.length), width), ...lines].join('\n')
}

/** A name and what is said of it, on one line if it is wide enough. */
function listed(name: string, said: string, width: number): string {
  return flow([name, said], width - 4)
    .map((line, index) => `${index === 0 ? '    ' : '      '}${line}`)
    .join('\n')
}

/** One line a metric: what it is, and how large a difference may have been missed. */
function noneFound(
  metrics: readonly MetricComparison[],
  { variants }: Comparison,
  words: CompareWords,
  { width }: ComparisonOptions,
): string {
  const lines = metrics.map((metric) => {
    const undecided =
      metric.toleranceVerdict === 'undecided'
        ? `${words.semicolon}${words.headings.tolerance}${words.colon}${words.tolerance.undecided}`
        : ''
    const numbers = `${formatValue(metric.a, metric.unit)} ± ${formatSize(halfWidthOf(metric), metric.unit)}${undecided}`
    return listed(metricName(metric, variants), numbers, width)
  })
  return [wrapText(words.noneFoundIn(metrics.length), width), ...lines].join('\n')
}
