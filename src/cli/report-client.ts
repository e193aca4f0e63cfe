import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** The script of reports, which the build puts beside the folder of the program's entry file. */
export function reportClient(entryFile: string): string {
  return readFileSync(join(dirname(entryFile), '..', 'report', 'client.js'), 'utf8')
}
