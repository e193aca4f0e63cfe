import { formatCount } from '../format.ts'
import { type PageContext, perVariant, scrollingTable, section } from './context.ts'
import { type Html, html } from './html.ts'
import { rowsOf } from './rows.ts'
import { formatSeconds } from './seconds.ts'

/** Rows of a table that are shown; the others are counted. */
const ROWS_MAX = 40

/** Why requests of the measured time failed, the most frequent first, and which change their node had not seen. */
export function failuresSection(context: PageContext): Html {
  const { result, words } = context
  return section(
    'failures',
    words.failures.title,
    html`<p>${words.failures.intro}</p>
`,
    perVariant(context, (name) => {
      const rows = rowsOf(result.failures, name)
        .filter((row) => row.text('phase') === 'measured')
        .sort((a, b) => b.number('failures') - a.number('failures'))
      if (rows.length === 0)
        return html`<p>${words.failures.none}</p>
`
      const { traffic, cause, count, first, last, unseen } = words.failures
      return [
        scrollingTable(
          words.failures.caption(name),
          html`<table class="failures">
<caption>${words.failures.caption(name)}</caption>
<thead><tr><th scope="col">${traffic}</th><th scope="col">${cause}</th><th scope="col" class="number">${count}</th><th scope="col" class="number">${first}</th><th scope="col" class="number">${last}</th><th scope="col">${unseen}</th></tr></thead>
<tbody>
${rows.slice(0, ROWS_MAX).map((row) => {
  const change = row.text('unseen_change')
  const revision = row.text('unseen_revision')
  return html`<tr><th scope="row">${row.text('traffic')}</th><td>${row.text('cause')}</td><td class="number">${formatCount(row.number('failures'))}</td><td class="number">${formatSeconds(row.number('first_sent_s'))}</td><td class="number">${formatSeconds(row.number('last_sent_s'))}</td><td>${
    change === ''
      ? '–'
      : change === 'not written yet'
        ? words.failures.notWritten
        : html`<code>${change}</code>${revision === '' ? '' : ` @${revision}`}`
  }</td></tr>
`
})}</tbody>
</table>`,
        ),
        rows.length > ROWS_MAX &&
          html`<p class="note">${words.failures.more(rows.length - ROWS_MAX)}</p>
`,
      ]
    }),
  )
}
