import type { ChartWords } from '../language/charts.ts'
import { type Choice, chartKind, DEFAULT_POINTS, type Look } from './chart.ts'
import { perSecond, timeLabel } from './parts/format.ts'
import { emptyOption } from './parts/frame.ts'
import { type Bins, binOf, binsOf, edges, isCall, rowsByVariant } from './parts/intervals.ts'
import { type Mark, marksOf, warmUpOf } from './parts/marks.ts'
import { fromZero } from './parts/scale.ts'
import { type Series, timeChart } from './parts/time-chart.ts'
import { type Sentence, sentence } from './sentence.ts'
import type { Tables } from './tables.ts'
import { type Accent, accentsOf } from './theme.ts'

interface CauseData {
  readonly traffic: string | null
  readonly accents: ReadonlyMap<string, Accent>
  /** The causes that are shown for themselves, the most frequent first. */
  readonly causes: readonly { readonly name: string; readonly total: number }[]
  /** Failures by all other causes, and how many of these there are. */
  readonly others: { readonly total: number; readonly count: number }
  readonly variants: readonly {
    readonly name: string
    /** By cause, others last: failures by bin. */
    readonly failures: readonly Float64Array[]
    readonly total: number
    readonly marks: readonly Mark[]
  }[]
  readonly bins: Bins | null
}

/** As many as a theme has colours for. */
const SHOWN_CAUSES = 5

/** Failed requests by cause, stacked, in requests a second. */
export const errorCauses = chartKind<CauseData>({
  name: 'errors',
  reads: ['requests'],
  also: ['events'],
  data,
  isEmpty: ({ causes }) => causes.length === 0,
  title: ({ traffic }, words) => words.errors.title(traffic),
  finding,
  height: ({ variants }, width) =>
    200 + Math.ceil(variants.length / columnsOf(variants.length, width)) * Math.max(150, 280 - 40 * variants.length),
  option,
})

function columnsOf(variants: number, width: number): number {
  return variants <= 2 || width < 560 ? 1 : variants <= 8 ? 2 : 3
}

function data(tables: Tables, choice: Choice): CauseData {
  const table = tables.get('requests')!
  const traffics = table.texts('traffic')
  const traffic = choice.traffic ?? null
  // Calls are failures that users see in another request, if at all.
  const wanted = traffics.texts.map((name) => (traffic === null ? !isCall(name) : name === traffic))
  const { names, groups } = rowsByVariant(table, choice.variants, (row) => wanted[traffics.codes[row]!]!)
  const starts = table.numbers('interval_start_s')
  const lengths = table.numbers('interval_s')
  const columns = table.names
    .filter((name) => name.startsWith('failed_'))
    .map((name) => ({ name: name.slice(7).replaceAll('_', '-'), values: table.numbers(name) }))
  const rows = groups.flatMap((group) => group.rows)
  const ranked = columns
    .map(({ name, values }) => ({ name, values, total: rows.reduce((sum, row) => sum + values[row]!, 0) }))
    .filter(({ total }) => total > 0)
    .sort((a, b) => b.total - a.total)
  // One cause more is shown for itself rather than as "other".
  const shown = ranked.length === SHOWN_CAUSES + 1 ? ranked : ranked.slice(0, SHOWN_CAUSES)
  const others = ranked.slice(shown.length)
  const bins = binsOf(starts, lengths, rows, choice.points ?? DEFAULT_POINTS)
  const variants = groups.map(({ name, rows: own }) => {
    const count = bins?.count ?? 0
    const failures = Array.from({ length: shown.length + (others.length > 0 ? 1 : 0) }, () => new Float64Array(count))
    let total = 0
    for (const row of own) {
      const bin = binOf(bins!, starts[row]!, lengths[row]!)
      shown.forEach(({ values }, cause) => {
        failures[cause]![bin]! += values[row]!
        total += values[row]!
      })
      for (const { values } of others) {
        failures[shown.length]![bin]! += values[row]!
        total += values[row]!
      }
    }
    return { name, failures, total, marks: [...warmUpOf(table, own), ...marksOf(tables, [name])] }
  })
  return {
    traffic,
    accents: accentsOf(names),
    causes: shown.map(({ name, total }) => ({ name, total })),
    others: { total: others.reduce((sum, { total }) => sum + total, 0), count: others.length },
    variants,
    bins,
  }
}

