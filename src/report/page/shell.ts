import { createHash } from 'node:crypto'
import type { PageWords } from '../language/page.ts'
import { Html, html, type Piece } from './html.ts'

/** A page before it is put together. */
export interface PageParts {
  readonly words: PageWords
  /** Of the Towtank that made what the page is about. */
  readonly version: string
  readonly title: string
  /** What stands under the title, piece by piece. */
  readonly about: readonly Piece[]
  readonly style: string
  /** null for a page without a script. */
  readonly script: string | null
  readonly sections: readonly { readonly id: string; readonly title: string; readonly content: Html }[]
  /** Between the contents and the first section. */
  readonly choice?: Piece
  readonly footer: readonly Piece[]
  /** Elements with data, before the script. */
  readonly data?: readonly Piece[]
}

/** One HTML file that needs nothing else. Nothing but its own script and style, by their hashes, can act in it. */
export function pageShell({ words, version, title, about, style, script, sections, choice, footer, data = [] }: PageParts): string {
  const [first] = sections
  // In a script only its own end could be read as markup.
  const code = script?.replaceAll('</script', '<\\/script').replaceAll('<!--', '<\\!--')
  const policy = [
    "default-src 'none'",
    ...(code === undefined ? [] : [`script-src '${hashOf(code)}'`]),
    `style-src '${hashOf(style)}'`,
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ')
  return html`<!DOCTYPE html>
<html lang="${words.htmlLanguage}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="generator" content="towtank ${version}">
<title>${title} · Towtank</title>
<style>${new Html(style)}</style>
</head>
<body>
<a class="skip" href="#${first?.id}">${words.skip}</a>
<header class="page">
<div>
<h1>${title}</h1>
<p class="about">${about.map((piece) => html`<span>${piece}</span>`)}</p>
</div>
${themeChoice(words)}</header>
<nav class="contents" aria-label="${words.contents}">
<ul>${sections.map(({ id, title: name }) => html`<li><a href="#${id}">${name}</a></li>`)}</ul>
</nav>
${choice}<main id="main">
${sections.map(({ content }) => content)}</main>
<footer class="page">
${footer.map(
  (line) => html`<p>${line}</p>
`,
)}</footer>
${data}${
  code === undefined
    ? ''
    : html`<script>${new Html(code)}</script>
`
}</body>
</html>
`.toString()
}

function themeChoice({ theme }: PageWords): Html {
  const choices = [
    ['auto', theme.auto],
    ['light', theme.light],
    ['dark', theme.dark],
  ] as const
  return html`<fieldset class="choice themes"><legend>${theme.legend}</legend>
${choices.map(
  (
    [id, name],
    index,
  ) => html`<label><input type="radio" name="theme" id="theme-${id}" value="${id}"${index === 0 ? html` checked` : ''}>${name}</label>
`,
)}</fieldset>
`
}

/** As a content security policy names an inline script or style. */
function hashOf(text: string): string {
  return `sha256-${createHash('sha256').update(text, 'utf8').digest('base64')}`
}
