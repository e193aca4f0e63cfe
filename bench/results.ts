/** The files of `npm run bench`: benchmarks.csv with every row, targets.csv, scaling.csv, and charts of the last two. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'csv-parse/sync'
import { stringify } from 'csv-stringify/sync'
import { signedPng, signedSvg } from '../src/cli/chart/picture-files.ts'
import { svgToPng } from '../src/report/charts/static/png.ts'
import { chartToSvg } from '../src/report/charts/static/svg.ts'
import { THEMES } from '../src/report/charts/theme.ts'
import { LANGUAGES } from '../src/report/language/index.ts'
import { judge, type Measured } from './check.ts'
import { baselineOf, type Row, timesBetter } from './harness/row.ts'
import { type Growth, growthOf } from './scaling.ts'
import { scalingChart } from './scaling-chart.ts'

const ROWS = 'benchmarks.csv'
const ROW_COLUMNS = [
  'benchmark',
  'question',
  'variant',
  'size',
  'value',
  'unit',
  'times_better',
  'baseline',
  'samples',
  'checksum',
  'heap_js_hold_ns',
]
const TARGET_COLUMNS = [
  'work',
  'benchmark',
  'judged',
  'target',
  'unit',
  'figure',
  'margin',
  'on_reference_machine',
  'baseline',
  'checksum',
  'verdict',
]
const SCALING_COLUMNS = ['benchmark', 'question', 'variant', 'size_of', 'size', 'value', 'unit', 'exponent']

/** What earlier runs left in the folder. */
export function readMeasured(folder: string): Measured[] {
  const file = join(folder, ROWS)
  if (!existsSync(file)) return []
  const records: Record<string, string>[] = parse(readFileSync(file), { columns: true })
  const benchmarks = new Map<string, { rows: Row[]; calibration: number | null }>()
  for (const record of records) {
    const name = record.benchmark!
    const of = benchmarks.get(name) ?? {
      rows: [],
      calibration: record.heap_js_hold_ns === '' ? null : Number(record.heap_js_hold_ns),
    }
    benchmarks.set(name, of)
    of.rows.push({
      question: record.question!,
      variant: record.variant!,
      size: Number(record.size),
      value: Number(record.value),
      unit: record.unit as Row['unit'],
      samples: record.samples!.split(' ').map(Number),
      checksum: record.checksum === '' ? null : record.checksum!,
      ...(record.baseline === '' ? {} : { baseline: record.baseline! }),
    })
  }
  return [...benchmarks].map(([benchmark, of]) => ({ benchmark, ...of }))
}

/** Writes all of it; benchmarks in the order of `known`. */
export function writeTables(folder: string, measured: readonly Measured[], known: readonly string[]): void {
  mkdirSync(folder, { recursive: true })
  const ordered = [...measured].sort((a, b) => known.indexOf(a.benchmark) - known.indexOf(b.benchmark))
  const rows = ordered.flatMap(({ benchmark, rows: own, calibration }) =>
    own.map((row) => {
      const baseline = baselineOf(row, own)
      return [
        benchmark,
        row.question,
        row.variant,
        row.size,
        rounded(row.value),
        row.unit,
        baseline === undefined ? null : rounded(timesBetter(row, baseline)),
        row.baseline,
        row.samples.map(rounded).join(' '),
        row.checksum,
        calibration === null ? null : rounded(calibration),
      ]
    }),
  )
  const targets = judge(ordered).map(({ target, figure, margin, scaled, baseline, row, verdict }) => [
    target.work,
    target.benchmark,
    target.judged,
    target.value,
    target.unit,
    figure === null ? null : rounded(figure),
    margin === null ? null : rounded(margin),
    scaled === null ? null : rounded(scaled),
    baseline,
    row?.checksum,
    verdict,
  ])
  const growths = ordered.flatMap(({ benchmark, rows: own }) => growthOf(benchmark, own))
  const scaling = growths.flatMap(({ benchmark, question, variant, of, unit, points, exponent }) =>
    points.map(({ size, value }) => [
      benchmark,
      question,
      variant,
      of,
      size,
      rounded(value),
      unit,
      exponent === null ? null : rounded(exponent),
    ]),
  )
  writeTable(folder, ROWS, [ROW_COLUMNS, ...rows])
  writeTable(folder, 'targets.csv', [TARGET_COLUMNS, ...targets])
  writeTable(folder, 'scaling.csv', [SCALING_COLUMNS, ...scaling])
  if (growths.length > 0) drawScaling(folder, growths)
}

const WIDTH = 1100

function drawScaling(folder: string, growths: readonly Growth[]): void {
  const chart = scalingChart(growths)
  const look = {
    theme: THEMES.light,
    words: LANGUAGES.en.charts,
    width: WIDTH,
    height: chart.height(WIDTH),
    interactive: false,
    heading: true,
  }
  const svg = chartToSvg(chart, look)
  writeFileSync(join(folder, 'scaling.svg'), signedSvg(svg))
  writeFileSync(join(folder, 'scaling.png'), signedPng(svgToPng(svg)))
}

/** Four digits that count: the rest is noise. */
function rounded(value: number): number {
  return Number(value.toPrecision(4))
}

function writeTable(folder: string, name: string, rows: readonly (readonly unknown[])[]): void {
  writeFileSync(join(folder, name), stringify(rows.map((row) => [...row])))
}
