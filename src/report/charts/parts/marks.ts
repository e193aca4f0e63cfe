import type { ChartWords } from '../../language/charts.ts'
import type { ColumnTable, Tables } from '../tables.ts'
import type { Theme } from '../theme.ts'
import { pixelX } from './axes.ts'
import type { Box } from './frame.ts'
import { rowsFor } from './placing.ts'
import type { Scale } from './scale.ts'
import { FONT_FAMILY, fitted, textWidth } from './text-width.ts'

/** Something that happened to the cluster, to be shown behind what the chart measures. */
export interface Mark {
  readonly kind: 'rollout' | 'fault' | 'command' | 'warm-up'
  readonly name: string
  /** Seconds. Infinite for what lasted beyond the end. */
  readonly start: number
  readonly end: number
}

/** Commands that led to a rollout begin so much before it at most, in seconds: the rollout stands for them. */
const COMMAND_BEFORE_ROLLOUT = 2

/**
 * Rollouts, faults and other commands of `variants`, in the order of time. What happened in several of them is one mark that covers all.
 * The first appearance of objects is none: it is how every run begins.
 */
export function marksOf(tables: Tables, variants: readonly string[]): readonly Mark[] {
  const table = tables.get('events')
  if (table === undefined) return []
  const { codes: variantCodes, texts: variantTexts } = table.texts('variant')
  const kinds = table.texts('kind')
  const names = table.texts('name')
  const outcomes = table.texts('outcome')
  const details = table.texts('detail')
  const starts = table.numbers('started_s')
  const ends = table.numbers('ended_s')
  const marks = new Map<string, Mark>()
  const rollouts: number[] = []
  const seen = new Map<string, number>()
  const rows = Array.from({ length: table.rows }, (_, row) => row).filter((row) => variants.includes(variantTexts[variantCodes[row]!]!))
  for (const row of rows) if (kinds.texts[kinds.codes[row]!] === 'rollout') rollouts.push(starts[row]!)
  for (const row of rows) {
    const kind = kinds.texts[kinds.codes[row]!]!
    const name = names.texts[names.codes[row]!]!
    const start = starts[row]!
    const end = Number.isNaN(ends[row]!) ? Number.POSITIVE_INFINITY : ends[row]!
    if (kind !== 'rollout' && kind !== 'fault' && kind !== 'command') continue
    if (kind === 'rollout' && details.texts[details.codes[row]!] === 'created') continue
    if (kind === 'fault' && outcomes.texts[outcomes.codes[row]!] === 'no effect') continue
    if (
      kind === 'command' &&
      (start === 0 || rollouts.some((at) => at >= start && at <= (Number.isFinite(end) ? end : start) + COMMAND_BEFORE_ROLLOUT))
    )
      continue
    // The n-th time that it happened in this variant.
    const inVariant = `${variantCodes[row]} ${kind} ${name}`
    const count = (seen.get(inVariant) ?? 0) + 1
    seen.set(inVariant, count)
    const key = `${kind} ${name} ${count}`
    const known = marks.get(key)
    marks.set(
      key,
      known === undefined ? { kind, name, start, end } : { ...known, start: Math.min(known.start, start), end: Math.max(known.end, end) },
    )
  }
  return [...marks.values()].sort((a, b) => a.start - b.start)
}

/** The warm-up of a table of intervals, of which `rows` are those of one variant; none where it has no such rows. */
export function warmUpOf(table: ColumnTable, rows: readonly number[]): readonly Mark[] {
  if (!table.has('phase')) return []
  const { texts, codes } = table.texts('phase')
  const starts = table.numbers('interval_start_s')
  const lengths = table.numbers('interval_s')
  let start = Number.POSITIVE_INFINITY
  let end = Number.NEGATIVE_INFINITY
  for (const row of rows) {
    if (texts[codes[row]!] !== 'warm-up') continue
    start = Math.min(start, starts[row]!)
    end = Math.max(end, starts[row]! + lengths[row]!)
  }
  return end > start ? [{ kind: 'warm-up', name: '', start, end }] : []
}

/** What a mark is called: `rollout of frontend`, `node-crash worker-3`. */
export function markName({ kind, name }: Mark, words: ChartWords): string {
  if (kind === 'warm-up') return words.warmUp
  if (kind === 'rollout') return words.rolloutOf(name.slice(name.lastIndexOf('/') + 1))
  if (kind === 'command') return name.replace(/^kubectl /, '')
  return name.replace(/ for \S+$/, '')
}

