import type { ChartWords } from '../language/charts.ts'
import { type ChartKind, chartKind, type Look } from './chart.ts'
import { pixelX, pixelY } from './parts/axes.ts'
import { drawLine, drawRing, drawSentence } from './parts/draw.ts'
import { drawEndLabels, endRoom } from './parts/end-labels.ts'
import { nanoseconds, short } from './parts/format.ts'
import { emptyOption } from './parts/frame.ts'
import { plot } from './parts/plot.ts'
import { logarithmic, type Scale } from './parts/scale.ts'
import { textWidth } from './parts/text-width.ts'
import { type Sentence, sentence } from './sentence.ts'
import type { ColumnTable, TableName } from './tables.ts'
import { type Accent, accentsOf, colorOf } from './theme.ts'

export interface CostPoint {
  readonly count: number
  readonly ns: number
}

interface Curve {
  readonly name: string
  /** The data structure or scheduler behind it. */
  readonly more: string
  readonly points: readonly CostPoint[]
}

interface CostData {
  readonly curves: readonly Curve[]
  readonly accents: ReadonlyMap<string, Accent>
}

interface CostKind {
  readonly name: 'lookup' | 'first-packet' | 'pick'
  readonly words: 'lookup' | 'firstPacket' | 'pick'
  curves(table: ColumnTable): readonly Curve[]
}

/** What something costs against how many there are: both axes logarithmic, a line a mode, and the place where two lines cross. */
function costCurves(kind: CostKind): ChartKind {
  return chartKind<CostData>({
    name: kind.name,
    reads: [kind.name as TableName],
    data: (tables, { variants }) => {
      const all = kind.curves(tables.get(kind.name)!)
      const curves = variants === undefined ? all : all.filter(({ name }) => variants.includes(name))
      return { curves, accents: accentsOf(all.map(({ name }) => name)) }
    },
    isEmpty: ({ curves }) => curves.length === 0,
    title: (_data, words) => words[kind.words].title,
    finding: (data, words) => findingOf(kind, data, words),
    height: () => 560,
    option: (data, look) => optionOf(kind, data, look),
  })
}

/** Looking up the Service of a first packet. */
export const lookupCost = costCurves({
  name: 'lookup',
  words: 'lookup',
  curves: (table) => {
    const positions = table.texts('position')
    return curvesOf(
      table,
      { name: 'mode', more: 'structure', count: 'services', ns: 'ns_per_lookup' },
      (row, mode) => positions.texts[positions.codes[row]!] === 'uniform' && mode !== 'baseline',
    )
  },
})

/** All that the proxy does with a first packet: lookup, choice of an endpoint, connection entry. */
export const firstPacketCost = costCurves({
  name: 'first-packet',
  words: 'firstPacket',
  curves: (table) => {
    const schedulers = table.texts('scheduler')
    const endpoints = table.numbers('endpoints')
    const counts = [...new Set(endpoints)].sort((a, b) => a - b)
    // So many endpoints as Services often have, where that was measured.
    const chosen = counts.includes(10) ? 10 : counts[Math.floor(counts.length / 2)]
    const modes = table.texts('mode')
    return curvesOf(
      table,
      { name: 'mode', more: 'scheduler', count: 'services', ns: 'ns_per_packet' },
      (row) =>
        endpoints[row] === chosen && (modes.texts[modes.codes[row]!] !== 'ipvs' || schedulers.texts[schedulers.codes[row]!] === 'rr'),
    )
  },
})

/** Choosing an endpoint. */
export const pickCost = costCurves({
  name: 'pick',
  words: 'pick',
  curves: (table) => {
    const methods = table.texts('method')
    const modes = table.texts('mode')
    const schedulers = table.texts('scheduler')
    // Of the least-connection schedulers the kernel's own way, and not ours to do it faster.
    const curves = curvesOf(
      table,
      {
        name: (row) =>
          modes.texts[modes.codes[row]!] === 'ipvs' ? `ipvs ${schedulers.texts[schedulers.codes[row]!]}` : modes.texts[modes.codes[row]!]!,
        more: 'method',
        count: 'endpoints',
        ns: 'ns_per_pick',
      },
      (row) => methods.texts[methods.codes[row]!] !== 'scan',
    )
    return curves.map(({ more, ...curve }) => ({ ...curve, more: more === 'scheduler' ? '' : more }))
  },
})

