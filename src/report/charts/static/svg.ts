import * as echarts from 'echarts/core'
import { SVGRenderer } from 'echarts/renderers'
import type { Chart, Look } from '../chart.ts'
import { CHART_COMPONENTS } from '../components.ts'
import { FONT_FAMILY, textWidth } from '../parts/text-width.ts'
import { plainText } from '../sentence.ts'

echarts.use([...CHART_COMPONENTS, SVGRenderer])
// Without a browser echarts guesses how wide texts are: we know it.
echarts.setPlatformAPI({
  measureText: (text: string, font?: string) => ({
    width: textWidth(text, sizeIn(font), /\b(600|700|bold)\b/.test(font ?? '') ? 600 : 400),
  }),
})

/** The chart as a picture of its own. The same chart and look give the same bytes. */
export function chartToSvg(chart: Chart, look: Look): string {
  const { width, height, theme, words } = look
  const instance = echarts.init(null, null, { renderer: 'svg', ssr: true, width, height })
  try {
    instance.setOption(chart.option({ ...look, interactive: false }))
    const plot = stillPicture(instance.renderToSVGString())
    const said = `${chart.title(words)}. ${plainText(chart.finding(words))}`
    const background = `<rect x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="10" fill="${theme.background}" stroke="${theme.border}"/>`
    const inner = plot.slice(plot.indexOf('>') + 1, plot.lastIndexOf('</svg>')).trim()
    return `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="${FONT_FAMILY}" role="img">\n<title>${escapeXml(said)}</title>\n${background}\n${inner}\n</svg>\n`
  } finally {
    instance.dispose()
  }
}

/**
 * The chart as an element of a page, whose policy allows no style of an element's own: what a picture has as style is written as attributes. `id`
 * keeps the names in it apart from those of other pictures of the page.
 */
export function chartToElement(chart: Chart, look: Look, id: string): string {
  const attributes = (style: string): string =>
    style
      .split(';')
      .map((one) => one.split(':'))
      .flatMap(([name, value]) => (value === undefined ? [] : [` ${name!.trim()}="${value.trim()}"`]))
      .join('')
  return chartToSvg(chart, look)
    .replace(/ style="([^"]*)"/g, (_, style: string) => attributes(style))
    .replaceAll('chart-', `${id}-`)
    .replace(/ width="\d+" height="\d+" (viewBox="[^"]*") font-family="[^"]*"/, ' $1')
    .replace(/<rect x="0\.5"[^>]*\/>\n/, '')
    .trim()
}

function sizeIn(font: string | undefined): number {
  return Number(/([\d.]+)px/.exec(font ?? '')?.[1] ?? 12)
}

/** Without what is for a browser's mouse only, with names that do not count the charts of this process, and without digits that no eye sees. */
function stillPicture(plot: string): string {
  return (
    plot
      .replace(/<style[\s\S]*?<\/style>/g, '')
      .replace(/ (?:class|ecmeta_\w+)="[^"]*"/g, '')
      .replace(/\bzr\d+-/g, 'chart-')
      // One family for all, named once.
      .replace(/font-family:[^;"]*;?/g, '')
      .replace(/ style=""/g, '')
      .replace(/<rect width="\d+" height="\d+" x="0" y="0" fill="[^"]*"><\/rect>\n?/, '')
      .replace(/(?<=[\s",MLHVCSQTAZ(-]|^)(\d+\.\d{3,})(?=[\s",MLHVCSQTAZ)-])/g, (number) => String(Math.round(Number(number) * 100) / 100))
  )
}

function escapeXml(words: string): string {
  return words.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
}
