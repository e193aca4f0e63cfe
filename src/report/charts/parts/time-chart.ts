import type { Look } from '../chart.ts'
import type { Sentence } from '../sentence.ts'
import type { Accent } from '../theme.ts'
import { bottomAxis, grid, leftAxis, leftRoom, pixelY } from './axes.ts'
import { drawSentence, drawText, type Element } from './draw.ts'
import { drawEndLabels, type EndLabel, endRoom } from './end-labels.ts'
import { TIME_STEPS, timeLabel } from './format.ts'
import { type Box, frameOf, PADDING } from './frame.ts'
import { type Mark, markSeries, marksHeight, placeMarks } from './marks.ts'
import { between, type Scale } from './scale.ts'
import { textWidth } from './text-width.ts'

export type Series = Record<string, unknown>

/** One plot over time among others that have the same times. */
export interface TimePanel {
  /** What is drawn, with its unit. */
  readonly caption: Sentence
  readonly scale: Scale
  readonly label: (value: number) => string
  /** Of the left axis, with its unit. */
  readonly axisName: string
  readonly series: readonly Series[]
  /** At the line ends; `value` is where the line ends. */
  readonly ends?: readonly (Omit<EndLabel, 'y'> & { readonly value: number })[]
  /** Over the end labels: what the figures are. */
  readonly head?: string
  /** Labels of the left axis, where they stand for things and not for values. */
  readonly leftLabels?: readonly { readonly value: number; readonly text: string }[]
  readonly marks?: readonly Mark[]
  /** Marks are outlines over what is drawn, where that covers the plot. */
  readonly marksOver?: boolean
  /** Its share of the height beside others; 1 when left out. */
  readonly weight?: number
}

export interface TimeChart {
  readonly title: string
  readonly finding: Sentence
  readonly accents: ReadonlyMap<string, Accent>
  readonly from: number
  readonly to: number
  readonly columns: number
  readonly panels: readonly TimePanel[]
  /** Names of series and their colours, in a line over the plots. */
  readonly legend?: readonly { readonly text: string; readonly color: string }[]
  readonly note?: string
  readonly extra?: Record<string, unknown>
}

const CAPTION_SIZE = 12.5
const CAPTION_HEIGHT = 28
const AXIS_HEIGHT = 24
const AXIS_NAME_HEIGHT = 22
const BETWEEN_ROWS = 18
const BETWEEN_COLUMNS = 22
const LEGEND_HEIGHT = 22
const ZOOM_HEIGHT = 40

