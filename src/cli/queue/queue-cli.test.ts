import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import type { Redis } from 'ioredis'
import { build } from 'tsdown'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { SAMPLE_FILES } from '../../experiment/sample.fixture.ts'
import { HAS_REDIS, RedisServer, until } from './redis.fixture.ts'

/** A queue as a user has it: the built program in processes of its own, which are killed and cut off from a real Redis. */
const OUT = resolve('node_modules/.cache/towtank-queue-test')
const PROGRAM = join(OUT, 'main.js')

let folder = ''
let redis: RedisServer
let client: Redis
let children: ChildProcess[] = []

/** 2 variants, 2 values and 5 seeds: 20 cells. */
const SWEEP = ['sweep', 'lab/small.yaml', '--set', 'workloads[0].serviceTime=exp(5ms),exp(20ms)', '--seeds', '5']

beforeAll(async () => {
  if (!HAS_REDIS) return
  rmSync(OUT, { recursive: true, force: true })
  const entry = { main: 'src/cli/main.ts', 'cell-worker': 'src/cli/pool/cell-worker.ts' }
  const target = { outDir: OUT, format: 'esm', platform: 'node', target: 'node20', dts: false, fixedExtension: false } as const
  await build({ config: false, entry, ...target, logLevel: 'silent' })
  folder = mkdtempSync(join(tmpdir(), 'towtank-queue-'))
  for (const [name, text] of Object.entries(SAMPLE_FILES)) {
    mkdirSync(join(folder, dirname(name)), { recursive: true })
    // Processes are what is looked at here: two seconds of requests are enough.
    writeFileSync(join(folder, name), text.replace('duration: 28s', 'duration: 22s'))
  }
  expect((await towtank(...SWEEP, '--out', 'here')).code).toBe(0)
  redis = await RedisServer.start()
  client = redis.client()
  client.on('error', () => {})
})
afterAll(async () => {
  if (!HAS_REDIS) return
  client.disconnect()
  await redis.remove()
  rmSync(folder, { recursive: true })
  rmSync(OUT, { recursive: true, force: true })
})
beforeEach(async () => {
  children = []
  await client?.flushall()
})
afterEach(() => {
  for (const child of children) child.kill('SIGKILL')
})

interface Started {
  readonly child: ChildProcess
  readonly ended: Promise<{ code: number | null; stdout: string; stderr: string }>
  /** What it has said on stderr so far. */
  said(): string
}

function start(...args: string[]): Started {
  const child = spawn(process.execPath, [PROGRAM, ...args], { cwd: folder, env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: undefined } })
  children.push(child)
  let [stdout, stderr] = ['', '']
  child.stdout.on('data', (text) => (stdout += String(text)))
  child.stderr.on('data', (text) => (stderr += String(text)))
  const ended = new Promise<{ code: number | null; stdout: string; stderr: string }>((done) =>
    child.on('close', (code) => done({ code, stdout, stderr })),
  )
  return { child, ended, said: () => stderr }
}

const towtank = (...args: string[]) => start(...args).ended
const sweep = (out: string) => start(...SWEEP, '--queue', redis.url, '--out', out)
const worker = (...args: string[]) => start('worker', '--queue', redis.url, '--concurrency', '1', '--lost-after', '2s', ...args)

function contents(name: string): Record<string, string> {
  const of = join(folder, name)
  const paths = readdirSync(of, { recursive: true, encoding: 'utf8' }).toSorted()
  const files = paths.filter((path) => statSync(join(of, path)).isFile())
  return Object.fromEntries(files.map((path) => [path, readFileSync(join(of, path), 'utf8')]))
}

function cellsOf(name: string): number {
  try {
    return readdirSync(join(folder, name, 'cells')).filter((file) => /^[0-9a-f]+\.json$/.test(file)).length
  } catch {
    return 0
  }
}

/** Waits for something that a process does, for as long as it runs. */
async function untilOf({ child, said }: Started, isSo: () => boolean | Promise<boolean>): Promise<void> {
  await until(async () => {
    if (await isSo()) return true
    if (child.exitCode !== null) throw new Error(`It ended with ${child.exitCode}:\n${said()}`)
    return false
  })
}

async function keys(): Promise<string[]> {
  return (await client.keys('*')).filter((key) => !/:(events|meta|id|marker|stalled-check|present)$/.test(key)).toSorted()
}

