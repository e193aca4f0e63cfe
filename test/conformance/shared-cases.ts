import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

// biome-ignore lint/suspicious/noExplicitAny: the shape of a foreign file
type Case = any

/** The recorded cases of one file of the folder that stands beside the project; tests skip, and say so, where it is absent. */
export interface SharedCases {
  readonly absent: boolean
  /** For the test's name. */
  readonly note: string
  readonly of: (category: string) => Case[]
}

export const SHARED_FOLDER = fileURLToPath(new URL('../../../shared/', import.meta.url))

export function casesOf(name: string): SharedCases {
  const path = `${SHARED_FOLDER}conformance/kubernetes/${name}`
  const absent = !existsSync(path)
  const cases: Case[] = absent ? [] : JSON.parse(readFileSync(path, 'utf8')).cases
  const note = absent ? `(skipped: ${name} is not in ../shared/conformance/kubernetes)` : ''
  return { absent, note, of: (category) => cases.filter((candidate) => candidate.category === category) }
}
