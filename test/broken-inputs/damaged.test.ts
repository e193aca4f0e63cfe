import { execFileSync, spawnSync } from 'node:child_process'
import {
  appendFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { build } from 'tsdown'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { EXIT } from '../../src/cli/exit-codes.ts'
import { SAMPLE_FILES } from '../../src/experiment/sample.fixture.ts'
import { here, listing, type Told } from './command-line.ts'

/**
 * Folders, dumps and sweeps that are wrong, for the commands that read what others have written. Each ends with exit code 2 and a message with its
 * place and what to do, and writes nothing. What could have no end, such as a pipe, is given to a process that has 300 MB of memory.
 */
const OUT = resolve('node_modules/.cache/towtank-broken-commands')
const HOME = process.cwd()
let whole = ''
let folder = ''

const SWEEP = `apiVersion: towtank/v1
kind: Sweep
metadata: { name: grid }
spec:
  scenario: lab/small.yaml
  seeds: 1
  parameters: { "workloads[0].serviceTime": [exp(5ms), exp(20ms)] }
`

function towtank(cwd: string, ...args: string[]): Told {
  // Only what hangs is ended.
  const options = { cwd, encoding: 'utf8', timeout: 300_000, env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: undefined } } as const
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--max-old-space-size=300', join(OUT, 'main.js'), ...args], options)
  return { code: status ?? -1, stdout, stderr }
}

/** Once: a result `R`, the two shards `P1` and `P2` of a sweep of four cells, and a shard of another one, `other`. */
beforeAll(async () => {
  const entry = { main: 'src/cli/main.ts', 'cell-worker': 'src/cli/pool/cell-worker.ts' }
  const target = { outDir: OUT, format: 'esm', platform: 'node', target: 'node20', dts: false, fixedExtension: false } as const
  await build({ config: false, entry, ...target, logLevel: 'silent' })
  whole = realpathSync(mkdtempSync(join(tmpdir(), 'towtank-whole-')))
  for (const [name, text] of Object.entries(SAMPLE_FILES)) {
    mkdirSync(join(whole, dirname(name)), { recursive: true })
    writeFileSync(join(whole, name), text.replace('duration: 28s', 'duration: 22s'))
  }
  writeFileSync(join(whole, 'sweep.yaml'), SWEEP)
  writeFileSync(
    join(whole, 'plain.yaml'),
    readFileSync(join(whole, 'lab/small.yaml'), 'utf8')
      .replace(/ {2}compare.*\n/, '')
      .replace('[web', '[lab/web'),
  )
  const made = [
    towtank(whole, 'run', 'lab/small.yaml', '--out', 'R', '--samples', '2'),
    towtank(whole, 'sweep', 'sweep.yaml', '--shard', '1/2', '--out', 'P1'),
    towtank(whole, 'sweep', 'sweep.yaml', '--shard', '2/2', '--out', 'P2'),
    towtank(whole, 'sweep', 'lab/small.yaml', '--shard', '2/2', '--out', 'other'),
  ]
  for (const { code, stderr } of made) expect([code, stderr]).toEqual([EXIT.passed, expect.not.stringContaining('bug')])
})
afterAll(() => {
  rmSync(OUT, { recursive: true, force: true })
  rmSync(whole, { recursive: true, force: true })
})

beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'towtank-broken-')))
  cpSync(whole, folder, { recursive: true })
  mkdirSync(join(folder, 'empty'))
  symlinkSync('loop', join(folder, 'loop'))
  symlinkSync('empty', join(folder, 'link'))
  writeFileSync(join(folder, 'binary'), new Uint8Array([0x89, 0x50, 0x4e, 0x47, 13, 10, 0x1a, 10, 0, 0, 0, 13, 0x22, 0xff]))
  process.chdir(folder)
})
afterEach(() => {
  process.chdir(HOME)
  rmSync(folder, { recursive: true })
})

type Case = [what: string, args: readonly string[], words: string, damage?: (() => void) | undefined]