/** Panels under and beside each other, marks behind them, labels at their line ends. */
export function timeChart(look: Look, chart: TimeChart): Record<string, unknown> {
  const { theme, words } = look
  const { panels, columns } = chart
  const frame = frameOf(look, chart)
  const { inside } = frame
  const rows = Math.ceil(panels.length / columns)
  const left = Math.max(...panels.map((panel) => roomOnTheLeft(panel)))
  const right = Math.max(14, ...panels.map(({ ends = [], head }) => (ends.length === 0 ? 0 : endRoom(ends, head))))
  const cellWidth = (inside.width - (columns - 1) * BETWEEN_COLUMNS) / columns
  const plotWidth = Math.max(40, cellWidth - left - right)
  const x = (column: number): number => Math.round(inside.x + column * (cellWidth + BETWEEN_COLUMNS) + left)

  const timeScale = between(chart.from, chart.to, Math.max(2, Math.floor(plotWidth / 80)), TIME_STEPS)
  const placed = panels.map((panel, index) => placeMarks(panel.marks ?? [], { x: x(index % columns), width: plotWidth }, timeScale, words))
  const marksRoom = Math.max(0, ...placed.slice(0, columns).map(marksHeight))

  const legend = legendLines(look, chart.legend ?? [], inside)
  const top = inside.y + legend.height
  const belowPlots = AXIS_HEIGHT + AXIS_NAME_HEIGHT + (look.interactive ? ZOOM_HEIGHT : 0)
  const forPlots = inside.height - legend.height - belowPlots - marksRoom - rows * CAPTION_HEIGHT - (rows - 1) * BETWEEN_ROWS
  const weights = Array.from({ length: rows }, (_, row) =>
    Math.max(...panels.slice(row * columns, (row + 1) * columns).map(({ weight = 1 }) => weight)),
  )
  const weightSum = weights.reduce((sum, weight) => sum + weight, 0)
  const heights = weights.map((weight) => Math.max(24, Math.floor((forPlots * weight) / weightSum)))
  const yOf = (row: number): number => {
    const above = heights.slice(0, row).reduce((sum, height) => sum + height + BETWEEN_ROWS + CAPTION_HEIGHT, 0)
    return Math.round(top + CAPTION_HEIGHT + marksRoom + above)
  }
  const boxes: Box[] = panels.map((_, index) => {
    const row = Math.floor(index / columns)
    return { x: x(index % columns), y: yOf(row), width: Math.round(plotWidth), height: heights[row]! }
  })

  const elements: Element[] = [...frame.elements, ...legend.elements]
  const series: Series[] = []
  panels.forEach((panel, index) => {
    const box = boxes[index]!
    const row = Math.floor(index / columns)
    const labelRow = row === 0 ? marksRoom : 0
    const caption = {
      size: CAPTION_SIZE,
      color: theme.quiet,
      theme,
      accents: chart.accents,
      most: Number.POSITIVE_INFINITY,
      lineHeight: 16,
    }
    elements.push(...drawSentence(columns === 1 ? inside.x : box.x, box.y - labelRow - 18, panel.caption, caption).elements)
    const ends = (panel.ends ?? []).map(({ value, ...label }) => ({ ...label, y: pixelY(box, panel.scale, value) }))
    elements.push(...drawEndLabels(ends, { box, theme, ...(panel.head === undefined ? {} : { head: panel.head }) }))
    for (const { value, text } of panel.leftLabels ?? [])
      elements.push(drawText(box.x - 8, pixelY(box, panel.scale, value), text, { size: 11, color: theme.quiet, align: 'right' }))
    const marks = markSeries(placed[index]!, { theme, box, scale: timeScale, labelled: row === 0, over: panel.marksOver === true })
    panel.series.forEach((one, place) => {
      series.push({ xAxisIndex: index, yAxisIndex: index, animation: false, ...(place === 0 ? marks : {}), ...one })
    })
    if (panel.series.length === 0) series.push({ type: 'line', xAxisIndex: index, yAxisIndex: index, data: [], ...marks })
  })
  const isLast = (index: number): boolean => index + columns >= panels.length
  const middle = inside.x + left + (inside.width - left - right) / 2
  const axisY = Math.max(...boxes.map((box) => box.y + box.height)) + AXIS_HEIGHT + 12
  elements.push(
    drawText(columns === 1 ? boxes[0]!.x + plotWidth / 2 : middle, axisY, words.simulatedTime, {
      size: 12,
      color: theme.quiet,
      align: 'center',
    }),
  )
  if (chart.note !== undefined && look.heading)
    elements.push(drawText(look.width - PADDING, look.height - 18, chart.note, { size: 11, color: theme.quiet, align: 'right' }))
  return {
    animation: false,
    backgroundColor: theme.background,
    textStyle: { fontFamily: 'Inter' },
    grid: boxes.map(grid),
    xAxis: panels.map((_, panel) =>
      bottomAxis({ theme, panel, scale: timeScale, name: words.simulatedTime, label: timeLabel(chart.to), labelled: isLast(panel) }),
    ),
    yAxis: panels.map(({ scale, label, axisName, leftLabels }, panel) =>
      leftAxis({ theme, panel, scale, name: axisName, label, labelled: leftLabels === undefined }),
    ),
    series,
    graphic: elements,
    ...(look.interactive ? interaction(look, chart, panels.length) : {}),
    ...chart.extra,
  }
}

