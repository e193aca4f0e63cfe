import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { sampleResult } from '../report/sample.fixture.ts'
import { memoryFiles } from '../scenario/load-files.ts'
import type { RunResult } from '../scenario/run-result.ts'
import type { Scenario } from '../scenario/scenario.ts'
import { EXIT } from './exit-codes.ts'
import type { JobEvent, RunJob } from './jobs.ts'
import { runJob } from './run-job.ts'

const scenario = (name: string, more = '') =>
  `apiVersion: towtank/v1\nkind: Scenario\nmetadata: { name: ${name} }\nspec: { duration: 1m${more} }\n`

let root = ''
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'towtank-run-'))
})
afterEach(() => rmSync(root, { recursive: true }))

const passed: RunResult['summary']['thresholds'] = [
  { expression: 'requests.sent > 5', metric: 'requests.sent', operator: '>', limit: 5, value: 9, passed: true },
]

async function run(
  files: Record<string, string>,
  changes: Partial<RunJob> = {},
  simulate?: (scenario: Scenario, variant: string) => RunResult,
) {
  const events: JobEvent[] = []
  const seen: Scenario[] = []
  const job: RunJob = {
    kind: 'run',
    files: Object.keys(files),
    seed: null,
    out: join(root, 'out'),
    report: null,
    samples: null,
    raw: null,
    traces: false,
    version: '1.2.3',
    ...changes,
  }
  const code = await runJob(
    job,
    {
      files: memoryFiles(files),
      tell: (event) => events.push(event),
      simulate: (given, { variant, onProgress }) => {
        seen.push(given)
        onProgress?.(0.5)
        return simulate === undefined ? sampleResult(variant, { thresholds: passed }) : simulate(given, variant)
      },
    },
    () => 'void 0',
  )
  return { code, events, seen }
}

describe('a run', () => {
  test('writes the result and tells its summary', async () => {
    const { code, events } = await run({ 'a.yaml': scenario('a', ', compare: { x: {}, y: {} }') })
    expect(code).toBe(EXIT.passed)
    expect(readdirSync(root)).toEqual(['out'])
    const summary: unknown = JSON.parse(readFileSync(join(root, 'out/summary.json'), 'utf8'))
    expect(summary).toMatchObject({
      schemaVersion: 1,
      tool: { name: 'towtank', version: '1.2.3' },
      scenario: 'a',
      seed: '0',
      variants: [{ variant: 'x' }, { variant: 'y' }],
    })
    expect(events.at(-1)).toEqual({ kind: 'finished', summary, folder: join(root, 'out') })
    expect(events.filter((event) => event.kind === 'progress').map((event) => event.fraction)).toEqual([0, 0.25, 0.5, 0.75])
  })

  test('exits with 99 when a threshold of any variant fails', async () => {
    const { code } = await run({ 'a.yaml': scenario('a', ', compare: { x: {}, y: {} }') }, {}, (_scenario, variant) =>
      sampleResult(variant, { thresholds: [{ ...passed[0]!, passed: variant !== 'y' }] }),
    )
    expect(code).toBe(EXIT.thresholdFailed)
  })

  test('exits with 99 when a fault never took effect that had to', async () => {
    const fault = { fault: 'node-crash worker-9', tookEffect: false, effect: 'it was down already' }
    const ofFaults = (...faults: RunResult['summary']['faults']) =>
      run({ 'a.yaml': scenario('a') }, {}, (_scenario, variant) => sampleResult(variant, { faults }))
    expect((await ofFaults(fault)).code).toBe(EXIT.thresholdFailed)
    expect((await ofFaults({ ...fault, optional: true }, { ...fault, tookEffect: true })).code).toBe(EXIT.passed)
  })

  test('takes another seed for all variants', async () => {
    const { seen, events } = await run({ 'a.yaml': scenario('a', ', seed: 5, compare: { x: {}, y: {} }') }, { seed: '7' })
    expect(seen.map((given) => given.seed)).toEqual(['7', '7'])
    expect(events.at(-1)).toMatchObject({ summary: { seed: '7' } })
  })

  test('of several files writes each into a folder of its own', async () => {
    const { events } = await run({ 'a.yaml': scenario('a'), 'b.yaml': scenario('b') })
    expect(readdirSync(join(root, 'out')).toSorted()).toEqual(['a', 'b'])
    expect(events.filter((event) => event.kind === 'progress').map((event) => event.fraction)).toEqual([0, 0.25, 0.5, 0.75])
  })

  test('does not begin while anything is wrong with any file', async () => {
    const { code, events, seen } = await run({
      'a.yaml': scenario('a'),
      'b.yaml': scenario('b', ', durtion: 5m'),
      'c.yaml': scenario('c', ', seed: []'),
    })
    expect(code).toBe(EXIT.wrongInput)
    expect(seen).toEqual([])
    expect(readdirSync(root)).toEqual([])
    const problems = events.flatMap((event) => (event.kind === 'problems' ? event.problems : []))
    expect(problems.map((problem) => problem.file)).toEqual(['b.yaml', 'c.yaml'])
  })

  test('refuses two scenarios of one name, and a folder that is not its own', async () => {
    const twins = await run({ 'a.yaml': scenario('a'), 'b.yaml': scenario('a') })
    expect(twins.code).toBe(EXIT.wrongInput)
    expect(twins.events).toContainEqual({
      kind: 'refused',
      reason: 'Cannot run "a.yaml" and "b.yaml" together: both scenarios are called "a"',
    })
    const here = await run({ 'a.yaml': scenario('a') }, { out: '.' })
    expect(here.code).toBe(EXIT.wrongInput)
    expect(existsSync('summary.json')).toBe(false)
  })

  test('that breaks leaves the earlier result as it was, and nothing beside it', async () => {
    await run({ 'a.yaml': scenario('a') })
    const before = readFileSync(join(root, 'out/requests.csv'), 'utf8')
    const broken = run({ 'a.yaml': scenario('a', ', compare: { x: {}, y: {} }') }, {}, (_scenario, variant) => {
      if (variant === 'y') throw new Error('a bug')
      return sampleResult(variant)
    })
    await expect(broken).rejects.toThrow('a bug')
    expect(readdirSync(root)).toEqual(['out'])
    expect(readFileSync(join(root, 'out/requests.csv'), 'utf8')).toBe(before)
  })
})
