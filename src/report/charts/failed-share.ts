import type { ChartWords } from '../language/charts.ts'
import { type Choice, chartKind, DEFAULT_POINTS, type Look } from './chart.ts'
import { columnsFor } from './latency-quantiles.ts'
import { percentilesOf } from './parts/distribution.ts'
import { milliseconds, percent, timeLabel } from './parts/format.ts'
import { emptyOption } from './parts/frame.ts'
import { type Bins, binOf, binsOf, busiestTraffic, edges, MinMeanMax, rowsByVariant } from './parts/intervals.ts'
import { type Mark, marksOf, warmUpOf } from './parts/marks.ts'
import { fromZero, logarithmic } from './parts/scale.ts'
import { lineData, type Series, type TimePanel, timeChart } from './parts/time-chart.ts'
import { type Sentence, sentence } from './sentence.ts'
import type { Tables } from './tables.ts'
import { type Accent, accentsOf, colorOf } from './theme.ts'

interface FailedVariant {
  readonly name: string
  readonly sent: Float64Array
  readonly failed: Float64Array
  readonly p99: MinMeanMax
  /** Since the warm-up: of the requests that ended, those that failed. */
  readonly overall: number
  readonly overallP99: number | null
  readonly marks: readonly Mark[]
}

interface FailedData {
  readonly traffic: string
  readonly accents: ReadonlyMap<string, Accent>
  readonly variants: readonly FailedVariant[]
  readonly bins: Bins | null
  readonly marks: readonly Mark[]
}

const VARIANTS_IN_ONE_PLOT = 3

/** The share of requests that failed, second by second, and beside it the latency of those that did not. */
export const failedShare = chartKind<FailedData>({
  name: 'failed',
  reads: ['requests'],
  also: ['events', 'latency'],
  data,
  isEmpty: ({ bins }) => bins === null,
  title: ({ traffic }, words) => words.failed.title(traffic),
  finding,
  height: ({ variants }, width) =>
    variants.length > VARIANTS_IN_ONE_PLOT ? 170 + Math.ceil(variants.length / columnsFor(variants.length, width)) * 150 : 590,
  option,
})

function data(tables: Tables, choice: Choice): FailedData {
  const table = tables.get('requests')!
  const traffic = choice.traffic ?? busiestTraffic(table) ?? ''
  const trafficColumn = table.texts('traffic')
  const { names, groups } = rowsByVariant(table, choice.variants, (row) => trafficColumn.texts[trafficColumn.codes[row]!] === traffic)
  const starts = table.numbers('interval_start_s')
  const lengths = table.numbers('interval_s')
  const sent = table.numbers('sent')
  const ok = table.numbers('ok')
  const p99 = table.numbers('latency_ms_p99')
  const phases = table.texts('phase')
  const causes = table.names.filter((name) => name.startsWith('failed_')).map((name) => table.numbers(name))
  const bins = binsOf(
    starts,
    lengths,
    groups.flatMap(({ rows }) => rows),
    choice.points ?? DEFAULT_POINTS,
  )
  const count = bins?.count ?? 0
  const variants = groups.map(({ name, rows }): FailedVariant => {
    const variant = { name, sent: new Float64Array(count), failed: new Float64Array(count), p99: new MinMeanMax(count) }
    let allFailed = 0
    let allEnded = 0
    for (const row of rows) {
      const bin = binOf(bins!, starts[row]!, lengths[row]!)
      const failed = causes.reduce((sum, cause) => sum + cause[row]!, 0)
      variant.sent[bin]! += sent[row]!
      variant.failed[bin]! += failed
      variant.p99.add(bin, p99[row]!, ok[row]!)
      if (phases.texts[phases.codes[row]!] === 'warm-up') continue
      allFailed += failed
      allEnded += failed + ok[row]!
    }
    const overallP99 = percentilesOf(tables, { variant: name, traffic }, [0.99])?.[0] ?? null
    const marks = [...warmUpOf(table, rows), ...marksOf(tables, [name])]
    return { ...variant, overall: allEnded === 0 ? 0 : allFailed / allEnded, overallP99, marks }
  })
  const marks = [
    ...warmUpOf(table, groups[0]?.rows ?? []),
    ...marksOf(
      tables,
      groups.map(({ name }) => name),
    ),
  ]
  return { traffic, accents: accentsOf(names), variants, bins, marks }
}

function finding({ variants, bins }: FailedData, words: ChartWords): Sentence {
  if (bins === null || variants.length === 0) return sentence`${words.failed.none}`
  const order = variants.toSorted((a, b) => b.overall - a.overall)
  if (order[0]!.overall === 0) return sentence`${words.failed.noneFailed}`
  const peak = peakOf(order[0]!)
  const at = timeLabel(bins.to)(Math.round(edges(bins, peak.bin).start))
  return words.failed.finding(
    order.map(({ name, overall }) => ({ name: { text: name, of: name }, share: percent(overall) })),
    percent(peak.share),
    at,
  )
}

