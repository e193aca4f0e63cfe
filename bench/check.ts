/** Judges rows by the targets. */
import { quotient, type Row, rowsNamed, timesBetter } from './harness/row.ts'
import { fitExponent } from './scaling.ts'
import { REFERENCE_HOLD, TARGETS, type Target, TOLERANCE } from './targets.ts'

export type Verdict = 'met' | 'within 15 %' | 'missed' | 'not measured'

export interface Judged {
  readonly target: Target
  readonly verdict: Verdict
  /** Null where it was not measured. */
  readonly figure: number | null
  /** How far on the right side: figure / target for "at least", target / figure for "at most"; 1 is just met, more is better. */
  readonly margin: number | null
  /** The figure as the reference machine would have it, by the calibration beside the benchmark; only for times and rates. */
  readonly scaled: number | null
  /** The row that was judged. */
  readonly row: Row | null
  /** What it was compared with, or the hold of heap-js where it is absolute. */
  readonly baseline: string
}

/** What a benchmark gave, and how fast the machine was beside it. */
export interface Measured {
  readonly benchmark: string
  readonly rows: readonly Row[]
  /** ns of the calibration hold. Null when that was not measured. */
  readonly calibration: number | null
}

export function judge(measured: readonly Measured[], targets: readonly Target[] = TARGETS): Judged[] {
  return targets.map((target) => {
    const of = measured.find(({ benchmark }) => benchmark === target.benchmark)
    const candidates = of === undefined ? [] : figuresOf(target, of.rows)
    if (candidates.length === 0)
      return { target, verdict: 'not measured', figure: null, margin: null, scaled: null, row: null, baseline: '' }
    const worst = candidates.reduce((found, other) => (marginOf(target, other.figure) < marginOf(target, found.figure) ? other : found))
    const margin = marginOf(target, worst.figure)
    return { target, ...worst, margin, verdict: verdictOf(margin), ...scaledOf(target, worst.figure, worst.baseline, of!.calibration) }
  })
}

/** Above the tolerance it fails. */
export function hasFailed(judged: readonly Judged[]): boolean {
  return judged.some(({ verdict }) => verdict === 'missed' || verdict === 'not measured')
}

interface Candidate {
  readonly figure: number
  readonly row: Row
  readonly baseline: string
}

function figuresOf({ row: name, figure }: Target, all: readonly Row[]): Candidate[] {
  const rows = rowsNamed(all, name)
  switch (figure.of) {
    case 'value':
      return rows.map((row) => ({ figure: row.value, row, baseline: '' }))
    case 'times better':
      return rows.flatMap((row) =>
        rowsNamed(all, { question: row.question, variant: figure.than, size: row.size }).map((than) => ({
          figure: timesBetter(row, than),
          row,
          baseline: `${than.variant}: ${inUnit(than.value, than.unit)}`,
        })),
      )
    case 'times the cost':
      return rows.flatMap((row) =>
        rowsNamed(all, { question: row.question, variant: row.variant, size: row.size, ...figure.than }).map((than) => ({
          figure: quotient(row, than),
          row,
          baseline: `${figure.than.size === undefined ? than.variant : than.size.toLocaleString('en-US')}: ${inUnit(than.value, than.unit)}`,
        })),
      )
    case 'exponent':
      return [...new Set(rows.map(({ variant }) => variant))].flatMap((variant) => {
        const own = rows.filter((row) => row.variant === variant).sort((a, b) => a.size - b.size)
        const exponent = fitExponent(own)
        const [smallest, largest] = [own[0]!, own.at(-1)!]
        if (exponent === null) return []
        return [
          {
            figure: exponent,
            row: largest,
            baseline: `${smallest.size.toLocaleString('en-US')}: ${inUnit(smallest.value, smallest.unit)}`,
          },
        ]
      })
  }
}

function marginOf({ judged, value }: Target, figure: number): number {
  if (judged === 'at least') return figure / value
  return figure <= value ? Math.max(1, figure > 0 ? value / figure : 1) : value / figure
}

function verdictOf(margin: number): Verdict {
  if (margin >= 1) return 'met'
  return margin * TOLERANCE >= 1 ? 'within 15 %' : 'missed'
}

const TIMES: readonly Target['unit'][] = ['ns', 'µs', 'ms', 's']

/** A figure of time or rate on the reference machine. */
function scaledOf(
  { figure: { of }, unit }: Target,
  figure: number,
  baseline: string,
  calibration: number | null,
): Pick<Judged, 'scaled' | 'baseline'> {
  const isRate = unit === 'a second'
  if (of !== 'value' || calibration === null || !(isRate || TIMES.includes(unit))) return { scaled: null, baseline }
  const slowness = calibration / REFERENCE_HOLD
  return { scaled: isRate ? figure * slowness : figure / slowness, baseline: `heap-js hold: ${inUnit(calibration, 'ns')}` }
}

/** Three digits that count. */
export function inUnit(value: number, unit: string): string {
  const digits = Math.abs(value) >= 100 ? Math.round(value).toLocaleString('en-US') : String(Number(value.toPrecision(3)))
  return unit === 'x' ? `${digits}x` : unit === 'exponent' ? `n^${digits}` : `${digits} ${unit}`
}

const HEADS = ['target', 'asked', 'figure', 'margin', 'on the reference machine', 'beside it', 'checksum', 'verdict']

/** The table that `--check` prints. */
export function judgedTable(judged: readonly Judged[]): string {
  const rows = judged.map(({ target, verdict, figure, margin, scaled, baseline, row }) => [
    row === null || target.row.variant !== undefined ? target.work : `${target.work} (${row.variant})`,
    `${target.judged === 'at least' ? '>=' : '<='} ${inUnit(target.value, target.unit)}`,
    figure === null ? '' : inUnit(figure, target.unit),
    margin === null ? '' : `${margin.toFixed(2)}`,
    scaled === null ? '' : inUnit(scaled, target.unit),
    baseline,
    row?.checksum ?? '',
    verdict,
  ])
  return textTable([HEADS, ...rows])
}

/** Columns as wide as their widest cell. */
export function textTable(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)))
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}