const LONG = 'x'.repeat(300)

async function refused(args: readonly string[], words: string, damage: () => void = () => undefined, run = here): Promise<void> {
  damage()
  const before = listing(folder)
  const { code, stdout, stderr } = await run(...args)
  expect(stderr).toContain(words)
  expect([code, stdout]).toEqual([EXIT.wrongInput, ''])
  expect(stderr).not.toMatch(/bug in Towtank| {4}at .*\.[jt]s:\d+/)
  expect(stderr.length).toBeLessThan(20_000)
  expect(listing(folder)).toEqual(before)
}

const replace = (file: string, from: string | RegExp, to: string): void => {
  const text = readFileSync(file, 'utf8')
  expect(text).toMatch(from)
  writeFileSync(file, text.replace(from, to))
}
const cellOf = (name: string): string => join(name, 'cells', readdirSync(join(name, 'cells'))[0]!)
const sweepOf = (from: string | RegExp, to: string) => () => replace('sweep.yaml', from, to)
const grid = (parameters: string) => sweepOf(/parameters: .*/, `parameters: ${parameters}`)
const dump = (text: string) => () => writeFileSync('dump', text)

describe('sweep', () => {
  const file = ['sweep', 'sweep.yaml', '--out', 'out']
  const numbers = Array.from({ length: 400 }, (_, index) => index + 1).join(', ')
  test.each<Case>([
    ['an unknown key', file, 'sweep.yaml:7:3 Unknown key "paramters"', sweepOf('parameters', 'paramters')],
    ['a field that is not there', file, 'Did you mean "nodes"?', grid('{ cluster.nodez: [1] }')],
    ['an entry that is not there', file, 'names an entry "7" that the list does not have', grid('{ "workloads[7].serviceTime": [1ms] }')],
    ['a field of every object', file, '"__proto__.a" is not a field', grid('{ __proto__.a: [1] }')],
    ['a field without values', file, 'sweep.yaml:7:27 The list is empty', grid('{ duration: [] }')],
    ['a value for values', file, 'accepted: a list', grid('{ duration: 40s }')],
    ['a value twice', file, 'The value is given twice', grid('{ duration: [40s, 40s] }')],
    ['a value that the field does not take', file, 'Did you mean "40s"?', grid('{ duration: [40] }')],
    ['a field within another', file, 'set the same field', grid('{ cluster.network: [{ loss: 1% }], cluster.network.loss: [2%] }')],
    ['a combination that cannot run', file, 'leaves nothing of a run', grid('{ duration: [40s], warmUp: [50s] }')],
    [
      'a grid without end',
      file,
      '320000 combinations',
      grid(`{ "cluster.nodes[0].count": [${numbers}], "traffic[0].arrivals": [${numbers.replace(/\d+/g, 'poisson($&/s)')}] }`),
    ],
    [
      'cells without end',
      file,
      'accepted: at most',
      sweepOf(/ {2}seeds: 1\n.*\n/, `  seeds: 10000\n  parameters: { duration: [${numbers.replace(/\d+/g, '$&m')}] }\n`),
    ],
    ['no seed', file, 'accepted: a number from 1', sweepOf('seeds: 1', 'seeds: 0')],
    ['a seed twice', file, 'The seed "a" is given twice', sweepOf('seeds: 1', 'seeds: [a, a]')],
    ['a variant that is not there', file, 'no variant "hsah"', sweepOf('seeds: 1', 'variants: [hsah]')],
    ['a measure of no run', file, 'No metric is called', sweepOf('seeds: 1', 'measures: [request.latency.p99]')],
    ['a name that leads elsewhere', file, 'lower-case letters', sweepOf('name: grid', 'name: ../../grid')],
    ['no scenario', file, '"scenario" is missing', sweepOf('scenario: lab/small.yaml', 'measures: null')],
    ['a scenario that is not there', file, 'sweep.yaml:5:13 Cannot read the scenario "lab/smal.yaml"', sweepOf('small', 'smal')],
    ['a scenario that is a folder', file, 'sweep.yaml:5:13 Cannot read the scenario "lab"', sweepOf('lab/small.yaml', 'lab')],
    ['itself as its scenario', file, 'sweep.yaml:5:13 "sweep.yaml" is a sweep too', sweepOf('lab/small.yaml', 'sweep.yaml')],
    [
      'a binary file as its scenario',
      file,
      'sweep.yaml:5:13 Cannot read the scenario "binary": it is not a text file',
      sweepOf('lab/small.yaml', 'binary'),
    ],
    ['a link to itself as its scenario', file, 'sweep.yaml:5:13 Cannot read the scenario "loop"', sweepOf('lab/small.yaml', 'loop')],
    ['a device', ['sweep', '/dev/zero', '--out', 'out'], 'it is neither a file nor a folder'],
    ['a link to itself', ['sweep', 'loop', '--out', 'out'], 'its symbolic links lead in a circle'],
    ['a binary file', ['sweep', 'binary', '--out', 'out'], 'it is not a text file'],
    ['a manifest', ['sweep', 'lab/web.yaml', '--out', 'out'], 'This is a Kubernetes manifest'],
    ['a scenario with nothing to vary', ['sweep', 'plain.yaml', '--out', 'out'], 'To run it once: towtank run plain.yaml'],
    ['a setting of no field', ['sweep', 'plain.yaml', '--set', 'duratoin=40s'], 'command line:1:7 "duratoin" is not a field'],
    ['a setting without values', ['sweep', 'plain.yaml', '--set', 'duration='], 'command line:1:16 A value of "duration" is empty'],
    ['a setting beside a sweep', ['sweep', 'sweep.yaml', '--set', 'duration=40s'], 'write the field into its spec.parameters'],
    ['a shard beyond the last', ['sweep', 'sweep.yaml', '--shard', '3/2'], 'Expected i/n with i from 1 to n'],
    ['a result in its place', ['sweep', 'sweep.yaml', '--out', 'R'], 'it is not empty and not the result of a sweep'],
    ['a name that is too long', ['sweep', 'sweep.yaml', '--out', LONG], 'no file can have so long a name'],
    ['a place where nobody makes folders', ['sweep', 'sweep.yaml', '--out', '/proc/towtank'], '/proc/towtank'],
    ['a place through a link to itself', ['sweep', 'sweep.yaml', '--out', 'loop/out'], 'Cannot write results to "loop/out"'],
    [
      'a folder whose manifest is damaged',
      ['sweep', 'sweep.yaml', '--out', 'P1'],
      'its sweep.json cannot be read',
      () => truncateSync('P1/sweep.json', 200),
    ],
    [
      'a folder with a stranger among its cells',
      ['sweep', 'sweep.yaml', '--out', 'P1'],
      'such as "cells/letter.txt"',
      () => writeFileSync('P1/cells/letter.txt', 'dear'),
    ],
    [
      'a folder whose cells are a file',
      ['sweep', 'sweep.yaml', '--out', 'P1'],
      'such as "cells"',
      () => {
        rmSync('P1/cells', { recursive: true })
        writeFileSync('P1/cells', '')
      },
    ],
  ])('refuses %s', async (_what, args, words, damage) => {
    await refused(args, words, damage)
  })
})

