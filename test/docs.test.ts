import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { parse, stringify } from 'yaml'
import { z } from 'zod'
import { parseSelector } from '../src/api/labels.ts'
import { EXIT } from '../src/cli/exit-codes.ts'
import { main } from '../src/cli/program.ts'
import { FAILURE_CAUSES } from '../src/metrics/failure-cause.ts'
import { parametersTable } from '../src/parameters/parameters-table.ts'
import { COMPARISON_COLUMNS, COMPARISON_FILES } from '../src/report/comparison/comparison-files.ts'
import { RESULT_FILES, ResultWriter } from '../src/report/result-files.ts'
import { ROLLOUT_COLUMNS, ROLLOUT_FILES } from '../src/report/rollout-files.ts'
import type { RunSummary } from '../src/report/run-summary.ts'
import { sampleSummary } from '../src/report/sample.fixture.ts'
import { memoryFiles } from '../src/scenario/load-files.ts'
import { type LoadedScenario, loadScenario } from '../src/scenario/load-scenario.ts'
import { ARRIVALS_FORM, parseArrivals } from '../src/scenario/parse-arrivals.ts'
import { DISTRIBUTION_FORM, parseDistribution } from '../src/scenario/parse-distribution.ts'
import { parseDuration } from '../src/scenario/parse-duration.ts'
import { KUBECTL_FORM, KUBECTL_VERBS, parseKubectl } from '../src/scenario/parse-kubectl.ts'
import { parseRate } from '../src/scenario/parse-rate.ts'
import { parseBandwidth, parseBytes, parseCpu } from '../src/scenario/parse-size.ts'
import { parseTarget } from '../src/scenario/parse-target.ts'
import { parseThreshold } from '../src/scenario/parse-threshold.ts'
import { scenarioSchema } from '../src/scenario/schema.ts'
import { simulate } from '../src/scenario/simulate.ts'
import { THRESHOLD_METRICS, type ThresholdUnit, thresholdLabels } from '../src/scenario/threshold-metrics.ts'

/**
 * The reference pages against the code, in both directions: what the code has is documented, and what is documented the code has.
 *
 * A page is read as its tables: rows under their headings, by the head of the first column. What stands in backticks there is the name.
 */
interface Row {
  /** The text of the nearest heading above. */
  readonly heading: string
  /** What stands in backticks in the first cell, in order. */
  readonly names: readonly string[]
  readonly cells: readonly string[]
}

const read = (path: string) => readFileSync(path, 'utf8')
const SCENARIO = read('docs/scenario.md')
const RESULTS = read('docs/results.md')
const CLI = read('docs/cli.md')

