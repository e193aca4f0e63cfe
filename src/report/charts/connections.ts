import type { ChartWords } from '../language/charts.ts'
import { type Choice, chartKind, type Look } from './chart.ts'
import { short } from './parts/format.ts'
import { emptyOption } from './parts/frame.ts'
import { type HeatPanel, heatChart, heatHeight } from './parts/heat-chart.ts'
import { type Bins, binOf, binsOf, edges, rowsByVariant } from './parts/intervals.ts'
import { marksOf } from './parts/marks.ts'
import { fromZero } from './parts/scale.ts'
import { workloadOf } from './pod-load.ts'
import { type Sentence, sentence } from './sentence.ts'
import type { ColumnTable, Tables } from './tables.ts'
import { type Accent, accentsOf } from './theme.ts'

/** The connections of the pods of a workload that listen at the end. */
interface Spread {
  readonly variant: string
  readonly workload: string
  readonly least: number
  readonly most: number
}

interface ConnectionsData {
  readonly accents: ReadonlyMap<string, Accent>
  readonly bins: Bins | null
  readonly variants: readonly HeatPanel[]
  readonly spreads: readonly Spread[]
  readonly most: { readonly value: number; readonly pod: string }
}

/** How many connections each pod had open, over time. */
export const connections = chartKind<ConnectionsData>({
  name: 'connections',
  reads: ['connections'],
  also: ['requests', 'events'],
  data,
  isEmpty: ({ most }) => most.value === 0,
  title: (_data, words) => words.connections.title,
  finding,
  height: ({ variants }) => heatHeight(variants),
  option,
})

/** A heat map has less room for detail than a line. */
const MOST_BINS = 240
/** Pods of more workloads than a page shows: those of the workloads with the most connections are drawn. */
const MOST_PODS = 60

/** A pod of a variant: its rows in the order of time. */
interface Pod {
  readonly name: string
  readonly workload: string
  readonly rows: number[]
}

function data(tables: Tables, choice: Choice): ConnectionsData {
  const table = tables.get('connections')!
  const { names, groups } = rowsByVariant(table, choice.variants)
  const bins = binsOfRun(
    tables,
    groups.flatMap(({ rows }) => rows),
    choice,
  )
  const open = table.numbers('connections_open')
  const groupsOfPods = groups.map(({ name, rows }) => ({ name, pods: podsOf(table, rows) }))
  const shown = workloadsToShow(open, groupsOfPods)
  const spreads: Spread[] = []
  let most = { value: 0, pod: '' }
  const variants = groupsOfPods.map(({ name, pods }): HeatPanel => {
    const drawn = shown.flatMap((workload) => pods.filter((pod) => pod.workload === workload))
    const values = new Float64Array(drawn.length * (bins?.count ?? 0)).fill(Number.NaN)
    drawn.forEach((pod, place) => {
      if (bins !== null) fill(table, pod, bins, values.subarray(place * bins.count, (place + 1) * bins.count))
      for (const row of pod.rows) if (open[row]! > most.value) most = { value: open[row]!, pod: pod.name }
    })
    for (const workload of shown) {
      const ends = drawn.filter((pod) => pod.workload === workload).flatMap((pod) => atEnd(table, pod))
      if (ends.length > 1) spreads.push({ variant: name, workload, least: Math.min(...ends), most: Math.max(...ends) })
    }
    return { name, grid: { rows: drawn.map((pod) => pod.name), bins: bins!, values }, marks: marksOf(tables, [name]) }
  })
  return { accents: accentsOf(names), bins, variants, spreads, most }
}

/** The time of the run: pods that have nothing have no rows. */
function binsOfRun(tables: Tables, rows: readonly number[], { points, variants }: Choice): Bins | null {
  const table = tables.get('connections')!
  const starts = table.numbers('interval_start_s')
  const lengths = table.numbers('interval_s')
  const most = Math.min(MOST_BINS, points ?? MOST_BINS)
  const requests = tables.get('requests')
  if (requests === undefined || rows.length === 0) return binsOf(starts, lengths, rows, most)
  const moreStarts = requests.numbers('interval_start_s')
  const moreLengths = requests.numbers('interval_s')
  const more = rowsByVariant(requests, variants).groups.flatMap((group) => group.rows.map((row) => row + table.rows))
  return binsOf(concat(starts, moreStarts), concat(lengths, moreLengths), [...rows, ...more], most)
}

function concat(a: Float64Array, b: Float64Array): Float64Array {
  const both = new Float64Array(a.length + b.length)
  both.set(a)
  both.set(b, a.length)
  return both
}

