import { complain, type Parsed, parsed } from './parse-result.ts'

const SECONDS_PER: ReadonlyMap<string, number> = new Map([
  ['s', 1],
  ['m', 60],
  ['h', 3600],
])

export const RATE_FORM = 'a number per s, m or h, such as 800/s'

/** Ten million requests a second: beyond any cluster that has been reported, so surely a slip of the pen. */
const RATE_MAX_PER_SECOND = 10_000_000

/** Reads a rate, such as `800/s` or `90/m`, in events a second; above 0. */
export function parseRate(text: string): Parsed<number> {
  const rate = parseRateOrZero(text)
  return rate.ok && rate.value === 0 ? complain(`Cannot use the rate "${text}": it must be above 0`) : rate
}

/** As {@link parseRate}, but may be 0. */
export function parseRateOrZero(text: string): Parsed<number> {
  const match = /^\s*(\d+(?:\.\d+)?)\s*\/\s*([a-z]+)\s*$/.exec(text)
  if (match === null) {
    const bare = /^\s*\d+(\.\d+)?\s*$/.test(text)
    return complain(`Cannot read "${text}" as a rate`, { accepted: RATE_FORM, didYouMean: bare ? `${text.trim()}/s` : null })
  }
  const per = SECONDS_PER.get(match[2]!)
  if (per === undefined)
    return complain(`Cannot read "${text}" as a rate: no unit of time is called "${match[2]}" here`, { accepted: RATE_FORM })
  const rate = Number(match[1]) / per
  if (rate > RATE_MAX_PER_SECOND) return complain(`Cannot use the rate "${text}": it is above 10000000/s`)
  return parsed(rate)
}