function roomOnTheLeft({ scale, label, leftLabels }: TimePanel): number {
  if (leftLabels === undefined) return leftRoom(scale, label)
  return Math.ceil(Math.max(0, ...leftLabels.map(({ text }) => textWidth(text, 11)))) + 12
}

function legendLines(
  look: Look,
  entries: NonNullable<TimeChart['legend']>,
  inside: Box,
): { readonly elements: Element[]; readonly height: number } {
  const elements: Element[] = []
  let x = inside.x
  let line = 0
  for (const { text, color } of entries) {
    const width = 16 + textWidth(text, 12)
    if (x + width > inside.x + inside.width && x > inside.x) {
      x = inside.x
      line++
    }
    const y = inside.y + line * LEGEND_HEIGHT + 10
    elements.push({ type: 'rect', silent: true, z: 20, shape: { x, y: y - 5, width: 10, height: 10, r: 2 }, style: { fill: color } })
    elements.push(drawText(x + 16, y, text, { size: 12, color: look.theme.ink }))
    x += width + 18
  }
  return { elements, height: entries.length === 0 ? 0 : (line + 1) * LEGEND_HEIGHT + 6 }
}

/** What the mouse does: values at a time, and zoom. */
function interaction({ theme }: Look, { to }: TimeChart, panels: number): Record<string, unknown> {
  const all = Array.from({ length: panels }, (_, index) => index)
  const label = timeLabel(to)
  return {
    tooltip: {
      trigger: 'axis',
      confine: true,
      backgroundColor: theme.background,
      borderColor: theme.border,
      textStyle: { color: theme.ink, fontSize: 12 },
      axisPointer: { type: 'line', label: { formatter: ({ value }: { value: number }) => label(Math.round(value * 1000) / 1000) } },
    },
    axisPointer: { link: [{ xAxisIndex: 'all' }] },
    dataZoom: [
      { type: 'inside', xAxisIndex: all, filterMode: 'none', zoomOnMouseWheel: 'ctrl' },
      {
        type: 'slider',
        xAxisIndex: all,
        filterMode: 'none',
        height: 22,
        bottom: 10,
        showDetail: false,
        borderColor: theme.border,
        fillerColor: theme.shade,
      },
    ],
  }
}

/** Values with their times as a line, broken where there are none; a value that stands alone is a dot. */
export function lineData(points: readonly (readonly [number, number])[]): readonly unknown[] {
  const known = (index: number): boolean => index >= 0 && index < points.length && !Number.isNaN(points[index]![1])
  return points.map(([x, y], index) => {
    if (!known(index)) return [x, '-']
    return known(index - 1) || known(index + 1) ? [x, y] : { value: [x, y], symbol: 'circle', symbolSize: 4 }
  })
}

/** The shade between two values at each time, in any kind of axis. */
export function band(points: readonly (readonly [number, number, number])[], color: string, opacity: number): Series {
  const known = points.filter(([, low]) => !Number.isNaN(low))
  const runs: (readonly [number, number, number])[][] = []
  points.forEach((point, index) => {
    if (Number.isNaN(point[1])) return
    if (index === 0 || Number.isNaN(points[index - 1]![1])) runs.push([])
    runs.at(-1)!.push(point)
  })
  return {
    type: 'custom',
    silent: true,
    clip: true,
    z: 1,
    tooltip: { show: false },
    encode: { x: 0, y: [1, 2] },
    data: known.length === 0 ? [] : [[known[0]![0], known[0]![1], known[0]![2]]],
    renderItem: (_params: unknown, api: { coord(value: readonly number[]): number[] }) => ({
      type: 'group',
      children: runs.map((run) => ({
        type: 'polygon',
        shape: {
          points: [...run.map(([x, , high]) => api.coord([x, high])), ...run.toReversed().map(([x, low]) => api.coord([x, low]))],
        },
        style: { fill: color, opacity },
      })),
    }),
  }
}
