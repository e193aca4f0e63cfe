/** A word of the command with its 0-based place, quotes removed. */
export interface Word {
  readonly text: string
  readonly index: number
  readonly length: number
}

/** Splits at blanks; single and double quotes hold a word together. Null when a quote is not closed. */
export function splitWords(text: string): readonly Word[] | null {
  const words: Word[] = []
  for (const match of text.matchAll(/(?:[^\s"']|"[^"]*"|'[^']*'|["'])+/g)) {
    const raw = match[0]
    const plain = raw.replace(/"([^"]*)"|'([^']*)'/g, (_whole, double?: string, single?: string) => double ?? single ?? '')
    if (/["']/.test(raw.replace(/"[^"]*"|'[^']*'/g, ''))) return null
    words.push({ text: plain, index: match.index, length: raw.length })
  }
  return words
}
