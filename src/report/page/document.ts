import { createHash } from 'node:crypto'
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
import { storiesSection } from './stories.ts'
import { pageStyle } from './style.ts'
import { timelineSection } from './timeline.ts'
import { verdictSection } from './verdict.ts'

export interface ReportOptions {
  readonly language: LanguageCode
  /** The script that draws the charts: dist/report/client.js. */
  readonly client: string
}

/** A page is smaller than this, in bytes; what of the tables does not fit is put together. */
export const PAGE_BYTES_MAX = 3_000_000

/**
 * The report of a result as one HTML file that needs nothing else: no network, no fonts, no other file.
 *
 * Nothing but its own script and style, by their hashes, can act in it. The same result gives the same bytes.
 */
export function renderReport(result: Result, options: ReportOptions): RenderedReport {
  const context = pageContext(result, options.language)
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
  const style = pageStyle(summary.variants.length)
  // In a script only its own end could be read as markup.
  const script = client.replaceAll('</script', '<\\/script').replaceAll('<!--', '<\\!--')
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
  const policy = [
    "default-src 'none'",
    `script-src '${hashOf(script)}'`,
    `style-src '${hashOf(style)}'`,
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ')
  const settings = {
    language,
    variants: summary.variants.map(({ variant }) => variant),
    seconds: Math.max(...summary.variants.map(({ engine }) => engine.simulatedSeconds)),
    tables: embedded.map(({ name }) => name),
  }
  return html`<!DOCTYPE html>
<html lang="${words.htmlLanguage}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="generator" content="towtank ${summary.tool.version}">
<title>${summary.scenario} · Towtank</title>
<style>${new Html(style)}</style>
</head>
<body>
<a class="skip" href="#verdict">${words.skip}</a>
<header class="page">
<div>
<h1>${summary.scenario}</h1>
<p class="about">${about(context)}</p>
</div>
${themeChoice(context)}</header>
<nav class="contents" aria-label="${words.contents}">
<ul>${parts.map(({ id, title }) => html`<li><a href="#${id}">${title}</a></li>`)}</ul>
</nav>
${single ? '' : variantChoice(context)}<main id="main">
${parts.map(({ content }) => content)}</main>
<footer class="page">
<p>${words.footer.made} ${words.footer.files}</p>
<p><code>${summary.inputHash}</code></p>
</footer>
${embedded.map(
  ({ name, data }) => html`<script type="text/plain" id="table-${name}">${new Html(data)}</script>
`,
)}<script type="application/json" id="settings">${jsonForScript(settings)}</script>
<script>${new Html(script)}</script>
</body>
</html>
`.toString()
}

function about({ result, words }: PageContext): Piece {
  const { summary } = result
  const seconds = summary.variants[0]!.engine.simulatedSeconds
  return [
    html`<span>${words.about.variants(summary.variants.length)}</span>`,
    html`<span>${words.about.simulated} ${seconds} s</span>`,
    html`<span>${words.about.seed} ${summary.seed}</span>`,
    html`<span>${words.about.input} <code>${summary.inputHash.slice(0, 'sha256:'.length + 12)}</code></span>`,
    html`<span>${words.about.version} ${summary.tool.version}</span>`,
  ]
}

function themeChoice({ words }: PageContext): Html {
  const choices = [
    ['auto', words.theme.auto],
    ['light', words.theme.light],
    ['dark', words.theme.dark],
  ] as const
  return html`<fieldset class="choice themes"><legend>${words.theme.legend}</legend>
${choices.map(
  (
    [id, name],
    index,
  ) => html`<label><input type="radio" name="theme" id="theme-${id}" value="${id}"${index === 0 ? html` checked` : ''}>${name}</label>
`,
)}</fieldset>
`
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

/** As a content security policy names an inline script or style. */
function hashOf(text: string): string {
  return `sha256-${createHash('sha256').update(text, 'utf8').digest('base64')}`
}
