import { formatCount, formatMilliseconds } from '../format.ts'
import { legend, stackedBar } from './bars.ts'
import { type PageContext, perVariant, scrollingTable, section } from './context.ts'
import { type Html, html } from './html.ts'
import { BUDGET_PARTS, type PartBudget, type PropagationBudget, propagationBudget } from './propagation-budget.ts'

const FIGURES = ['mean', 'p50', 'p99', 'max', 'slowest', 'lastNode'] as const
const BARS = ['mean', 'slowest', 'lastNode'] as const

/** How the time from an edit to the last node divides among its hops. */
export function budgetSection(context: PageContext): Html {
  const { result, words, measureFrom } = context
  return section(
    'budget',
    words.budget.title,
    html`<p>${words.budget.intro}</p>
${legend(BUDGET_PARTS.map((part, tint) => ({ tint, name: words.budget.parts[part] })))}`,
    perVariant(context, (name) => {
      const budget = propagationBudget(result.hops.get(name)!, measureFrom)
      return budget === null
        ? html`<p>${words.budget.none}</p>
`
        : [bars(context, budget), scrollingTable(words.budget.caption(name), table(context, name, budget)), counts(context, budget)]
    }),
  )
}

function bars({ words }: PageContext, { parts, total }: PropagationBudget): Html {
  const scale = Math.max(...BARS.map((figure) => total[figure]))
  return html`<div class="bars">
${BARS.map((figure) => {
  const pieces = parts.map((part, tint) => ({
    tint,
    name: words.budget.parts[part.part],
    value: part[figure],
    shown: formatMilliseconds(part[figure]),
  }))
  const sum = formatMilliseconds(total[figure])
  const label = [
    `${words.budget.bars[figure]}${words.colon}${sum}`,
    ...pieces.filter(({ value }) => value > 0).map(({ name, shown }) => `${name} ${shown}`),
  ]
  return html`<div class="bar-row"><span class="bar-name">${words.budget.bars[figure]}</span>${stackedBar(label.join(words.listComma), pieces, scale)}<span class="bar-total">${sum}</span></div>
`
})}</div>
`
}

function table({ words }: PageContext, name: string, { parts, total, fromCommit }: PropagationBudget): Html {
  const cells = (figures: Omit<PartBudget, 'part'>): Html[] =>
    FIGURES.map((figure) => html`<td class="number">${formatMilliseconds(figures[figure])}</td>`)
  const own = { p50: fromCommit.p50, p99: fromCommit.p99, max: fromCommit.max }
  return html`<table class="budget">
<caption>${words.budget.caption(name)}</caption>
<thead><tr><th scope="col">${words.budget.hop}</th>${FIGURES.map((figure) => html`<th scope="col" class="number">${words.budget[figure]}</th>`)}</tr></thead>
<tbody>
${parts.map(
  (part) => html`<tr><th scope="row">${words.budget.parts[part.part]}</th>${cells(part)}</tr>
`,
)}<tr class="sum"><th scope="row">${words.budget.whole}</th>${cells(total)}</tr>
<tr><th scope="row">${words.budget.fromCommit}</th>${FIGURES.map((figure) => html`<td class="number">${figure in own ? formatMilliseconds(own[figure as keyof typeof own]) : '–'}</td>`)}</tr>
</tbody>
</table>`
}

function counts({ words }: PageContext, { samples, changes, untold }: PropagationBudget): Html {
  return html`<p class="note">${words.budget.counted(formatCount(samples), formatCount(changes))}${untold === 0 ? '' : ` ${words.budget.untold(formatCount(untold))}`}</p>
`
}
