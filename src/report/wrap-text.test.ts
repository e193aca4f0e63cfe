import fc from 'fast-check'
import { expect, test } from 'vitest'
import { cutText, textColumns, wrapText } from './wrap-text.ts'

test('breaks English at spaces, and Chinese between characters, which take two columns each', () => {
  expect(wrapText('no difference found: ± 71.0 µs', 14)).toBe('no difference\nfound: ± 71.0\nµs')
  expect(wrapText('未发现差异：± 71.0 µs', 10)).toBe('未发现差\n异：± 71.0\nµs')
  // Neither does a line begin with the comma, nor end with what opens a bracket.
  expect(wrapText('一二三四，五六', 8)).toBe('一二三\n四，五六')
  expect(wrapText('一二三（四五）六', 8)).toBe('一二三\n（四五）\n六')
  expect(wrapText('p 值经 Holm 校正', 8)).toBe('p 值经\nHolm 校\n正')
})

test('keeps a word that is longer than a line whole, and an empty text', () => {
  expect(wrapText('a nodes.busiest_core b', 6)).toBe('a\nnodes.busiest_core\nb')
  expect(wrapText('', 6)).toBe('')
})

/** No space stands before what closes: Chinese has none there. */
const texts = fc
  .array(fc.constantFrom('一', '差', '，', '（', '）', '。', 'a', 'word', '±', '12'), { minLength: 1, maxLength: 30 })
  .chain((parts) =>
    fc.array(fc.constantFrom('', ' '), { minLength: parts.length, maxLength: parts.length }).map((gaps) => ({ parts, gaps })),
  )
  .map(({ parts, gaps }) => parts.map((part, index) => `${index === 0 || '，）。'.includes(part) ? '' : gaps[index]}${part}`).join(''))

test('loses nothing but the spaces at which it breaks, and no line is wider than it may be unless it cannot be broken', () => {
  fc.assert(
    fc.property(texts, fc.integer({ min: 30, max: 60 }), (text, columns) => {
      const lines = wrapText(text, columns).split('\n')
      expect(lines.join('').replaceAll(' ', '')).toBe(text.replaceAll(' ', ''))
      for (const line of lines.slice(1)) expect(line).not.toMatch(/^[，。）]*$|^ /)
      for (const line of lines) if (textColumns(line) > columns) expect(line.replace(/[，。）（]/g, '')).not.toMatch(/ |[一差]./)
    }),
  )
})

test('cuts at a column, not in the middle of a character', () => {
  expect(cutText('abcdef', 6)).toBe('abcdef')
  expect(cutText('abcdefg', 6)).toBe('abcde…')
  expect(cutText('一二三四', 8)).toBe('一二三四')
  expect(cutText('一二三四五', 8)).toBe('一二三…')
  expect(cutText('ab👩‍👩‍👧cd', 4)).toBe('ab…')
})
