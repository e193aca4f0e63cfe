import { formatChange } from '../format.ts'
import { ENGLISH } from '../language/english.ts'
import { type Section, sections } from '../terminal-summary.ts'
import { type PageContext, scrollingTable, section } from './context.ts'
import { type Html, html } from './html.ts'

/** The variants side by side with their changes against the first, and what one run cannot say. */
export function compareSection(context: PageContext): Html {
  const { result, words } = context
  const { variants } = result.summary
  const title = variants.length === 1 ? words.compare.single : words.compare.title
  const caption = variants.length === 1 ? words.compare.oneRunCaption : words.compare.caption(variants[0]!.variant)
  return section(
    'compare',
    title,
    html`<p>${words.compare.oneRun} ${words.compare.howToInterval} <code>towtank compare</code></p>
`,
    scrollingTable(
      caption,
      html`<table class="compare">
<caption>${caption}</caption>
<thead><tr><th scope="col">${words.compare.measure}</th>${variants.map(({ variant }) => html`<th scope="col" class="number">${variant}</th>`)}</tr></thead>
${sections(variants, ENGLISH.summary).map((part) => body(context, part))}</table>`,
    ),
  )
}

function body({ result, words }: PageContext, { title, rows }: Section): Html {
  const { variants } = result.summary
  const first = variants[0]!
  return html`<tbody>
<tr class="group"><th scope="rowgroup" colspan="${variants.length + 1}">${words.compare.sections[title] ?? title}</th></tr>
${rows.map((row) => {
  const label = row.label.trim()
  return html`<tr><th scope="row"${row.label.startsWith(' ') ? html` class="sub"` : ''}>${words.compare.labels[label] ?? words.blame.parts[label as never] ?? label}</th>${variants.map(
    (variant) => {
      const { text, value, bad } = row.cell(variant)
      const change = row.compared && variant !== first ? formatChange(row.cell(first).value, value) : null
      return html`<td class="number${bad === true ? ' warn' : ''}">${words.compare.deployment(text)}${change === null ? '' : html` <span class="change">${change}</span>`}</td>`
    },
  )}</tr>
`
})}</tbody>
`
}