describe('merge', () => {
  const parts = ['merge', 'P1', 'P2', '--out', 'out']
  test.each<Case>([
    ['a part that is missing', ['merge', 'P1', '--out', 'out'], '2 of 4 cells are missing'],
    ['one part twice', ['merge', 'P1', 'P1', '--out', 'out'], '2 of 4 cells are missing'],
    ['a cell that is damaged', parts, '1 of 4 cells is missing', () => writeFileSync(cellOf('P2'), '{')],
    ['a cell with another number', parts, '1 of 4 cells is missing', () => replace(cellOf('P2'), '"sent": ', '"sent": 1')],
    [
      'a cell that is a folder',
      parts,
      '1 of 4 cells is missing',
      () => {
        const cell = cellOf('P2')
        rmSync(cell)
        mkdirSync(cell)
      },
    ],
    [
      'cells that are a file',
      parts,
      '2 of 4 cells are missing',
      () => {
        rmSync('P2/cells', { recursive: true })
        writeFileSync('P2/cells', '')
      },
    ],
    ['another sweep', ['merge', 'P1', 'other', '--out', 'out'], 'they are of different sweeps, "grid" and "small"'],
    [
      'a manifest that is cut off',
      parts,
      'Cannot read "P2" as the folder of a sweep: its sweep.json is damaged',
      () => truncateSync('P2/sweep.json', 200),
    ],
    ['a manifest of another form', parts, 'its sweep.json is damaged', () => writeFileSync('P2/sweep.json', '{"schemaVersion":1}')],
    ['no manifest', parts, 'it has no sweep.json', () => rmSync('P2/sweep.json')],
    ['a result', ['merge', 'P1', 'R', '--out', 'out'], 'Cannot read "R" as the folder of a sweep: it has no sweep.json'],
    ['a file', ['merge', 'sweep.yaml', '--out', 'out'], 'Cannot read "sweep.yaml" as the folder of a sweep: it is not a folder'],
    ['nothing', ['merge', 'P1', 'P3', '--out', 'out'], 'Cannot read "P3" as the folder of a sweep: there is no such folder'],
    ['a link to itself', ['merge', 'loop', '--out', 'out'], 'its symbolic links lead in a circle'],
    ['a name that is too long', ['merge', LONG, '--out', 'out'], 'no file can have so long a name'],
    ['a result in its place', ['merge', 'P1', 'P2', '--out', 'R'], 'it is not empty and not the result of a sweep'],
    ['a file in its place', ['merge', 'P1', 'P2', '--out', 'sweep.yaml'], 'it is not a folder'],
    ['a place with too long a name', ['merge', 'P1', 'P2', '--out', LONG], 'no file can have so long a name'],
    ['a place where nobody makes folders', ['merge', 'P1', 'P2', '--out', '/proc/towtank'], 'The system refused to mkdir "/proc/towtank"'],
    ['no place', ['merge', 'P1', 'P2'], "required option '-o, --out <folder>' not specified"],
  ])('refuses %s', async (_what, args, words, damage) => {
    await refused(args, words, damage)
  })
})

