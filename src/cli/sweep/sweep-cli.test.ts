import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { build } from 'tsdown'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { SAMPLE_FILES } from '../../experiment/sample.fixture.ts'
import { programHash } from '../pool/program-hash.ts'
import { main } from '../program.ts'

/** Sweeps as a user has them: the program is built, and every sweep is a process of its own, with threads, that can be killed. */
const OUT = resolve('node_modules/.cache/towtank-sweep-test')
const PROGRAM = join(OUT, 'main.js')

beforeAll(async () => {
  rmSync(OUT, { recursive: true, force: true })
  const entry = { main: 'src/cli/main.ts', 'cell-worker': 'src/cli/pool/cell-worker.ts' }
  const target = { outDir: OUT, format: 'esm', platform: 'node', target: 'node20', dts: false, fixedExtension: false } as const
  await build({ config: false, entry, ...target, logLevel: 'silent' })
})
afterAll(() => rmSync(OUT, { recursive: true, force: true }))

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'towtank-sweep-cli-'))
  for (const [name, text] of Object.entries(SAMPLE_FILES)) {
    mkdirSync(join(folder, dirname(name)), { recursive: true })
    // Processes are what is looked at here: two seconds of requests are enough.
    writeFileSync(join(folder, name), text.replace('duration: 28s', 'duration: 22s'))
  }
})
afterEach(() => rmSync(folder, { recursive: true }))

/** 2 variants, 2 values and 5 seeds: 20 cells. */
const SWEEP = ['sweep', 'lab/small.yaml', '--set', 'workloads[0].serviceTime=exp(5ms),exp(20ms)', '--seeds', '5']

function start(...args: string[]): ChildProcess {
  return spawn(process.execPath, [PROGRAM, ...args], { cwd: folder, env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: undefined } })
}

function ended(child: ChildProcess): Promise<{ code: number | null; stdout: string; stderr: string }> {
  let stdout = ''
  let stderr = ''
  child.stdout?.on('data', (text) => {
    stdout += String(text)
  })
  child.stderr?.on('data', (text) => {
    stderr += String(text)
  })
  return new Promise((done) => child.on('close', (code) => done({ code, stdout, stderr })))
}

const towtank = (...args: string[]) => ended(start(...args))

function contents(name: string): Record<string, string> {
  const of = join(folder, name)
  const paths = readdirSync(of, { recursive: true, encoding: 'utf8' }).toSorted()
  const files = paths.filter((path) => statSync(join(of, path)).isFile())
  return Object.fromEntries(files.map((path) => [path, readFileSync(join(of, path), 'utf8')]))
}

function cellsOf(name: string): readonly string[] {
  try {
    return readdirSync(join(folder, name, 'cells')).filter((file) => /^[0-9a-f]+\.json$/.test(file))
  } catch {
    return []
  }
}

/** Waits until so many cells have ended, however long that takes. */
async function cells(name: string, count: number, child: ChildProcess): Promise<void> {
  while (cellsOf(name).length < count) {
    if (child.exitCode !== null) throw new Error(`The sweep ended with ${child.exitCode} before ${count} cells had`)
    await new Promise((done) => setTimeout(done, 5))
  }
}

