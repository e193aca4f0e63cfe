import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { compareJob } from '../cli/compare/compare-job.ts'
import { diskFiles } from '../cli/disk-files.ts'
import { cellsHere } from '../cli/pool/cell-pool.ts'
import { runJob } from '../cli/run-job.ts'
import { SAMPLE_FILES } from '../experiment/sample.fixture.ts'
import {
  compareRuns,
  defineScenario,
  loadScenario,
  measuresOf,
  parseScenario,
  records,
  replicate,
  type Scenario,
  type ScenarioDefinition,
  ScenarioError,
  simulate,
  toCsv,
  VERSION,
  writeResults,
} from '../index.ts'
import { simulate as simulateChecked } from '../scenario/simulate.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'towtank-library-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const TEXT = SAMPLE_FILES['lab/small.yaml']!
const MANIFESTS = { 'lab/web.yaml': SAMPLE_FILES['lab/web.yaml']! }
const sample = (text = TEXT): Promise<Scenario> => parseScenario(text, { path: 'lab/small.yaml', files: MANIFESTS })

/** What the sample says, in code. */
const DEFINITION: ScenarioDefinition = {
  name: 'small',
  duration: '28s',
  warmUp: '20s',
  cluster: { nodes: [{ count: 2 }] },
  manifests: ['web.yaml'],
  workloads: [{ selector: 'app=web', serviceTime: 'exp(5ms)', startUp: '1s' }],
  traffic: [{ name: 'users', to: 'http://web.default.svc', arrivals: 'poisson(20/s)' }],
  thresholds: ['requests.error_rate < 5%'],
  compare: { tables: { 'cluster.kubeProxy.mode': 'iptables' }, hash: { 'cluster.kubeProxy.mode': 'ipvs' } },
}
const WEB = { 'web.yaml': SAMPLE_FILES['lab/web.yaml']! }

async function problemsOf(scenario: Promise<unknown>): Promise<ScenarioError> {
  const error = await scenario.then(
    () => null,
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(ScenarioError)
  return error as ScenarioError
}

describe('a scenario', () => {
  test('is the same from a file, from texts, and in code', async () => {
    writeFileSync(join(folder, 'small.yaml'), TEXT)
    writeFileSync(join(folder, 'web.yaml'), WEB['web.yaml'])
    const inFile = await loadScenario(join(folder, 'small.yaml'))
    const inText = await sample()
    const inCode = await defineScenario(DEFINITION, WEB)
    expect(inFile.inputHash).toBe(inText.inputHash)
    const [one, ...others] = [inFile, inText, inCode].map((scenario) => {
      expect([scenario.name, scenario.seed, scenario.variants]).toEqual(['small', '0', ['tables', 'hash']])
      const { tables, summary } = simulate(scenario, { variant: 'hash', seed: 3 })
      return { summary, requests: toCsv(tables.requests), objects: toCsv(tables.objects), parameters: toCsv(tables.parameters) }
    })
    for (const other of others) expect(other).toEqual(one)
  })

  test('in code may have objects as manifests, beside names of files', async () => {
    const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } }
    const scenario = await defineScenario({ ...DEFINITION, manifests: [namespace, 'web.yaml'] }, WEB)
    const seen = [...simulate(scenario, { variant: 'hash' }).hops].some(({ subject }) => subject === 'Namespace/shop')
    expect(seen).toBe(true)
    const wrong = await problemsOf(
      defineScenario({ ...DEFINITION, manifests: [{ ...namespace, metadata: { name: 'Shop' } }, 'web.yaml'] }, WEB),
    )
    expect(wrong.problems).toEqual([expect.objectContaining({ file: 'manifests[0]', line: 5, path: 'metadata.name' })])
  })

  test('with texts that look like numbers or words of YAML keeps them as texts', async () => {
    await defineScenario({ ...DEFINITION, cluster: { version: '1.30' } }, WEB)
    expect((await defineScenario({ ...DEFINITION, seed: '007' }, WEB)).seed).toBe('007')
    expect((await defineScenario({ ...DEFINITION, seed: 7 }, WEB)).seed).toBe('7')
  })

  test('that is wrong tells every mistake with its place', async () => {
    const error = await problemsOf(sample(TEXT.replace('poisson', 'poison').replace('exp(5ms)', 'exp(5 apples)')))
    expect(error.problems).toHaveLength(2)
    const [, arrivals] = error.problems
    expect(arrivals).toMatchObject({ file: 'lab/small.yaml', line: 10, path: 'spec.traffic[0].arrivals', didYouMean: 'poisson' })
    expect(error.message).toMatch(/^lab\/small\.yaml:9:\d+ spec\.workloads\[0\]\.serviceTime: /)
    expect(error.message).toContain('Did you mean "poisson"?')
    expect(error.message).toContain(`: expected ${arrivals!.accepted}`)
    expect(error.name).toBe('ScenarioError')
    expect((await problemsOf(loadScenario(join(folder, 'none.yaml')))).message).toContain('there is no such file')
    expect((await problemsOf(defineScenario({ ...DEFINITION, duration: '0s' }, WEB))).problems[0]).toMatchObject({
      file: 'scenario',
      path: 'spec.duration',
    })
  })

  test('from texts sees no file of the machine', async () => {
    writeFileSync(join(folder, 'web.yaml'), WEB['web.yaml'])
    const error = await problemsOf(parseScenario(TEXT, { path: join(folder, 'small.yaml') }))
    expect(error.problems[0]!.path).toBe('spec.manifests[0]')
  })
})