describe('import', () => {
  const one = ['import', 'dump', '--out', 'out']
  const list = (items: string): string => `{"apiVersion":"v1","kind":"List","items":${items}}`
  const nft = (entries: string): string => `{"nftables": [{"metainfo": {"json_schema_version": 1}}, ${entries}]}`
  const chains = Array.from(
    { length: 40 },
    (_, i) =>
      `{"rule":{"family":"ip","table":"kube-proxy","chain":"c${i}","handle":${i},"expr":[{"jump":{"target":"c${i + 1}"}},{"jump":{"target":"c${i + 1}"}}]}}`,
  )
  test.each<Case>([
    ['an empty file', one, 'dump:1:1 There is no object of a cluster', dump('')],
    ['a word', one, 'dump:1:1 This is no Kubernetes object', dump('hello\n')],
    ['a brace', one, 'dump:1:2 ', dump('{')],
    ['an error of kubectl', one, 'dump:1:1 "apiVersion" is missing', dump('Error from server (Forbidden): pods is forbidden\n')],
    ['a table of kubectl', one, 'dump:1:1 This is a table that kubectl prints', dump('NAME READY\nweb-1 1/1\n')],
    ['a list of nothing', one, 'There is no object of a cluster', dump(list('[]'))],
    ['a list of no objects', one, 'Item 1 of the list is no Kubernetes object', dump(list('[1, null, "a", []]'))],
    [
      'a list of the wrong kinds',
      one,
      'There is nothing that a scenario could be made of: only Event, Lease',
      dump(
        list(
          '[{"apiVersion":"v1","kind":"Event","metadata":{"name":"a"}},{"apiVersion":"coordination.k8s.io/v1","kind":"Lease","metadata":{"name":"b"}}]',
        ),
      ),
    ],
    [
      'objects with names that lead elsewhere',
      one,
      'Cannot use "../../x" as a name',
      dump(
        list(
          '[{"apiVersion":"v1","kind":"Service","metadata":{"name":"../../x","namespace":"a"},"spec":{"ports":[{"port":80}],"clusterIP":"10.96.0.9"}}]',
        ),
      ),
    ],
    ['objects without names', one, 'The Service has no name', dump(list('[{"apiVersion":"v1","kind":"Service"}]'))],
    ['a list that is cut off', one, 'dump:', dump(list('[{"apiVersion":"v1","kind":"Serv').slice(0, -1))],
    [
      'aliases that multiply',
      one,
      'dump:',
      dump(
        `apiVersion: v1\nkind: List\nitems:\n- &a [x,x,x,x,x,x,x,x,x]\n${'bcdefghijk'
          .split('')
          .map((name, i) => `- &${name} [${Array(9).fill(`*${'abcdefghijk'[i]}`).join(',')}]`)
          .join('\n')}\n`,
      ),
    ],
    ['deep nesting', one, 'dump:1:', dump(`${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`)],
    ['a scenario', ['import', 'lab/small.yaml', '--out', 'out'], '"towtank run lab/small.yaml" runs it'],
    ['a sweep', ['import', 'sweep.yaml', '--out', 'out'], '"towtank sweep sweep.yaml" runs it'],
    [
      'iptables-save that is cut off',
      one,
      'dump:3:1 The table nat does not end: the file is cut off',
      dump('*nat\n:KUBE-SERVICES - [0:0]\n-A KUBE-SERVICES -d 10.96'),
    ],
    ['a listing of iptables -L', one, 'This is a listing of iptables -L', dump('Chain INPUT (policy ACCEPT)\n')],
    ['nftables that is no list', one, '"nftables" is not a list', dump('{"nftables": null}')],
    ['nftables of nothing', one, 'There is no object of a cluster', dump('{"nftables": []}')],
    ['nftables with other entries', one, 'Entry 1 of "nftables" is no object of nftables', dump(nft('3, null'))],
    ['nftables with chains that multiply', one, 'There is no object of a cluster', dump(nft(chains.join(', ')))],
    ['nftables of deep nesting', one, 'dump:', dump(nft(`${'{"a":['.repeat(50_000)}1${']}'.repeat(50_000)}`))],
    ['a ruleset that nft prints', one, 'accepted: the output of `nft -j list ruleset`', dump('table ip kube-proxy {\n}\n')],
    ['a binary file', ['import', 'binary', '--out', 'out'], 'Cannot read "binary": it is not a text file'],
    ['a device', ['import', '/dev/zero', '--out', 'out'], 'Cannot read "/dev/zero": it is neither a file nor a folder'],
    ['a link to itself', ['import', 'loop', '--out', 'out'], 'Cannot read "loop": its symbolic links lead in a circle'],
    ['an empty folder', ['import', 'empty', '--out', 'out'], 'The folder "empty" has no file'],
    ['nothing', ['import', 'nothing', '--out', 'out'], 'There is no file or folder "nothing"'],
    ['a name that leads elsewhere', ['import', 'lab/web.yaml', '--name', '../x'], 'Cannot use "../x" as the name of a scenario'],
    ['a result in its place', ['import', 'lab/web.yaml', '--out', 'R'], 'it is not empty and not an import of Towtank'],
    ['a place that goes down and up', ['import', 'lab/web.yaml', '--out', 'a/../out'], 'goes back up with ".."'],
    ['a place with too long a name', ['import', 'lab/web.yaml', '--out', LONG], 'no file can have so long a name'],
    ['a place through a link to itself', ['import', 'lab/web.yaml', '--out', 'loop/out'], 'Cannot write the scenario to "loop/out"'],
    [
      'a place where nobody makes folders',
      ['import', 'lab/web.yaml', '--out', '/proc/towtank'],
      'Cannot write the scenario to "/proc/towtank"',
    ],
  ])('refuses %s', async (_what, args, words, damage) => {
    await refused(args, words, damage)
  })
})

