import type { ChartWords } from '../language/charts.ts'
import { type ChartKind, type Choice, chartKind, type Look, type Recipe } from './chart.ts'
import { milliseconds, percent, short, timeLabel } from './parts/format.ts'
import { emptyOption } from './parts/frame.ts'
import type { HeatGrid } from './parts/heat.ts'
import { type HeatPanel, heatChart, heatHeight } from './parts/heat-chart.ts'
import { type Bins, binOf, binsOf, edges, rowsByVariant } from './parts/intervals.ts'
import { marksOf } from './parts/marks.ts'
import { fromZero, logarithmic, type Scale } from './parts/scale.ts'
import { type Sentence, sentence } from './sentence.ts'
import type { ColumnTable, TableName, Tables } from './tables.ts'
import { type Accent, accentsOf } from './theme.ts'

interface HeatData {
  readonly accents: ReadonlyMap<string, Accent>
  readonly variants: readonly HeatPanel[]
  readonly bins: Bins | null
  readonly most: { readonly value: number; readonly node: string; readonly at: number; readonly variant: string } | null
  readonly least: number
}

interface HeatKind {
  readonly name: 'staleness' | 'cpu' | 'conntrack'
  readonly reads: TableName
  readonly start: string
  /** The length of what a row covers, in seconds. */
  length(table: ColumnTable): Float64Array
  /** NaN for a row that says nothing. */
  value(table: ColumnTable): (row: number) => number
  readonly label: (value: number) => string
  scale(least: number, most: number): Scale
  /** Intervals that have no row are this; NaN leaves them empty. */
  readonly absent: number
}

/** Nodes by time: one row a node, the colour the largest value of the time. */
function nodeHeat(kind: HeatKind): ChartKind {
  const recipe: Recipe<HeatData> = {
    name: kind.name,
    reads: [kind.reads],
    also: ['events'],
    data: (tables, choice) => dataOf(kind, tables, choice),
    isEmpty: ({ most }) => most === null,
    title: (_data, words) => words[kind.name].title,
    finding: (data, words) => findingOf(kind, data, words),
    height: ({ variants }) => heatHeight(variants),
    option: (data, look) => optionOf(kind, data, look),
  }
  return chartKind(recipe)
}

/** How old the oldest change was that a sync of a node's kube-proxy carried out. */
export const staleness = nodeHeat({
  name: 'staleness',
  reads: 'proxy',
  start: 'sync_start_s',
  length: (table) => table.numbers('sync_ms').map((value) => value / 1000),
  value: (table) => {
    const changes = table.numbers('changes')
    const ages = table.numbers('oldest_change_age_ms')
    return (row) => (changes[row]! > 0 ? ages[row]! : Number.NaN)
  },
  label: milliseconds,
  scale: logarithmic,
  absent: Number.NaN,
})

/** The share of the CPU time of a node's cores that packets and rules took. */
export const cpu = nodeHeat({
  name: 'cpu',
  reads: 'nodes',
  start: 'interval_start_s',
  length: (table) => table.numbers('interval_s'),
  value: (table) => {
    const [softirq, sync, cores, interval] = ['softirq_ms', 'sync_ms', 'cores', 'interval_s'].map((name) => table.numbers(name))
    return (row) => (softirq![row]! + sync![row]!) / (cores![row]! * interval![row]! * 1000)
  },
  label: percent,
  scale: (_least, most) => fromZero(most),
  absent: 0,
})

/** How full connection tracking was. */
export const conntrack = nodeHeat({
  name: 'conntrack',
  reads: 'nodes',
  start: 'interval_start_s',
  length: (table) => table.numbers('interval_s'),
  value: (table) => {
    const entries = table.numbers('conntrack_entries')
    return (row) => entries[row]!
  },
  label: short,
  scale: (_least, most) => fromZero(most),
  absent: 0,
})

/** A heat map has less room for detail than a line. */
const MOST_BINS = 240
/** Syncs are not intervals: they are told by bins of this many seconds, or longer ones. */
const SHORTEST_BIN = 1

function dataOf(kind: HeatKind, tables: Tables, choice: Choice): HeatData {
  const table = tables.get(kind.reads)!
  const { names, groups } = rowsByVariant(table, choice.variants)
  const nodes = table.texts('node')
  const starts = table.numbers(kind.start)
  const lengths = kind.length(table)
  const value = kind.value(table)
  const all = groups.flatMap(({ rows }) => rows)
  const bins = binsOf(
    starts,
    kind.reads === 'proxy' ? new Float64Array(table.rows).fill(SHORTEST_BIN) : lengths,
    all,
    Math.min(MOST_BINS, choice.points ?? MOST_BINS),
  )
  let most: HeatData['most'] = null
  let least = Number.POSITIVE_INFINITY
  // Nodes in the order of their names, numbers in them by value: worker-2 before worker-10.
  const order = nodes.texts.map((_, code) => code).sort((a, b) => byName(nodes.texts[a]!, nodes.texts[b]!))
  const rowOf = new Map(order.map((code, index) => [code, index]))
  const variants = groups.map(({ name, rows }) => {
    const count = bins?.count ?? 0
    const values = new Float64Array(order.length * count).fill(kind.absent)
    for (const row of rows) {
      const measured = value(row)
      if (Number.isNaN(measured) || bins === null) continue
      // A sync is told at its end: its rules are in effect then.
      const bin = kind.reads === 'proxy' ? binOf(bins, starts[row]! + lengths[row]!, 0) : binOf(bins, starts[row]!, lengths[row]!)
      const at = rowOf.get(nodes.codes[row]!)! * count + bin
      if (!(values[at]! >= measured)) values[at] = measured
      if (measured > 0 && measured < least) least = measured
      if (measured > (most?.value ?? 0))
        most = { value: measured, node: nodes.texts[nodes.codes[row]!]!, at: edges(bins, bin).start, variant: name }
    }
    const grid: HeatGrid = { rows: order.map((code) => nodes.texts[code]!), bins: bins!, values }
    return { name, grid, marks: marksOf(tables, [name]) }
  })
  return { accents: accentsOf(names), variants, bins, most, least }
}

function findingOf(kind: HeatKind, { most, variants, bins }: HeatData, words: ChartWords): Sentence {
  if (most === null || bins === null) return sentence`${words[kind.name].none}`
  const of = variants.length > 1 ? { text: most.variant, of: most.variant } : null
  return words[kind.name].finding({ most: kind.label(most.value), node: most.node, at: timeLabel(bins.to)(Math.round(most.at)), of })
}

function optionOf(kind: HeatKind, data: HeatData, look: Look): Record<string, unknown> {
  const words = look.words[kind.name]
  const { bins, most, variants } = data
  if (bins === null || most === null) return emptyOption({ title: () => words.title }, look, words.none)
  return heatChart(look, {
    title: words.title,
    finding: findingOf(kind, data, look.words),
    accents: data.accents,
    bins,
    variants,
    scale: kind.scale(data.least, most.value),
    label: kind.label,
    measure: words.measure,
    caption: words.caption,
    axisName: look.words.node,
  })
}

function byName(a: string, b: string): number {
  const [x, y] = [a, b].map((name) => name.match(/\d+|\D+/g) ?? [])
  for (let part = 0; part < Math.min(x!.length, y!.length); part++) {
    const [p, q] = [x![part]!, y![part]!]
    if (p === q) continue
    const numbers = Number(p) - Number(q)
    return Number.isNaN(numbers) || numbers === 0 ? (p < q ? -1 : 1) : numbers
  }
  return x!.length - y!.length
}
