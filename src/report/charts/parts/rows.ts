import type { Look } from '../chart.ts'
import type { Sentence } from '../sentence.ts'
import type { Accent } from '../theme.ts'
import { bottomAxis, grid, leftAxis, pixelX } from './axes.ts'
import { drawSentence, drawText, type Element } from './draw.ts'
import { type Box, frameOf } from './frame.ts'
import type { Scale } from './scale.ts'
import { fitted, textWidth } from './text-width.ts'
import type { Series } from './time-chart.ts'

/** One thing a row, and one or more plots beside each other that show measures of them. */
export interface RowChart {
  readonly title: string
  readonly finding: Sentence
  readonly accents: ReadonlyMap<string, Accent>
  readonly rows: readonly { readonly name: string; readonly color: string; readonly note?: string }[]
  readonly plots: readonly RowPlot[]
  /** The share of the width that names may take. */
  readonly namesMost?: number
}

export interface RowPlot {
  readonly caption: Sentence
  readonly scale: Scale
  readonly label: (value: number) => string
  /** Of the axis along the bottom, with its unit. */
  readonly axisName: string
  /** A dot a value, by row. */
  readonly dots: readonly (readonly { readonly value: number; readonly name: string }[])[]
  /** A stroke through each row, such as for a mean; null for none. */
  readonly strokes?: readonly (number | null)[]
  /** An interval through each row; what lies beyond the scale ends in an arrow. null for none. */
  readonly spans?: readonly ({ readonly low: number; readonly high: number } | null)[]
  /** A line from top to bottom where nothing has changed. */
  readonly zero?: boolean
  /** To the right of each row, or of its only dot. */
  readonly figures: readonly string[]
  readonly figureAt: 'dot' | 'end'
  /** Lines from the left end to the dot, where zero is a place on the axis. */
  readonly stems?: boolean
  readonly weight?: number
}

/** The height of a row that reads well. */
export const ROW_HEIGHT = 26
/** All but the rows. */
export const ROWS_FRAME = 190

const NAME_SIZE = 12
const NOTE_SIZE = 11
const GAP = 28

export function rowChart(look: Look, { title, finding, accents, rows, plots, namesMost = 0.28 }: RowChart): Record<string, unknown> {
  const { theme } = look
  const { elements: frame, inside } = frameOf(look, { title, finding, accents })
  const elements: Element[] = [...frame]
  const most = Math.max(80, inside.width * namesMost)
  const names = rows.map(({ name, note = '' }) => ({ name: fitted(name, NAME_SIZE, most, 600), note: fitted(note, NOTE_SIZE, most) }))
  const widthOf = ({ name, note }: { name: string; note: string }): number =>
    textWidth(name, NAME_SIZE, 600) + (note === '' ? 0 : 6 + textWidth(note, NOTE_SIZE))
  const left = Math.ceil(Math.max(0, ...names.map(widthOf))) + 14
  const figureRoom = plots.map(({ figures }) => Math.ceil(Math.max(0, ...figures.map((figure) => textWidth(figure, NOTE_SIZE)))) + 16)
  const weights = plots.map(({ weight = 1 }) => weight)
  const forPlots = inside.width - left - figureRoom.reduce((sum, room) => sum + room, 0) - (plots.length - 1) * GAP
  const weightSum = weights.reduce((sum, weight) => sum + weight, 0)
  let x = inside.x + left
  const boxes: Box[] = plots.map((_, index) => {
    const width = Math.max(40, Math.round((forPlots * weights[index]!) / weightSum))
    const box = { x: Math.round(x), y: Math.round(inside.y + 30), width, height: Math.max(24, Math.round(inside.height - 30 - 46)) }
    x += width + figureRoom[index]! + GAP
    return box
  })
  const scale: Scale = {
    type: 'value',
    min: 0,
    max: Math.max(1, rows.length),
    ticks: Array.from({ length: rows.length + 1 }, (_, index) => index),
  }
  const middle = (row: number): number => boxes[0]!.y + (boxes[0]!.height * (row + 0.5)) / rows.length
  names.forEach(({ name, note }, row) => {
    elements.push(drawText(inside.x, middle(row), name, { size: NAME_SIZE, color: rows[row]!.color, weight: 600 }))
    if (note !== '')
      elements.push(drawText(inside.x + textWidth(name, NAME_SIZE, 600) + 6, middle(row), note, { size: NOTE_SIZE, color: theme.quiet }))
  })
  const series: Series[] = []
  plots.forEach((one, index) => {
    const box = boxes[index]!
    const caption = { size: 12.5, color: theme.quiet, theme, accents, most: Number.POSITIVE_INFINITY, lineHeight: 16 }
    elements.push(...drawSentence(index === 0 ? inside.x : box.x, box.y - 18, one.caption, caption).elements)
    elements.push(
      drawText(box.x + box.width / 2, box.y + box.height + 36, one.axisName, { size: NAME_SIZE, color: theme.quiet, align: 'center' }),
    )
    one.figures.forEach((figure, row) => {
      const dots = one.dots[row]!
      if (figure === '') return
      const at = one.figureAt === 'end' || dots.length === 0 ? box.x + box.width + 8 : pixelX(box, one.scale, dots[0]!.value) + 9
      elements.push(drawText(at, middle(row), figure, { size: NOTE_SIZE, color: theme.quiet }))
    })
    const y = (row: number): number => rows.length - row - 0.5
    const segments = rows.flatMap((_, row) => {
      const stroke = one.strokes?.[row] ?? null
      const lines: Segment[] = []
      if (one.stems === true && one.dots[row]!.length > 0)
        lines.push({ value: [one.scale.min, one.dots[row]![0]!.value, y(row), y(row)], color: rows[row]!.color, width: 2 })
      const span = one.spans?.[row] ?? null
      if (span !== null) lines.push(...spanLines(span, one.scale, { y: y(row), color: rows[row]!.color }))
      if (stroke !== null) lines.push({ value: [stroke, stroke, y(row) - 0.36, y(row) + 0.36], color: theme.ink, width: 1.5 })
      return lines
    })
    if (one.zero === true) segments.unshift({ value: [0, 0, 0, rows.length], color: theme.quiet, width: 1 })
    series.push(lines(segments, index))
    rows.forEach(({ color, name }, row) => {
      const { min, max } = one.scale
      const dots = one.dots[row]!.filter(({ value }) => value >= min && value <= max)
      const span = one.spans?.[row] ?? null
      if (span !== null) series.push(...arrows(span, one.scale, { y: y(row), color, index }))
      series.push({
        type: 'scatter',
        xAxisIndex: index,
        yAxisIndex: index,
        animation: false,
        silent: !look.interactive,
        name,
        z: 3,
        symbol: accents.get(name)?.symbol ?? 'circle',
        symbolSize: dots.length > 1 ? 8 : 9,
        itemStyle: { color, opacity: dots.length > 1 ? 0.55 : 1 },
        data: dots.map((dot) => ({ name: dot.name, value: [dot.value, y(row)] })),
        tooltip: { formatter: ({ name: dot, value }: { name: string; value: number[] }) => `${dot}<br>${one.label(value[0]!)}` },
      })
    })
  })
  return {
    animation: false,
    backgroundColor: theme.background,
    textStyle: { fontFamily: 'Inter' },
    grid: boxes.map(grid),
    xAxis: plots.map((one, panel) => bottomAxis({ theme, panel, scale: one.scale, name: one.axisName, label: one.label, grid: true })),
    yAxis: plots.map((one, panel) => ({
      ...leftAxis({ theme, panel, scale, name: one.axisName, label: () => '', labelled: false }),
      splitLine: { show: false },
    })),
    series,
    graphic: elements,
    ...(look.interactive
      ? {
          tooltip: {
            trigger: 'item',
            confine: true,
            backgroundColor: theme.background,
            borderColor: theme.border,
            textStyle: { color: theme.ink, fontSize: 12 },
          },
        }
      : {}),
  }
}

