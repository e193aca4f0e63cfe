import type { Look } from '../chart.ts'
import type { Sentence } from '../sentence.ts'
import type { Accent } from '../theme.ts'
import { bottomAxis, grid, leftAxis, leftRoom } from './axes.ts'
import { drawSentence, drawText, type Element } from './draw.ts'
import { type Box, frameOf } from './frame.ts'
import type { Scale } from './scale.ts'
import type { Series } from './time-chart.ts'

/** One plot of values against values. */
export interface Plot {
  readonly title: string
  readonly finding: Sentence
  readonly accents: ReadonlyMap<string, Accent>
  /** Over the plot: what goes up, with its unit. */
  readonly caption: Sentence
  readonly x: { readonly scale: Scale; readonly label: (value: number) => string; readonly name: string; readonly grid?: boolean }
  readonly y: {
    readonly scale: Scale
    readonly label: (value: number) => string
    readonly name: string
    readonly room?: number
    readonly hidden?: boolean
  }
  readonly right: number
  /** What is drawn when it is known where the plot lies. */
  readonly content: (box: Box) => { readonly series: readonly Series[]; readonly elements: readonly Element[] }
  readonly tooltip?: Record<string, unknown>
}

export function plot(look: Look, { title, finding, accents, caption, x, y, right, content, tooltip }: Plot): Record<string, unknown> {
  const { theme } = look
  const { elements, inside } = frameOf(look, { title, finding, accents })
  const left = y.room ?? leftRoom(y.scale, y.label)
  const captionRoom = 34
  const box: Box = {
    x: Math.round(inside.x + left),
    y: Math.round(inside.y + captionRoom),
    width: Math.max(40, Math.round(inside.width - left - right)),
    height: Math.max(24, Math.round(inside.height - captionRoom - 48)),
  }
  const drawn = content(box)
  const words = drawSentence(inside.x, box.y - 20, caption, {
    size: 12.5,
    color: theme.quiet,
    theme,
    accents,
    most: Number.POSITIVE_INFINITY,
    lineHeight: 16,
  })
  const axisName = drawText(box.x + box.width / 2, box.y + box.height + 38, x.name, { size: 12, color: theme.quiet, align: 'center' })
  return {
    animation: false,
    backgroundColor: theme.background,
    textStyle: { fontFamily: 'Inter' },
    grid: [grid(box)],
    xAxis: [bottomAxis({ theme, panel: 0, scale: x.scale, name: x.name, label: x.label, grid: x.grid === true })],
    yAxis: [leftAxis({ theme, panel: 0, scale: y.scale, name: y.name, label: y.label, labelled: y.hidden !== true })],
    series: drawn.series.map((series) => ({ animation: false, xAxisIndex: 0, yAxisIndex: 0, ...series })),
    graphic: [...elements, ...words.elements, axisName, ...drawn.elements],
    ...(look.interactive
      ? {
          tooltip: {
            trigger: 'item',
            confine: true,
            backgroundColor: theme.background,
            borderColor: theme.border,
            textStyle: { color: theme.ink, fontSize: 12 },
            ...tooltip,
          },
        }
      : {}),
  }
}
