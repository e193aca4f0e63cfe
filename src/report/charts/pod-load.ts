import type { ChartWords } from '../language/charts.ts'
import { type Choice, chartKind, type Look } from './chart.ts'
import { perSecond, short } from './parts/format.ts'
import { emptyOption } from './parts/frame.ts'
import { ROW_HEIGHT, ROWS_FRAME, rowChart } from './parts/rows.ts'
import { fromZero } from './parts/scale.ts'
import { type Sentence, sentence } from './sentence.ts'
import type { Tables } from './tables.ts'
import { type Accent, accentsOf, colorOf } from './theme.ts'

interface WorkloadLoad {
  readonly variant: string
  readonly workload: string
  readonly pods: readonly { readonly name: string; readonly rate: number }[]
  readonly mean: number
  /** The busiest over the mean. */
  readonly imbalance: number
}

interface PodLoadData {
  readonly accents: ReadonlyMap<string, Accent>
  readonly variants: number
  readonly loads: readonly WorkloadLoad[]
}

/** How evenly requests came to the pods of each workload, of the pods that listened at the end of the run. */
export const podLoad = chartKind<PodLoadData>({
  name: 'pods',
  reads: ['pods'],
  data,
  isEmpty: ({ loads }) => loads.length === 0,
  title: (_data, words) => words.pods.title,
  finding,
  height: ({ loads }) => ROWS_FRAME + Math.max(3, loads.length) * ROW_HEIGHT,
  option,
})

function data(tables: Tables, choice: Choice): PodLoadData {
  const table = tables.get('pods')!
  const variants = table.texts('variant')
  const namespaces = table.texts('namespace')
  const pods = table.texts('pod')
  const atEnd = table.texts('at_end')
  const rates = table.numbers('requests_per_s')
  const groups = new Map<string, { variant: string; workload: string; pods: { name: string; rate: number }[] }>()
  for (let row = 0; row < table.rows; row++) {
    const variant = variants.texts[variants.codes[row]!]!
    if (atEnd.texts[atEnd.codes[row]!] !== 'listening' || choice.variants?.includes(variant) === false) continue
    const name = pods.texts[pods.codes[row]!]!
    const workload = `${namespaces.texts[namespaces.codes[row]!]!}/${workloadOf(name)}`
    const key = `${workload} ${variant}`
    const group = groups.get(key) ?? { variant, workload, pods: [] }
    group.pods.push({ name, rate: Number.isNaN(rates[row]!) ? 0 : rates[row]! })
    groups.set(key, group)
  }
  const order = [...new Set([...groups.values()].map(({ workload }) => workload))]
  const loads = [...groups.values()].flatMap((group): WorkloadLoad[] => {
    const mean = group.pods.reduce((sum, { rate }) => sum + rate, 0) / group.pods.length
    if (!(mean > 0) || group.pods.length < 2) return []
    return [{ ...group, mean, imbalance: Math.max(...group.pods.map(({ rate }) => rate)) / mean }]
  })
  // Workload by workload, so that variants of the same stand under each other; the busiest workload first.
  const weight = new Map(
    order.map((workload) => [
      workload,
      Math.max(0, ...loads.filter((load) => load.workload === workload).map(({ mean, pods: own }) => mean * own.length)),
    ]),
  )
  const places = new Map(variants.texts.map((name, place) => [name, place]))
  loads.sort(
    (a, b) =>
      weight.get(b.workload)! - weight.get(a.workload)! ||
      order.indexOf(a.workload) - order.indexOf(b.workload) ||
      places.get(a.variant)! - places.get(b.variant)!,
  )
  return {
    accents: accentsOf(variants.texts),
    variants: new Set(loads.map(({ variant }) => variant)).size,
    loads: loads.slice(0, MOST_ROWS),
  }
}

/** More workloads than a page shows: the busiest are drawn. */
const MOST_ROWS = 36

/** Letters of the names that controllers make up. Source: k8s.io/apimachinery/pkg/util/rand, alphanums. */
const RANDOM = '[bcdfghjklmnpqrstvwxz2456789]'
const SUFFIXES = [new RegExp(`-${RANDOM}{4,10}-${RANDOM}{5}$`), /-\d+$/, new RegExp(`-${RANDOM}{5}$`)]

/** The workload of a pod, by its name: of a Deployment, StatefulSet, DaemonSet or ReplicaSet. A name that none of these makes stands for itself. */
export function workloadOf(pod: string): string {
  const suffix = SUFFIXES.find((one) => one.test(pod))
  return suffix === undefined ? pod : pod.replace(suffix, '')
}

function finding({ loads, variants }: PodLoadData, words: ChartWords): Sentence {
  if (loads.length === 0) return sentence`${words.pods.none}`
  const worst = loads.reduce((most, load) => (load.imbalance > most.imbalance ? load : most))
  const best = loads
    .filter(({ workload }) => workload === worst.workload)
    .reduce((least, load) => (load.imbalance < least.imbalance ? load : least))
  return words.pods.finding({
    workload: shortName(worst.workload, loads),
    times: short(worst.imbalance),
    of: variants > 1 ? { text: worst.variant, of: worst.variant } : null,
    best: best === worst ? null : { name: { text: best.variant, of: best.variant }, times: short(best.imbalance) },
  })
}

/** Without the namespace where all are of one. */
function shortName(workload: string, loads: readonly WorkloadLoad[]): string {
  const namespaces = new Set(loads.map((load) => load.workload.slice(0, load.workload.indexOf('/'))))
  return namespaces.size > 1 ? workload : workload.slice(workload.indexOf('/') + 1)
}

function option(data: PodLoadData, look: Look): Record<string, unknown> {
  const { theme, words } = look
  const { loads, accents, variants } = data
  if (loads.length === 0) return emptyOption({ title: () => words.pods.title }, look, words.pods.none)
  const scale = fromZero(Math.max(...loads.map(({ imbalance }) => imbalance)), 5)
  return rowChart(look, {
    title: words.pods.title,
    finding: finding(data, words),
    accents,
    rows: loads.map(({ variant, workload, pods }) => ({
      name: variants > 1 ? variant : shortName(workload, loads),
      note: variants > 1 ? shortName(workload, loads) : words.pods.count(pods.length),
      color: colorOf(theme, accents.get(variant)),
    })),
    plots: [
      {
        caption: [{ text: words.pods.caption[0]!, of: '' }, { text: words.pods.caption[1]! }],
        scale,
        label: (value) => `${short(value)}×`,
        axisName: words.pods.axis,
        dots: loads.map(({ pods, mean }) => pods.map(({ name, rate }) => ({ name: `${name}: ${perSecond(rate)}`, value: rate / mean }))),
        strokes: loads.map(() => 1),
        figures: loads.map(({ imbalance, mean }) => words.pods.figure(short(imbalance), perSecond(mean))),
        figureAt: 'end',
      },
    ],
  })
}
