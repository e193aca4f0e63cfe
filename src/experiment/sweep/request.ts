import type { Places } from '../../scenario/load-context.ts'
import type { Complaint } from '../../scenario/parse-result.ts'
import type { Place } from '../../scenario/parse-yaml.ts'

/** A value that a field shall take, and where it is written; paths of `places` begin at the value. */
export interface WrittenValue {
  readonly value: unknown
  readonly places: Places
}

/** A field of the scenario as a dotted path, and where it is written. */
export interface WrittenField {
  readonly field: string
  /** A part of the path, by 0-based index; null for all of it. */
  readonly placeOf: (part: Complaint['part']) => Place
}

/** A text, and where it is written. */
export interface WrittenText {
  readonly text: string
  readonly place: Place
}

/** One axis of the grid. */
export interface WrittenAxis extends WrittenField {
  readonly values: readonly WrittenValue[]
}

/** A field with the one value that it takes in an entry of `combinations`. */
export interface WrittenSetting extends WrittenField, WrittenValue {}

/** What a sweep file or a command line asks for, before anything of it has been looked up in the scenario. */
export interface SweepRequest {
  /** null: as the scenario is called. */
  readonly name: string | null
  /** The scenario file. */
  readonly scenario: string
  /** Where that is written, unless it is the file that was asked for. */
  readonly scenarioPlace: Place | null
  /** Variants of the `compare` block; null for all. */
  readonly variants: readonly WrittenText[] | null
  /** How many, or which; null for the scenario's own. */
  readonly seeds: number | readonly string[] | null
  readonly axes: readonly WrittenAxis[]
  /** Settings that belong together; one empty entry where nothing was asked for. */
  readonly combinations: readonly (readonly WrittenSetting[])[]
  /** null for all. */
  readonly measures: readonly WrittenText[] | null
}
