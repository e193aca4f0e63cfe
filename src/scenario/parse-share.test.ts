import { describe, expect, test } from 'vitest'
import { parseShare } from './parse-share.ts'

describe('parseShare', () => {
  test.each([
    ['1%', 0.01],
    ['0.25', 0.25],
    [' 100 % ', 1],
    ['.5', 0.5],
    ['0', 0],
    ['1e-7', 1e-7],
  ])('%s', (text, value) => expect(parseShare(text)).toEqual({ ok: true, value }))

  test.each(['', 'x', '-1', '1e3', '101%', '2', '%', '1 percent'])('"%s" is none', (text) => expect(parseShare(text).ok).toBe(false))

  test('a number above 1 is taken for a forgotten sign', () => {
    expect(parseShare('5')).toMatchObject({ ok: false, complaint: { message: '"5" is more than everything', didYouMean: '5%' } })
  })
})