describe('compare', () => {
  const both = ['compare', 'R', 'W']
  const damaged = (damage: () => void) => () => {
    cpSync('R', 'W', { recursive: true })
    damage()
  }
  test.each<Case>([
    ['nothing', ['compare', 'R', 'X'], 'Cannot compare "X": there is no such file or folder'],
    ['an empty folder', ['compare', 'R', 'empty'], 'Cannot compare "empty": the folder has no summary.json'],
    ['the folder of a sweep', ['compare', 'R', 'P1'], 'Cannot compare "P1": the folder has no summary.json'],
    ['a summary', ['compare', 'R', 'R/summary.json'], 'expected the folder that it is in, "R"'],
    ['a scenario beside a result', ['compare', 'R', 'plain.yaml'], 'Run the scenario first: towtank run plain.yaml'],
    ['a sweep', ['compare', 'sweep.yaml', 'plain.yaml'], 'sweep.yaml:2:7 This is a Sweep: towtank sweep sweep.yaml'],
    ['a variant that is not there', ['compare', 'R#hsah', 'R'], 'Did you mean "hash"?'],
    ['one input', ['compare', 'R'], 'Nothing to compare with'],
    [
      'too many replications',
      ['compare', 'plain.yaml', 'lab/small.yaml', '--replications', '1000000'],
      'Expected a whole number from 1 to 10000',
    ],
    ['a tolerance of no metric', ['compare', 'R', 'R', '--tolerance', 'request.sent=5%'], '--tolerance: '],
    ['a link to itself', ['compare', 'R', 'loop'], 'its symbolic links lead in a circle'],
    ['a summary that is cut off', both, '"W/summary.json" is no JSON', damaged(() => truncateSync('W/summary.json', 100))],
    [
      'a summary of another version',
      both,
      'schemaVersion of "W/summary.json" is 99',
      damaged(() => replace('W/summary.json', /"schemaVersion": *\d+/, '"schemaVersion": 99')),
    ],
    [
      'a summary without variants',
      both,
      'variants of "W/summary.json" is not what it should be',
      damaged(() => replace('W/summary.json', '"variants"', '"varants"')),
    ],
    [
      'a summary that is a folder',
      both,
      'W/summary.json',
      damaged(() => {
        rmSync('W/summary.json')
        mkdirSync('W/summary.json')
      }),
    ],
    [
      'a table that is a folder',
      both,
      'W/objects.csv: it is a folder and not a file',
      damaged(() => {
        rmSync('W/objects.csv')
        mkdirSync('W/objects.csv')
      }),
    ],
    ['a table that is empty', both, 'W/objects.csv: it is empty', damaged(() => writeFileSync('W/objects.csv', ''))],
    ['a table that is binary', both, 'W/objects.csv:', damaged(() => cpSync('binary', 'W/objects.csv'))],
    [
      'a table with half a row',
      both,
      'W/objects.csv:3: it is no CSV: there is 1 cell',
      damaged(() => replace('W/objects.csv', /^(.*\n.*\n).*\n/, '$1x\n')),
    ],
    ['a file of Markdown in no folder', ['compare', 'R', 'R', '--markdown', 'nowhere/a.md'], 'there is no folder "nowhere"'],
    ['a file of JUnit through a link to itself', ['compare', 'R', 'R', '--junit', 'loop/a.xml'], 'Cannot write "loop/a.xml"'],
  ])('refuses %s', async (_what, args, words, damage) => {
    await refused(args, words, damage)
  })
})

