import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { build } from 'tsdown'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { SAMPLE_FILES } from '../../experiment/sample.fixture.ts'

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
    writeFileSync(join(folder, name), text)
  }
})
afterEach(() => rmSync(folder, { recursive: true }))

/** 2 variants, 2 values and 5 seeds: 20 cells. */
const SWEEP = ['sweep', 'lab/small.yaml', '--set', 'workloads[0].serviceTime=exp(5ms),exp(20ms)', '--seeds', '5', '--workers', '2']

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
  test('gives the same bytes after being killed and stopped with Ctrl-C on the way as with one worker and without', async () => {
    const whole = await towtank(...SWEEP.slice(0, -1), '1', '--out', 'whole', '--json')
    expect(whole).toMatchObject({ code: 0, stderr: expect.stringContaining('20 cells, 4 combinations') })
    expect(JSON.parse(whole.stdout)).toMatchObject({ command: 'sweep', cells: 20, finished: 20, status: 'complete' })

    const killed = start(...SWEEP, '--out', 'stopped')
    const dead = ended(killed)
    await cells('stopped', 4, killed)
    killed.kill('SIGKILL')
    await dead
    const before = cellsOf('stopped').length
    expect(before).toBeLessThan(20)
    expect(Object.keys(contents('stopped'))).not.toContain('sweep.csv')

    const interrupted = start(...SWEEP, '--out', 'stopped')
    const end = ended(interrupted)
    await cells('stopped', before + 2, interrupted)
    interrupted.kill('SIGINT')
    expect(await end).toMatchObject({
      code: 130,
      stderr: expect.stringMatching(/Interrupted: \d+ of 20 cells are in stopped; the same command goes on/),
    })
    expect(readdirSync(join(folder, 'stopped')).toSorted()).toEqual(['cells', 'sweep.json'])

    const resumed = await towtank(...SWEEP, '--out', 'stopped')
    expect(resumed).toMatchObject({ code: 0, stderr: expect.stringMatching(/\d+ of 20 cells are there from an earlier sweep/) })
    expect(contents('stopped')).toEqual(contents('whole'))
  })

  test('refuses the folder of another that runs, and does not disturb it', async () => {
    const first = start(...SWEEP, '--no-variants', '--out', 'one')
    const end = ended(first)
    await cells('one', 1, first)
    first.kill('SIGSTOP')
    const second = await towtank(...SWEEP, '--out', 'one')
    first.kill('SIGCONT')
    expect(second).toMatchObject({ code: 2, stderr: expect.stringContaining(`process ${first.pid} is writing to it`) })
    expect((await end).code).toBe(0)
  })

  test('in shards is what merge makes of them', async () => {
    const sweep = [...SWEEP, '--seeds', '1']
    for (const part of ['1', '2']) expect((await towtank(...sweep, '--shard', `${part}/2`, '--out', `part-${part}`)).code).toBe(0)
    await towtank(...sweep, '--out', 'whole')
    const incomplete = await towtank('merge', 'part-1', '--out', 'merged')
    expect(incomplete).toMatchObject({ code: 2, stderr: expect.stringContaining('2 of 4 cells are missing') })
    expect((await towtank('merge', 'part-1', 'part-2', '--out', 'merged')).code).toBe(0)
    expect(contents('merged')).toEqual(contents('whole'))
  })

  test.each([
    [['--seeds', '3', '--seed', '4'], 'Cannot use --seeds with --seed'],
    [['--seed', '4', '--seed', '4'], 'The seed "4" is given twice'],
    [['--variant', 'hash', '--no-variants'], 'Cannot use --variant with --no-variants'],
    [['--shard', '4/3'], 'Expected i/n with i from 1 to n'],
    [
      ['--set', 'cluster.kubeProxy.mode=ipvs'],
      'command line:1:7 The variant "tables" of the scenario changes "cluster.kubeProxy.mode", too\n  1 | --set cluster.kubeProxy.mode=ipvs\n',
    ],
  ])('refuses %j with exit code 2 and writes nothing', async (options, message) => {
    const { code, stdout, stderr } = await towtank('sweep', 'lab/small.yaml', ...options)
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toContain(message)
    expect(readdirSync(folder)).toEqual(['lab'])
  })
})
