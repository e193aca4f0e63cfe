import { type Html, html } from './html.ts'

/** One piece of a bar. */
export interface BarPiece {
  /** Names its colour in the style of the page: `tint-0`, `tint-1`, … */
  readonly tint: number
  readonly name: string
  readonly value: number
  /** The value in words. */
  readonly shown: string
}

/** Units of the picture across. */
const WIDTH = 1000

/** A bar of pieces one after the other, as long against the page as their sum against `scale`. */
export function stackedBar(label: string, pieces: readonly BarPiece[], scale: number): Html {
  let at = 0
  const rects = pieces
    .filter(({ value }) => value > 0)
    .map(({ tint, name, value, shown }) => {
      const from = at
      at += (value / scale) * WIDTH
      return html`<rect class="tint-${tint}" x="${from.toFixed(2)}" y="0" width="${(at - from).toFixed(2)}" height="16"><title>${name} ${shown}</title></rect>`
    })
  return html`<svg class="bar" viewBox="0 0 ${WIDTH} 16" preserveAspectRatio="none" role="img" aria-label="${label}">${rects}</svg>`
}

/** What the colours of bars stand for. */
export function legend(entries: readonly { readonly tint: number; readonly name: string }[]): Html {
  return html`<ul class="legend">
${entries.map(
  ({
    tint,
    name,
  }) => html`<li><svg class="swatch" viewBox="0 0 10 10" aria-hidden="true"><rect class="tint-${tint}" width="10" height="10" rx="2"/></svg>${name}</li>
`,
)}</ul>
`
}
