import { existsSync, mkdirSync, rmdirSync } from 'node:fs'
import { dirname } from 'node:path'

/**
 * Makes a folder and those above it, where they are not there: all of them or none. One by one: where a system says of a folder that it cannot be
 * made, as in /proc, asking Node for all at once has no end.
 */
export function makeFolder(folder: string): void {
  const missing: string[] = []
  for (let path = folder; !existsSync(path); path = dirname(path)) {
    missing.push(path)
    if (dirname(path) === path) break
  }
  const made: string[] = []
  try {
    for (const path of missing.reverse()) {
      mkdirSync(path)
      made.push(path)
    }
  } catch (error) {
    for (const path of made.reverse()) rmdirSync(path)
    throw error
  }
}
