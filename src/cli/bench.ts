import { spawn } from 'node:child_process'
import { cpus } from 'node:os'
import { stringify } from 'csv-stringify/sync'
import { type BenchPlan, ENDPOINT_COUNTS, FULL, PARTS, QUICK, SERVICE_COUNTS } from '../bench/plan.ts'
import { type BenchRows, checkAgreement, isMet, join } from '../bench/rows.ts'
import { type BenchTable, checksumOf, tablesOf, targetInWords } from '../bench/tables.ts'
import { invariant } from '../invariant.ts'
import type { Colors } from '../report/colors.ts'
import { formatCount, threeDigits } from '../report/format.ts'
import { type BenchFile, whyNotInto, writeFiles } from './bench-files.ts'
import { signedPng, signedSvg } from './chart/picture-files.ts'
import { BENCH_FOLDER } from './default-folders.ts'
import { EXIT, type ExitCode } from './exit-codes.ts'
import { colorsFor, Progress, type Terminal } from './terminal.ts'

export interface BenchOptions {
  readonly quick?: boolean
  readonly out?: string
  readonly seed?: string
  readonly json?: boolean
  readonly quiet?: boolean
  /** Measures this part alone and prints its rows: how the program calls itself. */
  readonly part?: string
}

export interface BenchTools {
  readonly terminal: Terminal
  readonly version: string
  /** Measures one part, in a process of its own, until the signal aborts. */
  readonly measure: (part: string, signal: AbortSignal) => Promise<BenchRows>
}

const DEFAULT_SEED = '0'

/** `towtank bench`: measures part by part and writes tables and a chart. A target that is missed is told, and is not a failure. */
export async function bench(options: BenchOptions, { terminal, version, measure }: BenchTools): Promise<ExitCode> {
  const { stdout, stderr, env } = terminal
  const out = options.out ?? BENCH_FOLDER
  const refused = whyNotInto(out)
  if (refused !== null) {
    stderr.write(`${colorsFor(stderr, env).red(refused)}\n`)
    return EXIT.wrongInput
  }
  const progress = new Progress(stderr, options.quiet === true)
  const abort = new AbortController()
  const interrupt = (): void => abort.abort()
  process.once('SIGINT', interrupt)
  const parts: BenchRows[] = []
  try {
    for (const name of PARTS.keys()) {
      progress.update(parts.length / PARTS.size, name)
      parts.push(await measure(name, abort.signal))
    }
  } catch (error) {
    if (!abort.signal.aborted) throw error
    progress.stop()
    stderr.write('Interrupted: nothing has been written\n')
    return EXIT.interrupted
  } finally {
    process.off('SIGINT', interrupt)
    progress.stop()
  }
  const rows = join(parts)
  checkAgreement(rows)
  const summary = summaryOf(rows, options, version)
  writeFiles(out, await filesOf(rows, summary))
  if (options.json === true) stdout.write(`${JSON.stringify(summary)}\n`)
  if (options.quiet !== true) {
    const stream = options.json === true ? stderr : stdout
    stream.write(inWords(rows, summary, out, colorsFor(stream, env)))
  }
  return EXIT.passed
}

/** Measures one part in this process. */
export async function benchPart(options: BenchOptions, terminal: Terminal): Promise<ExitCode> {
  const part = PARTS.get(options.part ?? '')
  if (part === undefined) {
    terminal.stderr.write(`No part "${options.part}": there are ${[...PARTS.keys()].join(', ')}\n`)
    return EXIT.wrongInput
  }
  // Loaded here, so that no other command waits for it.
  const { measurePart, rehearse } = await import('../bench/parts.ts')
  rehearse(part, planOf(options))
  terminal.stdout.write(JSON.stringify(measurePart(part, planOf(options))))
  return EXIT.passed
}

function planOf(options: BenchOptions): BenchPlan {
  const effort = options.quick === true ? QUICK : FULL
  return { seed: options.seed ?? DEFAULT_SEED, serviceCounts: SERVICE_COUNTS, endpointCounts: ENDPOINT_COUNTS, effort }
}

/** The program starts itself for each part. `programFile` is its entry file. */
export function measureInProcess(options: BenchOptions, programFile: string): BenchTools['measure'] {
  return (part, signal) =>
    new Promise((settle, fail) => {
      const words = [programFile, 'bench', '--part', part, '--seed', options.seed ?? DEFAULT_SEED]
      if (options.quick === true) words.push('--quick')
      const child = spawn(process.execPath, words, { signal, stdio: ['ignore', 'pipe', 'pipe'] })
      let rows = ''
      let complaints = ''
      child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
        rows += chunk
      })
      child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
        complaints += chunk
      })
      child.on('error', fail)
      child.on('close', (code) => {
        if (code === 0) settle(JSON.parse(rows) as BenchRows)
        else fail(new Error(`Measuring "${part}" ended with ${code}: ${complaints}`))
      })
    })
}

