import { ResultFolder } from '../cli/result-folder.ts'
import { ResultWriter } from '../report/result-files.ts'
import { type RunSummary, SUMMARY_SCHEMA_VERSION } from '../report/run-summary.ts'
import type { SimulationResult } from './simulate.ts'
import { VERSION } from './version.ts'

/**
 * Writes runs of one scenario, each of another variant, as `towtank run` does: the same files with the same bytes. The folder is there as a whole or
 * not at all; an earlier result in its place is replaced, anything else is left alone.
 *
 * @returns What `summary.json` holds.
 * @throws TypeError when the runs are not of one scenario and one seed, or two are of the same variant.
 * @throws Error when the folder cannot be made, or is there and is not a result.
 */
export function writeResults(folder: string, results: readonly SimulationResult[]): RunSummary {
  const [first] = results
  if (first === undefined) throw new TypeError('Cannot write results: there is none')
  const { scenario, seed, inputHash } = first
  for (const field of ['scenario', 'seed', 'inputHash'] as const) {
    const other = results.find((result) => result[field] !== first[field])
    if (other !== undefined)
      throw new TypeError(`Cannot write results into one folder: ${field} is "${first[field]}" of one and "${other[field]}" of another`)
  }
  const names = results.map(({ variant }) => variant)
  const twice = names.find((name, index) => names.indexOf(name) < index)
  if (twice !== undefined) throw new TypeError(`Cannot write results into one folder: two are of the variant "${twice}"`)
  const chosen = ResultFolder.choose(folder)
  if (!chosen.ok) throw new Error(chosen.reason)
  const variants = results.map(({ summary }) => summary)
  const tool = { name: 'towtank', version: VERSION } as const
  const summary: RunSummary = { schemaVersion: SUMMARY_SCHEMA_VERSION, tool, scenario, seed, inputHash, variants }
  try {
    const writer = new ResultWriter(chosen.folder.begin())
    for (const { variant, summary: of, tables } of results) writer.add({ ...tables, variant, summary: of }, tables.parameters)
    writer.finish(summary)
    chosen.folder.commit()
    return summary
  } finally {
    chosen.folder.discard()
  }
}
