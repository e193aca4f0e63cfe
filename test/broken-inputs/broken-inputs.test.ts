import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { build } from 'tsdown'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { EXIT } from '../../src/cli/exit-codes.ts'
import { BROKEN_SCENARIOS, MANIFEST, WHOLE } from './cases.ts'
import { here, listing } from './command-line.ts'

/**
 * Inputs that are wrong in every way that we could think of. Each ends with exit code 2 and a message with its place, runs nothing and writes
 * nothing. That time and memory are bounded is shown by what is refused before it is read, and by a process with little memory; not by a clock.
 */
let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'towtank-broken-'))
  writeFileSync(join(folder, 'web.yaml'), MANIFEST)
})
afterEach(() => rmSync(folder, { recursive: true }))

describe('a scenario with a mistake', () => {
  test('the scenario that is broken below is right, and so it is with other line ends and a byte order mark', async () => {
    const file = join(folder, 'small.yaml')
    for (const text of [WHOLE, WHOLE.replaceAll('\n', '\r\n'), `\uFEFF${WHOLE}`]) {
      writeFileSync(file, text)
      expect(await here('validate', file, '--quiet')).toEqual({ code: EXIT.passed, stdout: '', stderr: '' })
    }
  })

  test('there are at least sixty', () => {
    expect(BROKEN_SCENARIOS.length).toBeGreaterThanOrEqual(60)
    expect(new Set(BROKEN_SCENARIOS.map(([what]) => what)).size).toBe(BROKEN_SCENARIOS.length)
  })

  test.each(BROKEN_SCENARIOS)('%s', async (_what, text, place, words) => {
    const file = join(folder, 'small.yaml')
    writeFileSync(file, text)
    const before = listing(folder)
    const { code, stdout, stderr } = await here('run', file, '--out', join(folder, 'out'))
    expect([code, stdout]).toEqual([EXIT.wrongInput, ''])
    expect(stderr.replaceAll('Nested', 'nested')).toContain(words.replaceAll('Nested', 'nested'))
    expect(stderr).toContain(`small.yaml:${place}`)
    expect(stderr).toMatch(/\d+ mistakes? found; nothing was run and nothing was written\n$/)
    expect(stderr).not.toMatch(/ {4}at .*\.[jt]s:\d+/)
    // However long the input is: what is wrong fits a screen or two.
    expect(stderr.length).toBeLessThan(20_000)
    expect(listing(folder)).toEqual(before)
  })
})

describe('a place that is wrong', () => {
  test.each([
    ['nothing there', 'smal.yaml', 'Did you mean "'],
    ['no folder there', 'nowhere/small.yaml', 'there is no folder "'],
    ['a folder', '.', 'it is a folder'],
    ['a folder within a file', 'web.yaml/small.yaml', 'Cannot read the scenario'],
    ['a name that is too long', 'x'.repeat(300), 'no file can have so long a name'],
    ['a name with a NUL byte', 'a\0b', 'no file can have such a name'],
    ['a link to itself', 'loop', 'its symbolic links lead in a circle'],
  ])('of a scenario: %s', async (_what, name, words) => {
    writeFileSync(join(folder, 'small.yaml'), WHOLE)
    symlinkSync('loop', join(folder, 'loop'))
    const { code, stderr } = await here('run', join(folder, name))
    expect(code).toBe(EXIT.wrongInput)
    expect(stderr).toContain(words)
  })

  test('of a scenario: a folder is told with the scenarios in it', async () => {
    writeFileSync(join(folder, 'small.yaml'), WHOLE)
    const { stderr } = await here('validate', folder)
    expect(stderr).toContain(`accepted: one of ${join(folder, 'small.yaml')}\n`)
    rmSync(join(folder, 'small.yaml'))
    expect((await here('validate', folder)).stderr).toContain('"towtank init" makes one to start from')
  })

  test.each([
    ['nothing', '', 'it is not the name of a folder'],
    ['blanks', '  ', 'it is not the name of a folder'],
    ['a NUL byte', 'a\0b', 'it is not the name of a folder'],
    ['the working directory', process.cwd(), 'it is the folder you are in, or one around it'],
    ['the root', '/', 'it is the folder you are in, or one around it'],
    ['a device', '/dev/null', 'it is not a folder'],
    ['a file', '{}/web.yaml', 'it is not a folder'],
    ['within a file', '{}/web.yaml/out', 'is not a folder'],
    ['down and up', '{}/a/../out', 'goes back up with ".."'],
    ['a foreign folder', '{}/mine', 'it is not empty and not a result of Towtank'],
    ['a symbolic link', '{}/link', 'it is a symbolic link'],
    ['through a link to itself', '{}/loop/out', 'loop'],
  ])('of results: %s', async (_what, out, words) => {
    writeFileSync(join(folder, 'small.yaml'), WHOLE)
    mkdirSync(join(folder, 'mine'))
    writeFileSync(join(folder, 'mine/letter.txt'), 'dear')
    symlinkSync('mine', join(folder, 'link'))
    symlinkSync('loop', join(folder, 'loop'))
    const before = listing(folder)
    const { code, stdout, stderr } = await here('run', join(folder, 'small.yaml'), '--out', out.replace('{}', folder))
    expect([code, stdout]).toEqual([EXIT.wrongInput, ''])
    expect(stderr).toContain(words)
    expect(stderr).not.toContain('bug')
    expect(listing(folder)).toEqual(before)
  })
})