describe('a sweep as a process', () => {
  test('gives the same bytes when it is killed and stopped with Ctrl-C on the way, with two and four workers, as with one and without', async () => {
    const whole = await towtank(...SWEEP, '--workers', '1', '--out', 'whole', '--json')
    expect(whole).toMatchObject({ code: 0, stderr: expect.stringContaining('20 cells, 4 combinations') })
    expect(JSON.parse(whole.stdout)).toMatchObject({ command: 'sweep', cells: 20, finished: 20, status: 'complete' })

    const killed = start(...SWEEP, '--workers', '2', '--out', 'stopped')
    const dead = ended(killed)
    await cells('stopped', 4, killed)
    killed.kill('SIGKILL')
    await dead
    const before = cellsOf('stopped').length
    expect(before).toBeLessThan(20)
    expect(Object.keys(contents('stopped'))).not.toContain('sweep.csv')

    const interrupted = start(...SWEEP, '--workers', '2', '--out', 'stopped')
    const end = ended(interrupted)
    await cells('stopped', before + 2, interrupted)
    interrupted.kill('SIGINT')
    expect(await end).toMatchObject({
      code: 130,
      stderr: expect.stringMatching(/Interrupted: \d+ of 20 cells are in stopped; the same command goes on/),
    })
    expect(readdirSync(join(folder, 'stopped')).toSorted()).toEqual(['cells', 'sweep.json'])

    const resumed = await towtank(...SWEEP, '--workers', '4', '--out', 'stopped')
    expect(resumed).toMatchObject({ code: 0, stderr: expect.stringMatching(/\d+ of 20 cells are there from an earlier sweep/) })
    expect(contents('stopped')).toEqual(contents('whole'))
  })

  test('refuses the folder of another that runs, and does not disturb it', async () => {
    const first = start(...SWEEP, '--no-variants', '--workers', '1', '--out', 'one')
    const end = ended(first)
    await cells('one', 1, first)
    first.kill('SIGSTOP')
    const second = await towtank(...SWEEP, '--out', 'one')
    first.kill('SIGCONT')
    expect(second).toMatchObject({ code: 2, stderr: expect.stringContaining(`process ${first.pid} is writing to it`) })
    expect((await end).code).toBe(0)
  })

  test('in shards is what merge makes of them', async () => {
    const sweep = [...SWEEP, '--seeds', '1', '--no-variants', '--workers', '1']
    const [one, two] = await Promise.all(['1', '2'].map((part) => towtank(...sweep, '--shard', `${part}/2`, '--out', `part-${part}`)))
    expect([one!.code, two!.code]).toEqual([0, 0])
    const incomplete = await towtank('merge', 'part-1', '--out', 'merged')
    expect(incomplete).toMatchObject({ code: 2, stderr: expect.stringContaining('1 of 2 cells is missing') })
    expect((await towtank('merge', 'part-1', 'part-2', '--out', 'merged')).code).toBe(0)
    // What one machine would have made: it finds all cells there.
    const before = contents('merged')
    expect(await towtank(...sweep, '--out', 'merged')).toMatchObject({ code: 0, stderr: '2 of 2 cells are there from an earlier sweep\n' })
    expect(contents('merged')).toEqual(before)
  })

  test('is of another build as soon as any code that its cells run is another', () => {
    const worker = join(OUT, 'cell-worker.js')
    const before = programHash(worker)
    const scripts = readdirSync(OUT).filter((name) => name.endsWith('.js'))
    for (const source of ['scenario/load-scenario.ts', 'scenario/simulate.ts', 'engine/simulation.ts', 'proxy/ipvs/virtual-service.ts']) {
      const name = scripts.find((script) => readFileSync(join(OUT, script), 'utf8').includes(`//#region src/${source}\n`))
      expect(name, source).toBeDefined()
      const path = join(OUT, name!)
      const text = readFileSync(path, 'utf8')
      writeFileSync(path, `${text}// one line more\n`)
      expect(programHash(worker), source).not.toBe(before)
      writeFileSync(path, text)
    }
    expect(programHash(worker)).toBe(before)
  })

  test('shows mistakes where they stand in the command line, and writes nothing', async () => {
    const { code, stdout, stderr } = await towtank('sweep', 'lab/small.yaml', '--set', 'cluster.kubeProxy.mode=ipvs')
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toContain(
      'command line:1:7 The variant "tables" of the scenario changes "cluster.kubeProxy.mode", too\n  1 | --set cluster.kubeProxy.mode=ipvs\n',
    )
    expect(readdirSync(folder)).toEqual(['lab'])
  })

  test('given to run is told which command it is for', async () => {
    writeFileSync(join(folder, 'lab/sweep.yaml'), 'apiVersion: towtank/v1\nkind: Sweep\nspec: { scenario: small.yaml }\n')
    const { code, stderr } = await towtank('run', 'lab/sweep.yaml')
    expect(code).toBe(2)
    expect(stderr).toContain('lab/sweep.yaml:2:7 This is a Sweep: towtank sweep lab/sweep.yaml\n')
    expect(stderr).toContain('1 mistake found')
  })
})

describe('a command line that contradicts itself', () => {
  const home = process.cwd()
  afterEach(() => process.chdir(home))

  test.each([
    [['--seeds', '3', '--seed', '4'], 'Cannot use --seeds with --seed'],
    [['--seed', '4', '--seed', '4'], 'The seed "4" is given twice'],
    [['--variant', 'hash', '--no-variants'], 'Cannot use --variant with --no-variants'],
    [['--shard', '4/3'], 'Expected i/n with i from 1 to n'],
  ])('is refused with exit code 2, and nothing is written: %j', async (options, message) => {
    let [stdout, stderr] = ['', '']
    const terminal = {
      stdout: { write: (text: string) => (stdout += text) },
      stderr: { write: (text: string) => (stderr += text) },
      env: { NO_COLOR: '1' },
    }
    process.chdir(folder)
    const doJob = () => Promise.reject(new Error('A sweep is no job'))
    const code = await main(['sweep', 'lab/small.yaml', ...options], { version: '0', terminal, workerFile: PROGRAM, doJob })
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toContain(message)
    expect(readdirSync(folder)).toEqual(['lab'])
  })
})
