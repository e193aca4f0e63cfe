import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Cell, CellResult } from '../../experiment/cell.ts'
import { CellRunner } from '../../experiment/run-cell.ts'
import { SAMPLE_FILES } from '../../experiment/sample.fixture.ts'
import { memoryFiles } from '../../scenario/load-files.ts'
import { EXIT } from '../exit-codes.ts'
import { cellsHere, type Work } from '../pool/cell-pool.ts'
import { mergeJob } from './merge-job.ts'
import type { SweepEvent } from './sweep-events.ts'
import { type SweepOrder, sweepJob } from './sweep-job.ts'

const SWEEP = `apiVersion: towtank/v1
kind: Sweep
metadata: { name: grid }
spec:
  scenario: small.yaml
  seeds: 2
  parameters:
    workloads[0].serviceTime: [exp(5ms), exp(40ms)]
  measures: [requests.latency.*, requests.error_rate]
`
const FILES: Readonly<Record<string, string>> = { ...SAMPLE_FILES, 'lab/sweep.yaml': SWEEP }

let root = ''
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'towtank-sweep-'))
})
afterEach(() => rmSync(root, { recursive: true }))

/** A cell is run once, however many sweeps have it: what is tested here is what becomes of its result. */
const runner = new CellRunner()
const results = new Map<string, Promise<CellResult>>()
const simulated: Work = (cell) => {
  const { files } = cell.input
  const key = JSON.stringify([files, cell.changes, cell.variant, cell.seed])
  const result = results.get(key) ?? runner.run(cell)
  results.set(key, result)
  return result
}

interface Changes extends Partial<SweepOrder> {
  readonly workers?: number
  readonly work?: Work
  readonly files?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal
}

async function sweep(out: string, { workers = 1, work = simulated, files = FILES, signal, ...changes }: Changes = {}) {
  const events: SweepEvent[] = []
  const cells: Cell[] = []
  const order: SweepOrder = {
    file: 'lab/sweep.yaml',
    sets: [],
    seeds: null,
    variants: null,
    measures: null,
    out: join(root, out),
    shard: null,
    version: '1.0.0',
    build: 'sha256:test',
    ...changes,
  }
  const counted: Work = (cell) => {
    cells.push(cell)
    return work(cell)
  }
  const tell = (event: SweepEvent): void => void events.push(event)
  let clock = 0
  const now = (): number => clock++
  const tools = {
    files: memoryFiles(files),
    pool: () => cellsHere(counted, workers),
    tell,
    signal: signal ?? new AbortController().signal,
    now,
  }
  const code = await sweepJob(order, tools)
  return { code, events, cells, told: (kind: SweepEvent['kind']) => events.filter((event) => event.kind === kind) }
}

function merge(folders: readonly string[], out: string, partial = false) {
  const events: SweepEvent[] = []
  const order = { folders: folders.map((name) => join(root, name)), out: join(root, out), partial }
  const code = mergeJob(order, (event) => void events.push(event))
  return { code, events }
}

/** Every file below a folder with its text, or of its tables and manifest alone. */
function contents(name: string, cells = true): Record<string, string> {
  const folder = join(root, name)
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' }).toSorted()
  const files = paths.filter((path) => statSync(join(folder, path)).isFile() && (cells || !path.startsWith('cells')))
  return Object.fromEntries(files.map((path) => [path, readFileSync(join(folder, path), 'utf8')]))
}

const cellFiles = (name: string): readonly string[] => readdirSync(join(root, name, 'cells'))

