import type { Comparison } from '../../experiment/comparison/comparison.ts'
import type { LanguageCode } from '../../scenario/story-language/index.ts'
import type { Result } from '../read/read-result.ts'
import { blameSection } from './blame.ts'
import { budgetSection } from './budget.ts'
import { chartsSection } from './charts-section.ts'
import { compareSection } from './compare.ts'
import { type PageContext, pageContext } from './context.ts'
import { type Embedded, embed } from './embed.ts'
import { failuresSection } from './failures.ts'
import { Html, html, jsonForScript, type Piece } from './html.ts'
import { provenanceSection } from './provenance.ts'
import { samplesSection } from './samples.ts'
import { pageShell } from './shell.ts'
import { storiesSection } from './stories.ts'
import { pageStyle } from './style.ts'
import { timelineSection } from './timeline.ts'
import { verdictSection } from './verdict.ts'

export interface ReportOptions {
  readonly language: LanguageCode
  /** The script that draws the charts: dist/report/client.js. */
  readonly client: string
  /** Shown in the table of variants; each fits the result. */
  readonly comparisons?: readonly Comparison[]
}

/** A page is smaller than this, in bytes; what of the tables does not fit is put together. */
export const PAGE_BYTES_MAX = 3_000_000

/**
 * The report of a result as one HTML file that needs nothing else: no network, no fonts, no other file.
 *
 * Nothing but its own script and style, by their hashes, can act in it. The same result gives the same bytes.
 */
export function renderReport(result: Result, options: ReportOptions): RenderedReport {
  const context = pageContext(result, options.language, options.comparisons)
  const rest = page(context, options, [])
  const embedded = embed(result, Math.max(0, PAGE_BYTES_MAX - Buffer.byteLength(rest) - FRAME_BYTES))
  return { html: page(context, options, embedded), embedded: embedded.map(({ name, seconds }) => ({ table: name, seconds })) }
}

/** What the elements around embedded tables need, and what is said of those that were put together. */
const FRAME_BYTES = 4000

export interface RenderedReport {
  readonly html: string
  /** The tables that charts can draw, with the seconds that rows were put together to; null when every row is there. */
  readonly embedded: readonly { readonly table: string; readonly seconds: number | null }[]
}

interface Part {
  readonly id: string
  readonly title: string
  readonly content: Html
}

function page(context: PageContext, { client }: ReportOptions, embedded: readonly Embedded[]): string {
  const { result, words, language } = context
  const { summary } = result
  const single = summary.variants.length === 1
  const parts: readonly Part[] = [
    { id: 'verdict', title: words.verdict.title, content: verdictSection(context) },
    { id: 'compare', title: single ? words.compare.single : words.compare.title, content: compareSection(context) },
    { id: 'charts', title: words.charts.title, content: chartsSection(context, embedded) },
    { id: 'events', title: words.events.title, content: timelineSection(context) },
    { id: 'failures', title: words.failures.title, content: failuresSection(context) },
    { id: 'blame', title: words.blame.title, content: blameSection(context) },
    { id: 'samples', title: words.samples.title, content: samplesSection(context) },
    { id: 'budget', title: words.budget.title, content: budgetSection(context) },
    { id: 'stories', title: words.stories.title, content: storiesSection(context) },
    { id: 'provenance', title: words.provenance.title, content: provenanceSection(context) },
  ]
  const settings = {
    language,
    variants: summary.variants.map(({ variant }) => variant),
    seconds: Math.max(...summary.variants.map(({ engine }) => engine.simulatedSeconds)),
    tables: embedded.map(({ name }) => name),
  }
  return pageShell({
    words,
    version: summary.tool.version,
    title: summary.scenario,
    about: about(context),
    style: pageStyle(summary.variants.length),
    script: client,
    sections: parts,
    choice: single ? '' : variantChoice(context),
    footer: [`${words.footer.made} ${words.footer.files}`, html`<code>${summary.inputHash}</code>`],
    data: [
      embedded.map(
        ({ name, data }) => html`<script type="text/plain" id="table-${name}">${new Html(data)}</script>
`,
      ),
      html`<script type="application/json" id="settings">${jsonForScript(settings)}</script>
`,
    ],
  })
}

function about({ result, words }: PageContext): readonly Piece[] {
  const { summary } = result
  const seconds = summary.variants[0]!.engine.simulatedSeconds
  return [
    words.about.variants(summary.variants.length),
    `${words.about.simulated} ${seconds} s`,
    `${words.about.seed} ${summary.seed}`,
    html`${words.about.input} <code>${summary.inputHash.slice(0, 'sha256:'.length + 12)}</code>`,
    `${words.about.version} ${summary.tool.version}`,
  ]
}

function variantChoice({ result, words }: PageContext): Html {
  return html`<div class="variants" role="region" aria-label="${words.variant}"><fieldset class="choice"><legend>${words.variant}</legend>
${result.summary.variants.map(
  (
    { variant },
    index,
  ) => html`<label><input type="radio" name="variant" id="variant-${index}" value="${index}"${index === 0 ? html` checked` : ''}>${variant}</label>
`,
)}</fieldset></div>
`
}
