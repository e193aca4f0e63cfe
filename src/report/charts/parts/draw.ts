import type { Sentence } from '../sentence.ts'
import { type Accent, colorOf, type Theme } from '../theme.ts'
import { FONT_FAMILY, textWidth, type Weight } from './text-width.ts'

/** An element of echarts' `graphic`: what stands at a place of the picture and not at a value. */
export type Element = Readonly<Record<string, unknown>>

export interface TextStyle {
  readonly size: number
  readonly color: string
  readonly weight?: Weight
  readonly align?: 'left' | 'center' | 'right'
  /** Around the letters, so that a line under them does not strike them through. */
  readonly halo?: string
}

/** A line of text whose middle is at `y`. */
export function drawText(x: number, y: number, text: string, { size, color, weight = 400, align = 'left', halo }: TextStyle): Element {
  return {
    type: 'text',
    silent: true,
    z: 20,
    style: {
      x: round(x),
      y: round(y),
      text,
      fill: color,
      fontSize: size,
      fontWeight: weight,
      fontFamily: FONT_FAMILY,
      textAlign: align,
      textVerticalAlign: 'middle',
      ...(halo === undefined ? {} : { stroke: halo, lineWidth: 4, lineJoin: 'round' }),
    },
  }
}

export function drawLine(from: readonly [number, number], to: readonly [number, number], color: string, width = 1): Element {
  const shape = { x1: round(from[0]), y1: round(from[1]), x2: round(to[0]), y2: round(to[1]) }
  return { type: 'line', silent: true, z: 19, shape, style: { stroke: color, lineWidth: width } }
}

export function drawRing(x: number, y: number, radius: number, color: string): Element {
  return {
    type: 'circle',
    silent: true,
    z: 19,
    shape: { cx: round(x), cy: round(y), r: radius },
    style: { fill: 'none', stroke: color, lineWidth: 1.8 },
  }
}

export function drawBox(
  box: { readonly x: number; readonly y: number; readonly width: number; readonly height: number },
  color: string,
): Element {
  return { type: 'rect', silent: true, z: 19, shape: box, style: { fill: color } }
}

export interface SentenceStyle {
  readonly size: number
  readonly color: string
  readonly theme: Theme
  readonly accents: ReadonlyMap<string, Accent>
  /** The width in pixels at which a line ends. */
  readonly most: number
  readonly lineHeight: number
}

/** A sentence in which names have their colours, broken into lines. Gives the elements and how many lines there are. */
export function drawSentence(
  x: number,
  y: number,
  words: Sentence,
  style: SentenceStyle,
): { readonly elements: Element[]; readonly lines: number } {
  const { size, theme, accents, most, lineHeight } = style
  const elements: Element[] = []
  let left = x
  let line = 0
  for (const { text, of } of words) {
    const weight: Weight = of === undefined ? 400 : 600
    const color = of === undefined ? style.color : colorOf(theme, accents.get(of))
    let start = left
    let part = ''
    const flush = (): void => {
      if (part.trim() !== '') elements.push(drawText(start, y + line * lineHeight, part, { size, color, weight }))
    }
    for (const piece of pieces(text)) {
      if (left + textWidth(piece.trimEnd(), size, weight) > x + most && left > x) {
        flush()
        line++
        left = x
        start = x
        part = ''
      }
      const visible = left === x ? piece.trimStart() : piece
      if (part === '' && visible.startsWith(' ')) start += textWidth(' ', size, weight)
      part += part === '' ? visible.trimStart() : visible
      left += textWidth(visible, size, weight)
    }
    flush()
  }
  return { elements, lines: line + 1 }
}

/** Where a line may be broken: after spaces, and before any wide sign that is no closing mark. */
function pieces(text: string): readonly string[] {
  return text.match(/\s*(?:[⺀-\uffff][，。；：、）”％]*|[^\s⺀-\uffff]+)\s*/gu) ?? (text === '' ? [] : [text])
}

/** Tenths of a pixel: enough to look at, and the same on every machine. */
export function round(value: number): number {
  return Math.round(value * 10) / 10
}
