import type { Chart, Look } from '../chart.ts'
import type { Sentence } from '../sentence.ts'
import type { Accent } from '../theme.ts'
import { drawBox, drawSentence, drawText, type Element } from './draw.ts'
import { fitted } from './text-width.ts'

/** A part of the picture, in pixels. */
export interface Box {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

export interface Frame {
  readonly elements: readonly Element[]
  /** What is left for the plot with its axes and labels. */
  readonly inside: Box
}

export const PADDING = 24
const TITLE_SIZE = 20
const FINDING_SIZE = 13.5
const FINDING_LINE = 20
const FOOTER_SIZE = 11

/** Title, finding and footer, and the room between them. Without a heading all of the picture is room. */
export function frameOf(
  look: Look,
  { title, finding, accents }: { readonly title: string; readonly finding: Sentence; readonly accents: ReadonlyMap<string, Accent> },
): Frame {
  const { theme, width, height } = look
  if (!look.heading) return { elements: [], inside: { x: 8, y: 8, width: width - 16, height: height - 16 } }
  const most = width - 2 * PADDING
  const elements: Element[] = [
    drawText(PADDING, PADDING + 10, fitted(title, TITLE_SIZE, most, 600), { size: TITLE_SIZE, color: theme.ink, weight: 600 }),
  ]
  const style = { size: FINDING_SIZE, color: theme.quiet, theme, accents, most, lineHeight: FINDING_LINE }
  const said = drawSentence(PADDING, PADDING + 37, finding, style)
  elements.push(...said.elements)
  const top = PADDING + 37 + (said.lines - 1) * FINDING_LINE + 16
  let bottom = height - 12
  if (look.footer !== undefined && look.footer !== '') {
    elements.push(drawText(PADDING, height - 18, fitted(look.footer, FOOTER_SIZE, most), { size: FOOTER_SIZE, color: theme.quiet }))
    bottom = height - 32
  }
  return { elements, inside: { x: PADDING, y: top, width: most, height: bottom - top } }
}

/** The picture of a chart that has nothing to show. */
export function emptyOption(chart: Pick<Chart, 'title'>, look: Look, why: string): Record<string, unknown> {
  const frame = frameOf(look, { title: chart.title(look.words), finding: [], accents: new Map() })
  const { x, y, width, height } = frame.inside
  const box = drawBox({ x, y: y + 8, width, height: Math.max(0, height - 8) }, look.theme.minorGrid)
  const words = drawText(x + width / 2, y + height / 2, why, { size: 13, color: look.theme.quiet, align: 'center' })
  return { animation: false, backgroundColor: look.theme.background, graphic: [box, ...frame.elements, words] }
}
