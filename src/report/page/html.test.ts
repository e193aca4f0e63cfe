import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Html, html, jsonForScript, NOTHING } from './html.ts'

const HOSTILE = [
  '<script>alert(1)</script>',
  '"><img src=x onerror=alert(1)>',
  "' onmouseover='alert(1)",
  '</title></style></script><svg onload=alert(1)>',
  '&lt;script&gt;',
  '\u202Etxt.exe',
  '\u0000<b>',
]

/** What a browser would read of text and of a double-quoted attribute. */
function unescaped(text: string): string {
  return text.replace(/&(amp|lt|gt|quot|#39);/g, (_, name: string) => ({ amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" })[name]!)
}

describe('html', () => {
  test.each(HOSTILE)('%j is a text, between tags and in an attribute', (name) => {
    const page = html`<p title="${name}">${name}</p>`.toString()
    const [, title, body] = /^<p title="([^"<>]*)">([^<>]*)<\/p>$/.exec(page)!
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is replaced
    const shown = name.replace(/[\u0000\u202E]/g, '\uFFFD')
    expect(unescaped(title!)).toBe(shown)
    expect(unescaped(body!)).toBe(shown)
  })

  test('no text can bring markup in', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom(...HOSTILE)), (name) => {
        expect(html`<b class="${name}">${[name, [name]]}</b>`.toString()).toMatch(/^<b class="[^"<>']*">[^"<>']*<\/b>$/)
      }),
    )
  })

  test('HTML stays, what is absent leaves nothing, and zero is shown', () => {
    expect(html`${html`<b>${'a&b'}</b>`}${null}${undefined}${false}${NOTHING}${0}${['x', new Html('<i>')]}`.toString()).toBe(
      '<b>a&amp;b</b>0x<i>',
    )
  })
})

describe('JSON for a script element', () => {
  test('cannot end the element, and is the same value', () => {
    fc.assert(
      fc.property(fc.oneof(fc.jsonValue(), fc.constantFrom(...HOSTILE, '<!--<script>', ']]>')), (value) => {
        const text = jsonForScript(value).toString()
        expect(text).not.toMatch(/[<>&\u2028\u2029]/)
        expect(JSON.stringify(JSON.parse(text))).toBe(JSON.stringify(value))
      }),
    )
  })
})
