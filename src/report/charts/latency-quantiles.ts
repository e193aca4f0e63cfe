import type { ChartWords } from '../language/charts.ts'
import { type Choice, chartKind, DEFAULT_HEIGHT, DEFAULT_POINTS, type Look } from './chart.ts'
import { percentilesOf } from './parts/distribution.ts'
import { milliseconds, timeLabel } from './parts/format.ts'
import { emptyOption } from './parts/frame.ts'
import { type Bins, binOf, binsOf, busiestTraffic, edges, MinMeanMax, rowsByVariant } from './parts/intervals.ts'
import { type Mark, marksOf, warmUpOf } from './parts/marks.ts'
import { logarithmic, type Scale } from './parts/scale.ts'
import { band, lineData, type Series, type TimePanel, timeChart } from './parts/time-chart.ts'
import { type Sentence, sentence } from './sentence.ts'
import type { Tables } from './tables.ts'
import { type Accent, accentsOf, colorOf } from './theme.ts'

const QUANTILES = ['p50', 'p90', 'p99'] as const
type Quantile = (typeof QUANTILES)[number]

interface VariantLatency {
  readonly name: string
  readonly quantiles: Readonly<Record<Quantile, MinMeanMax>>
  /** Over the whole measured phase, where the distribution is known. */
  readonly overall: Readonly<Record<Quantile, number>> | null
  readonly marks: readonly Mark[]
}

interface LatencyData {
  readonly traffic: string
  readonly accents: ReadonlyMap<string, Accent>
  readonly variants: readonly VariantLatency[]
  readonly bins: Bins | null
  /** Of all variants together. */
  readonly marks: readonly Mark[]
}

/** More variants than this are drawn in a plot each. */
const VARIANTS_IN_ONE_PLOT = 3

/** How long requests took, second by second. */
export const latencyQuantiles = chartKind<LatencyData>({
  name: 'latency',
  reads: ['requests'],
  also: ['events', 'latency'],
  data,
  isEmpty: ({ bins, variants }) =>
    bins === null || !variants.some(({ quantiles }) => quantiles.p50.min.some((value) => !Number.isNaN(value))),
  title: ({ traffic }, words) => words.latency.title(traffic),
  finding,
  height: ({ variants }, width) =>
    variants.length > VARIANTS_IN_ONE_PLOT ? 150 + Math.ceil(variants.length / columnsFor(variants.length, width)) * 150 : DEFAULT_HEIGHT,
  option,
})

function data(tables: Tables, choice: Choice): LatencyData {
  const table = tables.get('requests')!
  const traffic = choice.traffic ?? busiestTraffic(table) ?? ''
  const trafficColumn = table.texts('traffic')
  const { names, groups } = rowsByVariant(table, choice.variants, (row) => trafficColumn.texts[trafficColumn.codes[row]!] === traffic)
  const starts = table.numbers('interval_start_s')
  const lengths = table.numbers('interval_s')
  const ok = table.numbers('ok')
  const bins = binsOf(
    starts,
    lengths,
    groups.flatMap(({ rows }) => rows),
    choice.points ?? DEFAULT_POINTS,
  )
  const variants = groups.map(({ name, rows }): VariantLatency => {
    const quantiles = {
      p50: new MinMeanMax(bins?.count ?? 0),
      p90: new MinMeanMax(bins?.count ?? 0),
      p99: new MinMeanMax(bins?.count ?? 0),
    }
    for (const quantile of bins === null ? [] : QUANTILES) {
      const values = table.numbers(`latency_ms_${quantile}`)
      for (const row of rows) quantiles[quantile].add(binOf(bins!, starts[row]!, lengths[row]!), values[row]!, ok[row]!)
    }
    const [p50, p90, p99] = percentilesOf(tables, { variant: name, traffic }, [0.5, 0.9, 0.99]) ?? []
    const overall = p50 === undefined || p90 === undefined || p99 === undefined ? null : { p50, p90, p99 }
    return { name, quantiles, overall, marks: [...warmUpOf(table, rows), ...marksOf(tables, [name])] }
  })
  const warmUp = warmUpOf(table, groups[0]?.rows ?? [])
  return {
    traffic,
    accents: accentsOf(names),
    variants,
    bins,
    marks: [
      ...warmUp,
      ...marksOf(
        tables,
        groups.map(({ name }) => name),
      ),
    ],
  }
}

function finding({ variants, bins }: LatencyData, words: ChartWords): Sentence {
  let highest = { value: Number.NEGATIVE_INFINITY, index: 0, variant: variants[0] }
  for (const variant of variants)
    variant.quantiles.p99.max.forEach((value, index) => {
      if (value > highest.value) highest = { value, index, variant }
    })
  if (bins === null || highest.variant === undefined || !Number.isFinite(highest.value)) return sentence`${words.latency.none}`
  const at = timeLabel(bins.to)(Math.round(edges(bins, highest.index).start))
  const of = variants.length === 1 ? null : { text: highest.variant.name, of: highest.variant.name }
  const known = [...highest.variant.quantiles.p99.mean].filter((value) => !Number.isNaN(value)).sort((a, b) => a - b)
  return words.latency.finding('p99', milliseconds(highest.value), at, of, milliseconds(known[Math.floor((known.length - 1) / 2)]!))
}

