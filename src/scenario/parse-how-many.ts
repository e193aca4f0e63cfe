import { nearest } from '../api/did-you-mean.ts'
import type { HowMany } from '../faults/index.ts'
import { complain, type Parsed, parsed } from './parse-result.ts'

/** Reads `all`, `one`, a whole number above 0, or a share above 0 % and up to 100 %, such as `30%`. */
export function parseHowMany(text: string): Parsed<HowMany> {
  const accepted = 'all, one, a whole number above 0, or a share such as 30%'
  const word = text.trim()
  if (word === 'all') return parsed('all')
  if (word === 'one') return parsed(1)
  const match = /^(\d+(?:\.\d+)?)\s*(%?)$/.exec(word)
  if (match === null) return complain(`Cannot read "${text}" as a number of them`, { accepted, didYouMean: nearest(word, ['all', 'one']) })
  const value = Number(match[1])
  if (value === 0) return complain(`A fault of ${word} strikes nobody`, { accepted })
  if (match[2] === '%')
    return value <= 100 ? parsed({ share: value / 100 }) : complain(`There is no more than 100%, and "${text}" is`, { accepted })
  return Number.isInteger(value) ? parsed(value) : complain(`Cannot use "${text}" as a number of them`, { accepted })
}

/** As {@link parseHowMany} reads it. */
export function formatHowMany(count: HowMany): string {
  if (count === 'all') return 'all'
  if (typeof count === 'object') return `${Math.round(count.share * 1e6) / 1e4}%`
  return count === 1 ? 'one' : `${count}`
}
