import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { invariant } from '../invariant.ts'

/** The script of reports, which the build puts beside the folder of the program's entry file. */
export function reportClient(entryFile: string): string {
  const file = join(dirname(entryFile), '..', 'report', 'client.js')
  invariant(existsSync(file), 'the program has the script of reports')
  return readFileSync(file, 'utf8')
}
