import type { SweptCell, SweptCells } from '../../experiment/sweep/sweep-tables.ts'
import { passed } from '../../report/run-summary.ts'
import { type SweepAnswer, sweepAnswer } from '../../report/sweep-answer.ts'
import { sweepTexts } from '../../report/sweep-files.ts'
import type { SweepManifest } from '../../report/sweep-manifest.ts'
import { measuresOf } from '../../scenario/measures.ts'
import type { SweepFolder } from './sweep-folder.ts'

/** The cells of a sweep as its folder has them now: those that are not there as they were written have no result. */
export function readSwept(folder: SweepFolder, { fields, measures, cells, tool }: SweepManifest): SweptCells {
  const swept = cells.map((cell): SweptCell => {
    const read = folder.readCell(cell, tool)
    const settings = Object.entries(cell.parameters).map(([field, value]) => ({ field, value }))
    const result = read.state === 'finished' ? { measures: measuresOf(read.summary), passed: passed({ variants: [read.summary] }) } : null
    return { combination: { variant: cell.variant, settings }, seed: cell.seed, result }
  })
  return { fields, measures, cells: swept }
}

/**
 * Writes the tables from the files of the cells, whoever ran them and when: the only way in which tables come to be, so that they are the same
 * after any way to run a sweep.
 */
export function finishSweep(folder: SweepFolder, manifest: SweepManifest, swept: SweptCells): SweepAnswer {
  const missing = manifest.cells.flatMap(({ id }, index) => (swept.cells[index]!.result === null ? [id] : []))
  const whole: SweepManifest = { ...manifest, status: missing.length === 0 ? 'complete' : 'partial', missing }
  folder.finish(sweepTexts(whole, swept))
  return sweepAnswer(whole, swept)
}
