import { mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { XMLParser, XMLValidator } from 'fast-xml-parser'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Comparison } from '../../experiment/comparison/comparison.ts'
import { CellRunner } from '../../experiment/run-cell.ts'
import { SAMPLE_FILES } from '../../experiment/sample.fixture.ts'
import { renderComparison } from '../../report/comparison/terminal.ts'
import { LANGUAGES } from '../../report/language/index.ts'
import { simulate } from '../../scenario/simulate.ts'
import { diskFiles } from '../disk-files.ts'
import type { CompareJob, JobEvent } from '../jobs.ts'
import { cellsHere } from '../pool/cell-pool.ts'
import { runJob } from '../run-job.ts'
import { compareJob } from './compare-job.ts'

let folder = ''
let before = ''
beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'towtank-compare-')))
  before = process.cwd()
  process.chdir(folder)
  mkdirSync('lab')
  for (const [name, text] of Object.entries(SAMPLE_FILES)) writeFileSync(name, text)
  // The same cluster with a server that is 2 % slower, whatever a request asks of it.
  writeFileSync('lab/slower.yaml', SAMPLE_FILES['lab/small.yaml']!.replace('exp(5ms)', 'exp(5.1ms)'))
})
afterEach(() => {
  process.chdir(before)
  rmSync(folder, { recursive: true })
})

async function compare(a: string, b: string, more: Partial<CompareJob> = {}, workers = 1) {
  const events: JobEvent[] = []
  const job: CompareJob = {
    kind: 'compare',
    a,
    b,
    replications: 4,
    tolerances: [],
    seed: null,
    workers,
    queue: null,
    out: 'out',
    markdown: null,
    junit: null,
    report: false,
    language: 'en',
    version: '0.0.0',
    ...more,
  }
  // Several at once, and the later ones first: the first of four is the last to end.
  const runner = new CellRunner()
  let turn = Promise.resolve()
  const work: Parameters<typeof cellsHere>[0] = (cell) => {
    const mine = turn.then(() => runner.run(cell))
    turn = mine.then(() => undefined)
    return workers === 1
      ? mine
      : mine.then((result) => new Promise((settle) => setTimeout(() => settle(result), cell.seed.endsWith('2') ? 30 : 0)))
  }
  const code = await compareJob(job, {
    simulate,
    files: diskFiles,
    tell: (event) => events.push(event),
    cells: () => cellsHere(work, workers),
  })
  const refused = events.flatMap((event) => (event.kind === 'refused' ? [event.reason] : []))
  const compared = events.find((event) => event.kind === 'compared')
  return { code, refused, events, comparison: compared?.comparison as Comparison }
}

async function run(file: string, out: string, seed: string | null = null): Promise<void> {
  const events: JobEvent[] = []
  await runJob(
    { kind: 'run', files: [file], seed, out, version: '0.0.0', report: null, samples: null, raw: null, traces: false },
    { simulate, files: diskFiles, tell: (event) => events.push(event) },
  )
  expect(events.some(({ kind }) => kind === 'finished')).toBe(true)
}

