import type { VariantSummary } from '../../scenario/run-result.ts'
import { formatCount, formatMilliseconds } from '../format.ts'
import { isMissing } from '../run-summary.ts'
import { type PageContext, perVariant, scrollingTable, section } from './context.ts'
import { type Html, html, type Piece } from './html.ts'
import { rowsOf, type TableRow } from './rows.ts'
import { formatSeconds } from './seconds.ts'

/** Commands, rollouts and faults over the run, what each fault did, and what the API server refused or kept waiting. */
export function timelineSection(context: PageContext): Html {
  const { result, words } = context
  return section(
    'events',
    words.events.title,
    html`<p>${words.events.intro}</p>
`,
    perVariant(context, (name, index) => {
      const variant = result.summary.variants[index]!
      return [events(context, name, variant), faults(context, variant), refusals(context, variant), flowControl(context, variant)]
    }),
  )
}

function events(context: PageContext, name: string, { engine }: VariantSummary): Piece {
  const { result, words } = context
  const rows = rowsOf(result.events, name)
  if (rows.length === 0)
    return html`<p>${words.events.none}</p>
`
  const heads = [
    words.events.started,
    words.events.ended,
    words.events.place,
    words.events.kind,
    words.events.what,
    words.events.outcome,
    words.events.detail,
  ]
  return scrollingTable(
    words.events.caption(name),
    html`<table class="events">
<caption>${words.events.caption(name)}</caption>
<thead><tr>${heads.map((head) => html`<th scope="col">${head}</th>`)}</tr></thead>
<tbody>
${rows.map((row) => eventRow(context, row, engine.simulatedSeconds))}</tbody>
</table>`,
  )
}

function eventRow({ words }: PageContext, row: TableRow, end: number): Html {
  const started = row.number('started_s')
  const ended = row.number('ended_s')
  const kind = row.text('kind')
  const outcome = row.text('outcome')
  const ok = outcome === 'done' || outcome === 'took effect'
  const until = Number.isNaN(ended) ? end : ended
  return html`<tr class="event-${kind}" data-from="${started}" data-to="${until}"><td class="number">${formatSeconds(started)}</td><td class="number">${
    Number.isNaN(ended) ? words.events.notEnded : formatSeconds(ended)
  }</td><td class="place">${placeBar(kind, started, until, end)}</td><td>${words.events.kinds[kind] ?? kind}</td><td><code>${row.text('name')}</code></td><td class="${
    ok ? '' : 'warn'
  }">${words.events.outcomes[outcome] ?? outcome}</td><td>${row.text('detail')}</td></tr>
`
}

/** Where in the run it was: a bar over a line of the whole run. What took no time has a width that can be seen. */
function placeBar(kind: string, from: number, to: number, end: number): Html {
  const x = (Math.min(from, end) / end) * 200
  const width = Math.max(3, ((to - from) / end) * 200)
  return html`<svg class="span" viewBox="0 0 203 12" preserveAspectRatio="none" aria-hidden="true"><rect class="track" x="0" y="5" width="203" height="2"/><rect class="span-${kind}" x="${x.toFixed(2)}" y="1" width="${width.toFixed(2)}" height="10" rx="2"/></svg>`
}

function faults({ words }: PageContext, variant: VariantSummary): Piece {
  if (variant.faults.length === 0) return null
  return html`<h4>${words.events.faults}</h4>
<ul class="faults">
${variant.faults.map((outcome) => {
  const missing = isMissing(outcome)
  const verdict = outcome.tookEffect ? words.events.tookEffect : missing ? words.events.noEffect : words.events.optional
  return html`<li><span class="${outcome.tookEffect ? 'good' : missing ? 'bad' : 'warn'}">${outcome.tookEffect ? '✓' : missing ? '✗' : '!'} ${verdict}</span> <code>${outcome.fault}</code>${words.colon}${outcome.effect}${
    outcome.strikes === undefined
      ? ''
      : html`
<ul>${outcome.strikes.map(
          ({ atSeconds, fault, effect, tookEffect }) => html`
<li>${formatSeconds(atSeconds)} <code>${fault}</code>${words.colon}${effect}${tookEffect ? '' : ` (${words.events.noEffect})`}</li>`,
        )}
</ul>`
  }</li>
`
})}</ul>
`
}

function refusals({ words }: PageContext, { refusals: refused }: VariantSummary): Piece {
  if (refused.length === 0) return null
  return html`<h4>${words.events.refusals}</h4>
${scrollingTable(
  words.events.refusals,
  html`<table>
<caption class="hidden-caption">${words.events.refusals}</caption>
<thead><tr><th scope="col">${words.events.command}</th><th scope="col">${words.events.reason}</th></tr></thead>
<tbody>
${refused.map(
  ({ command, reason }) => html`<tr><th scope="row"><code>${command}</code></th><td>${reason}</td></tr>
`,
)}</tbody>
</table>`,
)}`
}

function flowControl({ words }: PageContext, { flowControl: levels = [] }: VariantSummary): Piece {
  if (levels.length === 0) return null
  const heads = [words.events.waited, words.events.longestWait, words.events.rejected]
  return html`<h4>${words.events.flowControl}</h4>
${scrollingTable(
  words.events.flowControl,
  html`<table>
<caption class="hidden-caption">${words.events.flowControl}</caption>
<thead><tr><th scope="col">${words.events.level}</th>${heads.map((head) => html`<th scope="col" class="number">${head}</th>`)}</tr></thead>
<tbody>
${levels.map(
  ({
    priorityLevel,
    waited,
    longestWaitMs,
    rejected,
  }) => html`<tr><th scope="row"><code>${priorityLevel}</code></th><td class="number">${formatCount(waited)}</td><td class="number">${formatMilliseconds(longestWaitMs)}</td><td class="number">${formatCount(rejected)}</td></tr>
`,
)}</tbody>
</table>`,
)}`
}
