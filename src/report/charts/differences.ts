import type { Comparison, MetricComparison, MetricVerdict } from '../../experiment/comparison/comparison.ts'
import { parseTolerance } from '../../experiment/comparison/tolerance.ts'
import { formatRelative } from '../comparison/values.ts'
import type { ChartWords } from '../language/charts.ts'
import type { CompareWords } from '../language/compare.ts'
import type { Chart, Look } from './chart.ts'
import { emptyOption } from './parts/frame.ts'
import { ROW_HEIGHT, rowChart } from './parts/rows.ts'
import { aroundZero } from './parts/scale.ts'
import { type Sentence, sentence } from './sentence.ts'

export interface DifferencesOptions {
  readonly kind: Comparison['kind']
  /** For the verdict beside each name. */
  readonly words: CompareWords
  /** Of the row of a metric. */
  readonly color: (metric: MetricComparison) => string
}

/** What has a place in the chart: something differs, and has a share of A. */
export function isDrawn({ verdict, relative }: MetricComparison): boolean {
  return relative !== null && !QUIET.has(verdict)
}

const QUIET: ReadonlySet<MetricVerdict> = new Set(['identical', 'unmeasured', 'only-a', 'only-b'])

/** Verdicts by which a difference was told apart from chance. */
const FOUND: ReadonlySet<MetricVerdict> = new Set(['regression', 'worse', 'different', 'better', 'negligible'])

/** Changes beyond twice of A end in an arrow: one of them would leave no room for all others. */
const SHARE_MAX = 2

const FRAME = 104

/** Metrics below each other: the change from A to B as a share of A, its interval, and the tolerance. */
export function differences(metrics: readonly MetricComparison[], options: DifferencesOptions): Chart {
  const drawn = metrics.filter(isDrawn)
  return {
    kind: 'differences',
    empty: drawn.length === 0,
    title: (words) => words.differences.title,
    finding: (words) => finding(drawn, words),
    height: () => (drawn.length === 0 ? 60 : FRAME + drawn.length * ROW_HEIGHT),
    option: (look) => option(drawn, options, look),
  }
}

function finding(drawn: readonly MetricComparison[], { differences: words }: ChartWords): Sentence {
  if (drawn.length === 0) return sentence`${words.none}`
  const found = drawn.filter(({ verdict }) => FOUND.has(verdict))
  if (found.length === 0) return sentence`${words.noneFound}`
  const largest = found.reduce((most, one) => (Math.abs(one.relative!) > Math.abs(most.relative!) ? one : most))
  return words.finding(largest.name, formatRelative(largest.relative), intervalText(largest))
}

/** The interval as a share of A; null without one. */
function intervalOf({ a, low, high }: MetricComparison): { readonly low: number; readonly high: number } | null {
  return low === null || high === null ? null : { low: low / Math.abs(a!), high: high / Math.abs(a!) }
}

function intervalText(metric: MetricComparison): string {
  const interval = intervalOf(metric)
  return interval === null ? '' : `[${formatRelative(interval.low)}, ${formatRelative(interval.high)}]`
}

/** The change at which the tolerance is used up, as a share of A; null where nothing is judged. */
export function limitOf({ tolerance, worse, a }: Pick<MetricComparison, 'tolerance' | 'worse' | 'a'>): number | null {
  if (tolerance === null || worse === null || a === null || a === 0) return null
  const read = parseTolerance(tolerance)
  if (!read.ok) return null
  const share = read.value.relative + read.value.absolute / Math.abs(a)
  return worse === 'higher' ? share : -share
}

function option(drawn: readonly MetricComparison[], { kind, words, color }: DifferencesOptions, look: Look): Record<string, unknown> {
  const { differences: own } = look.words
  if (drawn.length === 0) return emptyOption({ title: () => own.title }, look, own.none)
  const spans = drawn.map(intervalOf)
  const limits = drawn.map(limitOf)
  const reach = drawn.flatMap(({ relative }, row) => [relative!, spans[row]?.low ?? 0, spans[row]?.high ?? 0, limits[row] ?? 0])
  const scale = aroundZero(Math.max(-SHARE_MAX, Math.min(...reach)), Math.min(SHARE_MAX, Math.max(...reach)))
  const [what, more] = kind === 'single' ? own.exactCaption : own.caption
  return rowChart(look, {
    title: own.title,
    finding: finding(drawn, look.words),
    accents: new Map(),
    namesMost: 0.42,
    rows: drawn.map((metric) => ({ name: metric.name, color: color(metric), note: words.verdicts[metric.verdict] })),
    plots: [
      {
        caption: [{ text: what, of: '' }, { text: more }],
        scale,
        label: (value) => `${value > 0 ? '+' : value < 0 ? '−' : ''}${Number((Math.abs(value) * 100).toPrecision(6))} %`,
        axisName: own.axis,
        dots: drawn.map(({ relative, name }) => [{ value: relative!, name }]),
        // Without an interval a change beyond the scale still has its arrow.
        spans: drawn.map(({ relative }, row) => spans[row] ?? { low: relative!, high: relative! }),
        strokes: limits.map((limit) => (limit === null || limit < scale.min || limit > scale.max ? null : limit)),
        figures: drawn.map((metric) => `${formatRelative(metric.relative)} ${intervalText(metric)}`.trim()),
        figureAt: 'end',
        zero: true,
      },
    ],
  })
}