interface CurveColumns {
  readonly name: string | ((row: number) => string)
  readonly more: string
  readonly count: string
  readonly ns: string
}

/** The rows that are wanted as lines, in the order of the table; of several at the same place the last. */
function curvesOf(table: ColumnTable, columns: CurveColumns, wanted: (row: number, name: string) => boolean): readonly Curve[] {
  const { name } = columns
  const nameOf = typeof name === 'string' ? textsBy(table, name) : name
  const more = textsBy(table, columns.more)
  const counts = table.numbers(columns.count)
  const times = table.numbers(columns.ns)
  const curves = new Map<string, { more: string; points: Map<number, number> }>()
  for (let row = 0; row < table.rows; row++) {
    const of = nameOf(row)
    if (!wanted(row, of) || !(counts[row]! > 0) || !(times[row]! > 0)) continue
    const curve = curves.get(of) ?? { more: more(row), points: new Map() }
    curve.points.set(counts[row]!, times[row]!)
    curves.set(of, curve)
  }
  return [...curves].map(([of, curve]) => ({
    name: of,
    more: curve.more,
    points: [...curve.points].map(([count, ns]) => ({ count, ns })).sort((a, b) => a.count - b.count),
  }))
}

function textsBy(table: ColumnTable, name: string): (row: number) => string {
  const { texts, codes } = table.texts(name)
  return (row) => texts[codes[row]!]!
}

/** The count from which on `dear` costs more than `cheap`, by straight lines between the points in a log-log chart; null when it never does. */
export function crossover(dear: readonly CostPoint[], cheap: readonly CostPoint[]): CostPoint | null {
  const cheapAt = new Map(cheap.map(({ count, ns }) => [count, ns]))
  const both = dear.filter(({ count }) => cheapAt.has(count))
  const gap = both.map(({ count, ns }) => Math.log(ns / cheapAt.get(count)!))
  const last = gap.findLastIndex((value) => value <= 0)
  if (last < 0 || last === gap.length - 1) return null
  const share = -gap[last]! / (gap[last + 1]! - gap[last]!)
  const between = (from: number, to: number): number => Math.exp(Math.log(from) + share * Math.log(to / from))
  return { count: between(both[last]!.count, both[last + 1]!.count), ns: between(both[last]!.ns, both[last + 1]!.ns) }
}

/** The line that ends highest and the one that ends lowest, of those that reach the end. */
function extremes({ curves }: CostData): { readonly dear: Curve; readonly cheap: Curve; readonly count: number } | null {
  const count = Math.max(...curves.map(({ points }) => points.at(-1)!.count))
  const whole = curves.filter(({ points }) => points.at(-1)!.count === count)
  if (whole.length < 2) return null
  const endOf = ({ points }: Curve): number => points.at(-1)!.ns
  return {
    dear: whole.reduce((most, curve) => (endOf(curve) > endOf(most) ? curve : most)),
    cheap: whole.reduce((least, curve) => (endOf(curve) < endOf(least) ? curve : least)),
    count,
  }
}

function findingOf(kind: CostKind, data: CostData, words: ChartWords): Sentence {
  if (data.curves.length === 0) return sentence`${words.nothing}`
  const found = extremes(data)
  const say = words[kind.words]
  if (found === null)
    return say.single({ text: data.curves[0]!.name, of: data.curves[0]!.name }, nanoseconds(data.curves[0]!.points.at(-1)!.ns))
  const { dear, cheap, count } = found
  const crossing = crossover(dear.points, cheap.points)
  return say.finding({
    from: crossing === null ? null : aboutCount(crossing.count),
    count: short(count),
    dear: { text: dear.name, of: dear.name },
    cheap: { text: cheap.name, of: cheap.name },
    times: short(Number((dear.points.at(-1)!.ns / cheap.points.at(-1)!.ns).toPrecision(3))),
  })
}

