import fc from 'fast-check'
import { XMLParser, XMLValidator } from 'fast-xml-parser'
import { expect, test } from 'vitest'
import { xml } from './junit.ts'
import { code, escaped } from './markdown.ts'
import { formatDifference, formatInterval, formatP, formatRelative } from './values.ts'

test('any text can stand in XML, as an attribute and between tags', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 20 }), (text) => {
      const document = `<a b="${xml(text)}">x${xml(text)}x</a>`
      expect(XMLValidator.validate(document)).toBe(true)
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
      expect(document).not.toMatch(/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/)
    }),
  )
  const back = new XMLParser({ trimValues: false }).parse(`<a>${xml('1 < 2 & "x" > \'y\'')}</a>`)
  expect(back.a).toBe('1 < 2 & "x" > \'y\'')
})

test('Markdown text opens no tag, no link, no cell and calls nobody', () => {
  expect(escaped('<b> | [x](y) `z` *a* _b_ @team & c')).toBe('&lt;b&gt; \\| \\[x\\](y) \\`z\\` \\*a\\* \\_b\\_ &#64;team &amp; c')
  expect(code('a|b')).toBe('`a\\|b`')
  expect(code('a`b``c')).toBe('``` a`b``c ```')
})

test('numbers have their sign, their unit and no more digits than they need', () => {
  expect(formatDifference(8.128, 'milliseconds')).toBe('+8.13 ms')
  expect(formatDifference(-0.0131, 'milliseconds')).toBe('−13.1 µs')
  // Half a point of a rate is not half a percent of it.
  expect(formatDifference(0.005, 'fraction')).toBe('+0.500 pp')
  expect(formatDifference(0, 'count')).toBe('0')
  expect(formatDifference(-0.0004, 'ratio')).toBe('−<0.01')
  expect(formatInterval({ low: -1.5, high: 2, unit: 'count' })).toBe('[−1.50, +2]')
  expect(formatInterval({ low: null, high: null, unit: 'count' })).toBe('')
  expect(formatRelative(0.1234)).toBe('+12 %')
  expect(formatRelative(-0.0001)).toBe('−<0.1 %')
  expect(formatRelative(null)).toBe('')
  expect([0.00001, 0.00053, 0.018, 0.12, 0.999, null].map(formatP)).toEqual(['<0.0001', '0.0005', '0.018', '0.12', '1', '–'])
})
