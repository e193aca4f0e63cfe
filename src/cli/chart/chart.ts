import { basename, dirname, join, resolve } from 'node:path'
import { nearest } from '../../api/did-you-mean.ts'
import type { Chart, Choice, Look } from '../../report/charts/chart.ts'
import { CJK_SIGNS } from '../../report/charts/font-widths.ts'
import { CHART_KINDS } from '../../report/charts/kinds.ts'
import { notLatin } from '../../report/charts/parts/text-width.ts'
import { plainText } from '../../report/charts/sentence.ts'
import type { ColumnTable } from '../../report/charts/tables.ts'
import { THEMES, type ThemeName } from '../../report/charts/theme.ts'
import { LANGUAGES, type LanguageCode } from '../../report/language/index.ts'
import { printable } from '../../report/printable.ts'
import { UnreadableFile } from '../../report/read/input-file.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import { colorsFor, type Terminal } from '../terminal.ts'
import { type ChartInput, InputError, readInputs } from './inputs.ts'
import { signedPng, signedSvg, whyNotTo, writePicture } from './picture-files.ts'

export type Format = 'svg' | 'png'

export interface ChartOptions {
  readonly kind?: readonly string[]
  readonly out?: string
  readonly format: readonly Format[]
  readonly theme: ThemeName
  readonly lang: LanguageCode
  readonly width: number
  readonly height?: number
  readonly variant?: readonly string[]
  readonly traffic?: string
  readonly json?: boolean
  readonly quiet?: boolean
}

/** Signs outside of Latin that our fonts have: those of the catalogues. */
const WRITTEN: string = CJK_SIGNS

interface Planned {
  readonly chart: Chart
  readonly input: ChartInput
  readonly files: readonly { readonly path: string; readonly format: Format }[]
}

/** `towtank chart`: draws every chart that fits the tables, or the kinds that were named. All is checked before anything is written. */
export async function chart(paths: readonly string[], options: ChartOptions, terminal: Terminal): Promise<ExitCode> {
  const { stdout, stderr, env } = terminal
  let plans: readonly Planned[]
  try {
    plans = await plan(paths, options)
  } catch (error) {
    if (!(error instanceof InputError || error instanceof UnreadableFile)) throw error
    stderr.write(`${colorsFor(stderr, env).red(error.message.split('\n').map(printable).join('\n'))}\n`)
    return EXIT.wrongInput
  }
  const words = LANGUAGES[options.lang].charts
  const drawn: { kind: string; title: string; finding: string; empty: boolean; files: readonly string[] }[] = []
  const [{ chartToSvg }, png] = await Promise.all([
    import('../../report/charts/static/svg.ts'),
    options.format.includes('png') ? import('../../report/charts/static/png.ts') : null,
  ])
  for (const { chart: one, input, files } of plans) {
    const look: Look = {
      theme: THEMES[options.theme],
      words,
      width: options.width,
      height: options.height ?? one.height(options.width),
      interactive: false,
      heading: true,
      footer: footerOf(input, options),
    }
    const svg = chartToSvg(one, look)
    const missing = png === null ? [] : notLatin(svg.replace(/<[^>]*>/g, '')).filter((sign) => !WRITTEN.includes(sign))
    for (const { path, format } of files) {
      const bytes = format === 'svg' ? signedSvg(svg) : signedPng(png!.svgToPng(svg))
      const refused = writePicture(path, bytes)
      if (refused === null) continue
      stderr.write(`${colorsFor(stderr, env).red(refused)}\n`)
      return EXIT.wrongInput
    }
    const report = {
      kind: one.kind,
      title: one.title(words),
      finding: plainText(one.finding(words)),
      empty: one.empty,
      files: files.map(({ path }) => path),
    }
    drawn.push(report)
    if (missing.length > 0 && options.quiet !== true)
      stderr.write(
        `The fonts of Towtank have no ${missing.map((sign) => `"${sign}"`).join(', ')}: the PNG shows nothing in their place, the SVG what its reader has\n`,
      )
    if (options.quiet === true) continue
    const stream = options.json === true ? stderr : stdout
    const colors = colorsFor(stream, env)
    stream.write(`${colors.green('✓')} ${report.files.join(', ')}\n  ${colors.dim(`${report.title}: ${report.finding}`)}\n`)
  }
  if (options.json === true) stdout.write(`${JSON.stringify({ schemaVersion: 1, charts: drawn })}\n`)
  return EXIT.passed
}

