import type { Look } from '../chart.ts'
import type { Theme } from '../theme.ts'
import { drawBox, drawText, type Element } from './draw.ts'
import type { Bins } from './intervals.ts'
import { edges } from './intervals.ts'
import type { Scale } from './scale.ts'
import { shareOf } from './scale.ts'
import { fitted, textWidth } from './text-width.ts'
import type { Series } from './time-chart.ts'

/** Rows of things and bins of time: the largest value of each cell, NaN where there is none. */
export interface HeatGrid {
  readonly rows: readonly string[]
  readonly bins: Bins
  /** Row by row. */
  readonly values: Float64Array
}

/** Rows put together so that there are at most so many: a cell has the largest value of those in it. */
export function fewerRows({ rows, bins, values }: HeatGrid, most: number): HeatGrid {
  const together = Math.ceil(rows.length / Math.max(1, most))
  if (together <= 1) return { rows, bins, values }
  const count = Math.ceil(rows.length / together)
  const merged = new Float64Array(count * bins.count).fill(Number.NaN)
  for (let row = 0; row < rows.length; row++)
    for (let bin = 0; bin < bins.count; bin++) {
      const value = values[row * bins.count + bin]!
      const at = Math.floor(row / together) * bins.count + bin
      if (!Number.isNaN(value) && !(merged[at]! >= value)) merged[at] = value
    }
  const names = Array.from({ length: count }, (_, index) => {
    const first = rows[index * together]!
    const last = rows[Math.min(rows.length, (index + 1) * together) - 1]!
    return first === last ? first : `${first} … ${last}`
  })
  return { rows: names, bins, values: merged }
}

/** The colour of a value, of as many steps as the theme has between the ends of the scale. */
export function heatColor(theme: Theme, scale: Scale, value: number): string {
  if (scale.type === 'log' && !(value > 0)) return theme.heat[0]!
  const share = Math.min(1, Math.max(0, shareOf(scale, value)))
  return mixed(theme.heat, share * (theme.heat.length - 1))
}

/** The cells of a grid, the first row at the top. Neighbours of the same colour are one rectangle. */
export function heatSeries(
  { rows, bins, values }: HeatGrid,
  { theme, scale, label }: { readonly theme: Theme; readonly scale: Scale; readonly label: (value: number) => string },
): Series {
  const data: { value: (number | string)[]; name: string; itemStyle: { color: string } }[] = []
  for (let row = 0; row < rows.length; row++)
    for (let bin = 0; bin < bins.count; ) {
      const value = values[row * bins.count + bin]!
      let end = bin + 1
      while (end < bins.count && Object.is(values[row * bins.count + end]!, value)) end++
      if (!Number.isNaN(value)) {
        const y = rows.length - row - 1
        data.push({
          name: rows[row]!,
          value: [edges(bins, bin).start, edges(bins, end - 1).end, y, y + 1, value],
          itemStyle: { color: heatColor(theme, scale, value) },
        })
      }
      bin = end
    }
  const gap = rows.length <= 60 ? 1 : 0
  return {
    type: 'custom',
    clip: true,
    z: 2,
    dimensions: ['start', 'end', 'low', 'high', 'value'],
    encode: { x: [0, 1], y: [2, 3] },
    data,
    tooltip: {
      trigger: 'item',
      formatter: ({ name, value }: { name: string; value: number[] }) => `${name}<br>${label(value[4]!)}`,
    },
    renderItem: (
      _params: unknown,
      api: { value(dimension: number): number; coord(at: readonly number[]): number[]; visual(of: string): string },
    ) => {
      const [left, bottom] = api.coord([api.value(0), api.value(2)])
      const [right, top] = api.coord([api.value(1), api.value(3)])
      return {
        type: 'rect',
        shape: { x: left, y: top! + gap / 2, width: Math.max(0.6, right! - left!), height: Math.max(0.5, bottom! - top! - gap) },
        style: { fill: api.visual('color') },
      }
    },
  }
}

/** Labels of rows for the left side, as many as there is room for. */
export function rowLabels(
  rows: readonly string[],
  height: number,
  most = 150,
): readonly { readonly value: number; readonly text: string }[] {
  const every = Math.max(1, Math.ceil((rows.length * 13) / Math.max(13, height)))
  return rows.flatMap((text, index) => (index % every === 0 ? [{ value: rows.length - index - 0.5, text: fitted(text, 11, most) }] : []))
}

/** What the colours mean: a bar with its ends, right-aligned at `x`. */
export function heatLegend(
  look: Look,
  { x, y, scale, label }: { readonly x: number; readonly y: number; readonly scale: Scale; readonly label: (value: number) => string },
): readonly Element[] {
  const { theme } = look
  const most = label(scale.max)
  const width = 96
  const right = x - textWidth(most, 11) - 6
  const steps = 24
  const boxes = Array.from({ length: steps }, (_, index) =>
    drawBox(
      { x: right - width + (index * width) / steps, y: y - 5, width: width / steps + 0.4, height: 10 },
      mixed(theme.heat, (index / (steps - 1)) * (theme.heat.length - 1)),
    ),
  )
  return [
    drawText(right - width - 6, y, label(scale.min), { size: 11, color: theme.quiet, align: 'right' }),
    ...boxes,
    drawText(x, y, most, { size: 11, color: theme.quiet, align: 'right' }),
  ]
}

function mixed(colors: readonly string[], place: number): string {
  const index = Math.min(colors.length - 2, Math.floor(place))
  const share = place - index
  const [from, to] = [colors[index]!, colors[index + 1]!]
  const channel = (at: number): string => {
    const value = Number.parseInt(from.slice(at, at + 2), 16) * (1 - share) + Number.parseInt(to.slice(at, at + 2), 16) * share
    return Math.round(value).toString(16).padStart(2, '0')
  }
  return `#${channel(1)}${channel(3)}${channel(5)}`
}
