import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import axe from 'axe-core'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { PAGE_BYTES_MAX } from '../../src/report/page/document.ts'
import { writeReport } from '../../src/report/write-report.ts'
import { builtClient, renamed, type ShopRun, simulatedShop, writeResult } from './report-fixture.ts'

/**
 * The report in a real browser, from a file, with nothing else: every test also fails on an error in the console, a violation of the page's
 * policy, or a request for anything but the file itself.
 */
const CHROMIUM = '/usr/bin/chromium'
const there = existsSync(CHROMIUM)
if (!there) console.warn(`The tests of the report in a browser are skipped: there is no ${CHROMIUM}. "apt-get install chromium" brings it.`)

const HOSTILE = {
  users: '<img src=x onerror="document.title=1">',
  robots: '</script><script>document.title=1</script>',
  ipvs: '"><svg onload=document.title=1>',
  iptables: "iptables' onmouseover='document.title=1",
}

let client = ''
let results: readonly ShopRun[] = []
let browser: Browser
const folders: string[] = []

beforeAll(async () => {
  if (!there) return
  ;[client, results] = await Promise.all([builtClient(), simulatedShop()])
  browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox', '--disable-gpu'] })
}, 600_000)
afterAll(async () => {
  await browser?.close()
  for (const folder of folders) rmSync(folder, { recursive: true })
})

async function reportOf(given: readonly ShopRun[], language: 'en' | 'zh' = 'en', scenario?: string): Promise<string> {
  const folder = writeResult(given, scenario)
  folders.push(folder)
  const written = await writeReport(folder, { language, client: () => client })
  if (!written.ok) throw new Error(written.reason)
  return written.file
}

interface Opened {
  readonly page: Page
  /** What must not have happened. */
  readonly complaints: string[]
}

async function open(file: string, options: { dark?: boolean; javaScriptEnabled?: boolean; width?: number } = {}): Promise<Opened> {
  const context = await browser.newContext({
    colorScheme: options.dark === true ? 'dark' : 'light',
    javaScriptEnabled: options.javaScriptEnabled ?? true,
    viewport: { width: options.width ?? 1200, height: 900 },
  })
  const page = await context.newPage()
  page.setDefaultTimeout(20_000)
  const complaints: string[] = []
  page.on('console', (message) => complaints.push(`${message.type()}: ${message.text()}`))
  page.on('pageerror', (error) => complaints.push(error.message))
  const own = pathToFileURL(file).href
  page.on('request', (request) => {
    if (request.url().split('#')[0] !== own) complaints.push(`request: ${request.url()}`)
  })
  await page.goto(own)
  if (options.javaScriptEnabled !== false) await page.waitForFunction(() => document.body.dataset.ready === 'true')
  return { page, complaints }
}

/** Waits until what was asked for is drawn. */
async function drawn(page: Page): Promise<void> {
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))))
}

const rowsShown = (page: Page): Promise<number> => page.locator('#range-state').evaluate((state) => Number(state.dataset.rows))

async function csvRow(file: string, where: Readonly<Record<string, string>>): Promise<Readonly<Record<string, string>>> {
  const [head, ...lines] = readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map((line) => line.split(','))
  const rows = lines.map((cells) => Object.fromEntries(head!.map((name, index) => [name, cells[index]!])))
  return rows.find((row) => Object.entries(where).every(([name, value]) => row[name] === value))!
}

