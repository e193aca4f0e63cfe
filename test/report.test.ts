import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { formatCount, formatMilliseconds, formatPercent } from '../src/report/format.ts'
import { pageContext } from '../src/report/page/context.ts'
import { PAGE_BYTES_MAX, renderReport } from '../src/report/page/document.ts'
import { embed } from '../src/report/page/embed.ts'
import { propagationBudget } from '../src/report/page/propagation-budget.ts'
import { type Result, readResult } from '../src/report/read/read-result.ts'
import { writeReport } from '../src/report/write-report.ts'
import { storyOf, tellStory } from '../src/scenario/story.ts'
import { type ShopRun, simulatedShop, writeResult } from './browser/report-fixture.ts'

/** The report without a browser: what it is made from, what it says, and that it can be trusted. The script of the charts is a stand-in here. */
const client = 'document.title += "!"'

let results: readonly ShopRun[] = []
let folder = ''
let result: Result
let page = ''

beforeAll(async () => {
  results = await simulatedShop()
  folder = writeResult(results)
  const read = await readResult(folder)
  if (!read.ok) throw new Error(read.reason)
  result = read.result
  page = renderReport(result, { language: 'en', client }).html
}, 600_000)
afterAll(() => rmSync(folder, { recursive: true }))

describe('a result that is read back', () => {
  test('tells the stories that the run itself tells', () => {
    for (const { variant, hops } of results) {
      const back = result.hops.get(variant)!
      expect(back.length).toBe(hops.length)
      for (let id = 0; id < hops.length; id++) expect(back.hop(id)).toEqual(hops.hop(id))
      const told = (from: typeof back | typeof hops) => tellStory(storyOf(from, 'Deployment/shop/web', { all: false }))
      expect(told(back)).toEqual(told(hops))
      expect(told(back).length).toBeGreaterThan(50)
    }
  })

  test('has the propagation that summary.json has', () => {
    const { measureFrom } = pageContext(result, 'en')
    expect(measureFrom).toBe(20e9)
    for (const { variant, propagation } of result.summary.variants) {
      const budget = propagationBudget(result.hops.get(variant)!, measureFrom)!
      const mean = (part: string) => budget.parts.find((one) => one.part === part)!.mean
      expect(budget.samples + budget.untold).toBe(propagation.count)
      if (budget.untold === 0) expect(mean('wait') + mean('sync')).toBeCloseTo(propagation.mean!, 6)
      expect(budget.fromCommit.max).toBeCloseTo(propagation.max!, 6)
    }
  })

  test.each([
    ['a folder that is not there', () => join(folder, 'nowhere'), 'there is no such folder'],
    ['a file', () => join(folder, 'summary.json'), 'it is not a folder'],
    ['an empty folder', () => mkdtempSync(join(tmpdir(), 'towtank-empty-')), 'it has no summary.json, objects.csv, requests.csv'],
  ])('refuses %s, and says what to do', async (_name, path, why) => {
    const read = await readResult(path())
    expect(read.ok ? '' : read.reason).toContain(why)
    expect(read.ok ? '' : read.reason).toMatch(/towtank run/)
  })

  test.each([
    ['summary.json', '{', 'summary.json cannot be read: it is not JSON'],
    ['summary.json', '{"schemaVersion": 99}', 'its schemaVersion is 99'],
    ['summary.json', '{"schemaVersion": 1, "rollout": {}}', 'it is not a summary of "towtank run"'],
    ['requests.csv', 'variant,traffic\n', 'requests.csv has no column interval_start_s'],
    ['proxy.csv', '', 'proxy.csv: it is empty'],
    ['nodes.csv', 'variant\n"', 'nodes.csv:2: it is no CSV: a quote is never closed'],
    [
      'objects.csv',
      'variant,hop,cause_hop,started_s,ended_s,actor,action,object,revision,detail\nipvs,0,5,0,0,a,b,c,,\n',
      'the cause of hop 0, "5", is no earlier hop',
    ],
  ])('refuses a damaged %s (%j)', async (name, text, why) => {
    const copy = writeResult(results)
    writeFileSync(join(copy, name), text)
    const read = await readResult(copy)
    expect(read.ok ? '' : read.reason).toContain(why)
    rmSync(copy, { recursive: true })
  })
})

