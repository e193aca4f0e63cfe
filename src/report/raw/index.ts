import { join } from 'node:path'
import type { RawFile } from './raw-file.ts'

/** What all requests of a run can be written as. */
export const RAW_FORMATS = ['csv', 'parquet'] as const

export type RawFormat = (typeof RAW_FORMATS)[number]

/** What the file is called. */
export const RAW_FILES: Readonly<Record<RawFormat, string>> = { csv: 'requests-raw.csv', parquet: 'requests-raw.parquet' }

/** Begins the file in a folder that has none. */
export async function openRaw(format: RawFormat, folder: string): Promise<RawFile> {
  const path = join(folder, RAW_FILES[format])
  if (format === 'csv') {
    const { CsvFile } = await import('./csv-rows.ts')
    return new CsvFile(path)
  }
  const { ParquetFile } = await import('./parquet-rows.ts')
  return new ParquetFile(path)
}