describe('the tables of a sweep', () => {
  test('have a row a cell, and a row a combination and measure', async () => {
    const { code, events } = await sweep('one')
    expect(code).toBe(EXIT.passed)
    expect(events.at(-1)).toMatchObject({ kind: 'finished', answer: { cells: 8, finished: 8, notPassed: 0, status: 'complete' } })
    const { 'sweep.csv': cells, 'sweep-summary.csv': summary, 'sweep.json': manifest } = contents('one', false)
    const [head, ...rows] = cells!.trimEnd().split('\n')
    expect(head).toBe(
      'variant,workloads[0].serviceTime,seed,passed,requests.error_rate{traffic=users},requests.latency.mean{traffic=users},requests.latency.p50{traffic=users},requests.latency.p90{traffic=users},requests.latency.p99{traffic=users},requests.latency.max{traffic=users}',
    )
    expect(rows.map((row) => row.split(',').slice(0, 4).join())).toEqual([
      'tables,exp(5ms),0/1,true',
      'tables,exp(5ms),0/2,true',
      'tables,exp(40ms),0/1,true',
      'tables,exp(40ms),0/2,true',
      'hash,exp(5ms),0/1,true',
      'hash,exp(5ms),0/2,true',
      'hash,exp(40ms),0/1,true',
      'hash,exp(40ms),0/2,true',
    ])
    const means = rows.slice(0, 2).map((row) => Number(row.split(',')[5]))
    const line = summary!.split('\n').find((one) => one.startsWith('tables,exp(5ms),requests.latency.mean'))!
    const [n, mean, low, high, min, max] = line.split(',').slice(4).map(Number)
    expect([n, min, max]).toEqual([2, Math.min(...means), Math.max(...means)])
    expect(mean).toBeCloseTo((means[0]! + means[1]!) / 2, 10)
    // With one degree of freedom t is 12.706, and the deviation of two values is their difference over the root of 2.
    expect(high! - low!).toBeCloseTo(12.7062047 * Math.abs(means[0]! - means[1]!), 3)
    expect(JSON.parse(manifest!)).toMatchObject({ command: 'sweep', name: 'grid', status: 'complete', missing: [] })
  })

  test('are the same bytes for any number of workers and any order in which cells end', async () => {
    await sweep('one')
    const one = contents('one')
    let late = 0
    const shuffled: Work = async (cell) => {
      const result = await simulated(cell)
      late = (late + 5) % 7
      for (let turns = late; turns > 0; turns--) await new Promise((go) => setImmediate(go))
      return result
    }
    for (const workers of [2, 4]) {
      await sweep(`with-${workers}`, { workers, work: shuffled })
      expect(contents(`with-${workers}`)).toEqual(one)
    }
  })

  test('are said to have failed thresholds with exit code 99', async () => {
    const files = {
      ...FILES,
      'lab/small.yaml': FILES['lab/small.yaml']!.replace('requests.error_rate < 5%', 'requests.latency.p50 < 35ms'),
    }
    const { code, events } = await sweep('one', { files })
    expect(code).toBe(EXIT.thresholdFailed)
    expect(events.at(-1)).toMatchObject({
      answer: { notPassed: 4, combinations: [{ notPassed: 0 }, { notPassed: 2 }, { notPassed: 0 }, { notPassed: 2 }] },
    })
    expect(contents('one', false)['sweep.csv']).toContain('tables,exp(40ms),0/1,false')
  })
})

