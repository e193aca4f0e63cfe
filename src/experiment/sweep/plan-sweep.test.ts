import { describe, expect, test } from 'vitest'
import { memoryFiles } from '../../scenario/load-files.ts'
import { YamlSource } from '../../scenario/parse-yaml.ts'
import { SAMPLE_FILES } from '../sample.fixture.ts'
import { planSweep } from './plan-sweep.ts'
import { readSweepFile } from './read-sweep-file.ts'

const sweep = (spec: string) => `apiVersion: towtank/v1
kind: Sweep
metadata: { name: grid }
spec:
  scenario: small.yaml
${spec}`

interface Options {
  readonly files?: Readonly<Record<string, string>>
  readonly version?: string
}

/** Everything that is wrong with a sweep, as `line:column message`, or its plan. */
async function plan(text: string, { files = SAMPLE_FILES, version = '1' }: Options = {}) {
  const read = readSweepFile(new YamlSource('lab/sweep.yaml', text))
  const planned = read.request === null ? null : await planSweep(read.request, memoryFiles(files), { version })
  const all = [...read.problems, ...(planned === null || planned.ok ? [] : planned.problems)]
  return {
    plan: planned?.ok === true ? planned.plan : null,
    problems: all.map(
      ({ file, line, column, message, didYouMean }) =>
        `${file}:${line}:${column} ${message}${didYouMean === null ? '' : ` → ${didYouMean}`}`,
    ),
  }
}

async function ids(text: string, options: Options = {}): Promise<readonly string[]> {
  const { plan: made, problems } = await plan(text, options)
  expect(problems).toEqual([])
  return made!.cells.map(({ id }) => id)
}

const ONE = sweep('  seeds: [a]\n  variants: [hash]\n  parameters: { duration: [25s] }\n')

describe('cells', () => {
  test('are variants, combinations, the grid and seeds, in this order', async () => {
    const text = sweep(
      '  seeds: 2\n  combinations: [{ duration: 25s }, { duration: 26s, "cluster.nodes[0].count": 3 }]\n  parameters: { traffic.users.arrivals: [poisson(5/s), poisson(9/s)] }\n',
    )
    const { plan: made } = await plan(text)
    expect(made!.fields).toEqual(['duration', 'traffic.users.arrivals', 'cluster.nodes[0].count'])
    expect(made!.cells).toHaveLength(2 * 2 * 2 * 2)
    const where = made!.cells.map(({ combination, seed }) =>
      [combination.variant, ...combination.settings.map(({ value }) => value), seed].join(' '),
    )
    expect(where.slice(0, 6)).toEqual([
      'tables 25s poisson(5/s) 0/1',
      'tables 25s poisson(5/s) 0/2',
      'tables 25s poisson(9/s) 0/1',
      'tables 25s poisson(9/s) 0/2',
      'tables 26s 3 poisson(5/s) 0/1',
      'tables 26s 3 poisson(5/s) 0/2',
    ])
    expect(made!.cells[8]!.changes).toEqual([
      { target: ['spec', 'cluster', 'kubeProxy', 'mode'], value: 'ipvs' },
      { target: ['spec', 'duration'], value: '25s' },
      { target: ['spec', 'traffic', 0, 'arrivals'], value: 'poisson(5/s)' },
    ])
  })

  test('are the scenario alone where nothing is asked for', async () => {
    const { plan: made } = await plan(sweep('  variants: []\n'))
    expect(made!.cells.map(({ variant, seed, changes, combination }) => [variant, seed, changes, combination])).toEqual([
      ['iptables', '0', [], { variant: null, settings: [] }],
    ])
  })

  test('have ids of their own, which any input changes and the place of the files does not', async () => {
    const [id] = await ids(ONE)
    expect(id).toMatch(/^[0-9a-f]{32}$/)
    const scenario = SAMPLE_FILES['lab/small.yaml']!
    const others = [
      await ids(ONE.replace('[a]', '[b]')),
      await ids(ONE.replace('25s', '26s')),
      await ids(ONE.replace('[hash]', '[tables]')),
      await ids(ONE.replace('duration:', 'warmUp:')),
      await ids(ONE, { version: '2' }),
      await ids(ONE, { files: { ...SAMPLE_FILES, 'lab/small.yaml': scenario.replace('20/s', '21/s') } }),
      await ids(ONE, { files: { ...SAMPLE_FILES, 'lab/web.yaml': `${SAMPLE_FILES['lab/web.yaml']}# a remark\n` } }),
    ].map(([other]) => other)
    expect(new Set([id, ...others]).size).toBe(others.length + 1)
    expect(await ids(ONE)).toEqual([id])
    expect(await ids(`# a remark\n${ONE}`)).toEqual([id])
    const windows = Object.fromEntries(Object.entries(SAMPLE_FILES).map(([name, text]) => [name, text.replaceAll('\n', '\r\n')]))
    expect(await ids(ONE, { files: windows })).toEqual([id])
    const more = await ids(ONE.replace('[25s]', '[25s, 26s]').replace('[a]', '[a, b]'))
    expect(more).toHaveLength(4)
    expect(more).toContain(id)
    expect(new Set(more).size).toBe(4)
  })

  test('do not change their ids with a file that only another cell refers to', async () => {
    const text = sweep('  seeds: [a]\n  variants: []\n  parameters: { manifests: [[web.yaml], [more.yaml, web.yaml]] }\n')
    const more = { 'lab/more.yaml': 'apiVersion: v1\nkind: Namespace\nmetadata: { name: more }\n' }
    const before = await ids(text, { files: { ...SAMPLE_FILES, ...more } })
    const after = await ids(text, { files: { ...SAMPLE_FILES, 'lab/more.yaml': `${more['lab/more.yaml']}# a remark\n` } })
    expect([after[0] === before[0], after[1] === before[1]]).toEqual([true, false])
  })
})

