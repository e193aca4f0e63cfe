import { stringify } from 'csv-stringify/sync'
import { type SweptCells, sweepSummaryTable, sweepTable } from '../experiment/sweep/sweep-tables.ts'
import { invariant } from '../invariant.ts'
import type { Table } from '../metrics/table.ts'
import type { SweepManifest } from './sweep-manifest.ts'

export const SWEEP_MANIFEST = 'sweep.json'
export const SWEEP_TABLES = ['sweep.csv', 'sweep-summary.csv'] as const

/** Where the cells are, in the folder of a sweep. */
export const SWEEP_CELLS = 'cells'

/** The text of each file of a sweep that has run, beside those of its cells. */
export function sweepTexts(manifest: SweepManifest, swept: SweptCells): Readonly<Record<string, string>> {
  return {
    'sweep.csv': csvText(sweepTable(swept)),
    'sweep-summary.csv': csvText(sweepSummaryTable(swept)),
    [SWEEP_MANIFEST]: manifestText(manifest),
  }
}

export function manifestText(manifest: SweepManifest): string {
  return `${JSON.stringify(manifest, null, 2)}\n`
}

function csvText({ columns, rows }: Table): string {
  return stringify([columns, ...rows] as unknown[][], { cast: { number: (value) => finiteText(value) } })
}

function finiteText(value: number): string {
  invariant(Number.isFinite(value), 'every number of a sweep is finite')
  return String(value)
}
