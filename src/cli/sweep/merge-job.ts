import { isSameSweep, type ManifestCell, type SweepManifest } from '../../report/sweep-manifest.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import { finishSweep, readSwept } from './finish-sweep.ts'
import type { SweepEvent } from './sweep-events.ts'
import { SweepFolder } from './sweep-folder.ts'

/** What `towtank merge` is asked for. */
export interface MergeOrder {
  /** Folders of the same sweep. */
  readonly folders: readonly string[]
  readonly out: string
  /** Write tables also where cells are missing. */
  readonly partial: boolean
}

/** Brings the cells of several folders of one sweep together, and writes what one run would have written. */
export function mergeJob({ folders, out, partial }: MergeOrder, tell: (event: SweepEvent) => void): ExitCode {
  const refuse = (reason: string): ExitCode => {
    tell({ kind: 'refused', reason })
    return EXIT.wrongInput
  }
  const parts: { readonly folder: SweepFolder; readonly manifest: SweepManifest }[] = []
  for (const shown of folders) {
    const read = SweepFolder.read(shown)
    if (!read.ok) return refuse(read.reason)
    const first = parts[0]?.manifest
    if (first !== undefined && !isSameSweep(first, read.manifest)) return refuse(difference(folders[0]!, first, shown, read.manifest))
    parts.push(read)
  }
  const chosen = SweepFolder.choose(out)
  if (!chosen.ok) return refuse(chosen.reason)
  const { folder } = chosen
  const manifest: SweepManifest = { ...parts[0]!.manifest, status: 'unfinished', missing: [] }
  const from = sourcesOf(manifest, [folder, ...parts.map((part) => part.folder)])
  const missing = manifest.cells.filter(({ id }) => !from.folders.has(id))
  if (from.damaged > 0)
    tell({ kind: 'note', text: `${from.damaged} ${from.damaged === 1 ? 'file of a cell is' : 'files of cells are'} damaged and not used` })
  if (missing.length > 0 && !partial) return refuse(whyIncomplete(missing, manifest))
  const opened = folder.open()
  if (!opened.ok) return refuse(opened.reason)
  try {
    folder.begin(manifest)
    for (const cell of manifest.cells) {
      const source = from.folders.get(cell.id)
      if (source === undefined || source === folder) continue
      const read = source.readCell(cell, manifest.tool)
      if (read.state === 'finished') folder.writeCell(cell, manifest.tool, read.summary)
    }
    const answer = finishSweep(folder, manifest, readSwept(folder, manifest))
    tell({ kind: 'finished', answer, folder: folder.shown })
    return answer.notPassed === 0 ? EXIT.passed : EXIT.thresholdFailed
  } finally {
    opened.release()
  }
}

/** The first folder that has each cell whole, by the cell's id, and how many files of cells were found damaged on the way. */
function sourcesOf(
  { cells, tool }: SweepManifest,
  folders: readonly SweepFolder[],
): { readonly folders: ReadonlyMap<string, SweepFolder>; readonly damaged: number } {
  const found = new Map<string, SweepFolder>()
  let damaged = 0
  for (const cell of cells) {
    for (const folder of folders) {
      const { state } = folder.readCell(cell, tool)
      if (state === 'damaged') damaged++
      if (state !== 'finished') continue
      found.set(cell.id, folder)
      break
    }
  }
  return { folders: found, damaged }
}

function whyIncomplete(missing: readonly ManifestCell[], { cells }: SweepManifest): string {
  const shown = missing.slice(0, SHOWN_MAX).map(({ variant, parameters, seed }) => `  ${JSON.stringify({ variant, ...parameters, seed })}`)
  const more = missing.length > SHOWN_MAX ? [`  … and ${missing.length - SHOWN_MAX} more`] : []
  return [
    `${missing.length} of ${cells.length} cells ${missing.length === 1 ? 'is' : 'are'} missing:`,
    ...shown,
    ...more,
    'Run the shards that they belong to, or use --partial for tables without them. Nothing was written',
  ].join('\n')
}

const SHOWN_MAX = 20

function difference(one: string, a: SweepManifest, other: string, b: SweepManifest): string {
  const cannot = `Cannot merge "${one}" and "${other}"`
  if (a.name !== b.name) return `${cannot}: they are of different sweeps, "${a.name}" and "${b.name}"`
  if (a.tool.version !== b.tool.version)
    return `${cannot}: they were made by different versions of Towtank, ${a.tool.version} and ${b.tool.version}`
  if (a.tool.build !== b.tool.build)
    return `${cannot}: they were made by different builds of Towtank ${a.tool.version}, whose numbers may differ`
  if (a.inputHash !== b.inputHash) return `${cannot}: the scenario or one of its files was different`
  return `${cannot}: their parameters, seeds or measures are different`
}