const SIZE = 12
const LINE_HEIGHT = 16
const MAX_ROWS = 3
const GAP = 10

export interface MarkLabels {
  readonly rows: number
  readonly labels: readonly { readonly mark: Mark; readonly text: string; readonly row: number | null }[]
}

/** Labels over the plot, in as few rows as they need; those for which there is no room have none. */
export function placeMarks(marks: readonly Mark[], box: Pick<Box, 'x' | 'width'>, scale: Scale, words: ChartWords): MarkLabels {
  const shown = marks.filter(({ start, end }) => start <= scale.max && end >= scale.min)
  const right = box.x + box.width
  const labels = shown.map((mark) => {
    const wished = pixelX({ ...box, y: 0, height: 0 }, scale, Math.max(mark.start, scale.min))
    const text = fitted(markName(mark, words), SIZE, Math.min(260, box.width))
    const width = textWidth(text, SIZE)
    return { mark, text, start: Math.max(box.x, Math.min(wished, right - width)), width }
  })
  const order = labels.map((_, index) => index).sort((a, b) => labels[a]!.start - labels[b]!.start)
  const placed = rowsFor(
    order.map((index) => labels[index]!),
    MAX_ROWS,
    GAP,
  )
  const rows = Math.max(0, ...placed.map((row) => (row === null ? 0 : row + 1)))
  return { rows, labels: order.map((index, place) => ({ mark: labels[index]!.mark, text: labels[index]!.text, row: placed[place]! })) }
}

/** The height that their labels need over the plot. */
export function marksHeight({ rows }: MarkLabels): number {
  return rows * LINE_HEIGHT
}

/** `markArea` and `markLine` of a series that lie behind a panel. `labelled` for the topmost panel only. */
export function markSeries(
  { labels }: MarkLabels,
  options: { readonly theme: Theme; readonly box: Box; readonly scale: Scale; readonly labelled: boolean; readonly over?: boolean },
): Record<string, unknown> {
  const { theme, box, scale, labelled, over = false } = options
  const label = (text: string, row: number | null, start: number): Record<string, unknown> => {
    if (!labelled || row === null) return { show: false }
    const wished = pixelX(box, scale, Math.max(start, scale.min))
    const moved = Math.min(wished, box.x + box.width - textWidth(text, SIZE)) - wished
    return {
      show: true,
      formatter: () => text,
      color: theme.quiet,
      fontSize: SIZE,
      fontFamily: FONT_FAMILY,
      align: 'left',
      verticalAlign: 'middle',
      offset: [Math.max(moved, box.x - wished), 0],
      distance: 0,
      padding: 0,
    }
  }
  const areas = labels
    .filter(({ mark }) => mark.end > mark.start)
    .map(({ mark, text, row }) => [
      {
        xAxis: Math.max(mark.start, scale.min),
        label: { ...label(text, row, mark.start), position: [0, -(8 + LINE_HEIGHT * (row ?? 0))] },
        ...(mark.kind === 'warm-up' && !over ? { itemStyle: { color: theme.minorGrid } } : {}),
      },
      { xAxis: Math.min(mark.end, scale.max) },
    ])
  const lines = labels
    .filter(({ mark }) => mark.end === mark.start)
    .map(({ mark, text, row }) => ({
      xAxis: mark.start,
      label: { ...label(text, row, mark.start), position: 'end', distance: [0, 8 + LINE_HEIGHT * (row ?? 0)] },
    }))
  return {
    ...(areas.length === 0
      ? {}
      : {
          markArea: over
            ? {
                silent: true,
                z: 4,
                itemStyle: { color: 'transparent', borderColor: theme.ink, borderWidth: 1, borderType: [3, 3] },
                data: areas,
              }
            : { silent: true, z: 0, itemStyle: { color: theme.shade }, data: areas },
        }),
    ...(lines.length === 0
      ? {}
      : {
          markLine: {
            silent: true,
            symbol: 'none',
            animation: false,
            lineStyle: { color: theme.quiet, type: [3, 3], width: 1 },
            data: lines,
          },
        }),
  }
}
