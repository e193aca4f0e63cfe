import type { Theme } from '../theme.ts'
import { drawLine, drawText, type Element } from './draw.ts'
import type { Box } from './frame.ts'
import { apart } from './placing.ts'
import { textWidth } from './text-width.ts'

/** What a line is, at its right end: a name, a figure, and more words about it. */
export interface EndLabel {
  readonly name: string
  readonly figure: string
  readonly more?: string
  readonly color: string
  /** Where the line ends, in pixels. */
  readonly y: number
}

const SIZE = 12
const MORE_SIZE = 11
/** From the end of a line to its label. */
const GAP = 12
const LINE_HEIGHT = 16
/** Over all labels, what the figures are. */
const HEAD_SIZE = 11

/** The room that they need to the right of the plot. */
export function endRoom(labels: readonly Omit<EndLabel, 'y' | 'color'>[], head = ''): number {
  const widths = labels.map(({ name, figure, more = '' }) => widthOf(name, figure, more))
  return Math.ceil(Math.max(0, textWidth(head, HEAD_SIZE), ...widths)) + GAP + 4
}

export function drawEndLabels(
  labels: readonly EndLabel[],
  { box, theme, head = '' }: { readonly box: Box; readonly theme: Theme; readonly head?: string },
): readonly Element[] {
  if (labels.length === 0) return []
  const x = box.x + box.width + GAP
  const gap = Math.min(LINE_HEIGHT, (box.height + 16) / labels.length)
  const places = apart(
    labels.map(({ y }) => y),
    { gap, top: box.y + (head === '' ? 0 : HEAD_SIZE + 4), bottom: box.y + box.height },
  )
  const elements: Element[] = []
  labels.forEach(({ name, figure, more = '', color, y }, index) => {
    const place = places[index]!
    if (Math.abs(place - y) > LINE_HEIGHT * 1.2) elements.push(drawLine([box.x + box.width + 2, y], [x - 3, place], color, 0.7))
    elements.push(drawText(x, place, name, { size: SIZE, color, weight: 600 }))
    const next = x + textWidth(name, SIZE, 600) + space(name)
    elements.push(drawText(next, place, figure, { size: SIZE, color }))
    if (more !== '')
      elements.push(drawText(next + textWidth(figure, SIZE) + space(figure), place, more, { size: MORE_SIZE, color: theme.quiet }))
  })
  if (head !== '') elements.push(drawText(x, Math.min(...places) - LINE_HEIGHT, head, { size: HEAD_SIZE, color: theme.quiet }))
  return elements
}

function widthOf(name: string, figure: string, more: string): number {
  const main = textWidth(name, SIZE, 600) + space(name) + textWidth(figure, SIZE)
  return more === '' ? main : main + space(figure) + textWidth(more, MORE_SIZE)
}

function space(before: string): number {
  return before === '' ? 0 : 4
}
