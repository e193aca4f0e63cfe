import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { formatDuration, parseDuration } from './parse-duration.ts'

describe('parseDuration', () => {
  test.each([
    ['30us', 30_000],
    ['30µs', 30_000],
    ['250ms', 250_000_000],
    ['0.1ms', 100_000],
    ['1.5s', 1_500_000_000],
    ['5m', 300_000_000_000],
    ['1m30s', 90_000_000_000],
    ['1h', 3_600_000_000_000],
    ['0s', 0],
    ['7ns', 7],
    [' 2s ', 2_000_000_000],
    ['2400h', 8_640_000_000_000_000],
  ])('reads %s', (text, expected) => {
    expect(parseDuration(text)).toEqual({ ok: true, value: expected })
  })

  test.each(['', 's', '-1s', '1 s', '1sec', '1d', '1.s', '1s-', '1e3s', '2401h', '5M', '١s'])('refuses "%s"', (text) => {
    expect(parseDuration(text).ok).toBe(false)
  })

  test('asks for the unit when it is missing', () => {
    expect(parseDuration('30')).toMatchObject({
      ok: false,
      complaint: { message: expect.stringContaining('the unit is missing'), didYouMean: '30s' },
    })
  })

  test('reads back every length of time that it writes', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 8_640_000_000_000_000 }), (time) => {
        expect(parseDuration(formatDuration(time))).toEqual({ ok: true, value: time })
      }),
    )
  })
})
