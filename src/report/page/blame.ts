import { BLAME_PARTS, type BlameMs, type BlamePart } from '../../metrics/blame.ts'
import { formatMilliseconds, formatPercent } from '../format.ts'
import { legend, stackedBar } from './bars.ts'
import { type PageContext, scrollingTable, section } from './context.ts'
import { type Html, html, type Piece } from './html.ts'

/** One bar and one column of the table: the parts of the requests of a variant, of all or of the slowest. */
interface Column {
  readonly variant: string
  readonly of: 'mean' | 'slowest'
  readonly parts: Exclude<BlameMs, null>
  readonly total: number
}

/** What the time of requests was spent on, traffic by traffic: bars to see it, a table to read it. */
export function blameSection(context: PageContext): Html {
  const { result, words } = context
  const names = [...new Set(result.summary.variants.flatMap(({ traffic }) => traffic.map((entry) => entry.traffic)))]
  return section(
    'blame',
    words.blame.title,
    html`<p>${words.blame.intro}</p>
`,
    names.map((name) => trafficBlame(context, name)),
  )
}

function trafficBlame(context: PageContext, name: string): Piece {
  const { words, result } = context
  const columns = result.summary.variants.flatMap(({ variant, traffic }): Column[] => {
    const blame = traffic.find((entry) => entry.traffic === name)?.blameMs
    return [column(variant, 'mean', blame?.mean ?? null), column(variant, 'slowest', blame?.p99 ?? null)].flatMap((one) => one ?? [])
  })
  if (columns.length === 0)
    return html`<h3>${name}</h3>
<p>${words.blame.none}</p>
`
  const shown = BLAME_PARTS.filter((part) => columns.some(({ parts }) => parts[part] > 0))
  const scale = Math.max(...columns.map(({ total }) => total))
  return html`<h3>${name}</h3>
${legend(shown.map((part) => ({ tint: BLAME_PARTS.indexOf(part), name: words.blame.parts[part] })))}<div class="bars">
${columns.map((one) => bar(context, one, shown, scale))}</div>
${scrollingTable(words.blame.caption(name), table(context, name, columns, shown))}`
}

function column(variant: string, of: Column['of'], parts: BlameMs): Column | null {
  if (parts === null) return null
  return { variant, of, parts, total: BLAME_PARTS.reduce((sum, part) => sum + parts[part], 0) }
}

function bar({ words }: PageContext, { variant, of, parts, total }: Column, shown: readonly BlamePart[], scale: number): Html {
  const total_ = formatMilliseconds(total)
  const pieces = shown.map((part) => ({
    tint: BLAME_PARTS.indexOf(part),
    name: words.blame.parts[part],
    value: parts[part],
    shown: formatMilliseconds(parts[part]),
  }))
  const label = [
    words.blame.bar(variant, words.blame[of], total_),
    ...pieces.filter(({ value }) => value > 0).map(({ name, shown: text }) => `${name} ${text}`),
  ]
  return html`<div class="bar-row"><span class="bar-name">${variant} <span class="quiet">${words.blame[of]}</span></span>${stackedBar(label.join(words.listComma), pieces, scale)}<span class="bar-total">${total_}</span></div>
`
}

function table({ words }: PageContext, name: string, columns: readonly Column[], shown: readonly BlamePart[]): Html {
  const cell = ({ parts, total }: Column, part: BlamePart): Html =>
    html`<td class="number">${formatMilliseconds(parts[part])}${parts[part] > 0 ? html` <span class="change">${formatPercent(parts[part] / total)}</span>` : ''}</td>`
  return html`<table class="blame">
<caption>${words.blame.caption(name)}</caption>
<thead><tr><th scope="col">${words.blame.part}</th>${columns.map(({ variant, of }) => html`<th scope="col" class="number">${variant}<br><span class="quiet">${words.blame[of]}</span></th>`)}</tr></thead>
<tbody>
${shown.map(
  (part) => html`<tr><th scope="row">${words.blame.parts[part]}</th>${columns.map((one) => cell(one, part))}</tr>
`,
)}<tr class="sum"><th scope="row">${words.blame.whole}</th>${columns.map(({ total }) => html`<td class="number">${formatMilliseconds(total)}</td>`)}</tr>
</tbody>
</table>`
}