interface Interval {
  readonly low: number
  readonly high: number
}

interface Segment {
  /** From x to x, from y to y. */
  readonly value: number[]
  readonly color: string
  readonly width: number
}

/** As much of an interval as is on the scale, with a cap at each end that is. */
function spanLines({ low, high }: Interval, { min, max }: Scale, { y, color }: { readonly y: number; readonly color: string }): Segment[] {
  const [from, to] = [Math.max(low, min), Math.min(high, max)]
  if (from > to) return []
  const cap = (x: number): Segment => ({ value: [x, x, y - 0.16, y + 0.16], color, width: 1.5 })
  return [{ value: [from, to, y, y], color, width: 2 }, ...(from === low ? [cap(low)] : []), ...(to === high ? [cap(high)] : [])]
}

/** Arrows at the ends of the scale towards what lies beyond. */
function arrows(
  { low, high }: Interval,
  { min, max }: Scale,
  { y, color, index }: { readonly y: number; readonly color: string; readonly index: number },
): Series[] {
  const ends = [...(low < min ? [{ x: min, rotate: 90 }] : []), ...(high > max ? [{ x: max, rotate: -90 }] : [])]
  return ends.map(({ x, rotate }) => ({
    type: 'scatter',
    xAxisIndex: index,
    yAxisIndex: index,
    animation: false,
    silent: true,
    z: 3,
    symbol: 'triangle',
    symbolSize: 9,
    symbolRotate: rotate,
    itemStyle: { color },
    data: [[x, y]],
  }))
}

/** Straight strokes between values. */
function lines(segments: readonly Segment[], index: number): Series {
  return {
    type: 'custom',
    xAxisIndex: index,
    yAxisIndex: index,
    animation: false,
    silent: true,
    z: 2,
    encode: { x: [0, 1], y: [2, 3] },
    tooltip: { show: false },
    data: segments.map(({ value }) => value),
    renderItem: (params: { dataIndex: number }, api: { value(dimension: number): number; coord(at: readonly number[]): number[] }) => {
      const [x1, y1] = api.coord([api.value(0), api.value(2)])
      const [x2, y2] = api.coord([api.value(1), api.value(3)])
      const { color, width } = segments[params.dataIndex]!
      return { type: 'line', shape: { x1, y1, x2, y2 }, style: { stroke: color, lineWidth: width } }
    },
  }
}
