import { closeSync, existsSync, lstatSync, openSync, readSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import type { Comparison } from '../experiment/comparison/comparison.ts'
import type { LanguageCode } from '../scenario/story-language/codes.ts'
import { type RenderedReport, renderReport } from './page/document.ts'
import { whyNotFitting } from './page/fitting-comparisons.ts'
import { whyUnreadable } from './read/input-file.ts'
import { hasComparison, readComparison } from './read/read-comparison.ts'
import { readResult } from './read/read-result.ts'
import { REPORT_FILE, SUMMARY_FILE } from './result-files.ts'

export interface WriteReportOptions {
  readonly language: LanguageCode
  /** Gives the script that draws the charts. */
  readonly client: () => string
  /** Folders of `towtank compare` whose intervals the table of variants is to show; one in the folder of the result is, too. */
  readonly comparisons?: readonly string[]
  /** Left out: `report.html` in the folder. */
  readonly out?: string
}

export type WrittenReport =
  | ({ readonly ok: true; readonly file: string } & RenderedReport)
  | { readonly ok: false; readonly reason: string }

/** Makes the report of a folder of `towtank run` or of `towtank compare`, whichever it is. */
export async function writeReportOf(folder: string, options: WriteReportOptions): Promise<WrittenReport> {
  const compared = hasComparison(folder) && !existsSync(join(folder, SUMMARY_FILE))
  if (compared && (options.comparisons ?? []).length > 0)
    return { ok: false, reason: `Cannot add a comparison to "${folder}": it is one itself. Give the folder of "towtank run" first` }
  return compared ? writeComparisonReport(folder, options) : writeReport(folder, options)
}

/** Makes the report of a folder of `towtank compare`. It has no script. */
export async function writeComparisonReport(folder: string, { out, language }: Omit<WriteReportOptions, 'client'>): Promise<WrittenReport> {
  const read = readComparison(folder)
  if (!read.ok) return read
  // Only here: what draws its picture takes long to load.
  const { renderComparisonReport } = await import('./page/comparison/document.ts')
  return writePage(out ?? join(folder, REPORT_FILE), () => ({ html: renderComparisonReport(read.comparison, language), embedded: [] }))
}

/** Makes the report of a result folder and writes it as a whole or not at all. A file that is no report of ours is never replaced. */
export async function writeReport(
  folder: string,
  { out, comparisons: others = [], language, client }: WriteReportOptions,
): Promise<WrittenReport> {
  const file = out ?? join(folder, REPORT_FILE)
  const read = await readResult(folder)
  if (!read.ok) return read
  const comparisons: Comparison[] = []
  for (const place of [...(hasComparison(folder) ? [folder] : []), ...others]) {
    const compared = readComparison(place)
    if (!compared.ok) return compared
    const why = whyNotFitting(compared.comparison, read.result.summary)
    if (why !== null) return { ok: false, reason: `Cannot show the comparison "${place}" with "${folder}": ${why}` }
    comparisons.push(compared.comparison)
  }
  return writePage(file, () => renderReport(read.result, { language, client: client(), comparisons }))
}

/** Writes a page as a whole or not at all. */
function writePage(file: string, render: () => RenderedReport): WrittenReport {
  const why = whyNotWritable(file)
  if (why !== null) return { ok: false, reason: `Cannot write the report to "${file}": ${why}` }
  const rendered = render()
  const partial = join(dirname(file), `.${basename(file)}.partial-${process.pid}`)
  try {
    writeFileSync(partial, rendered.html)
    renameSync(partial, file)
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    if (code === undefined) throw error
    return { ok: false, reason: `Cannot write the report to "${file}": ${code === 'EACCES' ? 'permission was denied' : code}` }
  } finally {
    rmSync(partial, { force: true })
  }
  return { ok: true, file, ...rendered }
}

function whyNotWritable(file: string): string | null {
  if (file.trim() === '' || file.includes('\0')) return 'it is not the name of a file'
  try {
    const parent = statSync(dirname(file), { throwIfNoEntry: false })
    if (parent === undefined || !parent.isDirectory()) return `there is no folder "${dirname(file)}". Make it first`
    const found = lstatSync(file, { throwIfNoEntry: false })
    if (found === undefined) return null
    if (found.isDirectory()) return 'it is a folder. Give the name of a file, such as report.html'
    if (!found.isFile()) return 'it is not an ordinary file'
    return found.size === 0 || isOurReport(file) ? null : 'it is a file that Towtank did not write. Remove it first, or give another name'
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === undefined) throw error
    return whyUnreadable(code)
  }
}

/** A report says who made it, near its top. */
function isOurReport(file: string): boolean {
  const start = Buffer.alloc(4096)
  const handle = openSync(file, 'r')
  try {
    return start.subarray(0, readSync(handle, start, 0, start.length, 0)).includes('<meta name="generator" content="towtank ')
  } finally {
    closeSync(handle)
  }
}
