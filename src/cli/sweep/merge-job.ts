import { isSameSweep, type SweepManifest } from '../../report/sweep-manifest.ts'
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
  const opened = folder.open()
  if (!opened.ok) return refuse(opened.reason)
  try {
    const manifest: SweepManifest = { ...parts[0]!.manifest, status: 'unfinished', missing: [] }
    folder.begin(manifest)
    let damaged = 0
    for (const cell of manifest.cells) {
      if (folder.readCell(cell, manifest.tool).state === 'finished') continue
      for (const part of parts) {
        const read = part.folder.readCell(cell, manifest.tool)
        if (read.state === 'damaged') damaged++
        if (read.state !== 'finished') continue
        folder.writeCell(cell, manifest.tool, read.summary)
        break
      }
    }
    if (damaged > 0)
      tell({ kind: 'note', text: `${damaged} ${damaged === 1 ? 'file of a cell is' : 'files of cells are'} damaged and not used` })
    const swept = readSwept(folder, manifest)
    const missing = manifest.cells.filter((_, index) => swept.cells[index]!.result === null)
    if (missing.length > 0 && !partial) {
      const shown = missing
        .slice(0, SHOWN_MAX)
        .map(({ variant, parameters, seed }) => `  ${JSON.stringify({ variant, ...parameters, seed })}`)
      const more = missing.length > SHOWN_MAX ? [`  … and ${missing.length - SHOWN_MAX} more`] : []
      return refuse(
        [
          `${missing.length} of ${manifest.cells.length} cells are missing:`,
          ...shown,
          ...more,
          'Run the shards that they belong to, or use --partial for tables without them',
        ].join('\n'),
      )
    }
    const answer = finishSweep(folder, manifest, swept)
    tell({ kind: 'finished', answer, folder: folder.shown })
    return answer.notPassed === 0 ? EXIT.passed : EXIT.thresholdFailed
  } finally {
    opened.release()
  }
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
