import { civilDate } from './civil-date.ts'

/**
 * Cron schedules as Kubernetes reads them: five fields (minute, hour, day of month, month, day of week) or a macro.
 *
 * Times are milliseconds since 1970. A day counts when both its fields match; when neither field is `*`, one is enough.
 *
 * Source: behaviour of the standard parser of robfig/cron v3, which kubernetes v1.36.2 uses (pkg/controller/cronjob).
 */
export interface CronSchedule {
  /** The first time after `unixMs`, or null when there is none within five years. */
  readonly next: (unixMs: number) => number | null
}

export type ParsedSchedule = { readonly ok: true; readonly schedule: CronSchedule } | { readonly ok: false; readonly complaint: string }

interface Bounds {
  readonly name: string
  readonly min: number
  readonly max: number
  readonly names: readonly string[]
}

const MONTHS = ['', 'jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']
const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat']

const FIELDS: readonly Bounds[] = [
  { name: 'minute', min: 0, max: 59, names: [] },
  { name: 'hour', min: 0, max: 23, names: [] },
  { name: 'day of month', min: 1, max: 31, names: [] },
  { name: 'month', min: 1, max: 12, names: MONTHS },
  { name: 'day of week', min: 0, max: 6, names: DAYS },
]

const MACROS: ReadonlyMap<string, string> = new Map([
  ['@yearly', '0 0 1 1 *'],
  ['@annually', '0 0 1 1 *'],
  ['@monthly', '0 0 1 * *'],
  ['@weekly', '0 0 * * 0'],
  ['@daily', '0 0 * * *'],
  ['@midnight', '0 0 * * *'],
  ['@hourly', '0 * * * *'],
])

const SECOND_MS = 1000
const MINUTE_MS = 60 * SECOND_MS
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS
/** How far ahead a time is looked for. */
const YEARS_AHEAD = 5

/** Which values a field has, and whether it is `*` (or `?`). */
interface Field {
  readonly values: ReadonlySet<number>
  readonly isStar: boolean
}

class Complaint extends Error {}

/** `timeZone` empty is UTC. A schedule may begin with `TZ=ZONE` or `CRON_TZ=ZONE`, which then counts. */
export function parseSchedule(text: string, timeZone = ''): ParsedSchedule {
  try {
    return { ok: true, schedule: parse(text, timeZone) }
  } catch (error) {
    if (error instanceof Complaint) return { ok: false, complaint: error.message }
    throw error
  }
}

/**
 * How far a time zone is ahead of UTC, or null when the model does not know it: it has UTC and the zones of a fixed offset,
 * `Etc/GMT-14` to `Etc/GMT+12`, whose sign is the other way round.
 */
export function offsetOfZone(zone: string): number | null {
  if (['', 'UTC', 'Etc/UTC', 'GMT', 'Etc/GMT', 'UCT', 'Etc/UCT', 'Zulu', 'Etc/Zulu', 'Universal', 'Etc/Universal'].includes(zone)) return 0
  const match = /^Etc\/GMT([+-])(\d|1[0-4])$/.exec(zone)
  if (match === null) return null
  const hours = Number(match[2])
  if (match[1] === '+') return hours <= 12 ? -hours * HOUR_MS : null
  return hours * HOUR_MS
}

function parse(text: string, timeZone: string): CronSchedule {
  const prefixed = /^(?:CRON_)?TZ=(\S*)\s+(.*)$/.exec(text)
  const zone = prefixed === null ? timeZone : prefixed[1]!
  const rest = (prefixed === null ? text : prefixed[2]!).trim()
  const offset = offsetOfZone(zone)
  if (offset === null) throw new Complaint(`the time zone "${zone}" is not modelled: only UTC and the fixed zones such as Etc/GMT-2 are`)
  if (rest === '') throw new Complaint('it is empty')
  if (rest.startsWith('@every ')) return every(goDurationMs(rest.slice('@every '.length)))
  const expression = rest.startsWith('@') ? MACROS.get(rest) : rest
  if (expression === undefined) throw new Complaint(`it has the unknown macro "${rest}"`)
  const words = expression.split(/\s+/)
  if (words.length !== FIELDS.length) throw new Complaint(`it has ${words.length} fields instead of 5`)
  const [minute, hour, day, month, weekday] = words.map((word, i) => parseField(word, FIELDS[i]!)) as [Field, Field, Field, Field, Field]
  return { next: (unixMs) => nextTime({ minute, hour, day, month, weekday }, unixMs, offset) }
}

