import { pairName, partingOf } from '../../comparison/describe.ts'
import { scrollingTable, section } from '../context.ts'
import { type Html, html } from '../html.ts'
import type { ComparisonContext } from './context.ts'

/** Of each pair of variants the first thing that happened in one run and not in the other. */
export function partingSection({ comparison, words, said }: ComparisonContext): Html {
  const { variants } = comparison
  const { heading, before } = said.divergence
  return section(
    'parting',
    heading,
    variants.map((pair) => {
      const parting = partingOf(pair.divergence, said)
      const caption = `${heading}${words.colon}${pairName(pair)}`
      const line = (side: string, what: string): Html => html`<tr><th scope="row">${side}</th><td>${what}</td></tr>
`
      return html`${variants.length > 1 && html`<h3>${pairName(pair)}</h3>`}<p>${parting.said}</p>
${
  parting.sides !== null &&
  scrollingTable(
    caption,
    html`<table class="parting">
<caption class="hidden-caption">${caption}</caption>
<thead><tr><th scope="col">${words.comparison.side}</th><th scope="col">${words.comparison.happened}</th></tr></thead>
<tbody>
${parting.before.map((what) => line(before, what))}${line('A', parting.sides[0])}${line('B', parting.sides[1])}</tbody>
</table>`,
  )
}`
    }),
  )
}