describe('an option that is wrong', () => {
  test.each([
    [['run', 'a.yaml', '--seed', ''], 'It is empty'],
    [['run', 'a.yaml', '--seed='], 'It is empty'],
    [['run', 'a.yaml', '--sed', '3'], '(Did you mean --seed?)'],
    [['run', 'a.yaml', '--out'], 'argument missing'],
    [['run'], "missing required argument 'file'"],
    [['rollout', 'a.yaml', '--replications', '1e9'], 'Expected a whole number from 2 to 10000'],
    [['rollout', 'a.yaml', '--replications', '-3'], 'Expected a whole number from 2 to 10000'],
    [['rollout', 'a.yaml', '--limit', 'NaN'], 'Expected a whole number from 1 to 3600'],
    [['rollout', 'a.yaml', '--workers', '0'], 'Expected a whole number from 1 to 256'],
    [['rollout', 'a.yaml', '--restart', 'deployment/web', '--at', '1000000h'], 'longer than 100 days'],
    [['trace', 'a.yaml', 'pod/a', '--lang', 'zj'], 'Expected one of en, zh. Did you mean "zh"?'],
    [['init', 'demo', '--template', 'node-deth'], 'Did you mean "node-death"?'],
    [['schema', '--of', 'scenarios'], 'Did you mean "scenario"?'],
    [['completion', 'fihs'], 'Did you mean "fish"?'],
    [['runn', 'a.yaml'], '(Did you mean run?)'],
    [['a.yaml'], '(Did you mean towtank run a.yaml?)'],
    [['--verison'], '(Did you mean --version?)'],
  ])('%j', async (args, words) => {
    const { code, stdout, stderr } = await here(...args)
    expect([code, stdout]).toEqual([EXIT.wrongInput, ''])
    expect(stderr).toContain(words)
  })
})

describe('the program as it is installed, with 300 MB of memory,', () => {
  const OUT = resolve('node_modules/.cache/towtank-broken-inputs')
  beforeAll(async () => {
    const entry = { main: 'src/cli/main.ts' }
    const form = { format: 'esm', platform: 'node', target: 'node20', dts: false, fixedExtension: false, logLevel: 'silent' } as const
    await build({ config: false, entry, outDir: OUT, ...form })
  })
  afterAll(() => rmSync(OUT, { recursive: true, force: true }))

  const towtank = (...args: string[]) =>
    spawnSync(process.execPath, ['--max-old-space-size=300', join(OUT, 'main.js'), ...args], { cwd: folder, encoding: 'utf8' })

  test.each([
    ['a file of 100 MB', 'large.yaml', 'it is larger than 2 MiB'],
    ['a device without end', '/dev/zero', 'it is neither a file nor a folder'],
    ['a pipe that nobody writes to', 'pipe', 'it is neither a file nor a folder'],
    ['a link to itself', 'loop', 'its symbolic links lead in a circle'],
    ['a manifest of 100 MB', 'of-large.yaml', 'it is larger than 8 MiB'],
    ['a manifest that is a pipe', 'of-pipe.yaml', 'it is neither a file nor a folder'],
    ['a bomb of aliases', 'bomb.yaml', 'The aliases stand for too much'],
    ['deep nesting', 'deep.yaml', 'ested more than 200 levels deep'],
    ['a line of 2 MB', 'line.yaml', 'There is no Service'],
  ])('refuses %s', (_what, file, words) => {
    writeFileSync(join(folder, 'large.yaml'), WHOLE)
    truncateSync(join(folder, 'large.yaml'), 100_000_000)
    execFileSync('mkfifo', [join(folder, 'pipe')])
    symlinkSync('loop', join(folder, 'loop'))
    writeFileSync(join(folder, 'of-large.yaml'), WHOLE.replace('web.yaml', 'large.yaml'))
    writeFileSync(join(folder, 'of-pipe.yaml'), WHOLE.replace('web.yaml', 'pipe'))
    for (const [what, text] of BROKEN_SCENARIOS) {
      if (what === 'aliases that multiply') writeFileSync(join(folder, 'bomb.yaml'), text)
      if (what === 'ten thousand lists in each other') writeFileSync(join(folder, 'deep.yaml'), text)
    }
    writeFileSync(join(folder, 'line.yaml'), WHOLE.replace('web.shop', 'w'.repeat(2_000_000)))
    const before = listing(folder)
    const { status, stdout, stderr } = towtank('run', file)
    expect([status, stdout]).toEqual([EXIT.wrongInput, ''])
    expect(stderr).toContain(words)
    expect(stderr).not.toContain('bug')
    expect(listing(folder)).toEqual(before)
  })

  test('says that a cluster needs more memory, and how to give it', () => {
    writeFileSync(join(folder, 'large.yaml'), WHOLE.replace('spec:\n', 'spec:\n  cluster: { nodes: [{ count: 100000 }] }\n'))
    const before = listing(folder)
    const { status, stdout, stderr } = towtank('run', 'large.yaml', '--out', 'out')
    expect([status, stdout]).toEqual([EXIT.wrongInput, ''])
    expect(stderr).toMatch(/The \d+ MB of memory that Node takes at most are used up.* NODE_OPTIONS=--max-old-space-size=1000 allows more/)
    expect(stderr).not.toContain('bug')
    expect(listing(folder)).toEqual(before)
  })

  test('tells a folder that the system does not let it write to', () => {
    writeFileSync(join(folder, 'small.yaml'), WHOLE)
    const { status, stdout, stderr } = towtank('run', 'small.yaml', '--out', '/proc/towtank')
    expect([status, stdout]).toEqual([EXIT.wrongInput, ''])
    expect(stderr).toMatch(/Cannot write results to|The system refused to mkdir/)
    expect(stderr).not.toContain('bug')
  })
})