describe('a sweep that goes on', () => {
  test('runs what is not there, and gives the bytes of one that was never stopped', async () => {
    await sweep('whole')
    const controller = new AbortController()
    const stopping: Work = async (cell) => {
      if (cellFiles('part').length === 3) {
        controller.abort()
        return new Promise(() => {})
      }
      return simulated(cell)
    }
    const stopped = await sweep('part', { work: stopping, signal: controller.signal })
    expect(stopped.code).toBe(EXIT.interrupted)
    expect(stopped.events.at(-1)).toMatchObject({ kind: 'interrupted', finished: 4, total: 8 })
    expect(Object.keys(contents('part', false))).toEqual(['sweep.json'])
    const resumed = await sweep('part')
    expect(resumed.cells).toHaveLength(4)
    expect(contents('part')).toEqual(contents('whole'))
    const again = await sweep('part')
    expect([again.cells.length, again.code]).toEqual([0, EXIT.passed])
    expect(contents('part')).toEqual(contents('whole'))
  })

  test.each([
    ['cut short', (text: string) => text.slice(0, text.length / 2)],
    ['empty', () => ''],
    ['with another number', (text: string) => text.replace(/"sent": \d+/, '"sent": 1')],
    ['of another cell', () => null],
  ])('runs a cell again whose file is %s', async (_case, damage) => {
    await sweep('one')
    const before = contents('one')
    const [name, other] = cellFiles('one')
    const path = join(root, 'one/cells', name!)
    writeFileSync(path, damage(readFileSync(path, 'utf8')) ?? readFileSync(join(root, 'one/cells', other!), 'utf8'))
    const { cells, told } = await sweep('one')
    expect(cells).toHaveLength(1)
    expect(told('note')).toContainEqual({ kind: 'note', text: '1 cell is damaged and not used' })
    expect(contents('one')).toEqual(before)
  })

  test('does not use cells of another version or build', async () => {
    await sweep('one')
    const build = await sweep('one', { build: 'sha256:other' })
    expect(build.cells).toHaveLength(8)
    expect(build.told('note')).toContainEqual({ kind: 'note', text: '8 cells are of another build of Towtank and not used' })
    expect((await sweep('one', { version: '1.0.1', build: 'sha256:other' })).cells).toHaveLength(8)
  })

  test('with more seeds or values runs those alone, and takes the tables of before away at once', async () => {
    await sweep('one')
    const controller = new AbortController()
    const stopping: Work = async () => {
      controller.abort()
      return new Promise(() => {})
    }
    await sweep('one', { seeds: 3, work: stopping, signal: controller.signal })
    expect(Object.keys(contents('one', false))).toEqual(['sweep.json'])
    const more = await sweep('one', { seeds: 3 })
    expect(more.cells.map(({ seed }) => seed)).toEqual(['0/3', '0/3', '0/3', '0/3'])
  })

  test('with another text of the scenario runs all cells', async () => {
    await sweep('one')
    const files = { ...FILES, 'lab/web.yaml': FILES['lab/web.yaml']!.replace('replicas: 2', 'replicas: 3') }
    expect((await sweep('one', { files })).cells).toHaveLength(8)
  })
})

describe('a cell that ends in a bug', () => {
  test('is told with the command that runs it alone, the rest goes on, and no table hides it', async () => {
    const poisoned: Work = async (cell) => {
      if (cell.variant === 'hash' && cell.seed === '0/2' && JSON.stringify(cell.changes).includes('40ms')) throw new Error('poison')
      return simulated(cell)
    }
    const { code, events, told } = await sweep('one', { work: poisoned, workers: 2 })
    expect(code).toBe(EXIT.bug)
    const command = "towtank sweep lab/small.yaml --variant hash --set 'workloads[0].serviceTime=exp(40ms)' --seed 0/2 --out results/cell"
    expect(told('failed')).toEqual([expect.objectContaining({ command, stack: expect.stringContaining('poison') })])
    expect(events.at(-1)).toMatchObject({ kind: 'unfinished', reason: 'failed', finished: 7, total: 8 })
    expect(Object.keys(contents('one', false))).toEqual(['sweep.json'])
    const alone = { file: 'lab/small.yaml', variants: ['hash'], sets: ['workloads[0].serviceTime=exp(40ms)'], seeds: ['0/2'] }
    const replayed = await sweep('alone', alone)
    expect(replayed.cells).toHaveLength(1)
    expect(cellFiles('alone')).toEqual([(told('failed')[0] as { cell: string }).cell].map((id) => `${id}.json`))
    expect(merge(['one'], 'so-far')).toMatchObject({
      code: EXIT.wrongInput,
      events: [{ reason: expect.stringContaining('1 of 8 cells are missing') }],
    })
    expect(merge(['one'], 'so-far', true)).toMatchObject({ code: EXIT.passed, events: [{ answer: { finished: 7, status: 'partial' } }] })
    expect(JSON.parse(contents('so-far', false)['sweep.json']!)).toMatchObject({ status: 'partial', missing: [expect.any(String)] })
    await sweep('one')
    await sweep('whole')
    expect(contents('one')).toEqual(contents('whole'))
  })
})

