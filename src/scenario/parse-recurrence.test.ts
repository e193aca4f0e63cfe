import { describe, expect, test } from 'vitest'
import { MILLISECOND, SECOND } from '../units.ts'
import { formatHowMany, parseHowMany } from './parse-how-many.ts'
import { parseRecurrence } from './parse-recurrence.ts'

const complaint = (result: { ok: true } | { ok: false; complaint: { message: string; didYouMean: string | null } }) =>
  result.ok ? null : result.complaint.message

describe('times between strikes', () => {
  test.each([
    ['poisson(6/h)', { kind: 'exponential', mean: 600 * SECOND }],
    ['poisson(2/s)', { kind: 'exponential', mean: 500 * MILLISECOND }],
    ['exp(10m)', { kind: 'exponential', mean: 600 * SECOND }],
    ['5m', { kind: 'constant', value: 300 * SECOND }],
  ])('%s', (text, value) => expect(parseRecurrence(text)).toEqual({ ok: true, value }))

  test.each([
    ['0s', 'Cannot strike every "0s": that is less than 1 ms on average'],
    ['poisson(2000/s)', 'Cannot strike every "poisson(2000/s)": that is less than 1 ms on average'],
    ['uniform(0s, 0s)', 'Cannot strike every "uniform(0s, 0s)": that is less than 1 ms on average'],
    ['poisson(10m)', 'Cannot read "10m" as a rate'],
    ['poisson(1/s, 2/s)', '"poisson" takes one rate'],
  ])('%s is refused', (text, message) => expect(complaint(parseRecurrence(text))).toBe(message))
})

describe('how many', () => {
  test.each([
    ['all', 'all', 'all'],
    ['one', 1, 'one'],
    ['3', 3, '3'],
    [' 30% ', { share: 0.3 }, '30%'],
    ['12.5%', { share: 0.125 }, '12.5%'],
  ])('%s', (text, value, shown) => {
    expect(parseHowMany(text)).toEqual({ ok: true, value })
    expect(formatHowMany(value as never)).toBe(shown)
  })

  test.each(['0', '0%', '101%', '2.5', '-1', 'some', ''])('"%s" is refused', (text) => expect(parseHowMany(text).ok).toBe(false))

  test('a slip of the pen is set right', () => expect(parseHowMany('al')).toMatchObject({ complaint: { didYouMean: 'all' } }))
})