function optionOf(kind: CostKind, data: CostData, look: Look): Record<string, unknown> {
  const { theme, words } = look
  const { curves, accents } = data
  const say = words[kind.words]
  if (curves.length === 0) return emptyOption({ title: () => say.title }, look, words.nothing)
  const counts = curves.flatMap(({ points }) => points.map(({ count }) => count))
  const times = curves.flatMap(({ points }) => points.map(({ ns }) => ns))
  const x = endingAt(Math.min(...counts), Math.max(...counts))
  const y = logarithmic(Math.min(...times), Math.max(...times))
  const found = extremes(data)
  const crossing = found === null ? null : crossover(found.dear.points, found.cheap.points)
  const ends = curves.map(({ name, more, points }) => ({ name, more, figure: nanoseconds(points.at(-1)!.ns) }))
  return plot(look, {
    title: say.title,
    finding: findingOf(kind, data, words),
    accents,
    caption: [{ text: say.caption[0]!, of: '' }, { text: say.caption[1]! }],
    x: { scale: x, label: short, name: say.axis },
    y: { scale: y, label: nanoseconds, name: say.costAxis },
    right: endRoom(ends),
    tooltip: {
      formatter: ({ seriesName, value }: { seriesName: string; value: number[] }) =>
        `${seriesName}<br>${short(value[0]!)} · ${nanoseconds(value[1]!)}`,
    },
    content: (box) => {
      const elements = drawEndLabels(
        curves.map(({ points }, index) => ({
          ...ends[index]!,
          color: colorOf(theme, accents.get(curves[index]!.name)),
          y: pixelY(box, y, points.at(-1)!.ns),
        })),
        { box, theme },
      )
      return {
        elements: [...elements, ...(crossing === null ? [] : crossingMark(crossing))],
        // The one that is drawn last lies over the others: dashes let these through.
        series: curves.map(({ name, points }) => {
          const accent = accents.get(name)
          return {
            type: 'line',
            name,
            color: colorOf(theme, accent),
            symbol: accent?.symbol ?? 'circle',
            symbolSize: 7,
            lineStyle: { width: 2, type: accent?.dash ?? 'solid' },
            z: 3,
            data: points.map(({ count, ns }) => [count, ns]),
          }
        }),
      }
      /** A ring where the lines cross, and what it means, above it. */
      function crossingMark(at: CostPoint) {
        const [px, py] = [pixelX(box, x, at.count), pixelY(box, y, at.ns)]
        const text = say.crossover(aboutCount(at.count))
        const labelY = Math.max(box.y + 10, py - 58)
        const left = Math.max(box.x + 6, Math.min(px - 8, box.x + box.width - textWidth(text.map((span) => span.text).join(''), 12.5, 600)))
        const style = { size: 12.5, color: theme.quiet, theme, accents, most: Number.POSITIVE_INFINITY, lineHeight: 16 }
        return [
          drawLine([px, py - 8], [px, labelY + 9], theme.ink),
          drawRing(px, py, 7, theme.ink),
          ...drawSentence(left, labelY, text, style).elements,
        ]
      }
    },
  })
}

/** A count that is known to two digits at best. */
function aboutCount(count: number): string {
  return short(Math.max(1, Math.round(Number(count.toPrecision(2)))))
}

/** A logarithmic scale that ends where the values do, with ticks at powers of ten and at the end. */
function endingAt(min: number, max: number): Scale {
  if (!(max > min)) return logarithmic(min, max)
  const ticks: number[] = []
  for (let exponent = Math.ceil(Math.log10(min) - 1e-9); Number(`1e${exponent}`) < max / 1.6; exponent++)
    ticks.push(Number(`1e${exponent}`))
  return { type: 'log', min, max, ticks: [...ticks, max] }
}
