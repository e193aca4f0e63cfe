import { expect, test } from 'vitest'
import { parseSchedule } from './cron-schedule.ts'

/** The next times after 2026-01-01T00:00:00Z, a Thursday. */
function next(text: string, count = 1, zone = ''): string[] {
  const parsed = parseSchedule(text, zone)
  if (!parsed.ok) return [parsed.complaint]
  const times: string[] = []
  for (let time: number | null = Date.parse('2026-01-01T00:00:00Z'); times.length < count; ) {
    time = parsed.schedule.next(time)
    if (time === null) return [...times, 'never']
    times.push(new Date(time).toISOString().slice(0, 16))
  }
  return times
}

test.each([
  ['*/20 * * * *', ['2026-01-01T00:20', '2026-01-01T00:40', '2026-01-01T01:00']],
  ['5/25 3 * * *', ['2026-01-01T03:05', '2026-01-01T03:30', '2026-01-01T03:55']],
  ['0 0 29 feb *', ['2028-02-29T00:00', '2032-02-29T00:00']],
  // Both day fields are given, so one is enough: the 2nd, a Friday, and every Monday.
  ['0 12 2 * MON', ['2026-01-02T12:00', '2026-01-05T12:00', '2026-01-12T12:00']],
  // A step of a star is no star.
  ['0 0 */2 * 1', ['2026-01-03T00:00', '2026-01-05T00:00', '2026-01-07T00:00']],
  ['? 6-8/2 ? * ?', ['2026-01-01T06:00', '2026-01-01T06:01']],
  ['@weekly', ['2026-01-04T00:00', '2026-01-11T00:00']],
  ['@every 1h30m', ['2026-01-01T01:30', '2026-01-01T03:00']],
  ['0 0 31 2 *', ['never']],
  ['* * * * 7', ['7 is above the last day of week, 6']],
  ['5-1 * * * *', ['"5-1" begins after its end']],
  ['*/0 * * * *', ['the step of "*/0" is 0']],
  ['@sometimes', ['it has the unknown macro "@sometimes"']],
])('%s comes at %s', (text, times) => {
  expect(next(text, times.length)).toEqual(times)
})

test('a zone of a fixed offset moves the hours, the other way round than its name says', () => {
  expect(next('0 0 * * *', 1, 'Etc/GMT-2')).toEqual(['2026-01-01T22:00'])
  expect(next('0 0 * * *', 1, 'Etc/GMT+5')).toEqual(['2026-01-01T05:00'])
  expect(next('0 0 * * *', 1, 'Europe/Berlin')[0]).toMatch(/is not modelled/)
})
