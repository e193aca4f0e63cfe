import type { MetricComparison } from '../../../experiment/comparison/comparison.ts'
import { pairName, remark } from '../../comparison/describe.ts'
import { formatDifference, formatInterval, formatP, formatRelative, formatValue } from '../../comparison/values.ts'
import { printable } from '../../printable.ts'
import { scrollingTable, section } from '../context.ts'
import { type Html, html } from '../html.ts'
import { type ComparisonContext, metricsOf } from './context.ts'
import { toneOf } from './tone.ts'

/** Every metric with its values, difference, interval and verdict; those without a difference behind a line that opens. */
export function metricsSection(context: ComparisonContext): Html {
  const { comparison, words } = context
  const { variants } = comparison
  return section(
    'metrics',
    words.comparison.metrics,
    variants.map((pair) => {
      const all = metricsOf(comparison, pair)
      const rest = all.filter(({ verdict }) => verdict === 'identical' || verdict === 'unmeasured')
      const told = all.filter((metric) => !rest.includes(metric))
      const caption = words.comparison.caption(pairName(pair))
      const more = words.comparison.rest(rest.length)
      return html`${variants.length > 1 && html`<h3>${pairName(pair)}</h3>`}${told.length > 0 && table(context, caption, told)}${
        rest.length > 0 &&
        html`<details class="chapter"><summary>${more}</summary>
${table(context, `${more}${words.colon}${pairName(pair)}`, rest)}</details>
`
      }`
    }),
  )
}

function table({ said, comparison }: ComparisonContext, caption: string, metrics: readonly MetricComparison[]): Html {
  const { metric, a, b, difference, interval, p, verdict } = said.headings
  const numbers = comparison.kind === 'single' ? [a, b, difference] : [a, b, difference, interval, p]
  return scrollingTable(
    caption,
    html`<table class="metrics">
<caption class="hidden-caption">${caption}</caption>
<thead><tr><th scope="col">${metric}</th>${numbers.map((name) => html`<th scope="col" class="number">${name}</th>`)}<th scope="col">${verdict}</th></tr></thead>
<tbody>
${metrics.map((one) => row(one, { said, single: comparison.kind === 'single' }))}</tbody>
</table>`,
  )
}

function row(metric: MetricComparison, { said, single }: Pick<ComparisonContext, 'said'> & { readonly single: boolean }): Html {
  const { name, a, b, unit, difference, relative, pHolm } = metric
  const tone = toneOf(metric)
  const change = formatRelative(relative)
  const numbers = [formatValue(a, unit), formatValue(b, unit)]
  return html`<tr data-verdict="${metric.verdict}"><th scope="row"><code>${printable(name)}</code></th>${numbers.map(
    (text) => html`<td class="number">${text}</td>`,
  )}<td class="number">${formatDifference(difference, unit)}${change !== '' && html` <span class="change">${change}</span>`}</td>${
    !single && html`<td class="number">${formatInterval(metric)}</td><td class="number">${pHolm === null ? '' : formatP(pHolm)}</td>`
  }<td class="${tone === 'told' ? '' : tone}">${remark(metric, said)}</td></tr>
`
}
