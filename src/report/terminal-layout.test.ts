import fc from 'fast-check'
import stringWidth from 'string-width'
import { describe, expect, test } from 'vitest'
import { cut, flow, plainTable, wrap } from './terminal-layout.ts'

const TEXT = fc
  .array(fc.constantFrom('a', 'word', ' ', '没', '差异', '，', '（', '）', '95 %', '±'), { maxLength: 40 })
  .map((parts) => parts.join(''))

describe('text in a terminal', () => {
  test('is broken at spaces, and between Chinese characters, but not before what closes', () => {
    expect(wrap('one two three', 7)).toBe('one two\nthree')
    expect(wrap('未发现差异，另有三项', 10)).toBe('未发现差\n异，另有三\n项')
    expect(wrap('共（三项）差异', 8)).toBe('共（三\n项）差异')
    expect(wrap('比较 requests.latency 的 p99', 12)).toBe('比较\nrequests.latency\n的 p99')
  })

  test('keeps its words, and no line is too wide that could be broken', () => {
    fc.assert(
      fc.property(TEXT, fc.integer({ min: 12, max: 60 }), (text, columns) => {
        const wrapped = wrap(text, columns)
        expect(wrapped.replace(/[ \n]/g, '')).toBe(text.replaceAll(' ', ''))
        for (const line of wrapped.split('\n'))
          if (/^[^（，）]*[\u2e80-\u9fff]{2}[^（，）]*$/.test(line) && !/[a-z]{5}/.test(line))
            expect(stringWidth(line)).toBeLessThanOrEqual(columns)
      }),
    )
  })

  test('is cut so that it fits with the sign of it', () => {
    expect(cut('abc', 3)).toBe('abc')
    expect(cut('abcd', 3)).toBe('ab…')
    expect(cut('差异在此', 6)).toBe('差异…')
    expect(cut('差异在此', 8)).toBe('差异在此')
  })

  test('flows by columns, not by characters', () => {
    expect(flow(['aa', 'bb', 'cc'], 7)).toEqual(['aa   bb', 'cc'])
    expect(flow(['差', '异', '在'], 7)).toEqual(['差   异', '在'])
    expect(flow(['\u001b[31m差\u001b[39m', '异'], 7)).toEqual(['\u001b[31m差\u001b[39m   异'])
  })

  test('stands in columns of a table', () => {
    expect(
      plainTable({
        head: ['', '数'],
        rows: [
          ['延迟', '7'],
          ['p', '12'],
        ],
        texts: 1,
      }),
    ).toBe('      数\n延迟   7\np     12')
  })
})
