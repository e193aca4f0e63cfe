import type { Cell, CellResult } from '../../experiment/cell.ts'
import { CellRunner } from '../../experiment/run-cell.ts'

/** A thread of the pool starts with this file: the module is its state, and each task one cell. */
const runner = new CellRunner()

export default function runCell(cell: Cell): Promise<CellResult> {
  return runner.run(cell)
}