describe('a run', () => {
  test('of several variants needs a name, which must be one of them', async () => {
    const scenario = await sample()
    expect(() => simulate(scenario)).toThrow('say which one, with the option variant: one of tables, hash')
    expect(() => simulate(scenario, { variant: 'hsah' })).toThrow('has no variant "hsah": expected one of tables, hash')
    const alone = await sample(TEXT.replace(/ {2}compare.*\n/, ''))
    expect(alone.variants).toEqual(['iptables'])
    expect(simulate(alone).variant).toBe('iptables')
  })

  test('is a function of its seed', async () => {
    const scenario = await sample()
    const requests = (seed?: string | number) =>
      toCsv(simulate(scenario, { variant: 'hash', ...(seed === undefined ? {} : { seed }) }).tables.requests)
    expect(requests(7)).toBe(requests('7'))
    expect(requests()).toBe(requests('0'))
    expect(requests(7)).not.toBe(requests(8))
    for (const seed of ['', 1.5, Number.NaN]) expect(() => requests(seed)).toThrow('as a seed')
  })

  test('of what is no scenario is refused', () => {
    expect(() => simulate(Promise.resolve() as unknown as Scenario)).toThrow('await it')
    expect(() => simulate({ name: 'x' } as unknown as Scenario)).toThrow(TypeError)
  })

  test('has tables that can be read again and again', async () => {
    const { tables } = simulate(await sample(), { variant: 'hash' })
    expect(Object.keys(tables)).toEqual(
      expect.arrayContaining(['requests', 'objects', 'proxy', 'pods', 'nodes', 'failures', 'events', 'parameters']),
    )
    for (const table of Object.values(tables)) expect(toCsv(table)).toBe(toCsv(table))
    const [first] = records(tables.pods)
    expect(Object.keys(first!)).toEqual(tables.pods.columns)
    expect(first).toMatchObject({ namespace: 'default', at_end: 'listening' })
  })

  test('tells how far it is', async () => {
    const told: number[] = []
    simulate(await sample(), { variant: 'hash', onProgress: (fraction) => told.push(fraction) })
    expect([told.length, told[0], told.at(-1)]).toEqual([100, 0.01, 1])
  })
})

describe('results', () => {
  test('are the files of "towtank run", byte for byte', async () => {
    mkdirSync(join(folder, 'lab'))
    for (const [path, text] of Object.entries(SAMPLE_FILES)) writeFileSync(join(folder, path), text)
    const path = join(folder, 'lab/small.yaml')
    const extras = { report: null, samples: null, raw: null, traces: false } as const
    const job = { kind: 'run', files: [path], out: join(folder, 'by-command'), seed: '5', version: VERSION, ...extras } as const
    await runJob(job, { files: diskFiles, simulate: simulateChecked, tell: () => {} })
    const scenario = await loadScenario(path)
    const summary = writeResults(
      join(folder, 'by-library'),
      scenario.variants.map((variant) => simulate(scenario, { variant, seed: '5' })),
    )
    const names = readdirSync(join(folder, 'by-command'))
    expect(readdirSync(join(folder, 'by-library'))).toEqual(names)
    expect(names).toContain('summary.json')
    for (const name of names)
      expect(readFileSync(join(folder, 'by-library', name), 'utf8'), name).toBe(readFileSync(join(folder, 'by-command', name), 'utf8'))
    expect(JSON.parse(readFileSync(join(folder, 'by-library/summary.json'), 'utf8'))).toEqual(summary)
    const [variant] = scenario.variants
    const ofOne = readFileSync(join(folder, 'by-command/requests.csv'), 'utf8')
      .split('\n')
      .filter((line) => line.startsWith('variant,') || line.startsWith(`${variant},`))
      .map((line) => line.slice(line.indexOf(',') + 1))
    expect(toCsv(simulate(scenario, { variant: variant!, seed: '5' }).tables.requests)).toBe(`${ofOne.join('\n')}\n`)
  })

  test('of different things do not go into one folder, and nothing foreign is replaced', async () => {
    const scenario = await sample()
    const run = simulate(scenario, { variant: 'hash' })
    expect(() => writeResults(join(folder, 'x'), [])).toThrow('there is none')
    expect(() => writeResults(join(folder, 'x'), [run, run])).toThrow('two are of the variant "hash"')
    expect(() => writeResults(join(folder, 'x'), [run, simulate(scenario, { variant: 'tables', seed: 9 })])).toThrow(
      'seed is "0" of one and "9" of another',
    )
    expect(readdirSync(folder)).toEqual([])
    writeFileSync(join(folder, 'notes.txt'), 'mine')
    expect(() => writeResults(folder, [run])).toThrow('not empty and not a result')
    expect(readdirSync(folder)).toEqual(['notes.txt'])
  })
})