const inBackticks = (text: string): string[] => [...text.matchAll(/`([^`]+)`/g)].map((match) => match[1]!)
const withoutCode = (page: string) => page.replace(/^```[\s\S]*?^```$/gm, '')

/** The rows of all tables whose first column has that head, from one page. */
function rowsOf(page: string, head: string): Row[] {
  const rows: Row[] = []
  let heading = ''
  let table: string | null = null
  for (const line of withoutCode(page).split('\n')) {
    if (line.startsWith('#')) heading = line.replace(/^#+ /, '')
    if (!line.startsWith('|')) {
      table = null
      continue
    }
    const cells = line
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim())
    if (table === null) table = cells[0]!
    else if (table === head && !/^-+$/.test(cells[0]!)) rows.push({ heading, names: inBackticks(cells[0]!), cells })
  }
  return rows
}

const sorted = (names: Iterable<string>) => [...new Set(names)].toSorted()

describe('docs/scenario.md and the schema', () => {
  interface JsonSchema {
    readonly properties?: Readonly<Record<string, JsonSchema>>
    readonly required?: readonly string[]
    readonly items?: JsonSchema
    readonly anyOf?: readonly JsonSchema[]
    readonly oneOf?: readonly JsonSchema[]
    readonly enum?: readonly unknown[]
    readonly const?: unknown
    readonly default?: unknown
    readonly minimum?: number
    readonly maximum?: number
  }
  interface Key {
    readonly schema: JsonSchema
    readonly required: boolean
  }

  const alternatives = ({ anyOf, oneOf }: JsonSchema): readonly JsonSchema[] => anyOf ?? oneOf ?? []

  /** A key that several alternatives have takes the choices of all of them. */
  function merged(before: Key | undefined, key: Key): Key {
    const choices = ({ schema }: Key): readonly unknown[] => schema.enum ?? []
    if (before === undefined || choices(before).length === 0) return key
    return { ...key, schema: { ...key.schema, enum: [...new Set([...choices(before), ...choices(key)])] } }
  }

  /** Every key of the schema by its path, such as `spec.traffic[].from.pods`. A key is required when every alternative that its map has asks for it. */
  function keysOf(schema: JsonSchema, path = '', required = (_key: string) => true): Map<string, Key> {
    const keys = new Map<string, Key>()
    const add = (more: Map<string, Key>) => {
      for (const [name, key] of more) keys.set(name, merged(keys.get(name), key))
    }
    if (schema.items !== undefined) add(keysOf(schema.items, `${path}[]`))
    const options = alternatives(schema)
    for (const option of options) add(keysOf(option, path, (key) => options.every((other) => other.required?.includes(key) === true)))
    for (const [key, below] of Object.entries(schema.properties ?? {})) {
      const name = path === '' ? key : `${path}.${key}`
      keys.set(name, { schema: below, required: schema.required?.includes(key) === true && required(key) })
      add(keysOf(below, name))
    }
    return keys
  }

  const keys = keysOf(z.toJSONSchema(scenarioSchema) as JsonSchema)
  const rows = rowsOf(SCENARIO, 'key').map((row) => {
    const place = inBackticks(row.heading)[0]
    return { path: place === undefined ? row.names[0]! : `${place}.${row.names[0]}`, type: row.cells[1]!, fallback: row.cells[2]! }
  })
  /** A map may be told by what is in it. */
  const isTold = (path: string) =>
    rows.some((row) => row.path === path || row.path.startsWith(`${path}.`) || row.path.startsWith(`${path}[]`))

  test('the schema is walked to its ends', () => {
    expect([...keys.keys()]).toEqual(
      expect.arrayContaining(['metadata.name', 'spec.cluster.nodes[].zone', 'spec.traffic[].from.pods', 'spec.timeline[].fault.for']),
    )
  })

  test('every key is documented', () => {
    expect([...keys.keys()].filter((path) => !isTold(path))).toEqual([])
  })

  test('every documented key exists, once', () => {
    expect(rows.map((row) => row.path).filter((path) => !keys.has(path))).toEqual([])
    expect(sorted(rows.map((row) => row.path))).toHaveLength(rows.length)
  })

  test.each(rows)('$path has the default, the choices and the range of the schema', ({ path, type, fallback }) => {
    const { schema, required } = keys.get(path)!
    expect(fallback === 'required').toBe(required)
    if (schema.default !== undefined) {
      const told = inBackticks(fallback)[0] ?? ''
      expect(typeof schema.default === 'object' ? parse(told) : told).toEqual(
        typeof schema.default === 'object' ? schema.default : String(schema.default),
      )
    }
    const choices = schema.enum ?? (schema.const === undefined ? [] : [schema.const])
    if (choices.length > 0) expect(inBackticks(type)).toEqual(choices.map(String))
    const { minimum, maximum } = schema
    if (minimum !== undefined && maximum !== undefined && maximum < Number.MAX_SAFE_INTEGER)
      expect(type).toContain(`${minimum} to ${String(maximum).replace(/\B(?=(\d{3})+$)/g, ',')}`)
  })
})

describe('docs/scenario.md and the grammar', () => {
  const examples = (heading: string) => {
    const found = rowsOf(SCENARIO, 'example').filter((row) => row.heading === heading)
    expect(found.length, heading).toBeGreaterThan(0)
    return found.map((row) => row.names[0]!)
  }
  const calls = (text: string) => [...text.matchAll(/([a-z]+)\(/g)].map((match) => match[1]!)

  test.each<[string, (text: string) => { readonly ok: boolean }]>([
    ['Durations', parseDuration],
    ['Rates', parseRate],
    ['Sizes', (text) => (text.includes('/') ? parseBandwidth : /^\d+m?$/.test(text) ? parseCpu : parseBytes)(text)],
    ['Distributions', parseDistribution],
    ['Arrivals', parseArrivals],
    ['Addresses', parseTarget],
    ['Label selectors', parseSelector],
    ['kubectl commands', parseKubectl],
    ['Thresholds', parseThreshold],
  ])('every example under "%s" is accepted', (heading, accepts) => {
    expect(examples(heading).filter((text) => !accepts(text).ok)).toEqual([])
  })

  test('every distribution, arrival process and kubectl command has an example', () => {
    expect(sorted(examples('Distributions').flatMap(calls))).toEqual(sorted(calls(DISTRIBUTION_FORM)))
    expect(sorted(examples('Arrivals').flatMap(calls))).toEqual(sorted(calls(ARRIVALS_FORM).filter((name) => name === name.toLowerCase())))
    const verbOf = (text: string) => KUBECTL_VERBS.find((verb) => text.startsWith(`${verb} `))
    expect(sorted(examples('kubectl commands').map((text) => verbOf(text) ?? text))).toEqual(sorted(KUBECTL_VERBS))
    for (const [flag] of KUBECTL_FORM.matchAll(/--?[a-z][a-z-]*/g)) expect(SCENARIO).toContain(flag)
  })

  test('every metric of a threshold is documented with its unit and labels', () => {
    const units: Readonly<Record<ThresholdUnit, string>> = {
      count: 'count',
      ratio: 'ratio',
      fraction: 'fraction',
      milliseconds: 'time',
      perSecond: 'rate',
    }
    const told = rowsOf(SCENARIO, 'metric').map(({ names, cells }) => [names[0]!, cells[1]!, inBackticks(cells[2]!).join()])
    const known = [...THRESHOLD_METRICS].map(([name, metric]) => [name, units[metric.unit], thresholdLabels(metric).join()])
    expect(told.toSorted()).toEqual(known.toSorted())
    expect(rowsOf(SCENARIO, 'unit').map(({ cells }) => cells[0]!)).toEqual(Object.values(units))
  })
})

describe('docs/results.md', () => {
  /** The head of each CSV file, as a run writes it. */
  const heads = new Map<string, string[]>()

  beforeAll(async () => {
    const text = read('scenarios/hello.yaml').replace('duration: 1m', 'duration: 2s\n  warmUp: 1s')
    const loaded = await loadScenario(
      's.yaml',
      memoryFiles({ 's.yaml': text, 'manifests/hello.yaml': read('scenarios/manifests/hello.yaml') }),
    )
    if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems))
    const { name, scenario } = loaded.variants[0]!
    const folder = mkdtempSync(join(tmpdir(), 'towtank-docs-'))
    try {
      new ResultWriter(folder).add(simulate(scenario, { variant: name, samples: { count: 1 } }), parametersTable(scenario))
      for (const file of readdirSync(folder)) heads.set(file, read(join(folder, file)).split('\n')[0]!.split(','))
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  test('every file is documented', () => {
    expect(rowsOf(RESULTS, 'file').map((row) => row.names[0])).toEqual(RESULT_FILES)
    for (const file of RESULT_FILES) expect(RESULTS).toMatch(new RegExp(`^## \`${file}\`$`, 'm'))
  })

  test('every column of every CSV file is documented, in order', () => {
    expect([...heads.keys()]).toHaveLength(11)
    for (const [file, columns] of heads) {
      const told = rowsOf(RESULTS, 'column').filter((row) => row.heading === `\`${file}\``)
      expect(
        told.map((row) => row.names[0]),
        file,
      ).toEqual(columns)
    }
  })

  test('every column of rollout.csv is documented, in order, and so is every field of its summary', () => {
    expect(rowsOf(RESULTS, 'rollout column').map((row) => row.names[0])).toEqual(ROLLOUT_COLUMNS)
    const shared = ['schemaVersion', 'tool', 'scenario', 'seed', 'inputHash']
    const fields = [
      ...read('src/report/rollout-answer.ts')
        .split('interface RolloutAnswer')[1]!
        .matchAll(/^ {2}readonly (\w+):/gm),
    ].map((match) => match[1]!)
    expect(sorted([...shared, ...rowsOf(RESULTS, 'rollout field').map((row) => row.names[0]!)])).toEqual(sorted(fields))
    for (const file of ROLLOUT_FILES) expect(RESULTS).toMatch(new RegExp(`^### \`${file}\`$`, 'm'))
  })

  test('every column of compare.csv and every field of compare.json are documented', () => {
    expect(rowsOf(RESULTS, 'compare column').map((row) => row.names[0])).toEqual(COMPARISON_COLUMNS)
    const source = read('src/experiment/comparison/comparison.ts')
    const fields = (name: string): string[] => {
      const body = source.split(`export interface ${name} {`)[1]!.split('\n}')[0]!
      return [...body.matchAll(/^ {2}readonly (\w+):/gm)].map((match) => match[1]!)
    }
    const shared = ['schemaVersion', 'tool', 'command']
    expect([...shared, ...rowsOf(RESULTS, 'compare field').flatMap((row) => row.names)]).toEqual(fields('Comparison'))
    expect(rowsOf(RESULTS, 'metric field').flatMap((row) => row.names)).toEqual(fields('MetricComparison'))
    for (const file of COMPARISON_FILES) expect(RESULTS).toMatch(new RegExp(`^### \`${file}\`$`, 'm'))
  })

  test('every cause of failure is documented, in order', () => {
    expect(rowsOf(RESULTS, 'cause').map((row) => row.names[0])).toEqual(FAILURE_CAUSES)
  })

  test('every field of the summary is documented, in order', () => {
    const summary: RunSummary = {
      schemaVersion: 1,
      tool: { name: 'towtank', version: '' },
      scenario: '',
      seed: '',
      inputHash: '',
      variants: [
        sampleSummary({
          faults: [
            {
              fault: '',
              tookEffect: false,
              effect: '',
              optional: true,
              strikes: [{ atSeconds: 0, fault: '', tookEffect: false, effect: '' }],
            },
          ],
          traffic: [{ ...sampleSummary({}).traffic[0]!, from: '' }],
          deployments: [{ ...sampleSummary({}).deployments[0]!, throttled: 0 }],
          kubeProxy: { ...sampleSummary({}).kubeProxy, lateFirstSyncs: { nodes: 0, doneSeconds: null } },
          refusals: [{ command: '', reason: '' }],
          flowControl: [{ priorityLevel: '', waited: 0, longestWaitMs: 0, rejected: 0 }],
          thresholds: [{ expression: '', metric: '', operator: '<', limit: 0, value: null, passed: false }],
        }),
      ],
    }
    /** Ends of the summary; a cause or a part is a key of data, not of the form. */
    const ends = (value: unknown, path: string): string[] => {
      if (Array.isArray(value)) return [path, ...ends(value[0], `${path}[]`)]
      if (typeof value !== 'object' || value === null || /\.(failedByCause|blameMs\.\w+)$/.test(path)) return [path]
      return Object.entries(value).flatMap(([key, below]) => ends(below, path === '' ? key : `${path}.${key}`))
    }
    const told = rowsOf(RESULTS, 'field').map(({ heading, names }) =>
      heading === '`summary.json`' ? names[0]! : `${inBackticks(heading)[0]}.${names[0]}`,
    )
    const maps = ['variants[].propagation', 'variants[].nodes.busiestCore']
    expect(told.filter((path) => !maps.includes(path)).toSorted()).toEqual(ends(summary, '').toSorted())
  })
})