function option(data: LatencyData, look: Look): Record<string, unknown> {
  const { words } = look
  const { bins, variants } = data
  const scale = scaleOf(variants)
  if (bins === null || scale === null) return emptyOption({ title: () => words.latency.title(data.traffic) }, look, words.latency.none)
  const apart = variants.length > VARIANTS_IN_ONE_PLOT
  const quantiles: readonly Quantile[] = variants.length === 1 ? ['p99', 'p90', 'p50'] : ['p99', 'p50']
  const panelOf = (shown: readonly VariantLatency[], marks: readonly Mark[]): TimePanel => ({
    caption: apart ? headerOf(shown[0]!) : captionOf(words, quantiles),
    scale,
    label: milliseconds,
    axisName: words.latency.axis,
    series: shown.flatMap((variant) => seriesOf(variant, { data, look, quantiles, named: variants.length > 1 })),
    marks,
    ...(apart ? {} : endsOf(shown, { data, look, quantiles, named: variants.length > 1 })),
  })
  return timeChart(look, {
    title: words.latency.title(data.traffic),
    finding: finding(data, words),
    accents: data.accents,
    from: bins.from,
    to: bins.to,
    columns: apart ? columnsFor(variants.length, look.width) : 1,
    panels: apart ? variants.map((variant) => panelOf([variant], variant.marks)) : [panelOf(variants, data.marks)],
    ...(bins.together > 1 ? { note: words.bandNote(timeLabel(bins.width)(bins.width)) } : {}),
  })
}

export function columnsFor(panels: number, width: number): number {
  return Math.min(panels, width < 560 ? 1 : panels <= 8 ? 2 : 3)
}

function scaleOf(variants: readonly VariantLatency[]): Scale | null {
  let least = Number.POSITIVE_INFINITY
  let most = 0
  for (const { quantiles } of variants)
    for (const quantile of QUANTILES) {
      for (const value of quantiles[quantile].min) if (value > 0 && value < least) least = value
      for (const value of quantiles[quantile].max) if (value > most) most = value
    }
  return Number.isFinite(least) && most > 0 ? logarithmic(least, most) : null
}

interface Drawing {
  readonly data: LatencyData
  readonly look: Look
  readonly quantiles: readonly Quantile[]
  readonly named: boolean
}

const LINE = {
  p50: { width: 1.3, type: [4, 3], opacity: 0.9 },
  p90: { width: 1.3, type: 'solid', opacity: 0.6 },
  p99: { width: 1.8, type: 'solid', opacity: 1 },
} as const

function seriesOf({ name, quantiles: values }: VariantLatency, { data, look, quantiles, named }: Drawing): readonly Series[] {
  const bins = data.bins!
  const color = colorOf(look.theme, data.accents.get(name))
  return quantiles.flatMap((quantile) => {
    const { min, max, mean } = values[quantile]
    // The log axis has no place for zero.
    const low = (value: number): number => (value > 0 ? value : Number.NaN)
    const line = {
      type: 'line',
      name: named ? `${name} ${quantile}` : quantile,
      color,
      symbol: 'none',
      lineStyle: LINE[quantile],
      z: 3,
      tooltip: { valueFormatter: (value: unknown) => (typeof value === 'number' ? milliseconds(value) : '–') },
      data: lineData(Array.from(mean, (value, index) => [edges(bins, index).middle, low(value)] as const)),
    }
    if (bins.together === 1 || quantile === 'p90') return [line]
    const points = Array.from(min, (value, index) => [edges(bins, index).middle, low(value), max[index]!] as const)
    return [line, band(points, color, 0.16)]
  })
}

function captionOf(words: ChartWords, quantiles: readonly Quantile[]): Sentence {
  const [what, more] = words.latency.caption(quantiles.toReversed().join(', '))
  return [{ text: what, of: '' }, { text: more }]
}

function headerOf({ name, overall, quantiles }: VariantLatency): Sentence {
  const value = (quantile: Quantile): string =>
    overall === null ? milliseconds(lastOf(quantiles[quantile].mean)) : milliseconds(overall[quantile])
  return sentence`${{ text: name, of: name }}  p99 ${value('p99')}, p50 ${value('p50')}`
}

function endsOf(variants: readonly VariantLatency[], { data, look, quantiles, named }: Drawing): Pick<TimePanel, 'ends' | 'head'> {
  const known = variants.every(({ overall }) => overall !== null)
  const ends = variants.flatMap(({ name, overall, quantiles: values }) =>
    quantiles.flatMap((quantile) => {
      const value = lastOf(values[quantile].mean)
      if (!(value > 0)) return []
      const figure = milliseconds(known ? overall![quantile] : value)
      const color = colorOf(look.theme, data.accents.get(name))
      return [{ name: named ? name : quantile, figure: named ? `${quantile} ${figure}` : figure, color, value }]
    }),
  )
  return { ends, head: known ? look.words.overall : look.words.lastValue }
}

function lastOf(values: Float64Array): number {
  return values.findLast((value) => !Number.isNaN(value)) ?? Number.NaN
}
