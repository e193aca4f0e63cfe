import type { SourceProblem } from '../../api/source-problem.ts'
import type { CellInput } from '../../experiment/cell.ts'
import type { DivergenceTable, TableRows } from '../../experiment/comparison/divergence.ts'
import type { RunMeasures } from '../../experiment/comparison/pair-measures.ts'
import type { ScenarioWarning } from '../../scenario/load-context.ts'
import type { FileReader } from '../../scenario/load-files.ts'
import type { Scenario } from '../../scenario/scenario.ts'
import type { FieldChange } from '../../scenario/variants.ts'
import { openResult } from './result-side.ts'
import { openScenarioSide } from './scenario-side.ts'

/** What a side has been read from. */
interface SideBase {
  /** As the user wrote it. */
  readonly given: string
  readonly scenario: string
  readonly inputHash: string
  readonly seed: string
  readonly version: string
  /** The variant that stands behind a `#`; null for all. */
  readonly wanted: string | null
}

/** A variant of a result: one run that has been made. */
export interface ResultVariant {
  readonly name: string
  readonly durationSeconds: number | null
  readonly measures: RunMeasures
  readonly table: (table: DivergenceTable) => Promise<TableRows | null>
}

/** A variant of a scenario: runs that can be made. */
export interface ScenarioVariant {
  readonly name: string
  readonly durationSeconds: number
  readonly scenario: Scenario
  readonly changes: readonly FieldChange[]
}

export type Side =
  | (SideBase & { readonly kind: 'result'; readonly variants: readonly ResultVariant[] })
  | (SideBase & { readonly kind: 'scenario'; readonly variants: readonly ScenarioVariant[]; readonly input: CellInput })

export type OpenedSide =
  | { readonly ok: true; readonly side: Side; readonly warnings: readonly ScenarioWarning[] }
  | {
      readonly ok: false
      readonly reason?: string
      readonly problems?: readonly SourceProblem[]
      readonly warnings?: readonly ScenarioWarning[]
    }

/** Opens `PATH` or `PATH#VARIANT`: a folder that a run has written, or a scenario file. A path may have a `#` in its own name. */
export async function openSide(given: string, files: FileReader, version: string): Promise<OpenedSide> {
  const whole = await files.read(given)
  const hash = given.lastIndexOf('#')
  const named = whole.kind === 'missing' && hash > 0
  const path = named ? given.slice(0, hash) : given
  const wanted = named ? given.slice(hash + 1) : null
  const content = named ? await files.read(path) : whole
  if (content.kind === 'folder') return openResult({ given, path, wanted }, files)
  if (content.kind === 'file' && /(^|[/\\])summary\.json$/.test(path))
    return {
      ok: false,
      reason: `Cannot compare "${path}": expected the folder that it is in, "${path.replace(/[/\\]?summary\.json$/, '') || '.'}"`,
    }
  if (content.kind === 'missing')
    return {
      ok: false,
      reason: `Cannot compare "${given}": there is no such file or folder: expected a result folder of towtank run, or a scenario file`,
    }
  return openScenarioSide({ given, path, wanted }, files, version)
}