test.each<Case>([
  ['a place through a link to itself', ['init', 'loop/demo'], 'its symbolic links lead in a circle'],
  ['a name that is too long in a new folder', ['init', `new/${LONG}`], 'no file can have so long a name'],
])('init refuses %s', async (_what, args, words) => {
  await refused(args, words)
})

describe.each(['export', 'report', 'chart'])('%s', (command) => {
  const args = (input: string, out = 'out.json'): readonly string[] =>
    command === 'export'
      ? [command, input, '--format', 'perfetto', '--out', out]
      : [command, input, '--out', command === 'chart' ? 'out' : out]
  test.each<Case>([
    ['nothing', args('nothing'), 'nothing'],
    ['an empty folder', args('empty'), 'empty'],
    ['the folder of a sweep', args('P1'), 'P1'],
    ['a link to itself', args('loop'), 'its symbolic links lead in a circle'],
    ['a name that is too long', args(LONG), 'no file can have so long a name'],
    ['a scenario', args('plain.yaml'), 'plain.yaml'],
    [
      'a table that is a folder',
      args('R'),
      'R/events.csv: it is a folder and not a file',
      () => {
        rmSync('R/events.csv')
        mkdirSync('R/events.csv')
      },
    ],
    ['a table that is empty', args('R'), 'R/events.csv: it is empty', () => writeFileSync('R/events.csv', '')],
    [
      'a table with half a row',
      args('R'),
      'R/requests.csv:3: it is no CSV: there is 1 cell',
      () => replace('R/requests.csv', /^(.*\n.*\n).*\n/, '$1x\n'),
    ],
    ['a quote that is never closed', args('R'), 'it is no CSV: a quote is never closed', () => appendFileSync('R/requests.csv', '"')],
    [
      'a word for a number',
      args('R'),
      'sent',
      () => {
        const [head, ...rows] = readFileSync('R/requests.csv', 'utf8').split('\n')
        const place = head!.split(',').indexOf('sent')
        const cells = rows[0]!.split(',').with(place, 'many')
        writeFileSync('R/requests.csv', [head, cells.join(','), ...rows.slice(1)].join('\n'))
      },
    ],
  ])('refuses %s', async (_what, given, words, damage) => {
    await refused(given, words, damage)
  })
})