/** Ids of tasks that some worker has begun. */
async function active(): Promise<string[]> {
  const [list] = await client.keys('towtank:*:active')
  return list === undefined ? [] : client.lrange(list, 0, -1)
}

describe.runIf(HAS_REDIS)('a sweep with a queue', () => {
  test('gives the bytes of one machine, leaves nothing behind, and its workers end by themselves where they are told so', async () => {
    const asking = sweep('two')
    await untilOf(asking, async () => (await client.zcard('towtank:present')) > 0)
    const workers = [worker('--drain', '--json', '--name', 'one'), worker('--drain', '--json', '--name', 'two')]
    expect(await asking.ended).toMatchObject({ code: 0, stdout: expect.stringContaining('20 cells, 4 combinations') })
    expect(contents('two')).toEqual(contents('here'))
    const answers = await Promise.all(workers.map(({ ended }) => ended))
    expect(answers.map(({ code }) => code)).toEqual([0, 0])
    const [one, two] = answers.map(({ stdout }) => JSON.parse(stdout))
    expect([one, two]).toMatchObject([
      { schemaVersion: 1, command: 'worker', name: 'one', failed: 0, givenBack: 0 },
      { command: 'worker', name: 'two' },
    ])
    expect(one.finished + two.finished).toBe(20)
    expect(await keys()).toEqual([])
    expect(await client.zcard('towtank:present')).toBe(0)
    for (const key of await client.keys('towtank:*')) expect(await client.pttl(key), key).not.toBe(-1)
  })

  test('has the cell of a worker that is killed run by another, and gives the same bytes', async () => {
    const asking = sweep('killed')
    const first = worker()
    await untilOf(asking, () => cellsOf('killed') >= 3)
    // It is stopped in the middle of a cell, so that nothing can be finished between looking and killing.
    await until(async () => {
      first.child.kill('SIGSTOP')
      if ((await active()).length > 0) return true
      first.child.kill('SIGCONT')
      return false
    })
    const [held] = await active()
    first.child.kill('SIGKILL')
    await first.ended
    const second = worker()
    expect(await asking.ended).toMatchObject({ code: 0 })
    expect(second.said()).toContain(`${held} done in`)
    expect(contents('killed')).toEqual(contents('here'))
    second.child.kill('SIGTERM')
    expect(await second.ended).toMatchObject({ code: 0, stderr: expect.stringContaining('Told to end') })
  })

  test('counts a cell once that two workers have run, as one of them seemed to be gone', async () => {
    const asking = sweep('twice')
    const slow = worker()
    await untilOf(asking, () => cellsOf('twice') >= 1)
    await until(async () => {
      slow.child.kill('SIGSTOP')
      if ((await active()).length > 0) return true
      slow.child.kill('SIGCONT')
      return false
    })
    const [held] = await active()
    const other = worker()
    await untilOf(asking, () => other.said().includes(`${held} done in`))
    slow.child.kill('SIGCONT')
    expect(await asking.ended).toMatchObject({ code: 0, stdout: expect.stringContaining('20 cells') })
    expect(contents('twice')).toEqual(contents('here'))
    await untilOf(slow, () => slow.said().includes(`${held} done in`))
    for (const one of [slow, other]) one.child.kill('SIGTERM')
    expect((await Promise.all([slow.ended, other.ended])).map(({ code }) => code)).toEqual([0, 0])
  })

  test('survives that every connection is cut, again and again', async () => {
    const asking = sweep('cut')
    const workers = [worker(), worker()]
    for (const count of [2, 6, 12]) {
      await untilOf(asking, () => cellsOf('cut') >= count)
      await client.client('KILL', 'TYPE', 'normal', 'SKIPME', 'yes')
    }
    expect(await asking.ended).toMatchObject({ code: 0 })
    expect(contents('cut')).toEqual(contents('here'))
    for (const { child } of workers) child.kill('SIGTERM')
    expect((await Promise.all(workers.map(({ ended }) => ended))).map(({ code }) => code)).toEqual([0, 0])
  })

  test('survives that Redis is killed and comes back with nothing', async () => {
    const asking = sweep('empty')
    const one = worker()
    await untilOf(asking, () => cellsOf('empty') >= 4)
    await redis.kill()
    await untilOf(asking, () => asking.said().includes('The connection to the queue is lost'))
    await redis.start()
    const { code, stderr } = await asking.ended
    expect([code, stderr]).toEqual([0, expect.stringContaining('The connection to the queue is back')])
    expect(contents('empty')).toEqual(contents('here'))
    one.child.kill('SIGTERM')
    expect(await one.ended).toMatchObject({ code: 0, stderr: expect.stringMatching(/is lost.*is back/s) })
  })

  test('that is stopped with Ctrl-C takes its cells out of the queue, and goes on from there', async () => {
    const asking = sweep('stopped')
    const one = worker()
    await untilOf(asking, () => cellsOf('stopped') >= 3)
    one.child.kill('SIGSTOP')
    asking.child.kill('SIGINT')
    expect(await asking.ended).toMatchObject({ code: 130, stderr: expect.stringMatching(/Interrupted: \d+ of 20 cells are in stopped/) })
    // What a worker has begun is left to it.
    expect((await client.keys('towtank:*:wait')).length).toBe(0)
    one.child.kill('SIGCONT')
    expect(await sweep('stopped').ended).toMatchObject({ code: 0, stderr: expect.stringContaining('are there from an earlier sweep') })
    expect(contents('stopped')).toEqual(contents('here'))
  })
})

