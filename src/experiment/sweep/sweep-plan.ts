import { textsHash } from '../../scenario/load-hash.ts'
import type { Cell } from '../cell.ts'
import type { Setting } from './setting.ts'

/** One cell of a sweep. */
export interface PlannedCell extends Cell {
  /** 32 hexadecimal digits over all that the result of the cell is a function of. */
  readonly id: string
  /** Of the texts of the scenario and of the files that the cell asks for. */
  readonly inputHash: string
  readonly combination: Combination
}

/** Cells that differ in their seed alone. */
export interface Combination {
  /** null where there are no variants. */
  readonly variant: string | null
  readonly settings: readonly Pick<Setting, 'field' | 'value'>[]
}

/** What a sweep is going to run. */
export interface SweepPlan {
  readonly name: string
  readonly scenario: string
  /** Over the texts of the scenario and of everything that one of its variants refers to. */
  readonly inputHash: string
  readonly seeds: readonly string[]
  /** Fields that combinations set, in the order in which they were written. */
  readonly fields: readonly string[]
  /** Patterns; null for all. */
  readonly measures: readonly string[] | null
  /** In order: variants, entries of `combinations`, the grid with its last axis turning fastest, seeds. */
  readonly cells: readonly PlannedCell[]
}

/** The id of a cell: another text, field, variant, seed or version gives another. */
export function cellId(cell: Omit<Cell, 'input'>, inputHash: string, version: string): string {
  const { changes, variant, seed } = cell
  return textsHash([version, inputHash, JSON.stringify(changes.map(({ target, value }) => [target, value])), variant, seed]).slice(7, 39)
}