describe('export', () => {
  const to = (out: string): string[] => ['export', 'R', '--format', 'otlp', '--out', out]
  const all = (format: string): string[] => ['export', 'R', '--format', format]
  test.each<Case>([
    ['a summary that is cut off', all('perfetto'), 'its summary.json is damaged', () => truncateSync('R/summary.json', 100)],
    [
      'a summary without variants',
      all('perfetto'),
      'R/summary.json: it is not a summary of "towtank run"',
      () => replace('R/summary.json', '"variants"', '"varants"'),
    ],
    [
      'a traffic that the summary does not have',
      all('prometheus'),
      'R/latency.csv: the summary has no traffic',
      () => replace('R/summary.json', '"traffic": "users"', '"traffic": "u"'),
    ],
    ['a table without a column', all('otlp'), 'R/objects.csv:1: it has no column actor', () => replace('R/objects.csv', 'actor', 'acter')],
    ['a place in no folder', to('nowhere/a.json'), 'there is no folder "nowhere"'],
    ['a place within a file', to('sweep.yaml/a.json'), 'Cannot write "sweep.yaml/a.json"'],
    ['a folder', to('empty'), 'it is a folder'],
    ['a device', to('/dev/null'), 'it is there and not an ordinary file'],
    ['a link to itself', to('loop'), 'it is there and not an ordinary file'],
    ['a name that is too long', to(LONG), 'no file can have so long a name'],
    ['a table of the result itself', to('R/requests.csv'), 'it is a table of the result that is exported'],
    ['a place where nobody makes files', to('/proc/towtank'), '/proc/'],
  ])('refuses %s', async (_what, args, words, damage) => {
    await refused(args, words, damage)
  })
})

