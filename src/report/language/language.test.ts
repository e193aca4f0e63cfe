import { createRequire } from 'node:module'
import { expect, test } from 'vitest'
import { assetPath } from '../assets.ts'
import { CJK_SIGNS } from '../charts/font-widths.ts'
import { CHARTS_IN_CHINESE } from './charts.chinese.ts'
import { LANGUAGES } from './index.ts'

/** It has no types of its own. */
const fontkit = createRequire(import.meta.url)('fontkit') as { openSync(file: string): { readonly characterSet: readonly number[] } }

const keysOf = (value: unknown, path = ''): string[] =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.entries(value).flatMap(([key, inner]) => keysOf(inner, `${path}.${key}`))
    : [path]

test('every language says the same things', () => {
  expect(keysOf(LANGUAGES.zh)).toEqual(keysOf(LANGUAGES.en))
})

const leavesOf = (value: unknown): unknown[] =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.values(value).flatMap(leavesOf) : [value]

test('what the terminal says is Chinese, but for terms that Chinese has from English', () => {
  const { summary, rollout, sweep } = LANGUAGES.zh
  const texts = leavesOf({ summary, rollout, sweep }).map((leaf) => String(leaf))
  expect(texts.length).toBeGreaterThan(70)
  expect(texts.filter((text) => !/[\u3000-\u9fff\uff00-\uffef]/.test(text) && !text.startsWith('(some, all)')).toSorted()).toEqual([
    '',
    'kube-proxy',
    'preStop sleep',
  ])
})

test.each(['regular', 'semibold'])('every sign of the Chinese words of charts is in the font, %s', (face) => {
  const font = fontkit.openSync(assetPath(`fonts/noto-sans-sc-${face}.ttf`))
  const known = new Set(font.characterSet)
  const written = JSON.stringify(CHARTS_IN_CHINESE, (_key, value) => (typeof value === 'function' ? String(value) : value))
  const signs = [...new Set(written)].filter((sign) => sign.codePointAt(0)! >= 0x2e80)
  expect(signs.length).toBeGreaterThan(100)
  expect(signs.filter((sign) => !known.has(sign.codePointAt(0)!))).toEqual([])
  expect(signs.filter((sign) => !CJK_SIGNS.includes(sign))).toEqual([])
})