describe('the page', () => {
  test('is the same bytes for the same result', async () => {
    const again = await readResult(writeResult(results))
    expect(again.ok && renderReport(again.result, { language: 'en', client }).html).toBe(page)
  })

  test('allows its own script and style by their hashes, and nothing else', () => {
    const policy = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(page)![1]!.replaceAll('&#39;', "'")
    const hash = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`
    const style = /<style>([\s\S]*?)<\/style>/.exec(page)![1]!
    const script = /<script>([\s\S]*?)<\/script>/.exec(page)![1]!
    expect(script).toBe(client)
    expect(policy).toBe(
      `default-src 'none'; script-src ${hash(script)}; style-src ${hash(style)}; img-src data:; base-uri 'none'; form-action 'none'`,
    )
    expect(page).not.toMatch(/ style="| on\w+="|<link|src="|href="(?!#)/)
  })

  test('shows the numbers of summary.json', () => {
    const text = page
      .replace(/<[^>]*>/g, ' ')
      .replaceAll('&lt;', '<')
      .replaceAll('&gt;', '>')
    for (const { traffic, propagation, kubeProxy, faults } of result.summary.variants) {
      for (const { sent, ok, errorRate, latencyMs, blameMs, failedByCause } of traffic) {
        const times = [
          latencyMs.p50,
          latencyMs.p90,
          latencyMs.p99,
          latencyMs.max,
          ...Object.values(blameMs.p99!),
          ...Object.values(blameMs.mean!),
        ]
        for (const time of times) if (time !== null && time > 0) expect(text).toContain(formatMilliseconds(time))
        for (const count of [sent, ok, ...Object.values(failedByCause)]) expect(text).toContain(formatCount(count))
        expect(text).toContain(formatPercent(errorRate))
      }
      for (const time of [propagation.p50, propagation.p99, propagation.max]) expect(text).toContain(formatMilliseconds(time!))
      expect(text).toContain(formatMilliseconds(kubeProxy.syncMsMax))
      for (const { fault, effect } of faults) for (const said of [fault, effect]) expect(text).toContain(said)
    }
  })

  test('the failing thresholds stand first', () => {
    const order = [...page.matchAll(/<tr class="(holds|fails)"><th scope="row"><code>([^<]*)/g)].map((match) => [match[1], match[2]])
    expect(order).toEqual([
      ['fails', 'requests.error_rate{traffic=users} &lt; 0.0001%'],
      ['holds', 'requests.latency.p99{traffic=users} &lt; 1s'],
    ])
  })

  test('says of every parameter where it comes from, the assumed ones first, and which differ between variants', () => {
    const part = /<section id="provenance"[\s\S]*?<\/section>/.exec(page)![0]
    const lists = [...part.matchAll(/<details class="chapter"><summary>(\w+) [\s\S]*?<\/details>/g)]
    expect(lists.map(([, kind]) => kind)).toEqual(['Assumed', 'Measured', 'Cited', 'Given'])
    const counts = /<tbody>([\s\S]*?)<\/tbody>/.exec(part)![1]!
    for (const [list, kind] of lists) {
      const rows = results.map(({ parameters }) => [...parameters.rows].filter((row) => row[3] === kind!.toLowerCase()))
      const names = new Set(rows.flat().map(([name]) => name))
      const shown = [...list.matchAll(/<tr[^>]*><th scope="row"><code>([^<]*)/g)].map(([, name]) => name)
      expect(shown.toSorted()).toEqual([...names].toSorted())
      const cells = rows.map(({ length }) => `<td class="number">${length}</td>`).join('')
      expect(counts).toContain(`<tr><th scope="row">${kind}</th>${cells}`)
    }
    const differing = [...part.matchAll(/<tr class="differs"><th scope="row"><code>([^<]*)/g)].map(([, name]) => name)
    expect(differing).toEqual(['cluster.kubeProxy.mode'])
    expect(part).toContain('<div><span class="quiet">iptables: </span>iptables</div><div><span class="quiet">ipvs: </span>ipvs</div>')
    expect(part).toMatch(/<code>kubeProxy\.ipvs\.syncPeriod<\/code><span class="mark quiet">only in ipvs<\/span><\/th><td>30 s<\/td>/)
  })

  test('shows requests step by step with the times of samples.csv, and says how to get them where there are none', async () => {
    const part = /<section id="samples"[\s\S]*?<\/section>/.exec(page)![0]
    const [{ samples }] = results as [ShopRun]
    const rows = [...samples!.rows]
    const slowest = rows
      .filter(([traffic, , kept, step]) => traffic === 'users' && step === 0 && String(kept).includes('slowest'))
      .reduce((most, one) => (Number(one[7]) - Number(one[6]) > Number(most[7]) - Number(most[6]) ? one : most))
    const [list] = /<details class="chapter" open><summary>Slowest [\s\S]*?<\/details>/.exec(part)!
    expect(list).toContain(`request ${formatCount(Number(slowest[1]))} of users`)
    const own = rows.filter(([traffic, request]) => traffic === 'users' && request === slowest[1])
    const shown = [
      ...list.matchAll(/<tr><th scope="row" class="depth-\d">[^<]*<\/th><td class="number">\+([^<]*)<\/td><td class="number">([^<]*)</g),
    ]
    expect(shown.map(([, at, took]) => [at, took])).toEqual(
      own.map(([, , , , , , started, ended]) => {
        const ms = (from: unknown, to: unknown) => Math.round((Number(to) - Number(from)) * 1e9) / 1e6
        return [formatMilliseconds(ms(slowest[6], started)), started === ended ? '–' : formatMilliseconds(ms(started, ended))]
      }),
    )
    const causes = new Set(
      rows.flatMap(
        ([traffic, , , , , , , , , detail]) => (traffic === 'users' ? /^failed: ([^;]+)/.exec(String(detail))?.[1] : undefined) ?? [],
      ),
    )
    expect(causes.size).toBeGreaterThan(0)
    for (const cause of causes) expect(part).toContain(`Failed, ${cause} <span`)
    const copy = writeResult(results)
    rmSync(join(copy, 'samples.csv'))
    const without = await readResult(copy)
    rmSync(copy, { recursive: true })
    const bare = without.ok ? renderReport(without.result, { language: 'en', client }).html : ''
    expect(/<section id="samples"[\s\S]*?<\/section>/.exec(bare)![0]).toContain('<code>towtank run FILE --report --samples 3</code>')
  })

  test('has room for what does not fit: rows are put together, step by step, and this is said', () => {
    const whole = embed(result, PAGE_BYTES_MAX)
    expect(whole.every(({ seconds }) => seconds === null)).toBe(true)
    const size = (tables: typeof whole) => tables.reduce((sum, { data }) => sum + data.length, 0)
    const half = embed(result, Math.floor(size(whole) / 2))
    expect(size(half)).toBeLessThanOrEqual(size(whole) / 2)
    expect(half.some(({ seconds }) => seconds !== null)).toBe(true)
    expect(embed(result, 0)).toEqual([])
  })
})

describe('writing', () => {
  test('never replaces what is no report, and replaces what is one', async () => {
    const out = join(folder, 'own.html')
    const write = () => writeReport(folder, { language: 'zh', client: () => client, out })
    writeFileSync(out, 'my own page')
    expect(await write()).toMatchObject({ ok: false, reason: expect.stringContaining('it is a file that Towtank did not write') })
    expect(readFileSync(out, 'utf8')).toBe('my own page')
    rmSync(out)
    expect(await write()).toMatchObject({ ok: true, file: out })
    expect(await write()).toMatchObject({ ok: true })
    expect(readFileSync(out, 'utf8')).toContain('<html lang="zh-CN">')
    expect(await writeReport(folder, { language: 'en', client: () => client, out: join(folder, 'no', 'where.html') })).toMatchObject({
      reason: expect.stringContaining('there is no folder'),
    })
    expect(await writeReport(folder, { language: 'en', client: () => client, out: folder })).toMatchObject({
      reason: expect.stringContaining('it is a folder'),
    })
  })
})
