import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Ajv } from 'ajv'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { measurePart } from '../src/bench/parts.ts'
import { PARTS } from '../src/bench/plan.ts'
import { bench } from '../src/cli/bench.ts'
import { compareJob } from '../src/cli/compare/compare-job.ts'
import { diskFiles } from '../src/cli/disk-files.ts'
import { folderFiles } from '../src/cli/init/folder-files.ts'
import { TEMPLATES } from '../src/cli/init/templates/index.ts'
import { writeFolder } from '../src/cli/init/write-folder.ts'
import { JobScreen } from '../src/cli/job-screen.ts'
import type { Job, JobTools } from '../src/cli/jobs.ts'
import { cellsHere } from '../src/cli/pool/cell-pool.ts'
import { main } from '../src/cli/program.ts'
import { WorkerScreen } from '../src/cli/queue/worker-screen.ts'
import { runJob } from '../src/cli/run-job.ts'
import { schemaText } from '../src/cli/schema.ts'
import type { SchemaName } from '../src/cli/schema-names.ts'
import type { SweepEvent } from '../src/cli/sweep/sweep-events.ts'
import { sweepJob } from '../src/cli/sweep/sweep-job.ts'
import { traceJob } from '../src/cli/trace-job.ts'
import { CellRunner } from '../src/experiment/run-cell.ts'
import { simulate } from '../src/scenario/simulate.ts'

/** What commands really print with --json, against the schemas that `towtank schema` gives. */
let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'towtank-outputs-'))
  for (const template of TEMPLATES) writeFolder(join(folder, template.name), folderFiles(template, '{}'))
  writeFileSync(join(folder, 'bad.yaml'), 'apiVersion: towtank/v1\nkind: Scenaro\n')
})
afterAll(() => rmSync(folder, { recursive: true }))

function work(job: Job, tools: JobTools) {
  switch (job.kind) {
    case 'run':
      return runJob(job, tools)
    case 'trace':
      return traceJob(job, tools)
    case 'compare':
      return compareJob(job, { ...tools, cells: cellsOfThisProcess })
    case 'rollout':
      throw new Error('it has a test of its own')
  }
}

function cellsOfThisProcess() {
  const runner = new CellRunner()
  return cellsHere((cell) => runner.run(cell), 1)
}

async function printed(...args: string[]): Promise<unknown[]> {
  let stdout = ''
  const stderr = { write: () => undefined }
  const terminal = { stdout: { write: (text: string) => (stdout += text) }, stderr, env: {} }
  const doJob = async (job: Job) => {
    const screen = new JobScreen({ json: true, quiet: true }, terminal)
    const tools: JobTools = { simulate, files: diskFiles, tell: (event) => screen.show(event) }
    const code = await work(job, tools)
    screen.close(false)
    return code
  }
  await main([...args, '--json', '--quiet'], { version: '1.2.3', terminal, workerFile: '', doJob })
  const lines = stdout.split('\n')
  expect(lines.pop()).toBe('')
  return lines.map((line) => JSON.parse(line) as unknown)
}

/** Mistakes of a value under the schema, in which no object may have fields that are not named: so that none is forgotten there. */
function complaints(of: SchemaName, value: unknown): unknown {
  const closed = JSON.parse(schemaText(of), (_key, each) =>
    typeof each === 'object' &&
    each !== null &&
    each.type === 'object' &&
    each.properties !== undefined &&
    !('additionalProperties' in each)
      ? { ...each, additionalProperties: false }
      : each,
  )
  const ajv = new Ajv({ strict: false })
  return ajv.validate(closed, value) ? null : ajv.errors
}

