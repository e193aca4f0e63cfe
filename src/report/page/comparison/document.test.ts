import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Comparison } from '../../../experiment/comparison/comparison.ts'
import { limitOf } from '../../charts/differences.ts'
import { sampleComparison } from '../../comparison/comparison.fixture.ts'
import { writeComparisonFiles } from '../../comparison/comparison-files.ts'
import { writeReportOf } from '../../write-report.ts'
import { renderComparisonReport } from './document.ts'

const page = (comparison: Comparison = sampleComparison('shoppers'), language: 'en' | 'zh' = 'en'): string =>
  renderComparisonReport(comparison, language)
const textOf = (html: string): string =>
  html
    .replace(/<style>[\s\S]*?<\/style>/g, '')
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ')

describe('the page of a comparison', () => {
  test('has the verdict first, and of each metric values, difference, interval, p and verdict', () => {
    const text = textOf(page())
    expect(text.indexOf('1 of 1 metric worse than the tolerance allows')).toBeGreaterThan(0)
    expect(text).toContain(
      'requests.latency.p99{traffic=shoppers} 40.5 ms 48.5 ms +8.00 ms +20 % [+7.74 ms, +8.26 ms] &lt;0.0001 regression; tolerance 5%: beyond',
    )
    expect(text).toContain('no difference found: ± 258 µs')
    expect(text).toContain('1 metric without a difference')
    expect(text).toContain('Everything that the two runs recorded is the same')
  })

  test('says that nothing was found where nothing was', () => {
    const sample = sampleComparison('shoppers')
    const none = { ...sample, verdict: 'not-judged' as const, metrics: sample.metrics.filter(({ verdict }) => verdict === 'none-found') }
    expect(textOf(page(none))).toContain(`No difference found in ${none.metrics.length} metrics, which is not the same as none`)
    const same = { ...none, metrics: sample.metrics.filter(({ verdict }) => verdict === 'identical') }
    expect(textOf(page(same))).toContain('No difference: 1 metric')
    expect(page(same)).not.toContain('<svg')
  })

  test('draws a row a metric that differs, without a style of its own', () => {
    const html = page()
    const picture = /<svg[^>]*role="img"[\s\S]*?<\/svg>/.exec(html)![0]
    expect(picture).not.toContain('style=')
    expect(picture.match(/\{traffic=/g)!.length).toBeGreaterThanOrEqual(5)
    expect(picture).toContain('fill="var(--bad)"')
    expect(html).toContain('default-src &#39;none&#39;; style-src &#39;sha256-')
    expect(html).not.toContain('<script')
  })

  test('is the same bytes for the same comparison, and Chinese where it is asked for', () => {
    expect(page()).toBe(page())
    expect(textOf(page(undefined, 'zh'))).toContain('1 项指标中有 1 项变差，超出容差')
  })

  test('hostile names are texts', () => {
    const html = page(sampleComparison('<script>alert(1)</script>'))
    expect(html).not.toContain('<script>')
  })
})

test('a tolerance lies where worse is', () => {
  expect(limitOf({ tolerance: '5%', worse: 'higher', a: 40 })).toBe(0.05)
  expect(limitOf({ tolerance: '5%', worse: 'lower', a: 40 })).toBe(-0.05)
  expect(limitOf({ tolerance: 'requests.latency.p99=10ms', worse: 'higher', a: 40 })).toBe(0.25)
  expect(limitOf({ tolerance: '5%', worse: 'higher', a: 0 })).toBeNull()
  expect(limitOf({ tolerance: null, worse: 'higher', a: 40 })).toBeNull()
})

describe('a folder of a comparison', () => {
  let folder = ''
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'towtank-comparison-'))
  })
  afterEach(() => rmSync(folder, { recursive: true }))
  const write = () => writeReportOf(folder, { language: 'en', client: () => '' })

  test('becomes the page of what was compared', async () => {
    writeComparisonFiles(folder, sampleComparison('shoppers'))
    const written = await write()
    expect(written.ok).toBe(true)
    expect(readFileSync(join(folder, 'report.html'), 'utf8')).toBe(page())
  })

  test.each([
    ['{', 'it is not JSON'],
    ['{"command": "rollout"}', 'it is not one of "towtank compare"'],
    ['{"command": "compare", "schemaVersion": 9}', 'its schemaVersion is 9'],
    ['{"command": "compare", "schemaVersion": 1}', 'is not what it should be'],
  ])('that is damaged, %s, is refused', async (text, why) => {
    writeFileSync(join(folder, 'compare.json'), text)
    const written = await write()
    expect(written.ok ? '' : written.reason).toContain(why)
  })
})
