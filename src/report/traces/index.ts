import type { EXPORT_FILES } from '../result-files.ts'
import { writeOtlp } from './otlp/otlp.ts'
import { writePerfetto } from './perfetto/perfetto.ts'
import { writePrometheus } from './prometheus/prometheus.ts'
import { ResultTables } from './result-tables.ts'
import { TextFile } from './text-file.ts'

/** What a result can be turned into. */
export type ExportFormat = keyof typeof EXPORT_FILES

export type ExportWriter = (tables: ResultTables, write: (text: string) => void) => Promise<void>

const WRITERS: Readonly<Record<ExportFormat, ExportWriter>> = { perfetto: writePerfetto, otlp: writeOtlp, prometheus: writePrometheus }

export const EXPORT_FORMATS = Object.keys(WRITERS) as readonly ExportFormat[]

/** Writes a file, which must not exist, from a whole result folder. Beside some 30 bytes for each hop it needs no memory to speak of. */
export async function exportResult(folder: string, format: ExportFormat, path: string): Promise<void> {
  const tables = new ResultTables(folder)
  const file = new TextFile(path)
  try {
    await WRITERS[format](tables, (text) => file.write(text))
  } finally {
    file.close()
  }
}