describe.skipIf(!there)('the report in a browser', () => {
  test('opens from a file, draws its charts, asks for nothing else, and is small', async () => {
    const file = await reportOf(results)
    expect(statSync(file).size).toBeLessThan(PAGE_BYTES_MAX)
    const { page, complaints } = await open(file)
    expect(await page.title()).toContain('small-shop')
    const figures = page.locator('figure.chart')
    expect(await figures.count()).toBeGreaterThan(0)
    for (const figure of await figures.all()) expect((await figure.locator('canvas').boundingBox())!.height).toBeGreaterThan(60)
    await page.mouse.move(0, 0)
    const box = (await page.locator('figure[data-kind="latency"] .canvas').boundingBox())!
    await page.mouse.wheel(0, box.y - 100)
    const near = (await page.locator('figure[data-kind="latency"] .canvas').boundingBox())!
    await page.mouse.move(near.x + near.width / 2, near.y + near.height / 2)
    await page.locator('.tip').waitFor()
    expect(complaints).toEqual([])
  })

  test('a range shows its rows only, each with the value of the CSV file', async () => {
    const file = await reportOf(results)
    const { page, complaints } = await open(file)
    expect(await rowsShown(page)).toBe(70)
    await page.fill('#range-from', '40')
    await page.fill('#range-to', '50')
    await page.locator('#range-to').blur()
    await drawn(page)
    expect(await rowsShown(page)).toBe(10)
    expect(await page.locator('#range-state').textContent()).toContain('true detail')
    expect(Number(await page.locator('figure[data-kind="latency"]').getAttribute('data-points'))).toBe(10)
    await page.locator('figure[data-kind="latency"] summary').click()
    const table = page.locator('figure[data-kind="latency"] table')
    await table.waitFor()
    const heads = await table.locator('th').allTextContents()
    const cells = await table.locator('tbody tr').nth(3).locator('td').allTextContents()
    const shown = Object.fromEntries(heads.map((name, index) => [name, cells[index]!]))
    const folder = file.slice(0, file.lastIndexOf('/'))
    const row = await csvRow(join(folder, 'requests.csv'), {
      variant: shown.variant!,
      traffic: shown.traffic!,
      interval_start_s: shown.interval_start_s!,
    })
    expect(Number(shown.interval_start_s)).toBe(43)
    expect(heads).toContain('latency_ms_p99')
    for (const name of heads) expect([name, shown[name]]).toEqual([name, row[name]])
    expect(complaints).toEqual([])
  })

  test('what is typed into one end of the range is there when the charts of the other have been drawn', async () => {
    const { page } = await open(await reportOf(results))
    await page.evaluate(() => {
      const [from, to] = ['range-from', 'range-to'].map((id) => document.getElementById(id) as HTMLInputElement)
      from!.value = '40'
      from!.dispatchEvent(new Event('change'))
      to!.value = '50'
    })
    await drawn(page)
    expect(await page.inputValue('#range-to')).toBe('50')
    expect(await rowsShown(page)).toBe(50)
  })

  test('dragging over a chart chooses a range, a double-click the whole run, and buttons do so for the keyboard', async () => {
    const { page, complaints } = await open(await reportOf(results))
    const canvas = page.locator('figure[data-kind="latency"] .canvas')
    await canvas.scrollIntoViewIfNeeded()
    const box = (await canvas.boundingBox())!
    await page.mouse.move(box.x + box.width * 0.4, box.y + box.height / 2)
    await page.mouse.down()
    await page.mouse.move(box.x + box.width * 0.5, box.y + box.height / 2, { steps: 4 })
    expect(await page.locator('.selection').count()).toBe(1)
    await page.mouse.up()
    await drawn(page)
    const some = await rowsShown(page)
    expect(some).toBeGreaterThan(2)
    expect(some).toBeLessThan(20)
    expect(await page.locator('.selection').count()).toBe(0)
    await page.mouse.dblclick(box.x + box.width * 0.45, box.y + box.height / 2)
    await drawn(page)
    expect(await rowsShown(page)).toBe(70)
    await page.locator('#zoom-in').focus()
    await page.keyboard.press('Enter')
    await drawn(page)
    expect(await rowsShown(page)).toBe(45)
    await page.locator('#whole').focus()
    await page.keyboard.press('Space')
    await drawn(page)
    expect(await rowsShown(page)).toBe(70)
    expect(complaints).toEqual([])
  })

  test('the variant is switched by mouse and by arrow keys, with and without JavaScript', async () => {
    const file = await reportOf(results)
    for (const javaScriptEnabled of [true, false]) {
      const { page, complaints } = await open(file, { javaScriptEnabled })
      const shown = () => page.locator('.of-variant:visible h3.variant-name').allTextContents()
      expect(new Set(await shown())).toEqual(new Set(['iptables']))
      await page.locator('label', { hasText: 'ipvs' }).first().click()
      expect(new Set(await shown())).toEqual(new Set(['ipvs']))
      await page.locator('#variant-1').focus()
      await page.keyboard.press('ArrowUp')
      expect(new Set(await shown())).toEqual(new Set(['iptables']))
      expect(complaints).toEqual([])
    }
  })

  test('says everything but the charts without JavaScript', async () => {
    const { page, complaints } = await open(await reportOf(results), { javaScriptEnabled: false })
    expect(await page.locator('noscript').textContent()).toContain('JavaScript')
    expect(await page.locator('.verdict').getAttribute('data-verdict')).toBe('failed')
    for (const id of ['compare', 'events', 'failures', 'blame', 'samples', 'budget', 'stories', 'provenance'])
      expect(await page.locator(`#${id} table`).count()).toBeGreaterThan(0)
    expect(complaints).toEqual([])
  })

  test('is dark where the reader wants it so, and changes when told', async () => {
    const file = await reportOf(results)
    const background = (page: Page) => page.evaluate(() => getComputedStyle(document.body).backgroundColor)
    const { page: light } = await open(file)
    const { page: dark, complaints } = await open(file, { dark: true })
    const [bright, dim] = [await background(light), await background(dark)]
    expect(bright).not.toBe(dim)
    await dark.locator('#theme-light').check()
    expect(await background(dark)).toBe(bright)
    await light.locator('#theme-dark').check()
    expect(await background(light)).toBe(dim)
    await drawn(light)
    const corner = await light
      .locator('figure[data-kind="latency"] canvas')
      .first()
      .evaluate((canvas: HTMLCanvasElement) => [...canvas.getContext('2d')!.getImageData(2, 2, 1, 1).data])
    expect(Math.max(...corner.slice(0, 3))).toBeLessThan(80)
    expect(complaints).toEqual([])
  })

  test.each([
    ['en', 'en', false],
    ['zh', 'zh-CN', true],
  ] as const)('has no fault that axe knows, in %s', async (language, tag, dark) => {
    const { page } = await open(await reportOf(results, language), { dark })
    // One story is as good as all of them, and takes a tenth of the time.
    for (const details of ['figure details', '#stories details >> nth=0', '#provenance details', '#samples details'])
      for (const one of await page.locator(details).all()) await one.evaluate((node) => node.setAttribute('open', ''))
    await page.evaluate(axe.source)
    const { violations } = await page.evaluate(() => (window as unknown as { axe: typeof axe }).axe.run({ resultTypes: ['violations'] }))
    const told = violations.map(
      ({ id, nodes }) =>
        `${id}: ${nodes
          .slice(0, 3)
          .map(({ html }) => html.slice(0, 160))
          .join(' | ')}`,
    )
    expect(told).toEqual([])
    expect(await page.evaluate(() => document.documentElement.lang)).toBe(tag)
  })

  test('is as wide as a narrow screen', async () => {
    const { page } = await open(await reportOf(results), { width: 400 })
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(400)
  })

  test('hostile names are texts', async () => {
    const { page, complaints } = await open(await reportOf(renamed(results, HOSTILE), 'en', '<script>document.title=1</script>'))
    expect(await page.title()).toBe('<script>document.title=1</script> · Towtank')
    await page.locator('#variant-1').check()
    await page.locator('#traffic').selectOption(HOSTILE.robots)
    await drawn(page)
    await page.locator('figure[data-kind="latency"] summary').click()
    expect(await page.locator('figure[data-kind="latency"] h3').textContent()).toContain(HOSTILE.robots)
    const canvas = page.locator('figure[data-kind="latency"] .canvas')
    await canvas.hover()
    await page.locator('.tip').waitFor()
    expect(await page.title()).toBe('<script>document.title=1</script> · Towtank')
    expect(complaints).toEqual([])
  })

  test('a script that is not the page’s own does not run', async () => {
    const file = await reportOf(results)
    const changed = join(file, '..', 'changed.html')
    writeFileSync(
      changed,
      readFileSync(file, 'utf8').replace('<main id="main">', '<main id="main"><script>document.title = "run"</script>'),
    )
    const context = await browser.newContext()
    const page = await context.newPage()
    const said: string[] = []
    page.on('console', (message) => said.push(message.text()))
    await page.goto(pathToFileURL(changed).href)
    expect(await page.title()).toContain('small-shop')
    expect(said.join()).toContain('Content Security Policy')
  })
})