function finding({ causes, others, variants }: CauseData, words: ChartWords): Sentence {
  if (causes.length === 0) return sentence`${words.errors.noneFailed}`
  const total = causes.reduce((sum, cause) => sum + cause.total, others.total)
  const worst = variants.reduce((most, variant) => (variant.total > most.total ? variant : most))
  return words.errors.finding({
    total,
    cause: causes[0]!.name,
    ofCause: causes[0]!.total,
    worst: variants.length > 1 ? { name: { text: worst.name, of: worst.name }, total: worst.total } : null,
  })
}

function option(data: CauseData, look: Look): Record<string, unknown> {
  const { words, theme } = look
  const { bins, variants, causes, others } = data
  if (bins === null || causes.length === 0)
    return emptyOption({ title: () => words.errors.title(data.traffic) }, look, words.errors.noneFailed)
  const seconds = (bin: number): number => edges(bins, bin).end - edges(bins, bin).start
  const most = Math.max(
    ...variants.map(({ failures }) =>
      Math.max(...Array.from({ length: bins.count }, (_, bin) => failures.reduce((sum, values) => sum + values[bin]!, 0) / seconds(bin))),
    ),
  )
  const scale = fromZero(most, variants.length > 2 ? 2 : 4)
  const colors = [...causes.map((_, index) => theme.causes[index] ?? theme.otherCauses), theme.otherCauses]
  const names = [...causes.map(({ name }) => name), words.errors.others(others.count)]
  const seriesOf = ({ name: variant, failures }: CauseData['variants'][number]): readonly Series[] =>
    failures.map((values, cause) => {
      const points = Array.from(values, (value, bin) => [edges(bins, bin).start, value / seconds(bin)])
      return {
        type: 'line',
        step: 'end',
        name: names[cause],
        // A stack is one of its variant: equal names would be piled up across plots.
        stack: variant,
        symbol: 'none',
        color: colors[cause],
        lineStyle: { width: 0 },
        areaStyle: { color: colors[cause], opacity: 0.9 },
        z: 2,
        data: [...points, [bins.to, points.at(-1)![1]]],
        tooltip: { valueFormatter: (value: unknown) => (typeof value === 'number' ? perSecond(value) : '–') },
      }
    })
  return timeChart(look, {
    title: words.errors.title(data.traffic),
    finding: finding(data, words),
    accents: data.accents,
    from: bins.from,
    to: bins.to,
    columns: columnsOf(variants.length, look.width),
    legend: [
      ...causes.map(({ name, total }, index) => ({ text: `${name} ${words.count(total)}`, color: colors[index]! })),
      ...(others.count > 0 ? [{ text: `${names.at(-1)!} ${words.count(others.total)}`, color: theme.otherCauses }] : []),
    ],
    panels: variants.map((variant, index) => ({
      caption:
        variants.length === 1
          ? [{ text: words.errors.caption[0]!, of: '' }, { text: words.errors.caption[1]! }]
          : [
              { text: variant.name, of: variant.name },
              {
                text: ` ${words.errors.failed(variant.total)}${index === 0 && columnsOf(variants.length, look.width) === 1 ? words.errors.rateNote : ''}`,
              },
            ],
      scale,
      label: perSecond,
      axisName: words.errors.axis,
      series: seriesOf(variant),
      marks: variant.marks,
    })),
    ...(bins.together > 1 ? { note: words.binNote(timeLabel(bins.width)(bins.width)) } : {}),
  })
}
