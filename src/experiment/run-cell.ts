import { invariant } from '../invariant.ts'
import { recordedFiles } from '../scenario/load-files.ts'
import { type LoadedOne, openScenario } from '../scenario/load-scenario.ts'
import { simulate } from '../scenario/simulate.ts'
import type { Cell, CellResult } from './cell.ts'

/**
 * Runs cells one after the other. Cells that differ in their seed alone are often neighbours: the scenario of the last one is remembered.
 *
 * A cell whose scenario has a mistake is not for here: whoever plans cells checks each of them.
 */
export class CellRunner {
  #last: { readonly key: string; readonly loaded: LoadedOne } | null = null

  async run(cell: Cell): Promise<CellResult> {
    const { scenario, inputHash } = await this.#load(cell)
    invariant(scenario !== null, 'the scenario of a cell has been checked')
    const { summary } = simulate({ ...scenario, seed: cell.seed }, { variant: cell.variant })
    return { inputHash, summary }
  }

  async #load({ input, changes }: Cell): Promise<LoadedOne> {
    const key = JSON.stringify([input, changes])
    if (this.#last?.key === key) return this.#last.loaded
    const opened = await openScenario(input.path, recordedFiles(input.files))
    invariant(opened.ok, 'the scenario of a cell can be opened')
    const loaded = await opened.scenario.load(changes, opened.scenario.source)
    this.#last = { key, loaded }
    return loaded
  }
}
