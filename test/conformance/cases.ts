import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** Recorded cases stand beside the project, since they are not all ours to copy. */
const FOLDER = fileURLToPath(new URL('../../../shared/conformance/kubernetes/', import.meta.url))

/** The cases of one file, or null where the folder is absent. */
export function recordedCases<T>(file: string): { readonly header: Record<string, unknown>; readonly cases: readonly T[] } | null {
  const path = FOLDER + file
  if (!existsSync(path)) {
    console.warn(`Skipped: the recorded cases are missing: ${path}`)
    return null
  }
  const { cases, ...header } = JSON.parse(readFileSync(path, 'utf8')) as { cases: readonly T[] }
  return { header, cases }
}
