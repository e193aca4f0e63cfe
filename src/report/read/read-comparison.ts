import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { COMPARISON_SCHEMA_VERSION, type Comparison } from '../../experiment/comparison/comparison.ts'
import { COMPARISON_FILE } from '../comparison/comparison-files.ts'
import { COMPARE_OUTPUT } from '../output-schemas.ts'
import { readInputText, statInput, UnreadableFile } from './input-file.ts'

export type ReadComparison = { readonly ok: true; readonly comparison: Comparison } | { readonly ok: false; readonly reason: string }

/** Whether the folder has a comparison. */
export function hasComparison(folder: string): boolean {
  return existsSync(join(folder, COMPARISON_FILE))
}

/** Reads what `towtank compare` has written into a folder, or says what is wrong with it and what to do. */
export function readComparison(folder: string): ReadComparison {
  const file = join(folder, COMPARISON_FILE)
  const refuse = (why: string): ReadComparison => ({ ok: false, reason: `Cannot read the comparison "${file}": ${why}. Compare again` })
  let value: unknown
  try {
    if (statInput(file) === undefined)
      return { ok: false, reason: `Cannot read the comparison "${file}": there is no such file. "towtank compare" writes it` }
    value = JSON.parse(readInputText(file))
  } catch (error) {
    if (error instanceof UnreadableFile) return refuse(error.why)
    return refuse(`it is not JSON: ${error instanceof Error ? error.message : String(error)}`)
  }
  const { schemaVersion, command } = (value ?? {}) as { readonly schemaVersion?: unknown; readonly command?: unknown }
  if (command !== 'compare') return refuse('it is not one of "towtank compare"')
  if (schemaVersion !== COMPARISON_SCHEMA_VERSION)
    return refuse(`its schemaVersion is ${JSON.stringify(schemaVersion) ?? 'missing'}, and ${COMPARISON_SCHEMA_VERSION} is expected`)
  const read = COMPARE_OUTPUT.safeParse(value)
  if (read.success) return { ok: true, comparison: read.data }
  const { path, message } = read.error.issues[0]!
  return refuse(`${path.join('.') || 'it'} is not what it should be, ${message}`)
}
