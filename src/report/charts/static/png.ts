import { Resvg } from '@resvg/resvg-js'
import { assetPath, FONT_FILES } from '../../assets.ts'

/** Pixels of the PNG for each pixel of the picture, each way. */
const SCALE = 2

/** The picture as PNG in the fonts that the package brings, and in no other: the same on every machine. */
export function svgToPng(svg: string): Uint8Array {
  const font = { loadSystemFonts: false, fontFiles: FONT_FILES.map(assetPath), defaultFontFamily: 'Inter' }
  return new Resvg(svg, { font, fitTo: { mode: 'zoom', value: SCALE } }).render().asPng()
}
