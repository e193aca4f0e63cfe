import { Resvg } from '@resvg/resvg-js'
import { assetPath, FONT_FILES } from '../../assets.ts'

/** Pixels of the PNG for each pixel of the picture, each way. */
const SCALE = 2

/** The picture as PNG in the fonts that the package brings, and in no other: the same on every machine. */
export function svgToPng(svg: string): Uint8Array {
  const font = { loadSystemFonts: false, fontFiles: FONT_FILES.map(assetPath), defaultFontFamily: 'Inter' }
  return new Resvg(withFamilies(svg), { font, fitTo: { mode: 'zoom', value: SCALE } }).render().asPng()
}

/**
 * Names the family of Chinese signs. Of the fonts that have a sign which the first family lacks resvg takes the first, of whatever weight; within a
 * family it heeds the weight.
 */
function withFamilies(svg: string): string {
  return svg.replace(
    /(<text[^>]*>)([^<]*)<\/text>/g,
    (_, start: string, words: string) =>
      `${start}${words.replace(/[\u2e80-\uffff]+/g, (signs) => `<tspan font-family="Noto Sans SC">${signs}</tspan>`)}</text>`,
  )
}
