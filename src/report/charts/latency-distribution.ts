import type { ChartWords } from '../language/charts.ts'
import { type Choice, chartKind, type Look } from './chart.ts'
import { pixelY } from './parts/axes.ts'
import { type Distribution, distributionOf, quantileOf } from './parts/distribution.ts'
import { drawEndLabels, endRoom } from './parts/end-labels.ts'
import { milliseconds } from './parts/format.ts'
import { emptyOption } from './parts/frame.ts'
import { isCall } from './parts/intervals.ts'
import { plot } from './parts/plot.ts'
import { logarithmic, type Scale } from './parts/scale.ts'
import { type Sentence, sentence } from './sentence.ts'
import type { Tables } from './tables.ts'
import { type Accent, accentsOf, colorOf } from './theme.ts'

interface DistributionData {
  readonly traffic: string
  readonly accents: ReadonlyMap<string, Accent>
  readonly variants: readonly { readonly name: string; readonly distribution: Distribution }[]
}

/** How many requests took at most how long: the way along the bottom makes room for the slow ones. */
export const latencyDistribution = chartKind<DistributionData>({
  name: 'distribution',
  reads: ['latency'],
  data,
  isEmpty: ({ variants }) => variants.length === 0,
  title: ({ traffic }, words) => words.distribution.title(traffic),
  finding,
  height: () => 480,
  option,
})

function data(tables: Tables, choice: Choice): DistributionData {
  const table = tables.get('latency')!
  const names = table.texts('variant').texts
  const traffics = table.texts('traffic')
  const requests = table.numbers('requests')
  const sums = new Float64Array(traffics.texts.length)
  for (let row = 0; row < table.rows; row++) sums[traffics.codes[row]!]! += requests[row]!
  const busiest = traffics.texts
    .map((name, index) => ({ name, sum: sums[index]! }))
    .sort((a, b) => Number(isCall(a.name)) - Number(isCall(b.name)) || b.sum - a.sum)[0]
  const traffic = choice.traffic ?? busiest?.name ?? ''
  const variants = names
    .filter((name) => choice.variants?.includes(name) !== false)
    .flatMap((name) => {
      const distribution = distributionOf(tables, { variant: name, traffic })
      return distribution === null ? [] : [{ name, distribution }]
    })
  return { traffic, accents: accentsOf(names), variants }
}

function finding({ variants }: DistributionData, words: ChartWords): Sentence {
  if (variants.length === 0) return sentence`${words.latency.none}`
  const values = variants.map(({ name, distribution }) => ({
    name: { text: name, of: name },
    p50: quantileOf(distribution, 0.5),
    p99: quantileOf(distribution, 0.99),
  }))
  const slowest = values.reduce((most, one) => (one.p99 > most.p99 ? one : most))
  const fastest = values.reduce((least, one) => (one.p99 < least.p99 ? one : least))
  return words.distribution.finding({
    slowest: { ...slowest, p50: milliseconds(slowest.p50), p99: milliseconds(slowest.p99) },
    fastest: slowest === fastest ? null : { ...fastest, p50: milliseconds(fastest.p50), p99: milliseconds(fastest.p99) },
  })
}

/** The slowest requests that a line shows: fewer than so many are not told apart from luck, and end it. */
const FEWEST = 1

function option(data: DistributionData, look: Look): Record<string, unknown> {
  const { theme, words } = look
  const { variants, accents } = data
  if (variants.length === 0) return emptyOption({ title: () => words.distribution.title(data.traffic) }, look, words.latency.none)
  const most = Math.max(...variants.map(({ distribution }) => distribution.total))
  // 1 in 10 of the requests, 1 in 100, …: each as long a way as the one before.
  const decades = Math.min(7, Math.max(1, Math.ceil(Math.log10(most) - 1e-9)))
  const x: Scale = {
    type: 'log',
    min: 1,
    max: Number(`1e${decades}`),
    ticks: [1, 2, ...Array.from({ length: decades }, (_, index) => Number(`1e${index + 1}`))],
  }
  const lines = variants.map(({ name, distribution }) => ({ name, points: tailOf(distribution, x.max) }))
  const latencies = lines.flatMap(({ points }) => points.map(([, value]) => value)).filter((value) => value > 0)
  const y = logarithmic(Math.min(...latencies), Math.max(...latencies))
  const ends = lines.map(({ name }, index) => ({ name, figure: words.distribution.most(milliseconds(variants[index]!.distribution.max)) }))
  return plot(look, {
    title: words.distribution.title(data.traffic),
    finding: finding(data, words),
    accents,
    caption: [{ text: words.distribution.caption[0]!, of: '' }, { text: words.distribution.caption[1]! }],
    x: { scale: x, label: quantileLabel, name: words.distribution.axis, grid: true },
    y: { scale: y, label: milliseconds, name: words.latency.axis },
    right: endRoom(ends),
    tooltip: { trigger: 'axis', valueFormatter: (value: unknown) => (typeof value === 'number' ? milliseconds(value) : '–') },
    content: (box) => ({
      elements: drawEndLabels(
        lines.map(({ name, points }, index) => ({
          ...ends[index]!,
          color: colorOf(theme, accents.get(name)),
          y: pixelY(box, y, points.at(-1)![1]),
        })),
        { box, theme },
      ),
      series: lines.map(({ name, points }) => {
        const accent = accents.get(name)
        const last = points.at(-1)!
        return {
          type: 'line',
          step: 'start',
          name,
          color: colorOf(theme, accent),
          symbol: 'none',
          lineStyle: { width: 1.8, type: accent?.dash ?? 'solid' },
          z: 3,
          // It ends where the slowest request stands for itself.
          data: [...points.slice(0, -1), { value: last, symbol: accent?.symbol ?? 'circle', symbolSize: 6 }],
        }
      }),
    }),
  })
}

/** 1 / (share of the requests that took longer) and the latency: 10 is the 90th percentile, 100 the 99th. */
function tailOf({ latencyMs, requests, total }: Distribution, most: number): readonly (readonly [number, number])[] {
  const points: (readonly [number, number])[] = [[1, latencyMs[0]!]]
  let seen = 0
  for (const [index, count] of requests.entries()) {
    // Where a request of this bucket is the first that is not faster.
    const slower = total - seen - count
    seen += count
    points.push([Math.min(most, total / Math.max(slower, FEWEST)), latencyMs[index]!])
  }
  return points
}

/** 10 is `p90`, 1000 is `p99.9`. */
function quantileLabel(inverse: number): string {
  if (inverse === 1) return 'min'
  return `p${Number((100 * (1 - 1 / inverse)).toFixed(6))}`
}