describe('shards', () => {
  test('merged in any order are the whole, and each does its own part', async () => {
    await sweep('whole')
    const parts = []
    for (const index of [1, 2, 3]) parts.push(await sweep(`part-${index}`, { shard: { index, count: 3 } }))
    expect(parts.map(({ cells }) => cells.length)).toEqual([3, 3, 2])
    expect(parts.map(({ code }) => code)).toEqual([EXIT.passed, EXIT.passed, EXIT.passed])
    expect(Object.keys(contents('part-1', false))).toEqual(['sweep.json'])
    expect(merge(['part-3', 'part-1', 'part-2'], 'merged').code).toBe(EXIT.passed)
    expect(contents('merged')).toEqual(contents('whole'))
    expect(merge(['part-1', 'part-2'], 'less')).toMatchObject({
      code: EXIT.wrongInput,
      events: [{ reason: expect.stringContaining('2 of 8 cells are missing') }],
    })
    expect(merge(['part-1', 'part-2', 'part-3'], 'less').code).toBe(EXIT.passed)
    expect(contents('less')).toEqual(contents('whole'))
  })

  test('of one folder one after the other are the whole in the end', async () => {
    await sweep('whole')
    for (const index of [1, 2]) await sweep('same', { shard: { index, count: 2 } })
    expect(contents('same')).toEqual(contents('whole'))
  })

  test('of different sweeps, builds or scenarios are not merged', async () => {
    await sweep('a', { shard: { index: 1, count: 2 } })
    const other = { shard: { index: 2, count: 2 } }
    await sweep('build', { ...other, build: 'sha256:other' })
    await sweep('version', { ...other, version: '2.0.0' })
    await sweep('seeds', { ...other, seeds: 4 })
    await sweep('text', { ...other, files: { ...FILES, 'lab/web.yaml': `${FILES['lab/web.yaml']}# more\n` } })
    await sweep('name', { ...other, files: { ...FILES, 'lab/sweep.yaml': SWEEP.replace('name: grid', 'name: raster') } })
    const why = (name: string) => (merge(['a', name], 'merged').events[0] as { reason: string }).reason
    expect(why('build')).toContain('different builds')
    expect(why('version')).toContain('different versions')
    expect(why('seeds')).toContain('parameters, seeds or measures')
    expect(why('text')).toContain('the scenario or one of its files')
    expect(why('name')).toContain('"grid" and "raster"')
    expect(why('nothing')).toContain('as the folder of a sweep')
    expect(existsSync(join(root, 'merged'))).toBe(false)
  })
})

describe('the folder', () => {
  test("is one sweep's at a time", async () => {
    let second: Awaited<ReturnType<typeof sweep>> | null = null
    const work: Work = async (cell) => {
      second ??= await sweep('one')
      return simulated(cell)
    }
    expect((await sweep('one', { work })).code).toBe(EXIT.passed)
    expect(second).toMatchObject({
      code: EXIT.wrongInput,
      cells: [],
      events: [{ kind: 'checking' }, {}, {}, {}, { kind: 'refused', reason: expect.stringContaining('is writing to it') }],
    })
    expect((await sweep('one')).code).toBe(EXIT.passed)
  })

  test('may have the lock of a process that is no more, not of one that runs or of another machine', async () => {
    await sweep('one')
    const { hostname } = await import('node:os')
    const host = hostname().replace(/[^A-Za-z0-9.-]/g, '_')
    // No process has the number 4194304 + 1: Linux ends below.
    for (const [lock, code] of [
      [`.lock-${host}-4194305`, EXIT.passed],
      [`.lock-${host}-1`, EXIT.wrongInput],
      ['.lock-elsewhere-4194305', EXIT.wrongInput],
    ] as const) {
      writeFileSync(join(root, 'one', lock), '')
      expect((await sweep('one')).code, lock).toBe(code)
      rmSync(join(root, 'one', lock), { force: true })
    }
  })

  test.each([
    ['a file of someone else', (folder: string) => writeFileSync(join(folder, 'thesis.md'), ''), 'thesis.md'],
    ['a file of someone else among the cells', (folder: string) => writeFileSync(join(folder, 'cells/notes.txt'), ''), 'cells/notes.txt'],
    ['a manifest that cannot be read', (folder: string) => writeFileSync(join(folder, 'sweep.json'), '{'), 'cannot be read'],
  ])('is refused with %s, and left as it is', async (_case, spoil, reason) => {
    await sweep('one')
    spoil(join(root, 'one'))
    const before = contents('one')
    const { code, events, cells } = await sweep('one', { seeds: 3 })
    expect([code, cells.length]).toEqual([EXIT.wrongInput, 0])
    expect(events.at(-1)).toMatchObject({ kind: 'refused', reason: expect.stringContaining(reason) })
    expect(contents('one')).toEqual(before)
  })

  test('is refused where something else is', async () => {
    mkdirSync(join(root, 'other'))
    writeFileSync(join(root, 'other/summary.json'), '{}')
    symlinkSync(join(root, 'other'), join(root, 'link'))
    for (const out of ['other', 'link', 'other/summary.json']) expect((await sweep(out)).code, out).toBe(EXIT.wrongInput)
    expect(readdirSync(join(root, 'other'))).toEqual(['summary.json'])
  })

  test('is cleared of what a killed process was writing', async () => {
    await sweep('one')
    const before = contents('one')
    const [name] = cellFiles('one')
    writeFileSync(join(root, 'one/cells', `.${name}.4194305.tmp`), '{')
    writeFileSync(join(root, 'one/.sweep.csv.4194305.tmp'), 'a')
    await sweep('one')
    expect(contents('one')).toEqual(before)
  })
})