describe('what could have no end, or no room in 300 MB,', () => {
  const pipe = (path: string) => () => {
    rmSync(path, { force: true })
    execFileSync('mkfifo', [path])
  }
  const huge = (path: string) => () => {
    rmSync(path, { force: true })
    writeFileSync(path, '')
    truncateSync(path, 3_000_000_000)
  }
  test.each<Case>([
    ['sweep of a pipe', ['sweep', 'pipe', '--out', 'out'], 'it is neither a file nor a folder', pipe('pipe')],
    [
      'sweep into a folder whose manifest is huge',
      ['sweep', 'sweep.yaml', '--out', 'P1'],
      'its sweep.json cannot be read',
      huge('P1/sweep.json'),
    ],
    [
      'merge of a folder whose manifest is a pipe',
      ['merge', 'P1', 'P2', '--out', 'out'],
      'its sweep.json is damaged',
      pipe('P2/sweep.json'),
    ],
    ['merge of a folder whose manifest is huge', ['merge', 'P1', 'P2', '--out', 'out'], 'its sweep.json is damaged', huge('P2/sweep.json')],
    ['merge of a cell that is a pipe', ['merge', 'P1', 'P2', '--out', 'out'], '1 of 4 cells is missing', () => pipe(cellOf('P2'))()],
    ['merge of a cell that is huge', ['merge', 'P1', 'P2', '--out', 'out'], '1 of 4 cells is missing', () => huge(cellOf('P2'))()],
    ['import of a pipe', ['import', 'pipe', '--out', 'out'], 'it is neither a file nor a folder', pipe('pipe')],
    ['import of a huge file', ['import', 'huge', '--out', 'out'], 'it is larger than', huge('huge')],
    [
      'compare of a summary that is a pipe',
      ['compare', 'R', 'P1', '--out', 'out'],
      'it is neither a file nor a folder',
      pipe('P1/summary.json'),
    ],
    ['compare of a summary that is huge', ['compare', 'R', 'P1', '--out', 'out'], 'it is larger than', huge('P1/summary.json')],
    [
      'compare of a table that is a pipe',
      ['compare', 'R', 'W', '--out', 'out'],
      'W/objects.csv: it is neither a file nor a folder',
      () => {
        cpSync('R', 'W', { recursive: true })
        pipe('W/objects.csv')()
      },
    ],
    [
      'export of a table that is a pipe',
      ['export', 'R', '--format', 'otlp'],
      'R/objects.csv: it is neither a file nor a folder',
      pipe('R/objects.csv'),
    ],
    ['export of a summary that is huge', ['export', 'R', '--format', 'otlp'], 'its summary.json is damaged', huge('R/summary.json')],
    ['report of a summary that is a pipe', ['report', 'R'], 'R/summary.json: it is neither a file nor a folder', pipe('R/summary.json')],
    ['report of a summary that is huge', ['report', 'R'], 'R/summary.json: it is larger than 64 MiB', huge('R/summary.json')],
    ['report of a table that is a pipe', ['report', 'R'], 'R/requests.csv: it is neither a file nor a folder', pipe('R/requests.csv')],
    [
      'report of a table without line ends',
      ['report', 'R'],
      'R/requests.csv:1: it is no CSV: a row is longer than',
      huge('R/requests.csv'),
    ],
    ['chart of a pipe', ['chart', 'pipe'], 'pipe: it is neither a file nor a folder', pipe('pipe')],
    ['chart of a device', ['chart', '/dev/zero'], '/dev/zero: it is neither a file nor a folder'],
    [
      'chart of a folder with a pipe',
      ['chart', 'R', '--out', 'out'],
      'R/requests.csv: it is neither a file nor a folder',
      pipe('R/requests.csv'),
    ],
  ])('%s is refused', async (_what, args, words, damage) => {
    await refused(args, words, damage, (...given) => Promise.resolve(towtank(folder, ...given)))
  })
})
