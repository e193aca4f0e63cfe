import {
  type ComparedVariants,
  type Comparison,
  METRIC_VERDICTS,
  type MetricComparison,
  type MetricVerdict,
} from '../../experiment/comparison/comparison.ts'
import type { Divergence, RowView } from '../../experiment/comparison/divergence.ts'
import type { CompareWords } from '../language/compare.ts'
import { printable } from '../printable.ts'
import { formatMoment, formatP, formatSize, halfWidthOf } from './values.ts'

/** Sentences about a comparison that the terminal, Markdown and JUnit share. */

export function headline({ verdict, metrics }: Comparison, words: CompareWords): string {
  const judged = metrics.filter(({ toleranceVerdict }) => toleranceVerdict !== null)
  const of = (wanted: string): number => judged.filter(({ toleranceVerdict }) => toleranceVerdict === wanted).length
  switch (verdict) {
    case 'regression':
      return words.verdict.regression(of('beyond'), judged.length)
    case 'passed':
      return words.verdict.passed(judged.length, of('undecided'))
    case 'not-judged':
      return words.verdict.notJudged
  }
}

/** `A: scenario.yaml (ipvs)`; all variants where several are compared. */
export function sideNames({ a, b, variants }: Comparison): readonly [string, string] {
  const name = (given: string, side: 'variantA' | 'variantB'): string => {
    const names = variants.map((one) => one[side]).join(', ')
    return given.endsWith(`#${names}`) ? given : `${given} (${names})`
  }
  return [printable(name(a.given, 'variantA')), printable(name(b.given, 'variantB'))]
}

export function howMany({ kind, replications, seed }: Comparison, words: CompareWords): string {
  return kind === 'single' ? words.about.single(printable(seed)) : words.about.replications(replications, printable(seed))
}

export function countVerdicts(metrics: readonly MetricComparison[]): Readonly<Record<MetricVerdict, number>> {
  const entries = METRIC_VERDICTS.map((verdict) => [verdict, metrics.filter((metric) => metric.verdict === verdict).length] as const)
  return Object.fromEntries(entries) as Record<MetricVerdict, number>
}

/** What is said of one metric beside its numbers: the verdict, its tolerance, and what is missing. */
export function remark(metric: MetricComparison, words: CompareWords): string {
  const { verdict, tolerance, toleranceVerdict, unit, bound, pairsOnlyA, pairsOnlyB } = metric
  const half = halfWidthOf(metric)
  const said =
    verdict === 'none-found' && half !== null && bound !== null
      ? words.noneFound(formatSize(half, unit), formatSize(bound, unit))
      : words.verdicts[verdict]
  const judged =
    tolerance === null || toleranceVerdict === null
      ? ''
      : `${words.headings.tolerance} ${printable(amountOf(tolerance))}${words.colon}${words.tolerance[toleranceVerdict]}`
  const alone = standsOut(metric) ? words.onItsOwn(formatP(metric.p)) : ''
  const missing = verdict === 'lost' || verdict === 'gained' ? '' : words.missing(pairsOnlyA, pairsOnlyB)
  return [said, alone, judged, missing].filter((part) => part !== '').join(words.semicolon)
}

/** No difference was found among so many metrics, and by itself this one would have been told apart. */
export function standsOut({ verdict, p, low, high }: MetricComparison): boolean {
  return verdict === 'none-found' && ((p !== null && p <= 0.05) || (low !== null && high !== null && low * high > 0))
}

/** `10ms` of `requests.latency.p99{traffic=shoppers}=10ms`. */
function amountOf(tolerance: string): string {
  return /=([^={}]*)$/.exec(tolerance)?.[1]?.trim() ?? tolerance
}

/** The name of a metric, after its variant where several are compared. */
export function metricName({ name, variantA }: MetricComparison, variants: readonly ComparedVariants[]): string {
  return printable(variants.length > 1 ? `${variantA}: ${name}` : name)
}

/** Where the runs part: what is the same until then, what each side did, and what came just before. */
export interface Parting {
  readonly said: string
  /** null where everything is the same. */
  readonly sides: readonly [string, string] | null
  readonly before: readonly string[]
}

export function partingOf(divergence: Divergence | null, words: CompareWords): Parting {
  if (divergence === null) return { said: words.divergence.none, sides: null, before: [] }
  const { table, rowsSame, atSeconds, a, b, before, columns } = divergence
  const at = atSeconds === null ? null : formatMoment(atSeconds)
  const ofObjects = table === 'objects'
  const side = (row: RowView | null): string =>
    row === null ? words.divergence.ended : ofObjects ? hopText(row, words) : cells(row, columns)
  return {
    said: ofObjects ? words.divergence.sameUntil(at ?? '', rowsSame) : words.divergence.otherTable(table, at),
    sides: [side(a), side(b)],
    before: ofObjects ? before.map((row) => hopText(row, words)) : [],
  }
}

/** The same as lines of text. */
export function divergenceLines(divergence: Divergence | null, words: CompareWords): readonly string[] {
  const { said, sides, before } = partingOf(divergence, words)
  return [
    said,
    ...(sides === null ? [] : [`  A  ${sides[0]}`, `  B  ${sides[1]}`]),
    ...(before.length === 0 ? [] : [`  ${words.divergence.before}${words.colon.trimEnd()}`, ...before.map((line) => `     ${line}`)]),
  ]
}

/** The pair of variants, by their names: one name where both have it. */
export function pairName({ variantA, variantB }: Pick<ComparedVariants, 'variantA' | 'variantB'>): string {
  return printable(variantA === variantB ? variantA : `${variantA} → ${variantB}`)
}

function hopText(row: RowView, words: CompareWords): string {
  const { actor = '', action = '', object = '', detail = '', ended_s: ended = '' } = row
  return printable(words.divergence.hop(actor, action, object, detail, formatMoment(Number(ended))))
}

/** Cells that differ, behind those that say which row it is. */
function cells(row: RowView, columns: readonly string[]): string {
  const identity = ['traffic', 'node', 'namespace', 'pod', 'cause'].filter(
    (column) => row[column] !== undefined && !columns.includes(column),
  )
  const shown = columns.slice(0, CELLS_SHOWN).map((column) => `${column} ${row[column] === '' ? '–' : row[column]}`)
  const more = columns.length > CELLS_SHOWN ? ', …' : ''
  return printable([...identity.map((column) => row[column]!), shown.join(', ') + more].join(': '))
}

const CELLS_SHOWN = 4