describe('what is asked for', () => {
  test.each([
    [{ sets: ['workloads[0].queue=3'] }, 'Cannot use --set with "lab/sweep.yaml"'],
    [{ file: 'lab/small.yaml', sets: ['nonsense'] }, 'Cannot read "nonsense" as a field with values'],
    [{ file: 'lab/small.yaml', sets: ['workloads[0].serviceTim=3ms'] }, 'is not a field'],
    [{ file: 'lab/none.yaml' }, 'there is no such file'],
    [{ variants: ['hsh'] }, 'The scenario has no variant "hsh"'],
    [{ measures: ['requests.latncy.p99'] }, 'No metric is called "requests.latncy.p99"'],
  ])('is refused when it is wrong: %j', async (changes, message) => {
    const { code, events } = await sweep('one', changes)
    expect(code).toBe(EXIT.wrongInput)
    expect(JSON.stringify(events)).toContain(JSON.stringify(message).slice(1, -1))
    expect(existsSync(join(root, 'one'))).toBe(false)
  })

  test('is a scenario with fields, seeds and measures of the command line, too', async () => {
    const asked = {
      file: 'lab/small.yaml',
      sets: ['cluster.nodes[0].count=2,3', 'duration=25s'],
      variants: [],
      seeds: ['a', 'b'],
      measures: ['requests.sent'],
    }
    const { code } = await sweep('one', asked)
    expect(code).toBe(EXIT.passed)
    expect(
      contents('one', false)
        ['sweep.csv']!.split('\n')
        .map((line) => line.split(',').slice(0, 4).join()),
    ).toEqual(['cluster.nodes[0].count,duration,seed,passed', '2,25s,a,true', '2,25s,b,true', '3,25s,a,true', '3,25s,b,true', ''])
  })

  test('that matches no measure is noted', async () => {
    const { told } = await sweep('one', { seeds: 1, measures: ['pods.imbalance{deployment=nobody*}', 'requests.sent'] })
    expect(told('note')).toEqual([{ kind: 'note', text: 'No measure of this sweep matches "pods.imbalance{deployment=nobody*}"' }])
  })
})

test('the time left follows from the cells that have finished', async () => {
  const { told } = await sweep('one', { seeds: 1 })
  const left = told('progress').map((event) => (event as { secondsLeft: number | null }).secondsLeft)
  expect(left[0]).toBeNull()
  expect(left.at(-1)).toBe(0)
  expect(told('progress').map((event) => (event as { done: number }).done)).toEqual([0, 1, 2, 3, 4])
  // One tick of this clock a look at it: 1 after one of four is 3, 2 after two of four is 2.
  expect(left.slice(1)).toEqual([3, 2, 1, 0])
})
