import type { Comparison, MetricComparison, MetricVerdict } from '../../experiment/comparison/comparison.ts'
import type { CompareWords } from '../language/compare.ts'
import { printable } from '../printable.ts'
import { countVerdicts, divergenceLines, headline, howMany, metricName, remark, sideNames } from './describe.ts'
import { formatDifference, formatInterval, formatP, formatRelative, formatValue } from './values.ts'

const MARKS: Readonly<Partial<Record<MetricVerdict, string>>> = { regression: '❌', lost: '❌', worse: '⚠️', better: '✅' }

/** What opens the table at once; the others are behind a line to click. */
const LOUD: readonly MetricVerdict[] = ['regression', 'lost', 'worse', 'different', 'better']

/** The comparison as GitHub shows it in a pull request or a job summary. */
export function renderMarkdown(comparison: Comparison, words: CompareWords): string {
  const { metrics, verdict, variants, warnings, kind, tested } = comparison
  const [a, b] = sideNames(comparison)
  const mark = verdict === 'regression' ? '❌ ' : verdict === 'passed' ? '✅ ' : ''
  const loud = metrics.filter((metric) => LOUD.includes(metric.verdict))
  const counts = words.counts(countVerdicts(metrics))
  const parts = [
    `### ${mark}${escaped(headline(comparison, words))}`,
    [
      `- A: ${code(a)}`,
      `- B: ${code(b)}`,
      `- ${escaped(howMany(comparison, words))}`,
      ...(counts === '' ? [] : [`- ${escaped(counts)}`]),
    ].join('\n'),
    warnings.map((warning) => `> ${escaped(printable(words.warning(warning)))}`).join('\n>\n'),
    loud.length === 0 ? '' : table(loud, comparison, words),
    details(escaped(words.details(metrics.length)), table(metrics, comparison, words)),
    ...variants.map(({ variantA, variantB, divergence }) => {
      const name = variants.length > 1 ? ` (${variantA === variantB ? variantA : `${variantA}, ${variantB}`})` : ''
      return details(escaped(`${words.divergence.heading}${name}`), fenced(divergenceLines(divergence, words)))
    }),
    `<sub>${escaped(kind === 'single' ? words.singleRun : words.fineprint(tested))}</sub>`,
  ]
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`
}

function table(metrics: readonly MetricComparison[], { variants }: Comparison, { headings, ...words }: CompareWords): string {
  const heads = [headings.metric, headings.a, headings.b, headings.difference, headings.interval, headings.p, headings.verdict]
  const rows = metrics.map((metric) => {
    const change = [formatDifference(metric.difference, metric.unit), formatRelative(metric.relative)].filter((part) => part !== '')
    const mark = MARKS[metric.verdict]
    return [
      code(metricName(metric, variants)),
      formatValue(metric.a, metric.unit),
      formatValue(metric.b, metric.unit),
      change.join(' '),
      formatInterval(metric),
      metric.pHolm === null ? '' : formatP(metric.pHolm),
      `${mark === undefined ? '' : `${mark} `}${remark(metric, { headings, ...words })}`,
    ].map((cell, place) => (place === 0 ? cell : escaped(cell)))
  })
  return [
    `| ${heads.map(escaped).join(' | ')} |`,
    '| --- | ---: | ---: | ---: | --- | ---: | --- |',
    ...rows.map((row) => `| ${row.join(' | ')} |`),
  ].join('\n')
}

function details(summary: string, body: string): string {
  return `<details><summary>${summary}</summary>\n\n${body}\n\n</details>`
}

/** A fence longer than any run of backticks inside. */
function fenced(lines: readonly string[]): string {
  const text = lines.join('\n')
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([run]) => run.length))
  const fence = '`'.repeat(longest + 1)
  return `${fence}text\n${text}\n${fence}`
}

/** Text that Markdown and HTML leave alone, also in the cell of a table. */
export function escaped(text: string): string {
  return text
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;')
    .replace(/[\\`*_{}[\]#|~]/g, '\\$&')
    .replace(/@/g, '&#64;')
    .replace(/\r?\n/g, ' ')
}

/** Code that holds any text. Not even in code does a table take a bar as it is. */
export function code(text: string): string {
  const inner = text.replace(/\r?\n/g, ' ').replace(/\|/g, '\\|')
  const longest = Math.max(0, ...[...inner.matchAll(/`+/g)].map(([run]) => run.length))
  const fence = '`'.repeat(longest + 1)
  return longest === 0 ? `${fence}${inner}${fence}` : `${fence} ${inner} ${fence}`
}
