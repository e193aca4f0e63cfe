import type { Comparison } from '../../experiment/comparison/comparison.ts'
import type { LanguageCode } from '../../scenario/story-language/index.ts'
import { PAGE_WORDS, type PageWords } from '../language/page.ts'
import type { Result } from '../read/read-result.ts'
import { type Html, html, type Piece } from './html.ts'

/** What every section of the page is made from. */
export interface PageContext {
  readonly result: Result
  readonly words: PageWords
  readonly language: LanguageCode
  /** Of variants of this result against the first, over many seeds; see fitting-comparisons.ts. */
  readonly comparisons: readonly Comparison[]
  /** ns, when measuring began. */
  readonly measureFrom: number
}

export function pageContext(result: Result, language: LanguageCode, comparisons: readonly Comparison[] = []): PageContext {
  return { result, words: PAGE_WORDS[language], language, comparisons, measureFrom: measureFrom(result) }
}

/** ns: the start of the first measured interval; an interval begins exactly when measuring does. 0 in a run that has no measured row. */
function measureFrom({ requests, nodes }: Result): number {
  let first = Number.POSITIVE_INFINITY
  for (const table of [requests, nodes]) {
    const { texts, places } = table.texts('phase')
    const measured = texts.indexOf('measured')
    const starts = table.numbers('interval_start_s')
    for (let row = 0; row < table.length; row++) if (places[row] === measured) first = Math.min(first, starts[row]!)
  }
  return Number.isFinite(first) ? Math.round(first * 1e9) : 0
}

/** One block a variant, of which the page shows that of the variant that is chosen. */
export function perVariant({ result }: PageContext, block: (variant: string, index: number) => Piece): Html {
  const { variants } = result.summary
  return html`${variants.map(
    ({ variant }, index) => html`<div class="of-variant" data-variant="${index}"><h3 class="variant-name">${variant}</h3>
${block(variant, index)}</div>
`,
  )}`
}

/** A section of the page with its heading, which the contents name. */
export function section(id: string, title: string, ...content: readonly Piece[]): Html {
  return html`<section id="${id}" aria-labelledby="${id}-title">
<h2 id="${id}-title">${title}</h2>
${content}</section>
`
}

/** A table that scrolls sideways on a narrow screen, where the keyboard can reach it too. */
export function scrollingTable(label: string, table: Html): Html {
  return html`<div class="scroll" role="region" aria-label="${label}" tabindex="0">
${table}
</div>
`
}
