import picocolors from 'picocolors'
import { describe, expect, test } from 'vitest'
import { LANGUAGES } from '../language/index.ts'
import { textColumns } from '../wrap-text.ts'
import { sampleComparison } from './comparison.fixture.ts'
import { renderComparison } from './terminal.ts'

const render = (language: 'en' | 'zh', width: number, shoppers = 'shoppers'): readonly string[] =>
  renderComparison(sampleComparison(shoppers), LANGUAGES[language].compare, {
    colors: picocolors.createColors(false),
    width,
    folder: 'results/shop-compare',
  }).split('\n')

/** The paragraph that begins with this. */
function part(lines: readonly string[], begin: string): readonly string[] {
  const from = lines.findIndex((line) => line.startsWith(begin))
  expect(from).toBeGreaterThanOrEqual(0)
  return lines.slice(from, lines.indexOf('', from))
}

describe('a wide terminal', () => {
  test('has a row a metric, and what is said of it wrapped within its column', () => {
    expect(part(render('en', 140), 'metric').join('\n')).toMatchInlineSnapshot(`
      "metric                                        A        B           B − A  95 % interval         p (Holm)  verdict
      requests.latency.p99{traffic=shoppers}  40.5 ms  48.5 ms  +8.00 ms +20 %  [+7.74 ms, +8.26 ms]   <0.0001  regression; tolerance 5%: beyond
      requests.ok{traffic=shoppers}              40.5     43.5       +3 +7.4 %  [+2.74, +3.26]         <0.0001  better
      requests.latency.p50{traffic=shoppers}  40.5 ms  40.8 ms  +280 µs +0.7 %  [+21.6 µs, +538 µs]       0.11  no difference found: ± 258 µs, at
                                                                                                                95 % below 491 µs; by itself p is
                                                                                                                0.036; among so many metrics that
                                                                                                                may be chance"
    `)
  })

  test('has columns that stand below each other in Chinese, too', () => {
    expect(part(render('zh', 130), '指标').join('\n')).toMatchInlineSnapshot(`
      "指标                                          A        B           B − A  95 % 置信区间         p（Holm）  结论
      requests.latency.p99{traffic=shoppers}  40.5 ms  48.5 ms  +8.00 ms +20 %  [+7.74 ms, +8.26 ms]    <0.0001  退化；容差 5%：超出
      requests.ok{traffic=shoppers}              40.5     43.5       +3 +7.4 %  [+2.74, +3.26]          <0.0001  变好
      requests.latency.p50{traffic=shoppers}  40.5 ms  40.8 ms  +280 µs +0.7 %  [+21.6 µs, +538 µs]        0.11  未发现差异：± 258 µs，
                                                                                                                 以 95 % 的置信度小于
                                                                                                                 491 µs；单看它 p 为
                                                                                                                 0.036；指标这么多，可能
                                                                                                                 只是偶然"
    `)
  })
})

test.each([
  ['en', 50],
  ['en', 80],
  ['en', 129],
  ['en', 130],
  ['en', 180],
  ['zh', 50],
  ['zh', 80],
  ['zh', 130],
  ['zh', 180],
] as const)('no line of %s is wider than a terminal of %i columns', (language, width) => {
  for (const line of render(language, width)) expect(textColumns(line), line).toBeLessThanOrEqual(width)
})

test('names that leave no room for what is said of them have lines of their own, however wide the terminal', () => {
  const lines = render('en', 130, 'shoppers-of-the-north-and-the-south')
  expect(part(lines, 'requests.ok').slice(0, 3)).toEqual([
    'requests.ok{traffic=shoppers-of-the-north-and-the-south}',
    '    40.5 → 43.5   +3 +7.4 %   [+2.74, +3.26]   p (Holm) <0.0001',
    '    better',
  ])
  for (const line of lines) expect(textColumns(line), line).toBeLessThanOrEqual(130)
})

test('a terminal of 80 columns has three lines a metric', () => {
  expect(part(render('en', 80), 'requests.latency.p99').slice(0, 3)).toEqual([
    'requests.latency.p99{traffic=shoppers}',
    '    40.5 ms → 48.5 ms   +8.00 ms +20 %   [+7.74 ms, +8.26 ms]   p (Holm) <0.0001',
    '    regression; tolerance 5%: beyond',
  ])
})
