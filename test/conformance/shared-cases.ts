import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** Recorded cases stand beside the project, since they are not all ours to copy. */
export const SHARED_FOLDER = fileURLToPath(new URL('../../../shared/', import.meta.url))

/** A file of recorded cases; tests skip, and say so, where it is absent. */
export interface SharedFile {
  readonly absent: boolean
  /** For the test's name. */
  readonly note: string
  /** The parsed file; undefined where it is absent. */
  readonly content: unknown
}

export function sharedFile(name: string): SharedFile {
  const path = `${SHARED_FOLDER}conformance/kubernetes/${name}`
  if (!existsSync(path)) return { absent: true, note: `(skipped: ${name} is not in ../shared/conformance/kubernetes)`, content: undefined }
  return { absent: false, note: '', content: JSON.parse(readFileSync(path, 'utf8')) }
}
