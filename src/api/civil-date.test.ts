import fc from 'fast-check'
import { expect, test } from 'vitest'
import { civilDate, formatUtc } from './civil-date.ts'

const DAY_MS = 86_400_000
/** From the year 1 to the year 9999. */
const unixMs = fc.integer({ min: -62_135_596_800_000, max: 253_402_300_799_999 })

test('a date is the one of the Gregorian calendar', () => {
  fc.assert(
    fc.property(unixMs, (ms) => {
      const date = new Date(ms)
      expect(civilDate(Math.floor(ms / DAY_MS))).toEqual({
        year: date.getUTCFullYear(),
        month: date.getUTCMonth() + 1,
        day: date.getUTCDate(),
      })
    }),
  )
})

test('a time is written as RFC 3339 has it, in whole seconds', () => {
  expect(formatUtc(1_767_225_660_999)).toBe('2026-01-01T00:01:00Z')
  fc.assert(
    fc.property(unixMs, (ms) => {
      expect(formatUtc(ms)).toBe(new Date(ms).toISOString().replace(/\.\d+Z/, 'Z'))
    }),
  )
})
