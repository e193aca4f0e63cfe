import type { RecordedFiles } from '../scenario/load-files.ts'
import type { VariantSummary } from '../scenario/run-result.ts'
import type { FieldChange } from '../scenario/variants.ts'

/** What the cells of one experiment are made from: a scenario file, and all that reading it may ask for. */
export interface CellInput {
  readonly path: string
  readonly files: RecordedFiles
}

/**
 * One run of an experiment: a scenario with fields changed, and a seed. Plain data, so that any thread or machine can be given it; what comes
 * out is a function of it and the version alone.
 */
export interface Cell {
  readonly input: CellInput
  /** What the run is called in its results. */
  readonly variant: string
  /** Made one after the other to the scenario without its `compare` block; those of a variant of that block stand here, too. */
  readonly changes: readonly FieldChange[]
  readonly seed: string
}

export interface CellResult {
  /** Over the texts of the scenario and of the files that this cell asks for. */
  readonly inputHash: string
  readonly summary: VariantSummary
}