/** In the order in which they came. */
function podsOf(table: ColumnTable, rows: readonly number[]): readonly Pod[] {
  const namespaces = table.texts('namespace')
  const names = table.texts('pod')
  const pods = new Map<string, Pod>()
  for (const row of rows) {
    const name = names.texts[names.codes[row]!]!
    const namespace = namespaces.texts[namespaces.codes[row]!]!
    const key = `${namespace}/${name}`
    const pod = pods.get(key) ?? { name, workload: `${namespace}/${workloadOf(name)}`, rows: [] }
    pod.rows.push(row)
    pods.set(key, pod)
  }
  return [...pods.values()]
}

/** Those that have connections, the one with the most first, as many as there is room for. */
function workloadsToShow(open: Float64Array, groups: readonly { readonly pods: readonly Pod[] }[]): readonly string[] {
  const sums = new Map<string, number>()
  const rows = new Map<string, number>()
  for (const { pods } of groups) {
    const count = new Map<string, number>()
    for (const pod of pods) {
      const sum = pod.rows.reduce((total, row) => total + open[row]!, 0)
      sums.set(pod.workload, (sums.get(pod.workload) ?? 0) + sum)
      count.set(pod.workload, (count.get(pod.workload) ?? 0) + 1)
    }
    for (const [workload, pods] of count) rows.set(workload, Math.max(pods, rows.get(workload) ?? 0))
  }
  const order = [...sums.keys()].filter((workload) => sums.get(workload)! > 0).sort((a, b) => sums.get(b)! - sums.get(a)!)
  let room = MOST_PODS
  return order.filter((workload, place) => {
    room -= rows.get(workload)!
    return place === 0 || room >= 0
  })
}

/** The largest number in each bin. Between two rows and after the last nothing changes; before the first and once it is gone there is no pod. */
function fill(table: ColumnTable, { rows }: Pod, bins: Bins, cells: Float64Array): void {
  const starts = table.numbers('interval_start_s')
  const lengths = table.numbers('interval_s')
  const open = table.numbers('connections_open')
  let since = 0
  let value = Number.NaN
  for (const row of rows) {
    const bin = binOf(bins, starts[row]!, lengths[row]!)
    // Also in the part of its own bin that comes before it.
    const until = starts[row]! > edges(bins, bin).start ? bin + 1 : bin
    for (; since < until; since++) cells[since] = value
    value = isGone(table, row) ? Number.NaN : open[row]!
    if (!Number.isNaN(value) && !(cells[bin]! >= value)) cells[bin] = value
    since = Math.max(since, bin + 1)
  }
  cells.fill(value, since)
}

function isGone(table: ColumnTable, row: number): boolean {
  const { texts, codes } = table.texts('state')
  return texts[codes[row]!] === 'gone' && table.numbers('connections_open')[row] === 0
}

/** Nothing for a pod that does not listen. */
function atEnd(table: ColumnTable, { rows }: Pod): readonly number[] {
  const { texts, codes } = table.texts('state')
  const last = rows.at(-1)!
  return texts[codes[last]!] === 'listening' ? [table.numbers('connections_open')[last]!] : []
}

function finding({ most, spreads, variants }: ConnectionsData, words: ChartWords): Sentence {
  if (most.value === 0) return sentence`${words.connections.none}`
  if (spreads.length === 0) return words.connections.most(short(most.value), most.pod)
  const gap = (spread: Spread): number => spread.most - spread.least
  const worst = spreads.reduce((a, b) => (gap(b) > gap(a) ? b : a))
  const best = spreads.filter(({ workload }) => workload === worst.workload).reduce((a, b) => (gap(b) < gap(a) ? b : a))
  const said = ({ variant, ...spread }: Spread) => ({
    name: variants.length > 1 ? { text: variant, of: variant } : null,
    least: short(spread.least),
    most: short(spread.most),
  })
  const workload = worst.workload.slice(worst.workload.indexOf('/') + 1)
  return words.connections.finding({ workload, worst: said(worst), best: best.variant === worst.variant ? null : said(best) })
}

function option(data: ConnectionsData, look: Look): Record<string, unknown> {
  const words = look.words.connections
  const { bins, most, variants, spreads } = data
  if (bins === null || most.value === 0) return emptyOption({ title: () => words.title }, look, words.none)
  // Said of each variant where that is of one workload.
  const isOne = new Set(spreads.map(({ workload }) => workload)).size === 1
  return heatChart(look, {
    title: words.title,
    finding: finding(data, look.words),
    accents: data.accents,
    bins,
    variants: variants.map((panel) => {
      const spread = isOne ? spreads.find(({ variant }) => variant === panel.name) : undefined
      return spread === undefined ? panel : { ...panel, note: words.note(short(spread.least), short(spread.most)) }
    }),
    scale: fromZero(most.value),
    label: short,
    measure: words.measure,
    caption: words.caption,
    axisName: words.pod,
  })
}
