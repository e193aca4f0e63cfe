const MINUTE_MS = 60_000
const DAY_MS = 86_400_000

/** Year, month and day of the Gregorian calendar, by days since 1970-01-01: eras of 400 years that begin on 1 March. */
export function civilDate(dayNumber: number): { year: number; month: number; day: number } {
  const shifted = dayNumber + 719_468
  const era = Math.floor(shifted / 146_097)
  const dayOfEra = shifted - era * 146_097
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  )
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100))
  const monthFromMarch = Math.floor((5 * dayOfYear + 2) / 153)
  const month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
  return {
    year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0),
    month,
    day: dayOfYear - Math.floor((153 * monthFromMarch + 2) / 5) + 1,
  }
}

/** A time as Kubernetes writes it, such as 2026-01-01T00:01:00Z: whole seconds, rounded down. */
export function formatUtc(unixMs: number): string {
  const { year, month, day } = civilDate(Math.floor(unixMs / DAY_MS))
  const ofDay = Math.floor(unixMs) - Math.floor(unixMs / DAY_MS) * DAY_MS
  const two = (value: number): string => String(Math.floor(value)).padStart(2, '0')
  const clock = [ofDay / (60 * MINUTE_MS), (ofDay / MINUTE_MS) % 60, (ofDay / 1000) % 60].map(two).join(':')
  return `${String(year).padStart(4, '0')}-${two(month)}-${two(day)}T${clock}Z`
}
