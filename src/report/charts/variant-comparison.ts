import type { ChartWords } from '../language/charts.ts'
import { type Choice, chartKind, type Look } from './chart.ts'
import { distributionOf, quantileOf } from './parts/distribution.ts'
import { milliseconds, percent, short } from './parts/format.ts'
import { emptyOption } from './parts/frame.ts'
import { busiestTraffic } from './parts/intervals.ts'
import { ROW_HEIGHT, ROWS_FRAME, type RowPlot, rowChart } from './parts/rows.ts'
import { fromZero } from './parts/scale.ts'
import { workloadOf } from './pod-load.ts'
import { type Sentence, sentence } from './sentence.ts'
import type { ColumnTable, Tables } from './tables.ts'
import { type Accent, accentsOf, colorOf } from './theme.ts'

interface ComparedVariant {
  readonly name: string
  /** Milliseconds; NaN where nothing was answered. */
  readonly p99: number
  /** Of the requests that ended, those that failed. */
  readonly failed: number
  /** Of the workload with the most requests: the busiest pod over the mean of its pods; NaN where that is not known. */
  readonly imbalance: number
}

interface ComparisonData {
  readonly traffic: string
  readonly workload: string | null
  readonly accents: ReadonlyMap<string, Accent>
  readonly variants: readonly ComparedVariant[]
}

/** The variants of a run beside each other, such as IPVS schedulers: latency, imbalance and failures since the warm-up. */
export const variantComparison = chartKind<ComparisonData>({
  name: 'variants',
  reads: ['latency', 'requests'],
  also: ['pods'],
  data,
  isEmpty: ({ variants }) => variants.length === 0,
  title: ({ traffic }, words) => words.variants.title(traffic),
  finding,
  height: ({ variants }) => ROWS_FRAME + Math.max(3, variants.length) * ROW_HEIGHT,
  option,
})

function data(tables: Tables, choice: Choice): ComparisonData {
  const requests = tables.get('requests')!
  const traffic = choice.traffic ?? busiestTraffic(requests) ?? ''
  const names = requests.texts('variant').texts
  const failures = failedShares(requests, traffic)
  const pods = tables.get('pods')
  const workload = pods === undefined ? null : busiestWorkload(pods)
  const variants = names
    .filter((name) => choice.variants?.includes(name) !== false)
    .map((name): ComparedVariant => {
      const distribution = distributionOf(tables, { variant: name, traffic })
      return {
        name,
        p99: distribution === null ? Number.NaN : quantileOf(distribution, 0.99),
        failed: failures.get(name) ?? Number.NaN,
        imbalance: pods === undefined || workload === null ? Number.NaN : imbalanceOf(pods, name, workload),
      }
    })
  return { traffic, workload, accents: accentsOf(names), variants }
}

function failedShares(table: ColumnTable, traffic: string): ReadonlyMap<string, number> {
  const variants = table.texts('variant')
  const traffics = table.texts('traffic')
  const phases = table.texts('phase')
  const ok = table.numbers('ok')
  const causes = table.names.filter((name) => name.startsWith('failed_')).map((name) => table.numbers(name))
  const failed = new Float64Array(variants.texts.length)
  const ended = new Float64Array(variants.texts.length)
  for (let row = 0; row < table.rows; row++) {
    if (traffics.texts[traffics.codes[row]!] !== traffic || phases.texts[phases.codes[row]!] === 'warm-up') continue
    const variant = variants.codes[row]!
    const failures = causes.reduce((sum, cause) => sum + cause[row]!, 0)
    failed[variant]! += failures
    ended[variant]! += failures + ok[row]!
  }
  return new Map(variants.texts.map((name, code) => [name, ended[code]! > 0 ? failed[code]! / ended[code]! : Number.NaN]))
}

/** Workloads of one name in two namespaces are two. */
function keyOf(table: ColumnTable, row: number): string {
  const [namespaces, names] = [table.texts('namespace'), table.texts('pod')]
  return `${namespaces.texts[namespaces.codes[row]!]!}/${workloadOf(names.texts[names.codes[row]!]!)}`
}

function busiestWorkload(table: ColumnTable): string | null {
  const requests = table.numbers('requests')
  const sums = new Map<string, number>()
  for (let row = 0; row < table.rows; row++) {
    const workload = keyOf(table, row)
    sums.set(workload, (sums.get(workload) ?? 0) + requests[row]!)
  }
  return [...sums].sort((a, b) => b[1] - a[1])[0]?.[0] ?? null
}

function imbalanceOf(table: ColumnTable, variant: string, workload: string): number {
  const variants = table.texts('variant')
  const atEnd = table.texts('at_end')
  const rates = table.numbers('requests_per_s')
  const own: number[] = []
  for (let row = 0; row < table.rows; row++) {
    if (variants.texts[variants.codes[row]!] !== variant || atEnd.texts[atEnd.codes[row]!] !== 'listening') continue
    if (keyOf(table, row) === workload) own.push(Number.isNaN(rates[row]!) ? 0 : rates[row]!)
  }
  const sum = own.reduce((total, rate) => total + rate, 0)
  return sum > 0 ? (Math.max(...own) * own.length) / sum : Number.NaN
}

function finding({ variants }: ComparisonData, words: ChartWords): Sentence {
  const known = variants.filter(({ p99 }) => !Number.isNaN(p99))
  if (known.length === 0) return sentence`${words.latency.none}`
  const slowest = known.reduce((most, one) => (one.p99 > most.p99 ? one : most))
  const fastest = known.reduce((least, one) => (one.p99 < least.p99 ? one : least))
  const span = ({ name }: ComparedVariant) => ({ text: name, of: name })
  return words.variants.finding(
    { name: span(fastest), p99: milliseconds(fastest.p99) },
    slowest === fastest ? null : { name: span(slowest), p99: milliseconds(slowest.p99) },
  )
}

function option(data: ComparisonData, look: Look): Record<string, unknown> {
  const { theme, words } = look
  const { variants, accents, workload } = data
  if (variants.length === 0) return emptyOption({ title: () => words.variants.title(data.traffic) }, look, words.nothing)
  const plotOf = (
    value: (variant: ComparedVariant) => number,
    label: (value: number) => string,
    [what, more]: readonly string[],
    axisName: string,
  ): RowPlot[] => {
    const values = variants.map(value)
    const known = values.filter((one) => !Number.isNaN(one))
    if (known.length === 0) return []
    return [
      {
        caption: [{ text: what!, of: '' }, { text: more! }],
        scale: fromZero(Math.max(...known), 3),
        label,
        axisName,
        dots: values.map((one, index) => (Number.isNaN(one) ? [] : [{ value: one, name: variants[index]!.name }])),
        figures: values.map((one) => (Number.isNaN(one) ? '' : label(one))),
        figureAt: 'dot',
        stems: true,
      },
    ]
  }
  return rowChart(look, {
    title: words.variants.title(data.traffic),
    finding: finding(data, words),
    accents,
    rows: variants.map(({ name }) => ({ name, color: colorOf(theme, accents.get(name)) })),
    plots: [
      ...plotOf(({ p99 }) => p99, milliseconds, words.variants.p99Caption, words.latency.axis),
      ...plotOf(
        ({ imbalance }) => imbalance,
        (value) => `${short(value)}×`,
        words.variants.imbalanceCaption((workload ?? '').slice((workload ?? '').indexOf('/') + 1)),
        words.pods.axis,
      ),
      ...plotOf(({ failed }) => failed, percent, words.variants.failedCaption, words.failed.axis),
    ],
  })
}
