import { existsSync, realpathSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { printable } from '../report/printable.ts'
import { statInput, UnreadableFile } from '../report/read/input-file.ts'
import { EXPORT_FILES, RESULT_FILES, SUMMARY_FILE } from '../report/result-files.ts'
import { type ExportFormat, exportResult } from '../report/traces/index.ts'
import { EXIT, type ExitCode } from './exit-codes.ts'
import { OutputFile } from './output-file.ts'
import { readSummary } from './result-folder.ts'
import { systemRefusal } from './system-refusal.ts'
import { colorsFor, type Terminal } from './terminal.ts'

export interface ExportOptions {
  readonly format: ExportFormat
  /** The file to write; left out, the format's usual name in the result folder. */
  readonly out?: string
  readonly json?: boolean
  readonly quiet?: boolean
}

/** Turns a result folder into a trace or metrics. The file is there as a whole or not at all. */
export async function exportFolder(folder: string, options: ExportOptions, { stdout, stderr, env }: Terminal): Promise<ExitCode> {
  const { format, out = join(folder, EXPORT_FILES[format]), json = false, quiet = false } = options
  const refuse = (reason: string): ExitCode => {
    stderr.write(`${colorsFor(stderr, env).red(printable(reason))}\n`)
    return EXIT.wrongInput
  }
  const why = whyNoResult(folder)
  if (why !== null) return refuse(`Cannot export "${folder}": ${why}`)
  const chosen = OutputFile.choose(out)
  if (!chosen.ok) return refuse(chosen.reason)
  if (isInResult(out, folder)) return refuse(`Cannot write "${out}": it is a table of the result that is exported. Give another name`)
  const { file } = chosen
  try {
    file.discard()
    await exportResult(folder, format, file.partial)
    file.commit()
  } catch (error) {
    if (error instanceof UnreadableFile) return refuse(`Cannot export "${folder}": ${error.message}. Run the scenario again`)
    const reason = systemRefusal(error)
    if (reason === null) throw error
    return refuse(reason)
  } finally {
    file.discard()
  }
  if (json) stdout.write(`${JSON.stringify({ schemaVersion: 1, folder, format, file: out })}\n`)
  if (!quiet) stderr.write(`Wrote ${printable(out)}\n`)
  return EXIT.passed
}

/** Why that is no result which can be exported, and what to do; or null. */
function whyNoResult(folder: string): string | null {
  try {
    const found = statInput(folder)
    if (found === undefined) return 'there is no such folder. "towtank run FILE" writes one and says where'
    if (!found.isDirectory()) return 'it is not a folder. Give the folder that "towtank run" wrote, such as results/hello'
  } catch (error) {
    if (error instanceof UnreadableFile) return error.why
    throw error
  }
  const summary = join(folder, SUMMARY_FILE)
  if (readSummary(summary) === null)
    return existsSync(summary)
      ? `its ${SUMMARY_FILE} is damaged, or of another version. Run the scenario again`
      : `it has no ${SUMMARY_FILE}. Give the folder that "towtank run" wrote, such as results/hello`
  return existsSync(join(folder, 'objects.csv')) ? null : 'it has no objects.csv: only results of "towtank run" can be exported'
}

/** Whether it is a file that the run wrote, and that the export is made of. */
function isInResult(file: string, folder: string): boolean {
  const exported: readonly string[] = Object.values(EXPORT_FILES)
  const name = basename(file)
  const isTable = RESULT_FILES.includes(name) && !exported.includes(name)
  return isTable && realpathSync(dirname(file)) === realpathSync(folder)
}
