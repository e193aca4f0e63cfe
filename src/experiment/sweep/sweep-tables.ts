import { sampleStandardDeviation } from 'simple-statistics'
import { invariant } from '../../invariant.ts'
import type { Cell, Table } from '../../metrics/table.ts'
import type { Measure } from '../../scenario/measures.ts'
import { halfWidthOfMean } from '../statistics/student-t.ts'
import { parseMeasurePattern } from './measure-selection.ts'
import { valueText } from './setting.ts'
import type { Combination } from './sweep-plan.ts'

/** What tables need to know of the cells of a sweep, in the order of the plan. */
export interface SweptCell {
  readonly combination: Combination
  readonly seed: string
  /** null where the cell has not run. */
  readonly result: SweptResult | null
}

export interface SweptResult {
  readonly measures: readonly Measure[]
  /** Every threshold holds, and every fault that had to has taken effect. */
  readonly passed: boolean
}

export interface SweptCells {
  readonly fields: readonly string[]
  /** Patterns; null for all. */
  readonly measures: readonly string[] | null
  readonly cells: readonly SweptCell[]
}

/** The measures that are kept, in the order in which the cells have them. */
export function measuresKept({ measures, cells }: SweptCells): readonly Measure[] {
  const kept = new Map<string, Measure>()
  const selections = measures?.map((text) => {
    const read = parseMeasurePattern(text)
    invariant(read.ok, 'the patterns of a plan can be read')
    return read.value
  })
  for (const { result } of cells) {
    for (const measure of result?.measures ?? []) {
      if (kept.has(measure.name)) continue
      if (selections === undefined || selections.some((selects) => selects(measure.name))) kept.set(measure.name, measure)
    }
  }
  return [...kept.values()]
}

/** Patterns that no measure of any cell matches. */
export function idlePatterns({ measures, cells }: SweptCells): readonly string[] {
  return (measures ?? []).filter((text) => measuresKept({ fields: [], measures: [text], cells }).length === 0)
}

/** One row a cell that has run: where it is in the sweep, its seed, then its measures. A measure that it does not have is empty. */
export function sweepTable(swept: SweptCells): Table {
  const kept = measuresKept(swept).map(({ name }) => name)
  const rows = swept.cells.flatMap(({ combination, seed, result }): readonly (readonly Cell[])[] => {
    if (result === null) return []
    const values = new Map(result.measures.map(({ name, value }) => [name, value]))
    return [[...whereCells(combination, swept), seed, String(result.passed), ...kept.map((name) => values.get(name) ?? null)]]
  })
  return { columns: [...whereColumns(swept), 'seed', 'passed', ...kept], rows }
}

/** A measure of a combination over its seeds. */
export interface MeasureSummary {
  /** Seeds with a value. */
  readonly n: number
  readonly mean: number
  /** Half the 95 % t-interval of the mean; null with fewer than two values. */
  readonly half: number | null
  readonly min: number
  readonly max: number
}

/** null without values. */
export function summarise(values: readonly number[]): MeasureSummary | null {
  const n = values.length
  if (n === 0) return null
  const mean = values.reduce((sum, value) => sum + value, 0) / n
  const half = n < 2 ? null : halfWidthOfMean(sampleStandardDeviation([...values]), n, 0.95)
  return { n, mean, half, min: Math.min(...values), max: Math.max(...values) }
}

/** Cells that differ in their seed alone, in the order of the plan. */
export function byCombination(cells: readonly SweptCell[]): readonly (readonly SweptCell[])[] {
  const groups = new Map<string, SweptCell[]>()
  for (const cell of cells) {
    const key = JSON.stringify([cell.combination.variant, cell.combination.settings])
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [cell])
    else group.push(cell)
  }
  return [...groups.values()]
}

/** One row a combination and measure: how it is over the seeds. A measure of which no seed has a value has only their number, 0. */
export function sweepSummaryTable(swept: SweptCells): Table {
  const kept = measuresKept(swept)
  const rows = byCombination(swept.cells).flatMap((group) => {
    if (group.every(({ result }) => result === null)) return []
    const where = whereCells(group[0]!.combination, swept)
    return kept.map(({ name, unit }): readonly Cell[] => {
      const summary = summarise(valuesOf(group, name))
      if (summary === null) return [...where, name, unit, 0, null, null, null, null, null]
      const { n, mean, half, min, max } = summary
      return [...where, name, unit, n, mean, half === null ? null : mean - half, half === null ? null : mean + half, min, max]
    })
  })
  return { columns: [...whereColumns(swept), 'measure', 'unit', 'n', 'mean', 'ci95_low', 'ci95_high', 'min', 'max'], rows }
}

/** The values of a measure in the cells that have one. */
export function valuesOf(group: readonly SweptCell[], name: string): readonly number[] {
  return group.flatMap(({ result }) => result?.measures.find((measure) => measure.name === name)?.value ?? [])
}

function hasVariants({ cells }: SweptCells): boolean {
  return cells.some(({ combination }) => combination.variant !== null)
}

function whereColumns(swept: SweptCells): readonly string[] {
  return [...(hasVariants(swept) ? ['variant'] : []), ...swept.fields]
}

/** A field that the combination does not set is empty: it is as the scenario has it. */
function whereCells({ variant, settings }: Combination, swept: SweptCells): readonly Cell[] {
  const values = swept.fields.map((field) => {
    const setting = settings.find((one) => one.field === field)
    return setting === undefined ? null : valueText(setting.value)
  })
  return hasVariants(swept) ? [variant, ...values] : values
}
