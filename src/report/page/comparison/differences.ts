import { differences, isDrawn } from '../../charts/differences.ts'
import { plainText } from '../../charts/sentence.ts'
import { chartToElement } from '../../charts/static/svg.ts'
import { pairName } from '../../comparison/describe.ts'
import { LANGUAGES } from '../../language/index.ts'
import { printable } from '../../printable.ts'
import { section } from '../context.ts'
import { Html, html } from '../html.ts'
import { colorOfMetric, PAGE_THEME } from './colors.ts'
import { type ComparisonContext, metricsOf } from './context.ts'
import { toneOf } from './tone.ts'

const WIDTH = 1080

/** A picture a pair of variants: the changes with their intervals, against the tolerance. */
export function differencesSection(context: ComparisonContext): Html {
  const { comparison, words, said, language } = context
  const { variants, kind, tested } = comparison
  const charts = LANGUAGES[language].charts
  return section(
    'differences',
    words.comparison.differences,
    html`<p>${words.comparison.chartIntro}</p>
`,
    variants.map((pair, index) => {
      const metrics = metricsOf(comparison, pair)
      const chart = differences(metrics, { kind, words: said, color: colorOfMetric })
      const finding = plainText(chart.finding(charts))
      const absent = metrics.filter((metric) => !isDrawn(metric) && toneOf(metric) !== 'quiet').map(({ name }) => printable(name))
      const look = { theme: PAGE_THEME, words: charts, width: WIDTH, height: chart.height(WIDTH), interactive: false, heading: false }
      const name = pairName(pair)
      return html`<figure class="chart" data-kind="differences"><figcaption>${variants.length > 1 && html`<h3>${name}</h3>`}<p class="note">${finding}</p></figcaption>
${
  chart.empty
    ? html`<p>${metrics.every(({ verdict }) => verdict === 'identical' || verdict === 'unmeasured') ? words.comparison.noneNeeded : charts.differences.none}</p>`
    : html`<div class="scroll forest" role="region" aria-label="${`${words.comparison.differences}${words.colon}${name}`}" tabindex="0">${new Html(chartToElement(chart, look, `pair-${index}`))}</div>`
}
${absent.length > 0 && html`<p class="note">${words.comparison.notDrawn(absent.join(words.listComma))}</p>`}</figure>
`
    }),
    html`<p class="note">${kind === 'single' ? said.singleRun : said.fineprint(tested)} ${words.comparison.negligible}</p>
`,
  )
}
