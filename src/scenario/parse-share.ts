import { complain, type Parsed, parsed } from './parse-result.ts'

export const SHARE_FORM = 'a share, such as 1% or 0.01'

/** Reads a share, 0 to 1, written as a number or in percent. */
export function parseShare(text: string): Parsed<number> {
  const match = /^\s*(\d+(?:\.\d+)?(?:e-?\d+)?|\.\d+)\s*(%?)\s*$/.exec(text)
  if (match === null) return complain(`Cannot read "${text}" as a share`, { accepted: SHARE_FORM })
  const value = match[2] === '%' ? Number(match[1]) / 100 : Number(match[1])
  if (value <= 1) return parsed(value)
  return complain(`"${text}" is more than everything`, {
    accepted: SHARE_FORM,
    didYouMean: match[2] === '%' || value > 100 ? null : `${match[1]}%`,
  })
}