describe.runIf(HAS_REDIS)('with a queue', () => {
  beforeAll(() => {
    const rolling = SAMPLE_FILES['lab/small.yaml']!.replace('duration: 28s', 'duration: 50s').replace('poisson(20/s)', 'poisson(100/s)')
    writeFileSync(join(folder, 'lab/rolling.yaml'), `${rolling}  timeline: [{ at: 25s, kubectl: "rollout restart deployment/web" }]\n`)
  })

  test.each([
    ['compare', 'lab/small.yaml', '--variants', 'tables,hash', '--replications', '4'],
    ['rollout', 'lab/rolling.yaml', '--variant', 'hash', '--replications', '3', '--limit', '4'],
  ])('%s gives the bytes of one machine, and removes what it put there', async (command, ...args) => {
    const here = await towtank(command, ...args, '--out', `${command}-here`)
    const one = worker('--concurrency', '2')
    const there = await towtank(command, ...args, '--queue', redis.url, '--out', `${command}-there`)
    expect(there.code, there.stderr).toBe(here.code)
    expect(Object.keys(contents(`${command}-here`)).length).toBeGreaterThan(0)
    expect(contents(`${command}-there`)).toEqual(contents(`${command}-here`))
    expect(one.said()).toContain(command === 'compare' ? 'cell-' : 'rollout-')
    expect(await keys()).toEqual([])
    one.child.kill('SIGTERM')
    expect((await one.ended).code).toBe(0)
  })

  test.each([
    ['compare', 'lab/small.yaml', '--variants', 'tables,hash', '--replications', '4'],
    ['rollout', 'lab/rolling.yaml', '--variant', 'hash', '--replications', '3'],
  ])('%s that is stopped with Ctrl-C takes its runs out of the queue', async (...args) => {
    const asking = start(...args, '--queue', redis.url, '--out', 'stopped-there')
    await untilOf(asking, async () => (await keys()).some((key) => key.endsWith(':wait')))
    asking.child.kill('SIGINT')
    expect((await asking.ended).code).toBe(130)
    expect(await keys()).toEqual([])
  })
})

describe.runIf(HAS_REDIS)('a queue that cannot be used', () => {
  test.each([['sweep', ...SWEEP.slice(1), '--out', 'none'], ['worker']])('is told by %s, with exit code 2', async (...args) => {
    await client.config('SET', 'requirepass', 'secret')
    try {
      const { code, stderr } = await towtank(...args, '--queue', redis.url)
      expect([code, stderr]).toEqual([2, expect.stringContaining(`Cannot connect to the queue at ${redis.url}`)])
    } finally {
      await client.config('SET', 'requirepass', '')
    }
  })

  test.each([
    [['worker'], "required option '--queue <url>' not specified"],
    [['worker', '--queue', 'localhost'], 'Expected redis://'],
    [['worker', '--queue', 'redis://localhost', '--lost-after', '10ms'], 'Cannot use --lost-after below 1s'],
    [[...SWEEP, '--queue', 'redis://localhost', '--workers', '2'], 'Cannot use --workers with --queue'],
  ])('and a command line that makes no sense is refused: %j', async (args, message) => {
    expect(await towtank(...args)).toMatchObject({ code: 2, stderr: expect.stringContaining(message) })
  })
})