describe('docs/cli.md', () => {
  async function help(...command: string[]): Promise<string> {
    let text = ''
    const stream = { write: (more: string) => (text += more) }
    const code = await main([...command, '--help'], { version: '', terminal: { stdout: stream, stderr: stream, env: {} }, workerFile: '' })
    expect(code).toBe(EXIT.passed)
    return text
  }
  /** Options in the order of the help: flags as they stand there, with the argument that they take. */
  const optionsIn = (text: string) => [...text.matchAll(/^ {2}(-[\w-]+(?:, --[\w-]+)?(?: <\w+>)?)(?: |$)/gm)].map((match) => match[1]!)
  const commandsIn = (text: string) => [...text.slice(text.indexOf('Commands:')).matchAll(/^ {2}([a-z]+) /gm)].map((match) => match[1]!)

  const documented = (heading: string) =>
    rowsOf(CLI, 'option')
      .filter((row) => row.heading === heading)
      .map((row) => row.names.join(', '))

  test('every command is documented, in the order of the help', async () => {
    const overview = [...CLI.split('```')[1]!.matchAll(/^towtank (\S+)/gm)].map((match) => match[1]!)
    expect(overview).toEqual(commandsIn(await help()))
  })

  test('every option of every command is documented, in the order of the help', async () => {
    expect(documented('Command line')).toEqual(optionsIn(await help()))
    const commands = commandsIn(await help()).filter((command) => command !== 'help')
    expect(commands.length).toBeGreaterThan(5)
    for (const command of commands) {
      const options = optionsIn(await help(command))
      expect(documented(`\`towtank ${command}\``), command).toEqual(options)
    }
  })

  test('every exit code is documented', () => {
    const told = rowsOf(CLI, 'code').map((row) => Number(row.names[0]))
    expect(told.toSorted()).toEqual(Object.values(EXIT).toSorted())
  })

  test('every variable of the environment that is read is documented', () => {
    const all = readdirSync('src/cli', { recursive: true, encoding: 'utf8' })
    const sources = all.filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
    // Read by the program itself, or by an option that it can stand for.
    const known = sources.flatMap((name) =>
      [...read(join('src/cli', name)).matchAll(/\benv(?:\.|\(')([A-Z_]+)/g)].map((match) => match[1]!),
    )
    expect(sorted(rowsOf(CLI, 'variable').map((row) => row.names[0]!))).toEqual(sorted(known))
  })

  test('every kind of warning is documented', () => {
    const known = ['src/api/source-problem.ts', 'src/scenario/load-context.ts'].flatMap((file) =>
      read(file)
        .split('\n')
        .filter((line) => /^\s*readonly kind: /.test(line))
        .flatMap((line) => [...line.matchAll(/ '([a-z-]+)'/g)].map((match) => match[1]!)),
    )
    expect(known).toContain('assumed')
    expect(sorted(rowsOf(CLI, 'kind').map((row) => row.names[0]!))).toEqual(sorted(known))
  })
})

describe('scenarios in the documentation', () => {
  const blocksOf = (page: string) => [...page.matchAll(/^```yaml\n([\s\S]*?)^```$/gm)].map((match) => match[1]!)
  const manifests = Object.fromEntries(
    readdirSync('scenarios/manifests').map((name) => [`manifests/${name}`, read(join('scenarios/manifests', name))]),
  )

  /**
   * What is wrong with a scenario that stands beside the example manifests. A manifest that is not among them is no mistake of the page; what
   * it would have brought is then taken to exist.
   */
  async function mistakesIn(text: string): Promise<string[]> {
    const loaded: LoadedScenario = await loadScenario('scenario.yaml', memoryFiles({ 'scenario.yaml': text, ...manifests }))
    if (loaded.ok) return []
    return loaded.problems
      .filter((problem) => !(/^spec\.manifests\[\d+\]$/.test(problem.path) && problem.message.startsWith('There is no file')))
      .map((problem) => `${problem.line}: ${problem.path}: ${problem.message}`)
  }

  const pages = ['README.md', ...readdirSync('docs').flatMap((name) => (name.endsWith('.md') ? [join('docs', name)] : []))]
  const scenarios = pages.flatMap((page) =>
    blocksOf(read(page))
      .filter((text) => text.startsWith('apiVersion: towtank/v1'))
      .map((text) => ({ page, name: (parse(text) as { metadata?: { name?: string } }).metadata?.name, text })),
  )

  test('README.md and docs/scenario.md have one', () => {
    expect(scenarios.map(({ page }) => page)).toEqual(expect.arrayContaining(['README.md', join('docs', 'scenario.md')]))
  })

  test.each(scenarios)('$name in $page is valid', async ({ text }) => {
    expect(await mistakesIn(text)).toEqual([])
  })

  test('the example of docs/scenario.md runs with the manifests that the project has', async () => {
    const { text } = scenarios.find(({ page }) => basename(page) === 'scenario.md')!
    const loaded = await loadScenario('scenario.yaml', memoryFiles({ 'scenario.yaml': text, ...manifests }))
    expect(loaded.ok ? [] : loaded.problems).toEqual([])
    expect(loaded.warnings.filter((warning) => warning.kind !== 'inert-field')).toEqual([])
  })

  test('parts of a scenario in docs/scenario.md fit its example', async () => {
    const [example, ...others] = blocksOf(SCENARIO)
    const parts = others.filter((text) => !text.startsWith('apiVersion'))
    expect(parts.length).toBeGreaterThan(0)
    for (const part of parts) {
      const whole = parse(example!) as { spec: object }
      Object.assign(whole.spec, parse(part))
      expect(await mistakesIn(stringify(whole)), part).toEqual([])
    }
  })

  test('a scenario with a mistake is not taken for valid', async () => {
    const { text } = scenarios.find(({ page }) => basename(page) === 'scenario.md')!
    expect(await mistakesIn(text.replace('duration:', 'duratoin:'))).toEqual([expect.stringContaining('Unknown key "duratoin"')])
    expect(await mistakesIn(text.replace(/poisson\(/, 'poison('))).toHaveLength(1)
  })
})

describe('links between pages', () => {
  const slug = (heading: string) =>
    heading
      .toLowerCase()
      .replace(/[^\w\- ]/g, '')
      .replaceAll(' ', '-')
  const anchors = (page: string) => [...withoutCode(page).matchAll(/^#+ (.*)$/gm)].map((match) => slug(match[1]!))

  test.each(['scenario.md', 'results.md', 'cli.md'])('every link in docs/%s leads to a page and a heading', (name) => {
    const lost = [...withoutCode(read(join('docs', name))).matchAll(/\]\(([^)#\s]*)(?:#([^)]*))?\)/g)].filter(([, file, anchor]) => {
      const path = join('docs', file === '' ? name : file!)
      return anchor !== undefined ? !anchors(read(path)).includes(anchor) : read(path) === ''
    })
    expect(lost.map((match) => match[0])).toEqual([])
  })
})
