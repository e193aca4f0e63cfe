/** Text that is HTML already, and only this: everything else is escaped where it enters a page. */
export class Html {
  readonly #text: string

  /** Of text that is known to be HTML; {@link html} makes it of everything else. */
  constructor(text: string) {
    this.#text = text
  }

  toString(): string {
    return this.#text
  }
}

/** What may stand in a template: texts and numbers are escaped, lists joined, and what is absent leaves nothing. */
export type Piece = Html | string | number | null | undefined | false | readonly Piece[]

export const NOTHING = new Html('')

/**
 * A template whose pieces are escaped, so that no name in a result can become markup:
 *
 * ```ts
 * html`<td title="${name}">${name}</td>`
 * ```
 *
 * Safe between tags and in double-quoted attributes. Pieces have no place in a script, a style, the name of a tag or attribute, or an address.
 */
export function html(texts: TemplateStringsArray, ...pieces: readonly Piece[]): Html {
  let out = texts[0]!
  for (const [index, piece] of pieces.entries()) out += written(piece) + texts[index + 1]!
  return new Html(out)
}

function written(piece: Piece): string {
  if (piece instanceof Html) return piece.toString()
  if (piece === null || piece === undefined || piece === false) return ''
  if (typeof piece === 'string') return escaped(piece)
  if (typeof piece === 'number') return String(piece)
  return piece.map(written).join('')
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }

/** Control characters and marks that turn the direction of text show as themselves rather than act. */
export function escaped(text: string): string {
  return (
    text
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
      .replace(/[\u0000-\u0008\u000B-\u001F\u007F-\u009F\u2028\u2029\u202A-\u202E\u2066-\u2069\uFFFE\uFFFF]/g, '\uFFFD')
      .replace(/[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/g, '\uFFFD')
      .replace(/[&<>"']/g, (sign) => ENTITIES[sign]!)
  )
}

/** A value as JSON for a script element that holds data: nothing in it can end the element. */
export function jsonForScript(value: unknown): Html {
  return new Html(JSON.stringify(value).replace(/[<>&\u2028\u2029]/g, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`))
}
