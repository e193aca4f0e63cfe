import type { ThresholdResult } from '../../scenario/run-result.ts'
import { ENGLISH } from '../language/english.ts'
import { printable } from '../printable.ts'
import { thresholdValue } from '../terminal-summary.ts'
import { type PageContext, scrollingTable } from './context.ts'
import { type Html, html } from './html.ts'

interface Line {
  readonly expression: string
  /** By variant, in their order; undefined where it has none. */
  readonly results: readonly (ThresholdResult | undefined)[]
  readonly ok: boolean
}

/** One row a threshold, the failing ones first, with what each variant measured. */
export function thresholdTable({ result, words }: PageContext): Html {
  const { variants } = result.summary
  const expressions = [...new Set(variants.flatMap(({ thresholds }) => thresholds.map(({ expression }) => expression)))]
  if (expressions.length === 0)
    return html`<h3>${words.thresholds.title}</h3>
<p>${words.thresholds.none}</p>
`
  const lines = expressions.map((expression): Line => {
    const results = variants.map(({ thresholds }) => thresholds.find((threshold) => threshold.expression === expression))
    return { expression, results, ok: results.every((own) => own === undefined || own.passed) }
  })
  const ordered = [...lines.filter(({ ok }) => !ok), ...lines.filter(({ ok }) => ok)]
  return html`<h3>${words.thresholds.title}</h3>
${scrollingTable(
  words.thresholds.title,
  html`<table class="thresholds">
<caption class="hidden-caption">${words.thresholds.title}</caption>
<thead><tr><th scope="col">${words.thresholds.threshold}</th><th scope="col">${words.thresholds.verdict}</th>${variants.map(({ variant }) => html`<th scope="col" class="number">${variant}</th>`)}</tr></thead>
<tbody>
${ordered.map(
  ({
    expression,
    results,
    ok,
  }) => html`<tr class="${ok ? 'holds' : 'fails'}"><th scope="row"><code>${printable(expression)}</code></th><td class="${ok ? 'good' : 'bad'}">${ok ? `✓ ${words.thresholds.holds}` : `✗ ${words.thresholds.fails}`}</td>${results.map(
    (own) =>
      own === undefined
        ? html`<td class="number">–</td>`
        : html`<td class="number ${own.passed ? '' : 'bad'}">${own.value === null ? words.thresholds.nothing : thresholdValue(own, ENGLISH.summary)}${own.passed ? '' : ' ✗'}</td>`,
  )}</tr>
`,
)}</tbody>
</table>`,
)}`
}