async function plan(paths: readonly string[], options: ChartOptions): Promise<readonly Planned[]> {
  checkKinds(options.kind ?? [])
  const inputs = await readInputs(paths)
  const choice: Choice = {
    ...(options.variant === undefined ? {} : { variants: options.variant }),
    ...(options.traffic === undefined ? {} : { traffic: options.traffic }),
  }
  for (const name of options.variant ?? []) checkName(name, 'variant', inputs)
  if (options.traffic !== undefined) checkName(options.traffic, 'traffic', inputs)
  const charts = inputs.flatMap((input) => {
    const fitting = CHART_KINDS.filter(({ reads }) => input.asked.includes(reads[0]!) && reads.every((name) => input.tables.has(name)))
    const wanted = options.kind === undefined ? fitting : fitting.filter(({ name }) => options.kind!.includes(name))
    return wanted
      .map((kind) => ({ input, chart: kind.prepare(input.tables, choice) }))
      .filter(({ chart: one }) => !one.empty || options.kind !== undefined)
  })
  for (const name of options.kind ?? [])
    if (!charts.some(({ chart: one }) => one.kind === name)) {
      const { reads } = CHART_KINDS.find((kind) => kind.name === name)!
      throw new InputError(
        `Cannot draw "${name}" of ${paths.join(', ')}: it is drawn of ${reads.map((table) => `${table}.csv`).join(' with ')}`,
      )
    }
  if (charts.length === 0) throw new InputError(`${paths.join(', ')}: there is nothing to draw, the tables are empty`)
  const plans = charts.map(({ input, chart: one }) => ({ input, chart: one, files: filesOf(one, input, inputs, charts.length, options) }))
  const all = plans.flatMap(({ files }) => files.map(({ path }) => path))
  for (const path of all) {
    const refused = whyNotTo(path)
    if (refused !== null) throw new InputError(refused)
  }
  return plans
}

function checkKinds(names: readonly string[]): void {
  const known = CHART_KINDS.map(({ name }) => name)
  for (const name of names) {
    if (known.includes(name)) continue
    const near = nearest(name, known)
    throw new InputError(`No kind of chart "${name}"${near === null ? '' : `: did you mean "${near}"?`}\n  There are ${known.join(', ')}`)
  }
}

function checkName(name: string, column: 'variant' | 'traffic', inputs: readonly ChartInput[]): void {
  const tables = inputs.flatMap(({ tables: all }) => [...all.values()].filter((table: ColumnTable) => table.has(column)))
  const known = [...new Set(tables.flatMap((table) => table.texts(column).texts))]
  if (known.includes(name)) return
  const near = nearest(name, known)
  throw new InputError(
    `No ${column} "${name}" in the tables${near === null ? '' : `: did you mean "${near}"?`}\n  There ${known.length === 1 ? 'is' : 'are'} ${known.join(', ') || 'none'}`,
  )
}

/** Where a chart goes: beside the folder of its tables, so that this stays what a run has made. */
function filesOf(
  one: Chart,
  input: ChartInput,
  inputs: readonly ChartInput[],
  charts: number,
  { out, format }: ChartOptions,
): Planned['files'] {
  const ending = out === undefined ? null : /\.(svg|png)$/.exec(out)
  if (out !== undefined && ending !== null) {
    if (charts > 1) throw new InputError(`Cannot write ${charts} charts into one file "${out}": give a folder, or one kind with --kind`)
    return [{ path: out, format: ending[1] as Format }]
  }
  const other = out === undefined ? null : /\.(gif|jpe?g|webp|pdf|html?|csv)$/i.exec(out)
  if (other !== null) throw new InputError(`Cannot write "${out}": charts are .svg or .png, not ${other[0]}`)
  const folder =
    out ?? join(dirname(resolve(input.folder)) === process.cwd() ? '.' : dirname(input.folder), `${basename(resolve(input.folder))}-charts`)
  const own = inputs.length > 1 && out !== undefined ? join(folder, basename(resolve(input.folder))) : folder
  return format.map((one_) => ({ path: join(own, `${one.kind}.${one_}`), format: one_ }))
}

function footerOf({ origin }: ChartInput, { lang }: ChartOptions): string {
  if (origin === null) return ''
  const words = LANGUAGES[lang].charts
  return origin.scenario === null ? words.footerOfBench(origin.tool, origin.seed) : words.footer(origin.tool, origin.scenario, origin.seed)
}
