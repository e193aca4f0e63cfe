import { byCombination, type MeasureSummary, measuresKept, type SweptCells, summarise, valuesOf } from '../experiment/sweep/sweep-tables.ts'
import { SWEEP_SCHEMA_VERSION, type SweepManifest } from './sweep-manifest.ts'

/** What `--json` prints of a sweep, and what its summary in the terminal is made of. */
export interface SweepAnswer {
  readonly schemaVersion: typeof SWEEP_SCHEMA_VERSION
  readonly tool: SweepManifest['tool']
  readonly command: 'sweep'
  readonly name: string
  readonly scenario: string
  readonly inputHash: string
  readonly status: SweepManifest['status']
  /** Cells of the sweep, and those that have run. */
  readonly cells: number
  readonly finished: number
  /** Finished cells in which a threshold does not hold, or a fault never took effect. */
  readonly notPassed: number
  readonly combinations: readonly CombinationAnswer[]
}

export interface CombinationAnswer {
  readonly variant: string | null
  readonly parameters: Readonly<Record<string, unknown>>
  /** Seeds that have run, and those of them that have not passed. */
  readonly seeds: number
  readonly notPassed: number
  readonly measures: readonly ({ readonly name: string; readonly unit: string } & (MeasureSummary | { readonly n: 0 }))[]
}

export function sweepAnswer(manifest: SweepManifest, swept: SweptCells): SweepAnswer {
  const { tool, name, scenario, inputHash, status } = manifest
  const kept = measuresKept(swept)
  const notPassed = (cells: SweptCells['cells']) => cells.filter(({ result }) => result !== null && !result.passed).length
  const finished = (cells: SweptCells['cells']) => cells.filter(({ result }) => result !== null).length
  return {
    schemaVersion: SWEEP_SCHEMA_VERSION,
    tool,
    command: 'sweep',
    name,
    scenario,
    inputHash,
    status,
    cells: swept.cells.length,
    finished: finished(swept.cells),
    notPassed: notPassed(swept.cells),
    combinations: byCombination(swept.cells).map((group) => ({
      variant: group[0]!.combination.variant,
      parameters: Object.fromEntries(group[0]!.combination.settings.map(({ field, value }) => [field, value])),
      seeds: finished(group),
      notPassed: notPassed(group),
      measures: kept.map(({ name: measure, unit }) => ({
        name: measure,
        unit,
        ...(summarise(valuesOf(group, measure)) ?? { n: 0 as const }),
      })),
    })),
  }
}
