import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import axe from 'axe-core'
import { type Browser, chromium } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { sampleComparison } from '../../src/report/comparison/comparison.fixture.ts'
import { writeComparisonFiles } from '../../src/report/comparison/comparison-files.ts'
import { writeComparisonReport } from '../../src/report/write-report.ts'

/** The page of a comparison in a real browser. */
const CHROMIUM = '/usr/bin/chromium'

let browser: Browser
let folder = ''
beforeAll(async () => {
  if (!existsSync(CHROMIUM)) return
  folder = mkdtempSync(join(tmpdir(), 'towtank-comparison-'))
  writeComparisonFiles(folder, sampleComparison('<b>shoppers</b>'))
  browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox', '--disable-gpu'] })
}, 60_000)
afterAll(async () => {
  await browser?.close()
  if (folder !== '') rmSync(folder, { recursive: true })
})

describe.skipIf(!existsSync(CHROMIUM))('the page of a comparison in a browser', () => {
  test.each([
    ['en', false],
    ['zh', true],
  ] as const)(
    '%s: asks for nothing, has no fault that axe knows, is as wide as a narrow screen, and dark where wanted',
    async (language, dark) => {
      const out = join(folder, `${language}.html`)
      expect((await writeComparisonReport(folder, { language, out })).ok).toBe(true)
      const context = await browser.newContext({ colorScheme: dark ? 'dark' : 'light', viewport: { width: 400, height: 900 } })
      const page = await context.newPage()
      const complaints: string[] = []
      page.on('console', (message) => complaints.push(message.text()))
      page.on('request', (request) => request.url() !== pathToFileURL(out).href && complaints.push(request.url()))
      await page.goto(pathToFileURL(out).href)
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(400)
      expect(await page.locator('.verdict').getAttribute('data-verdict')).toBe('regression')
      // The colours of the picture are those of the page.
      const ink = await page
        .locator('.forest text')
        .first()
        .evaluate((text) => getComputedStyle(text).fill)
      const other = dark ? '#theme-light' : '#theme-dark'
      await page.locator(other).check()
      expect(
        await page
          .locator('.forest text')
          .first()
          .evaluate((text) => getComputedStyle(text).fill),
      ).not.toBe(ink)
      expect(complaints).toEqual([])
      await page.evaluate(axe.source)
      const { violations } = await page.evaluate(() => (window as unknown as { axe: typeof axe }).axe.run({ resultTypes: ['violations'] }))
      expect(violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html.slice(0, 160)}`)).toEqual([])
    },
  )
})
