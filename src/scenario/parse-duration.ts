import { HOUR, MICROSECOND, MILLISECOND, MINUTE, NANOSECOND, type Nanos, SECOND } from '../units.ts'
import { complain, type Parsed, parsed } from './parse-result.ts'

const UNITS: ReadonlyMap<string, Nanos> = new Map([
  ['ns', NANOSECOND],
  ['us', MICROSECOND],
  ['µs', MICROSECOND],
  ['μs', MICROSECOND],
  ['ms', MILLISECOND],
  ['s', SECOND],
  ['m', MINUTE],
  ['h', HOUR],
])

export const DURATION_FORM = 'a number with one of the units ns, us, ms, s, m, h, such as 250ms, 1.5s or 1m30s'

/** The longest time that a scenario may name: 100 days, so that sums of two still are below the 104 days that `Nanos` counts exactly. */
export const DURATION_MAX: Nanos = 100 * 24 * HOUR

/** Reads a length of time, such as `30us`, `250ms`, `1m30s` or `1h`. Fractions of a nanosecond are rounded. */
export function parseDuration(text: string): Parsed<Nanos> {
  const trimmed = text.trim()
  if (/^\d+(\.\d+)?$/.test(trimmed)) {
    return complain(`Cannot read "${text}" as a length of time: the unit is missing`, {
      accepted: DURATION_FORM,
      didYouMean: `${trimmed}s`,
    })
  }
  if (!/^(\d+(\.\d+)?[a-zµμ]+)+$/.test(trimmed)) return complain(`Cannot read "${text}" as a length of time`, { accepted: DURATION_FORM })
  let total = 0
  for (const [, amount, unit] of trimmed.matchAll(/(\d+(?:\.\d+)?)([a-zµμ]+)/g)) {
    const size = UNITS.get(unit!)
    if (size === undefined)
      return complain(`Cannot read "${text}" as a length of time: no unit is called "${unit}"`, { accepted: DURATION_FORM })
    total += Number(amount) * size
  }
  if (total > DURATION_MAX) return complain(`Cannot use "${text}": it is longer than 100 days`)
  return parsed(Math.round(total))
}

/** A length of time as a person would write it, such as `1m30s`; the exact inverse of {@link parseDuration}. */
export function formatDuration(time: Nanos): string {
  if (time === 0) return '0s'
  let rest = time
  let text = ''
  for (const [unit, size] of [
    ['h', HOUR],
    ['m', MINUTE],
    ['s', SECOND],
    ['ms', MILLISECOND],
    ['us', MICROSECOND],
    ['ns', NANOSECOND],
  ] as const) {
    const count = Math.floor(rest / size)
    if (count > 0) text += `${count}${unit}`
    rest -= count * size
  }
  return text
}