describe('what is printed with --json', () => {
  test.each(['hello', 'rollout', 'node-death'])('by run of %s is as the schema says, with no field left out', async (name) => {
    const out = await printed('run', join(folder, name, 'scenario.yaml'), '--out', join(folder, 'out', name))
    expect(out).toHaveLength(1)
    expect(complaints('run', out[0])).toBeNull()
    expect(complaints('run', { ...(out[0] as object), seed: 7 })).not.toBeNull()
  })

  test('by compare, of scenarios and of results', async () => {
    const hello = join(folder, 'hello/scenario.yaml')
    const out = (name: string) => join(folder, 'out', name)
    const other = join(folder, 'hello/other.yaml')
    writeFileSync(other, readFileSync(hello, 'utf8').replace(/^( *)duration: .*$/m, '$1duration: 40s'))
    const [seeds] = await printed('compare', hello, other, '--replications', '2', '--tolerance', '5%', '--out', out('seeds'))
    expect(complaints('compare', seeds)).toBeNull()
    expect(seeds).toMatchObject({ kind: 'replications', warnings: [{ kind: 'durations-differ' }] })
    await printed('run', hello, '--out', out('a'))
    await printed('run', other, '--seed', '9', '--out', out('b'))
    const [single] = await printed('compare', out('a'), out('b'), '--out', out('single'))
    expect(complaints('compare', single)).toBeNull()
    expect(complaints('compare', { ...(single as object), verdict: 'fine' })).not.toBeNull()
    expect(complaints('run', single)).not.toBeNull()
    const [drawn] = await printed('chart', out('a'), '--format', 'svg', '--out', out('charts'))
    expect(complaints('chart', drawn)).toBeNull()
    expect((drawn as { charts: unknown[] }).charts.length).toBeGreaterThan(2)
    const [refused] = await printed('compare', out('a'), hello, '--out', out('refused'))
    expect(complaints('problems', refused)).toBeNull()
  })

  test('by sweep and merge', async () => {
    const out = join(folder, 'out', 'sweep')
    const answers: unknown[] = []
    const order = {
      file: join(folder, 'hello/scenario.yaml'),
      sets: ['duration=35s,40s'],
      seeds: 2,
      variants: null,
      measures: null,
      out,
      shard: null,
      version: '1.2.3',
      build: 'sha256:test',
    }
    const tell = (event: SweepEvent) => event.kind === 'finished' && answers.push(JSON.parse(JSON.stringify(event.answer)))
    const { signal } = new AbortController()
    await sweepJob(order, { files: diskFiles, pool: cellsOfThisProcess, tell, signal, now: () => 0 })
    expect(answers).toHaveLength(1)
    expect(complaints('sweep', answers[0])).toBeNull()
    const [whole] = await printed('merge', out, '--out', `${out}-whole`)
    expect(whole).toEqual(answers[0])
    expect(complaints('merge', whole)).toBeNull()
    rmSync(join(out, 'cells'), { recursive: true })
    const [partial] = await printed('merge', out, '--out', `${out}-partial`, '--partial')
    expect(partial).toMatchObject({ status: 'partial', finished: 0 })
    expect(complaints('merge', partial)).toBeNull()
  })

  test('by worker', () => {
    const answers: string[] = []
    const terminal = { stdout: { write: (text: string) => answers.push(text) }, stderr: { write: () => undefined }, env: {} }
    const tool = { name: 'towtank', version: '1.2.3', build: 'sha256:test' } as const
    const totals = { finished: 3, failed: 0, givenBack: 1 }
    new WorkerScreen({ json: true, quiet: true }, terminal).finished({ schemaVersion: 1, tool, command: 'worker', name: 'one', ...totals })
    expect(complaints('worker', JSON.parse(answers.join('')))).toBeNull()
    expect(complaints('worker', { ...JSON.parse(answers.join('')), finished: null })).not.toBeNull()
  })

  test('by import, and in import.json', async () => {
    const out = join(folder, 'out', 'imported')
    const [found] = await printed('import', 'test/import/dumps/node.iptables-nft', '--out', out)
    expect(found).toMatchObject({ found: { rules: [{ mode: 'iptables' }] } })
    expect(complaints('import', found)).toBeNull()
    expect(complaints('import', JSON.parse(readFileSync(join(out, 'import.json'), 'utf8')))).toBeNull()
  })

  test('by bench', async () => {
    let stdout = ''
    const terminal = { stdout: { write: (text: string) => (stdout += text) }, stderr: { write: () => undefined }, env: {} }
    const effort = { warmUpMs: 0, measureMs: 0, turns: 1, steadyMs: 0 }
    const plan = { seed: '0', serviceCounts: [1, 10, 100], endpointCounts: [1, 20], effort }
    const measure = (name: string) => Promise.resolve(measurePart(PARTS.get(name)!, plan))
    await bench({ out: join(folder, 'out', 'bench'), json: true, quiet: true }, { terminal, version: '1.2.3', measure })
    const summary = JSON.parse(stdout) as { ratios: { target: unknown }[] }
    expect(complaints('bench', summary)).toBeNull()
    expect(new Set(summary.ratios.map(({ target }) => target === null))).toEqual(new Set([true, false]))
  })

  test('by validate, trace, and commands whose input is wrong', async () => {
    const hello = join(folder, 'hello/scenario.yaml')
    const [valid] = await printed('validate', hello, join(folder, 'bad.yaml'))
    expect(complaints('validate', valid)).toBeNull()
    const [story] = await printed('trace', hello, 'deployment/web')
    expect(complaints('trace', story)).toBeNull()
    const [problems] = await printed('run', join(folder, 'bad.yaml'))
    expect(complaints('problems', problems)).toBeNull()
    const [refusals] = await printed('trace', hello, 'deployment')
    expect(refusals).toMatchObject({ problems: [], refusals: [expect.stringContaining('KIND/NAME')] })
    expect(complaints('problems', refusals)).toBeNull()
    expect(complaints('trace', refusals)).not.toBeNull()
  })
})
