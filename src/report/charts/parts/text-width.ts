import { FONT_WIDTHS } from '../font-widths.ts'

export type Weight = 400 | 600

/** The family that charts name first, and what a reader without it may take. */
export const FONT_FAMILY =
  "Inter, 'Noto Sans SC', -apple-system, 'Segoe UI', 'PingFang SC', 'Microsoft YaHei', Helvetica, Arial, sans-serif"

const WIDTHS: Readonly<Record<Weight, ReadonlyMap<number, number>>> = { 400: mapOf(FONT_WIDTHS[400]), 600: mapOf(FONT_WIDTHS[600]) }

/** Chinese, Japanese and Korean signs are squares; of what else is not in the font a guess. */
const WIDE_FROM = 0x2e80
const GUESS = 620

/** How wide a text is in pixels, in the font that Towtank brings. Kerning is left out. */
export function textWidth(text: string, size: number, weight: Weight = 400): number {
  const widths = WIDTHS[weight]
  let thousandths = 0
  for (const character of text) {
    const code = character.codePointAt(0)!
    thousandths += widths.get(code) ?? (code >= WIDE_FROM ? 1000 : GUESS)
  }
  return (thousandths * size) / 1000
}

/** The text, or as much of it as fits with `…` at the end. */
export function fitted(text: string, size: number, most: number, weight: Weight = 400): string {
  if (textWidth(text, size, weight) <= most) return text
  const characters = [...text]
  while (characters.length > 1 && textWidth(`${characters.join('').trimEnd()}…`, size, weight) > most) characters.pop()
  return `${characters.join('').trimEnd()}…`
}

/** The characters of a text that the fonts of Latin writing lack; those of other catalogues are in fonts of their own. */
export function notLatin(text: string): readonly string[] {
  return [...new Set(text)].filter((character) => character > '\u001f' && !WIDTHS[400].has(character.codePointAt(0)!))
}

function mapOf(pairs: readonly number[]): ReadonlyMap<number, number> {
  const map = new Map<number, number>()
  for (let index = 0; index < pairs.length; index += 2) map.set(pairs[index]!, pairs[index + 1]!)
  return map
}
