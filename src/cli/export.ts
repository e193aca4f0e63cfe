import { existsSync, renameSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { EXPORT_FILES, SUMMARY_FILE } from '../report/result-files.ts'
import { type ExportFormat, exportResult } from '../report/traces/index.ts'
import { EXIT, type ExitCode } from './exit-codes.ts'
import { readSummary } from './result-folder.ts'
import type { Terminal } from './terminal.ts'

export interface ExportOptions {
  readonly format: ExportFormat
  /** The file to write; left out, the format's usual name in the result folder. */
  readonly out?: string
  readonly json?: boolean
  readonly quiet?: boolean
}

/** Turns a result folder into a trace or metrics. The file is there as a whole or not at all. */
export async function exportFolder(folder: string, options: ExportOptions, terminal: Terminal): Promise<ExitCode> {
  const { format, out = join(folder, EXPORT_FILES[format]), json = false, quiet = false } = options
  const refuse = (why: string): ExitCode => {
    terminal.stderr.write(`error: ${why}\n`)
    return EXIT.wrongInput
  }
  if (!existsSync(folder)) return refuse(`Cannot read the result "${folder}": there is no such folder. towtank run FILE makes one`)
  if (!isFolder(folder) || readSummary(join(folder, SUMMARY_FILE)) === null)
    return refuse(`Cannot read the result "${folder}": expected a folder that towtank run has written, with a ${SUMMARY_FILE} in it`)
  if (!existsSync(join(folder, 'objects.csv')))
    return refuse(`Cannot read the result "${folder}": it has no objects.csv. Only results of towtank run can be exported`)
  if (existsSync(out) && !statSync(out).isFile()) return refuse(`Cannot write "${out}": it is not a file`)
  const partial = `${out}.partial-${process.pid}`
  try {
    rmSync(partial, { force: true })
    await exportResult(folder, format, partial)
    renameSync(partial, out)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === undefined || !WRITING.has(code)) throw error
    return refuse(`Cannot write "${out}": ${WRITING.get(code)}`)
  } finally {
    rmSync(partial, { force: true })
  }
  if (json) terminal.stdout.write(`${JSON.stringify({ schemaVersion: 1, folder, format, file: out })}\n`)
  if (!quiet) terminal.stderr.write(`Wrote ${out}\n`)
  return EXIT.passed
}

function isFolder(path: string): boolean {
  return statSync(path).isDirectory()
}

const WRITING: ReadonlyMap<string, string> = new Map([
  ['ENOENT', 'its folder does not exist'],
  ['EACCES', 'it may not be written to'],
  ['EPERM', 'it may not be written to'],
  ['EROFS', 'it may not be written to'],
  ['ENOSPC', 'the disk is full'],
  ['ENOTDIR', 'its folder is not a folder'],
])