interface BenchSummary {
  readonly schemaVersion: 1
  readonly tool: { readonly name: 'towtank'; readonly version: string }
  readonly command: 'bench'
  readonly seed: string
  readonly quick: boolean
  /** Of all answers: the same on every machine for the same seed. */
  readonly checksum: string
  readonly ratios: readonly (BenchRows['ratios'][number] & { readonly met: boolean | null })[]
  /** The machine; nowhere else in the results. */
  readonly environment: { readonly node: string; readonly cpu: string; readonly cpus: number; readonly platform: string }
}

function summaryOf(rows: BenchRows, options: BenchOptions, version: string): BenchSummary {
  const processors = cpus()
  return {
    schemaVersion: 1,
    tool: { name: 'towtank', version },
    command: 'bench',
    seed: options.seed ?? DEFAULT_SEED,
    quick: options.quick === true,
    checksum: checksumOf(rows),
    ratios: rows.ratios.map((row) => ({ ...row, met: isMet(row) })),
    environment: {
      node: process.version,
      cpu: processors[0]?.model ?? 'unknown',
      cpus: processors.length,
      platform: `${process.platform} ${process.arch}`,
    },
  }
}

async function filesOf(rows: BenchRows, summary: BenchSummary): Promise<Record<BenchFile, string | Uint8Array>> {
  const csv = (name: string): string => csvOf(tableNamed(rows, name))
  const svg = await lookupChart(tableNamed(rows, 'lookup'), summary)
  const { svgToPng } = await import('../report/charts/static/png.ts')
  return {
    'lookup.csv': csv('lookup'),
    'first-packet.csv': csv('first-packet'),
    'pick.csv': csv('pick'),
    'update.csv': csv('update'),
    'lookup.svg': signedSvg(svg),
    'lookup.png': signedPng(svgToPng(svg)),
    'summary.csv': csv('summary'),
    'summary.json': `${JSON.stringify(summary, null, 2)}\n`,
  }
}

function tableNamed(rows: BenchRows, name: string): BenchTable {
  const table = tablesOf(rows).find((each) => each.name === name)
  invariant(table !== undefined, `there is a table ${name}`)
  return table
}

/** As `towtank chart` draws it of lookup.csv. */
async function lookupChart(table: BenchTable, { tool, seed }: BenchSummary): Promise<string> {
  // Loaded here, so that no other command waits for it.
  const [{ lookupCost }, { TableBuilder, isRead }, { THEMES }, { LANGUAGES }, { chartToSvg }] = await Promise.all([
    import('../report/charts/cost-curves.ts'),
    import('../report/charts/tables.ts'),
    import('../report/charts/theme.ts'),
    import('../report/language/index.ts'),
    import('../report/charts/static/svg.ts'),
  ])
  const builder = new TableBuilder(table.columns, (column) => isRead('lookup', column))
  for (const row of table.rows) builder.add(row.map((cell) => String(cell ?? '')))
  const chart = lookupCost.prepare(new Map([['lookup', builder.table()]]))
  const words = LANGUAGES.en.charts
  const footer = words.footerOfBench(`${tool.name} ${tool.version}`, seed)
  return chartToSvg(chart, { theme: THEMES.light, words, width: 900, height: chart.height(900), interactive: false, heading: true, footer })
}

function csvOf({ columns, rows }: BenchTable): string {
  return stringify([[...columns], ...rows.map((row) => [...row])])
}

/** Of a Service that stands anywhere. */
function pointsOf({ lookup }: BenchRows, mode: string): readonly { readonly services: number; readonly ns: number }[] {
  return lookup.filter((row) => row.mode === mode && row.position === 'uniform')
}

const NAME_WIDTH = 12
const FIGURE_WIDTH = 10

/** What the user sees: the chart's numbers, the ratios, and where the rest is. */
function inWords(rows: BenchRows, summary: BenchSummary, out: string, colors: Colors): string {
  const line = (name: string, figures: readonly string[]): string =>
    `  ${name.padEnd(NAME_WIDTH)}${figures.map((figure) => figure.padStart(FIGURE_WIDTH)).join('')}`
  const lookups = ['iptables', 'ipvs', 'nftables'].map((mode) =>
    line(
      mode,
      pointsOf(rows, mode).map(({ ns }) => threeDigits(ns)),
    ),
  )
  const ratios = summary.ratios.map(({ question, ratio, target, met }) => {
    const mark = met === null ? ' ' : met ? colors.green('✓') : colors.red('✗')
    const wanted = target === null ? '' : colors.dim(` (target ${targetInWords(target)})`)
    return `  ${mark} ${question}: ${threeDigits(ratio)}x${wanted}`
  })
  return [
    'First-packet lookup, any Service equally likely, ns by number of Services',
    line('', SERVICE_COUNTS.map(formatCount)),
    ...lookups,
    '',
    'Ratios, each measured in turns',
    ...ratios,
    '',
    `checksum ${summary.checksum} (seed ${summary.seed}); ${out}: lookup, first-packet, pick, update and summary as CSV, lookup.svg, lookup.png`,
    '',
  ].join('\n')
}