describe('mistakes', () => {
  test.each([
    ['an unknown key', '  seds: 3\n', ['lab/sweep.yaml:6:3 Unknown key "seds" → seeds']],
    ['no seeds', '  seeds: 0\n', ['lab/sweep.yaml:6:10 Cannot use "0" here']],
    ['a seed twice', '  seeds: [a, b, a]\n', ['lab/sweep.yaml:6:17 The seed "a" is given twice: its runs would be the same']],
    ['a value that is no list', '  parameters: { duration: 25s }\n', ['lab/sweep.yaml:6:27 Cannot use "25s" here']],
    ['no values', '  parameters: { duration: [] }\n', ['lab/sweep.yaml:6:27 The list is empty']],
    [
      'a value twice',
      '  parameters: { duration: [25s, 26s, 25s] }\n',
      ['lab/sweep.yaml:6:38 The value is given twice: its runs would be the same'],
    ],
    [
      'an unknown field',
      '  parameters: { traffic.users.arivals: [poisson(5/s)] }\n',
      ['lab/sweep.yaml:6:31 "traffic.users.arivals" is not a field of a scenario\'s spec → arrivals'],
    ],
    [
      'an unknown entry',
      '  parameters: { "traffic[1].arrivals": [poisson(5/s)] }\n',
      ['lab/sweep.yaml:6:26 "traffic[1].arrivals" names an entry "1" that the list does not have'],
    ],
    ['the seed as a field', '  parameters: { seed: [1, 2] }\n', ['lab/sweep.yaml:6:17 Seeds are no field of a sweep']],
    [
      'the same field twice',
      '  parameters: { traffic.users.arrivals: [poisson(5/s)], "traffic[0].arrivals": [poisson(6/s)] }\n',
      ['lab/sweep.yaml:6:57 "traffic[0].arrivals" and "traffic.users.arrivals" set the same field'],
    ],
    [
      'a field within another',
      '  combinations: [{ cluster.nodes.0: { count: 2 } }]\n  parameters: { cluster.nodes.0.count: [3] }\n',
      ['lab/sweep.yaml:6:20 "cluster.nodes.0" and "cluster.nodes.0.count" set the same field'],
    ],
    [
      'a field of the variants',
      '  parameters: { cluster.kubeProxy.mode: [ipvs] }\n',
      [
        'lab/sweep.yaml:6:17 The variant "tables" of the scenario changes "cluster.kubeProxy.mode", too',
        'lab/sweep.yaml:6:17 The variant "hash" of the scenario changes "cluster.kubeProxy.mode", too',
      ],
    ],
    ['an unknown variant', '  variants: [hsh]\n', ['lab/sweep.yaml:6:14 The scenario has no variant "hsh" → hash']],
    ['a variant twice', '  variants: [hash, hash]\n', ['lab/sweep.yaml:6:20 The variant "hash" is given twice']],
    [
      'a combination twice',
      '  combinations: [{ duration: 25s }, { duration: 25s }]\n',
      ['lab/sweep.yaml:6:39 The combination is given twice: its runs would be the same'],
    ],
    [
      'an unknown metric',
      '  measures: [requests.latncy.p99]\n',
      ['lab/sweep.yaml:6:14 No metric is called "requests.latncy.p99" → requests.latency.p99'],
    ],
    [
      'an unknown traffic',
      '  measures: ["requests.sent{traffic=user}"]\n',
      ['lab/sweep.yaml:6:14 There is no traffic called "user" → users'],
    ],
    [
      'too many',
      `  seeds: 10000\n  parameters: { duration: [${Array.from({ length: 11 }, (_, index) => `${index + 25}s`).join()}] }\n`,
      ['lab/sweep.yaml:7:17 The sweep has 22 combinations and 220000 cells'],
    ],
  ])('%s', async (_what, spec, expected) => {
    expect((await plan(sweep(spec))).problems).toEqual(expected)
  })

  test('of a value are shown at the value, once for all combinations that have it', async () => {
    const text = sweep(
      '  parameters:\n    duration: [25s, 26x, 28s]\n    cluster.nodes[0].count: [2, 0]\n    traffic[0].arrivals: [poisson(5/s), poison(5/s)]\n',
    )
    expect((await plan(text)).problems).toEqual([
      expect.stringMatching(/^lab\/sweep.yaml:9:41 .*poison/),
      expect.stringMatching(/^lab\/sweep.yaml:8:33 Cannot use "0" here/),
      expect.stringMatching(/^lab\/sweep.yaml:7:21 Cannot read "26x"/),
    ])
  })

  test('of a combination are told with the settings that it comes from, and no others', async () => {
    const text = sweep(
      '  variants: []\n  parameters:\n    warmUp: [5s, 26s]\n    duration: [25s, 30s]\n    cluster.nodes[0].count: [2, 3]\n',
    )
    expect((await plan(text)).problems).toEqual([
      'lab/sweep.yaml:8:18 The warm-up of 26s leaves nothing of a run of 25s (with warmUp=26s, duration=25s)',
    ])
  })

  test('of the scenario file, or without one, are told once', async () => {
    const broken = { ...SAMPLE_FILES, 'lab/small.yaml': SAMPLE_FILES['lab/small.yaml']!.replace('duration', 'durtion') }
    expect((await plan(sweep('  parameters: { warmUp: [5s, 6s] }\n'), { files: broken })).problems).toEqual([
      'lab/small.yaml:5:3 Unknown key "durtion" → duration',
    ])
    expect((await plan(sweep('').replace('small.yaml', 'smal.yaml'))).problems).toEqual([
      'lab/sweep.yaml:5:13 Cannot read the scenario "lab/smal.yaml": there is no such file → lab/small.yaml',
    ])
  })
})