describe('many seeds', () => {
  test('are those of the run with that seed, in order', async () => {
    const scenario = await sample()
    const summaries = await replicate(scenario, { variant: 'hash', replications: 2, seed: 4 })
    expect(summaries).toEqual(['4/1', '4/2'].map((seed) => simulate(scenario, { variant: 'hash', seed }).summary))
    for (const options of [{ replications: 0 }, { replications: 1.5 }, { replications: 1, workers: 0 }])
      await expect(replicate(scenario, { variant: 'hash', ...options })).rejects.toThrow(RangeError)
    await expect(replicate(scenario, { replications: 1 })).rejects.toThrow('several variants')
  })

  test('are compared as "towtank compare" does', async () => {
    mkdirSync(join(folder, 'lab'))
    for (const [path, text] of Object.entries(SAMPLE_FILES)) writeFileSync(join(folder, path), text)
    const path = join(folder, 'lab/small.yaml')
    const job = {
      kind: 'compare',
      a: `${path}#tables`,
      b: `${path}#hash`,
      replications: 12,
      tolerances: ['5%'],
      seed: '1',
      workers: 1,
      version: VERSION,
      out: join(folder, 'compared'),
      markdown: null,
      junit: null,
      language: 'en',
    } as unknown as Parameters<typeof compareJob>[0]
    const tools = { files: diskFiles, simulate: simulateChecked, tell: () => {}, cells: () => cellsHere() } as unknown as Parameters<
      typeof compareJob
    >[1]
    await compareJob(job, tools)
    const told = JSON.parse(readFileSync(join(folder, 'compared/compare.json'), 'utf8'))
    const scenario = await loadScenario(path)
    const options = { replications: 12, seed: '1' }
    const a = await replicate(scenario, { variant: 'tables', ...options })
    const b = await replicate(scenario, { variant: 'hash', ...options })
    const compared = compareRuns(a, b, { seed: '1', tolerances: ['5%'] })
    expect(JSON.parse(JSON.stringify(compared.metrics))).toEqual(told.metrics)
    expect(compared.verdict).toBe(told.verdict)
    // The bootstrap has been used, so that its seed was the same.
    expect(compared.metrics.map(({ method }) => method)).toContain('signed-rank')
  })

  test('that make no pairs, and tolerances that judge nothing, are refused', async () => {
    const { summary } = simulate(await sample(), { variant: 'hash' })
    expect(() => compareRuns([], [])).toThrow('expected pairs of runs')
    expect(() => compareRuns([summary], [summary, summary])).toThrow('Cannot compare 1 runs with 2')
    expect(() => compareRuns([summary], [summary], { tolerances: ['requests.latncy.p99=5%'] })).toThrow(
      'Did you mean "requests.latency.p99"?',
    )
    expect(() => compareRuns([summary], [summary], { tolerances: ['requests.latency.p99{traffic=user}=5%'] })).toThrow(
      'Did you mean "users"?',
    )
    expect(compareRuns([summary], [summary]).verdict).toBe('not-judged')
    expect(new Set(compareRuns([summary], [summary]).metrics.map(({ verdict }) => verdict))).toEqual(new Set(['identical', 'unmeasured']))
    expect(measuresOf(summary).length).toBeGreaterThan(20)
  })
})