function peakOf({ sent, failed }: FailedVariant): { readonly bin: number; readonly share: number } {
  let peak = { bin: 0, share: 0 }
  sent.forEach((value, bin) => {
    if (value > 0 && failed[bin]! / value > peak.share) peak = { bin, share: failed[bin]! / value }
  })
  return peak
}

function option(data: FailedData, look: Look): Record<string, unknown> {
  const { words, theme } = look
  const { bins, variants } = data
  if (bins === null) return emptyOption({ title: () => words.failed.title(data.traffic) }, look, words.failed.none)
  const apart = variants.length > VARIANTS_IN_ONE_PLOT
  const scale = fromZero(Math.max(0.001, ...variants.map((variant) => peakOf(variant).share)))
  const color = ({ name }: FailedVariant): string => colorOf(theme, data.accents.get(name))
  /** A value holds for the whole of its bin; the last point closes the last bin. */
  const steps = (values: (bin: number) => number): readonly unknown[] => {
    const points = Array.from({ length: bins.count }, (_, bin) => [edges(bins, bin).start, values(bin)] as const)
    return lineData([...points, [bins.to, values(bins.count - 1)]])
  }
  const lines = (variant: FailedVariant): readonly Series[] => {
    const common = { type: 'line', step: 'end', symbol: 'none', color: color(variant), data: steps((bin) => shareOf(variant, bin)) }
    return [
      { ...common, z: 1, silent: true, tooltip: { show: false }, lineStyle: { opacity: 0 }, areaStyle: { opacity: 0.16 } },
      {
        ...common,
        z: 3,
        name: variant.name,
        lineStyle: { width: 1.8 },
        tooltip: { valueFormatter: (value: unknown) => (typeof value === 'number' ? percent(value) : '–') },
      },
    ]
  }
  const failedPanel = (shown: readonly FailedVariant[], marks: readonly Mark[]): TimePanel => ({
    caption: apart
      ? sentence`${{ text: shown[0]!.name, of: shown[0]!.name }}  ${percent(shown[0]!.overall)}`
      : [{ text: words.failed.caption[0]!, of: '' }, { text: words.failed.caption[1]! }],
    scale,
    label: percent,
    axisName: words.failed.axis,
    weight: 2.4,
    marks,
    series: [...shown.flatMap((variant) => lines(variant).slice(0, 1)), ...shown.flatMap((variant) => lines(variant).slice(1))],
    ...(apart
      ? {}
      : {
          head: words.overall,
          ends: shown.map((variant) => ({
            name: variant.name,
            figure: percent(variant.overall),
            color: color(variant),
            value: shareOf(variant, bins.count - 1) || 0,
          })),
        }),
  })
  const latencies = variants.flatMap(({ p99 }) => [...p99.mean]).filter((value) => value > 0)
  const latencyPanel = (): TimePanel => ({
    caption: [{ text: words.failed.latencyCaption[0]!, of: '' }, { text: words.failed.latencyCaption[1]! }],
    scale: logarithmic(Math.min(...latencies), Math.max(...latencies)),
    label: milliseconds,
    axisName: words.latency.axis,
    weight: 1,
    marks: data.marks,
    series: variants.map((variant) => {
      const mean = variant.p99.mean
      return {
        type: 'line',
        step: 'end',
        name: `${variant.name} p99`,
        symbol: 'none',
        color: color(variant),
        lineStyle: { width: 1.3, opacity: 0.85 },
        data: steps((bin) => (mean[bin]! > 0 ? mean[bin]! : Number.NaN)),
        tooltip: { valueFormatter: (value: unknown) => (typeof value === 'number' ? milliseconds(value) : '–') },
      }
    }),
    head: variants.every(({ overallP99 }) => overallP99 !== null) ? words.overall : words.lastValue,
    ends: variants.flatMap((variant) => {
      const value = variant.p99.mean.findLast((mean) => mean > 0)
      return value === undefined
        ? []
        : [{ name: variant.name, figure: milliseconds(variant.overallP99 ?? value), color: color(variant), value }]
    }),
  })
  return timeChart(look, {
    title: words.failed.title(data.traffic),
    finding: finding(data, words),
    accents: data.accents,
    from: bins.from,
    to: bins.to,
    columns: apart ? columnsFor(variants.length, look.width) : 1,
    panels: apart
      ? variants.map((variant) => failedPanel([variant], variant.marks))
      : [failedPanel(variants, data.marks), ...(latencies.length === 0 ? [] : [latencyPanel()])],
    ...(bins.together > 1 ? { note: words.binNote(timeLabel(bins.width)(bins.width)) } : {}),
  })
}

function shareOf({ sent, failed }: FailedVariant, bin: number): number {
  return sent[bin]! > 0 ? failed[bin]! / sent[bin]! : Number.NaN
}
