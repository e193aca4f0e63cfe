import { type PageContext, section } from './context.ts'
import type { Embedded } from './embed.ts'
import { type Html, html } from './html.ts'

/** Where the script of the page draws its charts, and what it says without one. */
export function chartsSection({ result, words }: PageContext, embedded: readonly Embedded[]): Html {
  const { charts } = words
  const names = [...new Set(result.summary.variants.flatMap(({ traffic }) => traffic.map((entry) => entry.traffic)))]
  const notes = embedded.flatMap(({ name, seconds }) => {
    if (seconds === null) return []
    return [
      name === 'proxy'
        ? charts.syncsLeftOut(String(seconds))
        : name === 'requests'
          ? charts.aggregated(String(seconds))
          : charts.nodesJoined(String(seconds)),
    ]
  })
  return section(
    'charts',
    charts.title,
    html`<p>${charts.intro}</p>
${notes.map(
  (note) => html`<p class="warn">${note}</p>
`,
)}<noscript><p class="warn">${charts.noScript}</p></noscript>
<div id="chart-controls" class="controls" hidden>
${
  names.length > 1
    ? html`<label>${charts.traffic} <select id="traffic">${names.map((name) => html`<option>${name}</option>`)}</select></label>
`
    : ''
}${
  result.summary.variants.length > 1
    ? html`<label><input type="checkbox" id="only-chosen"> ${charts.onlyChosen}</label>
`
    : ''
}<fieldset><legend class="hidden-caption">${charts.range}</legend>
<label>${charts.from} <input id="range-from" type="number" min="0" step="any"> s</label>
<label>${charts.to} <input id="range-to" type="number" min="0" step="any"> s</label>
<button type="button" id="zoom-in">${charts.zoomIn}</button>
<button type="button" id="zoom-out">${charts.zoomOut}</button>
<button type="button" id="earlier">← ${charts.earlier}</button>
<button type="button" id="later">${charts.later} →</button>
<button type="button" id="whole">${charts.whole}</button>
</fieldset>
</div>
<p id="range-state" class="note range-state" role="status"></p>
<div id="overview" class="overview" hidden></div>
<div id="figures"></div>
`,
  )
}