function parseField(text: string, bounds: Bounds): Field {
  const values = new Set<number>()
  let isStar = false
  for (const part of text.split(',').filter((piece) => piece !== '')) {
    const [range, step, ...more] = part.split('/') as [string, ...string[]]
    if (more.length > 0) throw new Complaint(`"${part}" has too many slashes`)
    const ends = range.split('-')
    let start: number
    let end: number
    let star = false
    if (ends[0] === '*' || ends[0] === '?') {
      start = bounds.min
      end = bounds.max
      star = true
    } else {
      if (ends.length > 2) throw new Complaint(`"${part}" has too many hyphens`)
      start = numberOf(ends[0]!, bounds)
      end = ends.length === 2 ? numberOf(ends[1]!, bounds) : start
    }
    let width = 1
    if (step !== undefined) {
      width = whole(step)
      // "5/15" is "5-59/15".
      if (ends.length === 1) end = bounds.max
      if (width > 1) star = false
    }
    if (start < bounds.min) throw new Complaint(`${start} is below the first ${bounds.name}, ${bounds.min}`)
    if (end > bounds.max) throw new Complaint(`${end} is above the last ${bounds.name}, ${bounds.max}`)
    if (start > end) throw new Complaint(`"${part}" begins after its end`)
    if (width === 0) throw new Complaint(`the step of "${part}" is 0`)
    for (let value = start; value <= end; value += width) values.add(value)
    isStar ||= star
  }
  return { values, isStar }
}

function numberOf(text: string, bounds: Bounds): number {
  const named = text === '' ? -1 : bounds.names.indexOf(text.toLowerCase())
  return named >= 0 ? named : whole(text)
}

function whole(text: string): number {
  if (!/^\+?\d+$/.test(text)) throw new Complaint(`"${text}" is not a whole number`)
  return Number(text)
}

const UNITS_MS: ReadonlyMap<string, number> = new Map([
  ['ns', 1e-6],
  ['us', 1e-3],
  ['µs', 1e-3],
  ['ms', 1],
  ['s', SECOND_MS],
  ['m', MINUTE_MS],
  ['h', HOUR_MS],
])

/** `1h30m`, as Go writes durations. */
function goDurationMs(text: string): number {
  if (!/^\+?(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|ms|s|m|h))+$/.test(text)) throw new Complaint(`"${text}" is not a duration such as 1h30m`)
  let total = 0
  for (const [, number, unit] of text.matchAll(/(\d+\.?\d*|\.\d+)(ns|us|µs|ms|s|m|h)/g)) total += Number(number) * UNITS_MS.get(unit!)!
  return total
}

/** A constant delay of whole seconds, at least one, from the last whole second. */
function every(durationMs: number): CronSchedule {
  const delay = Math.max(SECOND_MS, Math.floor(durationMs / SECOND_MS) * SECOND_MS)
  return { next: (unixMs) => Math.floor(unixMs / SECOND_MS) * SECOND_MS + delay }
}

interface Fields {
  readonly minute: Field
  readonly hour: Field
  readonly day: Field
  readonly month: Field
  readonly weekday: Field
}

/** Day by day, then the hours and minutes of the first day that counts. */
function nextTime({ minute, hour, day, month, weekday }: Fields, unixMs: number, offset: number): number | null {
  const from = Math.floor((unixMs + offset) / MINUTE_MS) * MINUTE_MS + MINUTE_MS
  const yearLimit = civilDate(Math.floor((unixMs + offset) / DAY_MS)).year + YEARS_AHEAD
  for (let dayNumber = Math.floor(from / DAY_MS); ; dayNumber++) {
    const date = civilDate(dayNumber)
    if (date.year > yearLimit) return null
    if (!month.values.has(date.month)) continue
    const dayFits = day.values.has(date.day)
    const weekdayFits = weekday.values.has((((dayNumber + 4) % 7) + 7) % 7)
    if (day.isStar || weekday.isStar ? !(dayFits && weekdayFits) : !(dayFits || weekdayFits)) continue
    for (let h = 0; h < 24; h++) {
      if (!hour.values.has(h)) continue
      for (let m = 0; m < 60; m++) {
        const time = dayNumber * DAY_MS + h * HOUR_MS + m * MINUTE_MS
        if (minute.values.has(m) && time >= from) return time - offset
      }
    }
  }
}
