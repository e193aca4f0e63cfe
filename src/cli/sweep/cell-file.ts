import { renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { invariant } from '../../invariant.ts'
import { readInputText, statInput, UnreadableFile } from '../../report/read/input-file.ts'
import type { ManifestCell, SweepManifest } from '../../report/sweep-manifest.ts'
import { SWEEP_SCHEMA_VERSION } from '../../report/sweep-manifest.ts'
import { textsHash } from '../../scenario/load-hash.ts'
import type { VariantSummary } from '../../scenario/run-result.ts'

/** What the file of a cell holds before its `contentHash`. */
interface CellContent extends Omit<ManifestCell, 'id'> {
  readonly schemaVersion: typeof SWEEP_SCHEMA_VERSION
  readonly tool: SweepManifest['tool']
  readonly cell: string
  readonly summary: VariantSummary
}

/** `damaged`: not what was written. `outdated`: of another program, whose numbers may differ. */
export type ReadCell =
  | { readonly state: 'finished'; readonly summary: VariantSummary }
  | { readonly state: 'absent' | 'damaged' | 'outdated' }

export function cellFileName(id: string): string {
  return `${id}.json`
}

/** A file of ours that was being written when its process ended. */
export const CELL_TEMPORARY = /^\.[0-9a-f]{32}\.json\.\d+\.tmp$/

/** Writes the file of a cell, which is there as a whole or not at all. */
export function writeCell(folder: string, { id, ...cell }: ManifestCell, tool: SweepManifest['tool'], summary: VariantSummary): void {
  const content: CellContent = { schemaVersion: SWEEP_SCHEMA_VERSION, tool, cell: id, ...cell, summary }
  const text = JSON.stringify({ ...content, contentHash: hashOf(content) }, finite, 2)
  const temporary = join(folder, `.${cellFileName(id)}.${process.pid}.tmp`)
  writeFileSync(temporary, `${text}\n`)
  renameSync(temporary, join(folder, cellFileName(id)))
}

/** Reads the file of a cell, and verifies that it holds what was written, for this cell, by this program. */
export function readCell(folder: string, { id, ...cell }: ManifestCell, tool: SweepManifest['tool']): ReadCell {
  let text: string
  try {
    const file = join(folder, cellFileName(id))
    if (statInput(file) === undefined) return { state: 'absent' }
    text = readInputText(file)
  } catch (error) {
    if (error instanceof UnreadableFile) return { state: 'damaged' }
    throw error
  }
  const written = parse(text)
  if (written === null || written.contentHash !== hashOf(written.content)) return { state: 'damaged' }
  const { summary, ...rest } = written.content
  if (JSON.stringify(rest.tool) !== JSON.stringify(tool)) return { state: 'outdated' }
  const expected: Omit<CellContent, 'summary'> = { schemaVersion: SWEEP_SCHEMA_VERSION, tool, cell: id, ...cell }
  if (JSON.stringify(rest) !== JSON.stringify(expected)) return { state: 'damaged' }
  return { state: 'finished', summary }
}

function parse(text: string): { readonly content: CellContent; readonly contentHash: unknown } | null {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return null
    const { contentHash, ...content } = value as CellContent & { contentHash?: unknown }
    return { content, contentHash }
  } catch {
    return null
  }
}

function hashOf(content: CellContent): string {
  return textsHash([JSON.stringify(content)])
}

function finite(_key: string, value: unknown): unknown {
  invariant(typeof value !== 'number' || Number.isFinite(value), 'every number of a cell is finite')
  return value
}
