import { distance } from 'fastest-levenshtein'

/**
 * The candidate that the word is most likely a misspelling of, or null when nothing is near.
 *
 * Near is at most one edit in three characters, and at most three edits; one more if the letters are the same and only their order is not.
 * Capitals are free. Ties go to the first candidate. (The bounds are an *assumption*: they find `replcias` and `nmae`, and leave `foo` alone.)
 */
export function nearest(word: string, candidates: readonly string[]): string | null {
  if (word.length > WORD_LENGTH_MAX) return null
  const lower = word.toLowerCase()
  const editsMax = Math.min(3, Math.max(1, Math.floor(word.length / 3)))
  let best: string | null = null
  let bestEdits = Number.POSITIVE_INFINITY
  for (const candidate of candidates) {
    if (candidate === word) continue
    const other = candidate.toLowerCase()
    const edits = distance(lower, other)
    const bound = sortedLetters(lower) === sortedLetters(other) ? editsMax + 1 : editsMax
    if (edits <= bound && edits < bestEdits) {
      best = candidate
      bestEdits = edits
    }
  }
  return best
}

function sortedLetters(word: string): string {
  return [...word].sort().join('')
}

/** Longer words are not compared: the cost grows with the product of the lengths, and no name of the API is longer. */
const WORD_LENGTH_MAX = 100