describe('two scenarios', () => {
  test('that are the same differ in nothing', async () => {
    const { code, comparison } = await compare('lab/small.yaml', 'lab/small.yaml', { tolerances: ['0%'] })
    expect(code).toBe(0)
    expect(comparison.verdict).toBe('passed')
    expect(new Set(comparison.metrics.map(({ verdict }) => verdict))).toEqual(new Set(['identical', 'unmeasured']))
    expect(comparison.variants.map(({ variantA, divergence }) => [variantA, divergence])).toEqual([
      ['tables', null],
      ['hash', null],
    ])
    expect(comparison.tested).toBe(0)
  })

  test('of which one has servers that are 2 % slower are told apart, and the same seeds are why', async () => {
    const { code, comparison } = await compare('lab/small.yaml#tables', 'lab/slower.yaml#tables', { replications: 8 })
    expect(code).toBe(0)
    expect(comparison.verdict).toBe('not-judged')
    const mean = comparison.metrics.find(({ name }) => name === 'requests.latency.mean{traffic=users}')!
    expect(mean.verdict).toBe('worse')
    // 2 % of 5 ms, and hardly anything for queues at 5 % load.
    expect(mean.difference!).toBeGreaterThan(0.08)
    expect(mean.difference!).toBeLessThan(0.13)
    expect(mean.low!).toBeLessThan(0.1)
    // Between seeds the mean itself moves by more than the difference.
    const values = mean.valuesA.map((value) => value!)
    expect(Math.max(...values) - Math.min(...values)).toBeGreaterThan(mean.difference!)
    expect(comparison.metrics.find(({ metric }) => metric === 'requests.sent')!.verdict).toBe('identical')
    expect(comparison.variants[0]!.divergence).toMatchObject({ table: 'requests' })
  })

  test('exit with 99 when one is worse than its tolerance allows', async () => {
    const strict = await compare('lab/small.yaml#tables', 'lab/slower.yaml#tables', {
      replications: 8,
      tolerances: ['requests.latency.mean=0.01ms'],
    })
    expect(strict.code).toBe(99)
    expect(strict.comparison.metrics[0]).toMatchObject({ metric: 'requests.latency.mean', verdict: 'regression' })
    const loose = await compare('lab/small.yaml#tables', 'lab/slower.yaml#tables', {
      replications: 8,
      tolerances: ['requests.latency.mean=5ms'],
    })
    expect(loose.code).toBe(0)
    expect(loose.comparison.verdict).toBe('passed')
  })

  test('give the same bytes for any number of workers', async () => {
    const files = (out: string) => readdirSync(out).map((name) => [name, readFileSync(join(out, name), 'utf8')])
    await compare('lab/small.yaml#tables', 'lab/small.yaml#hash', { out: 'one' })
    await compare('lab/small.yaml#tables', 'lab/small.yaml#hash', { out: 'four' }, 4)
    expect(files('four')).toEqual(files('one'))
    expect(files('one').map(([name]) => name)).toEqual(['compare.csv', 'compare.json'])
  })

  test('are run with the same seeds, those of A', async () => {
    writeFileSync('lab/other-seed.yaml', SAMPLE_FILES['lab/small.yaml']!.replace('  duration', '  seed: 9\n  duration'))
    const { comparison } = await compare('lab/small.yaml', 'lab/other-seed.yaml')
    expect(comparison.seed).toBe('0')
    expect(comparison.metrics.every(({ verdict }) => verdict === 'identical' || verdict === 'unmeasured')).toBe(true)
    const chosen = await compare('lab/small.yaml', 'lab/small.yaml', { seed: '5' })
    expect(chosen.comparison.metrics[0]!.valuesA).not.toEqual(comparison.metrics[0]!.valuesA)
  })

  test('a first hop that differs is told', async () => {
    const { comparison } = await compare('lab/small.yaml#tables', 'lab/small.yaml#hash', { replications: 1 })
    const { divergence } = comparison.variants[0]!
    expect(divergence).toMatchObject({ table: 'objects' })
    expect(divergence!.a!.actor).toMatch(/^kube-proxy\//)
    expect(comparison.metrics.every(({ low }) => low === null)).toBe(true)
  })
})

describe('two results', () => {
  test('differ exactly for their seed, and what they recorded parts at the same row as for scenarios', async () => {
    await run('lab/small.yaml', 'a')
    const { comparison, code } = await compare('a#tables', 'a#hash', { tolerances: ['endpoints.propagation.max=0ms'] })
    expect(code).toBe(0)
    expect(comparison).toMatchObject({ kind: 'single', replications: 1, tested: 0, warnings: [] })
    const scenario = await compare('lab/small.yaml#tables', 'lab/small.yaml#hash', { replications: 1 })
    // Another seed: only what kube-proxy does first is the same.
    expect(comparison.variants[0]!.divergence!.columns).toEqual(scenario.comparison.variants[0]!.divergence!.columns)
    expect(comparison.variants[0]!.divergence!.a!.actor).toBe(scenario.comparison.variants[0]!.divergence!.a!.actor)
  })

  test('of one scenario are the same', async () => {
    await run('lab/small.yaml', 'a')
    await run('lab/small.yaml', 'b')
    const { comparison } = await compare('a', 'b', { tolerances: ['0%'] })
    expect(comparison.verdict).toBe('passed')
    expect(comparison.variants.map(({ divergence }) => divergence)).toEqual([null, null])
  })

  test('with different seeds, lengths and names are compared, with a warning of each', async () => {
    writeFileSync('lab/longer.yaml', SAMPLE_FILES['lab/small.yaml']!.replace('28s', '30s').replace('name: small', 'name: longer'))
    await run('lab/small.yaml', 'a')
    await run('lab/longer.yaml', 'b', '7')
    const { comparison } = await compare('a', 'b')
    expect(comparison.warnings).toEqual([
      { kind: 'scenarios-differ', a: 'small', b: 'longer' },
      { kind: 'durations-differ', aSeconds: 28, bSeconds: 30 },
      { kind: 'seeds-differ', a: '0', b: '7' },
    ])
  })
})

describe('what cannot be compared is refused', () => {
  const only = async (a: string, b: string, more: Partial<CompareJob> = {}): Promise<string> => {
    const { code, refused } = await compare(a, b, more)
    expect(code).toBe(2)
    expect(readdirSync('.')).not.toContain('out')
    return refused.join('\n')
  }

  test('folders without a summary, with one of another form, or of another command', async () => {
    mkdirSync('empty')
    expect(await only('empty', 'empty')).toContain('the folder has no summary.json: expected a folder that towtank run has written')
    const summary = (text: string): void => writeFileSync('empty/summary.json', text)
    summary('{')
    expect(await only('empty', 'empty')).toContain(`"${join('empty', 'summary.json')}" is no JSON`)
    summary('{"schemaVersion":2,"tool":{"name":"towtank"}}')
    expect(await only('empty', 'empty')).toContain('is 2: expected 1; run the scenario again with this version')
    summary('{"schemaVersion":1,"command":"rollout"}')
    expect(await only('empty', 'empty')).toContain('is the result of towtank rollout: expected one of towtank run')
    summary('{"schemaVersion":1,"tool":{"version":"1"},"scenario":"x","seed":"0","inputHash":"","variants":[{"variant":"v"}]}')
    expect(await only('empty', 'empty')).toContain('variant "v"')
    expect(await only('empty/summary.json', 'empty')).toContain('expected the folder that it is in, "empty"')
  })

  test('files that are missing or wrong, variants that are not there, a result with a scenario', async () => {
    expect(await only('nothing.yaml', 'lab/small.yaml')).toContain('there is no such file or folder')
    expect(await only('lab/small.yaml#tabels', 'lab/small.yaml#hash')).toContain('expected one of tables, hash. Did you mean "tables"?')
    await run('lab/small.yaml', 'a')
    expect(await only('a', 'lab/small.yaml')).toContain('Run the scenario first: towtank run lab/small.yaml')
    writeFileSync('lab/wrong.yaml', SAMPLE_FILES['lab/small.yaml']!.replace('serviceTime', 'servicTime'))
    const { code, events } = await compare('lab/small.yaml', 'lab/wrong.yaml')
    expect(code).toBe(2)
    expect(events.flatMap((event) => (event.kind === 'problems' ? event.problems.map(({ line }) => line) : []))).toContain(9)
  })

  test('tolerances that cannot be read, or that judge nothing, before any time is spent on them', async () => {
    expect(await only('lab/small.yaml', 'lab/small.yaml', { tolerances: ['five'] })).toContain(
      '--tolerance: Cannot read "five" as a tolerance',
    )
    const { code, refused, events } = await compare('lab/small.yaml', 'lab/small.yaml', {
      tolerances: ['requests.ok{traffic=usrs}=5%'],
      replications: 1000,
    })
    expect(code).toBe(2)
    expect(refused[0]).toContain('expected one of users. Did you mean "users"?')
    expect(events.filter(({ kind }) => kind === 'progress').length).toBeLessThan(1000)
  })

  test('files that cannot be written', async () => {
    expect(await only('lab/small.yaml', 'lab/small.yaml', { markdown: 'lab' })).toContain('Cannot write "lab": it is a folder')
    expect(await only('lab/small.yaml', 'lab/small.yaml', { junit: 'no/where.xml' })).toContain('there is no folder "no"')
  })
})

describe('a report', () => {
  test('is JUnit that can be read: a suite a pair of variants, a case a metric, a failure for each regression', async () => {
    const { comparison } = await compare('lab/small.yaml', 'lab/slower.yaml', {
      tolerances: ['requests.latency.mean=0.001ms'],
      junit: 'c.xml',
      replications: 8,
    })
    const text = readFileSync('c.xml', 'utf8')
    expect(XMLValidator.validate(text)).toBe(true)
    const many = (name: string): boolean => name === 'testsuite' || name === 'testcase'
    const { testsuites } = new XMLParser({ ignoreAttributes: false, attributeNamePrefix: '', isArray: many }).parse(text)
    expect(testsuites.testsuite.map((suite: { name: string }) => suite.name)).toEqual(['small tables', 'small hash'])
    const failed = comparison.metrics.filter(({ toleranceVerdict }) => toleranceVerdict === 'beyond')
    expect(failed.length).toBe(2)
    expect(Number(testsuites.failures)).toBe(2)
    expect(Number(testsuites.tests)).toBe(comparison.metrics.length)
    for (const suite of testsuites.testsuite) {
      const cases: readonly { name: string; classname: string; failure?: { message: string; '#text': string }; skipped?: unknown }[] =
        suite.testcase
      expect(Number(suite.tests)).toBe(cases.length)
      expect(Number(suite.failures)).toBe(cases.filter(({ failure }) => failure !== undefined).length)
      expect(Number(suite.skipped)).toBe(cases.filter(({ skipped }) => skipped !== undefined).length)
      const [failure] = cases.filter((one) => one.failure !== undefined)
      expect(failure!.name).toContain('requests.latency.mean{traffic=users}')
      expect(failure!.failure!.message).toContain('regression; tolerance 0.001ms: beyond')
      expect(failure!.failure!['#text']).toMatch(/95 % interval \[\+/)
    }
  })

  test('is Markdown with a table and the rest behind a line to click, in English and Chinese', async () => {
    const more = { tolerances: ['requests.latency.mean=0.001ms'], replications: 8 }
    await compare('lab/small.yaml#tables', 'lab/slower.yaml#tables', { ...more, markdown: 'en.md' })
    const english = readFileSync('en.md', 'utf8')
    expect(english).toMatch(/^### ❌ 1 of 1 metric worse than the tolerance allows$/m)
    expect(english).toMatch(/^\| `requests\.latency\.mean\{traffic=users\}` \| .* \| ❌ regression; tolerance 0\.001ms: beyond \|$/m)
    expect(english.match(/<details>/g)).toHaveLength(2)
    expect(english.match(/<\/details>/g)).toHaveLength(2)
    for (const row of english.split('\n').filter((line) => line.startsWith('|')))
      expect(row.replace(/\\\|/g, '').split('|')).toHaveLength(9)
    await compare('lab/small.yaml#tables', 'lab/slower.yaml#tables', { ...more, markdown: 'zh.md', language: 'zh' })
    expect(readFileSync('zh.md', 'utf8')).toMatch(/^### ❌ 1 项指标中有 1 项变差，超出容差$/m)
  })

  test('fits a terminal of any width', async () => {
    const { comparison } = await compare('lab/small.yaml', 'lab/small.yaml', { tolerances: ['5%'] })
    const other = await compare('lab/small.yaml#tables', 'lab/small.yaml#hash')
    const colors = new Proxy({}, { get: () => (text: string) => text }) as Parameters<typeof renderComparison>[2]['colors']
    for (const one of [comparison, other.comparison])
      for (const words of [LANGUAGES.en.compare, LANGUAGES.zh.compare])
        for (const width of [60, 80, 100]) {
          const text = renderComparison(one, words, { colors, width, folder: 'out' })
          expect(text.split('\n').filter((line) => line.length > width)).toEqual([])
        }
  })
})
