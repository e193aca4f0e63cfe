import { formatDifference, formatInterval } from '../comparison/values.ts'
import { formatChange } from '../format.ts'
import { ENGLISH } from '../language/english.ts'
import { LANGUAGES } from '../language/index.ts'
import { type Row, type Section, sections } from '../terminal-summary.ts'
import { toneOf } from './comparison/tone.ts'
import { type PageContext, scrollingTable, section } from './context.ts'
import { comparedCell } from './fitting-comparisons.ts'
import { type Html, html, type Piece } from './html.ts'

/** The variants side by side with their changes against the first: with intervals where comparisons have them, else with how to get them. */
export function compareSection(context: PageContext): Html {
  const { result, words } = context
  const { variants } = result.summary
  const title = variants.length === 1 ? words.compare.single : words.compare.title
  const caption = variants.length === 1 ? words.compare.oneRunCaption : words.compare.caption(variants[0]!.variant)
  return section(
    'compare',
    title,
    intervals(context),
    scrollingTable(
      caption,
      html`<table class="compare">
<caption>${caption}</caption>
<thead><tr><th scope="col">${words.compare.measure}</th>${variants.map(({ variant }) => html`<th scope="col" class="number">${variant}</th>`)}</tr></thead>
${sections(variants, ENGLISH.summary).map((part) => body(context, part))}</table>`,
    ),
  )
}

/** What the intervals are of, or by which commands to get them. */
function intervals({ result, words, comparisons }: PageContext): Html {
  const { compare, comparison } = words
  const { scenario, variants } = result.summary
  const [first, second] = variants.map(({ variant }) => variant)
  if (comparisons.length > 0) {
    const pairs = [...new Set(comparisons.map(({ replications }) => comparison.pairs(replications)))].join(words.listComma)
    return html`<p>${compare.intervals(first!, pairs)}</p>
`
  }
  if (second === undefined)
    return html`<p>${compare.oneRun} ${compare.howToInterval}<br><code>towtank compare BEFORE.yaml AFTER.yaml --report</code></p>
`
  const folder = quoted(`results/${scenario}`)
  return html`<p>${compare.oneRun} ${compare.howToInterval}<br><code>towtank compare FILE --variants ${quoted(`${first},${second}`)} --report</code><br>${compare.intoTable}<br><code>towtank report ${folder} --comparison ${quoted(`results/${scenario}-compare`)}</code>${variants.length > 2 && html`<br>${compare.others}`}</p>
`
}

/** As a shell takes it for one word. */
function quoted(text: string): string {
  return /^[\w./:,=@%+-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
}

function body(context: PageContext, { title, rows }: Section): Html {
  const { result, words } = context
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
      return html`<td class="number${bad === true ? ' warn' : ''}">${words.compare.deployment(text)}${change === null ? '' : html` <span class="change">${change}</span>`}${interval(context, row, variant.variant)}</td>`
    },
  )}</tr>
`
})}</tbody>
`
}

/** What many seeds say of a value: difference, interval and verdict, on a line below it. */
function interval({ result, comparisons, language }: PageContext, row: Row, variant: string): Piece {
  const found = comparedCell(comparisons, row, { first: result.summary.variants[0]!.variant, variant })
  if (found === null) return null
  const tone = toneOf(found)
  const numbers =
    found.difference === null || found.verdict === 'identical'
      ? ''
      : `${formatDifference(found.difference, found.unit)} ${formatInterval(found)} `
  return html`<div class="interval">${numbers}<span class="${tone === 'told' ? '' : tone}">${LANGUAGES[language].compare.verdicts[found.verdict]}</span></div>`
}
