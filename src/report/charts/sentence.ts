/** A piece of a sentence; `of` is the variant or mode whose colour it has. */
export interface Span {
  readonly text: string
  readonly of?: string
}

export type Sentence = readonly Span[]

/** A sentence of plain text and spans, in the order in which they are written: `sentence`${worst} fails ${share} of requests``. */
export function sentence(strings: TemplateStringsArray, ...values: readonly (string | number | Span | Sentence)[]): Sentence {
  const spans: Span[] = []
  const plain = (text: string): void => {
    if (text !== '') spans.push({ text })
  }
  strings.forEach((text, index) => {
    plain(text)
    const value = values[index]
    if (value === undefined) return
    if (typeof value === 'string' || typeof value === 'number') plain(String(value))
    else if ('text' in value) spans.push(value)
    else spans.push(...value)
  })
  return merged(spans)
}

/** Neighbours of the same colour as one piece. */
function merged(spans: readonly Span[]): Sentence {
  const pieces: Span[] = []
  for (const span of spans) {
    const last = pieces.at(-1)
    if (last !== undefined && last.of === undefined && span.of === undefined) pieces[pieces.length - 1] = { text: last.text + span.text }
    else pieces.push(span)
  }
  return pieces
}

export function plainText(words: Sentence): string {
  return words.map(({ text }) => text).join('')
}

/** Sentences one after another, with `between` them. */
export function joined(parts: readonly Sentence[], between: string): Sentence {
  return parts.flatMap((part, index) => (index === 0 ? part : [{ text: between }, ...part]))
}
