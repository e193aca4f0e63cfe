import { lstatSync, readdirSync, type Stats, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { whyUnreadable } from '../../report/read/input-file.ts'
import { makeFolder } from '../make-folder.ts'
import { goesBackUp } from '../result-place.ts'

/** Why files must not be written into this folder, or null: it has to be new or empty, so that nothing can be overwritten. */
export function whyNoNewFolder(folder: string): string | null {
  const refuse = (why: string): string => `Cannot make a scenario in "${folder}": ${why}`
  if (folder.trim() === '' || folder.includes('\0')) return refuse('it is not the name of a folder')
  if (goesBackUp(folder)) return refuse('it goes back up with ".." after going down')
  let found: Stats | undefined
  try {
    found = lstatSync(folder, { throwIfNoEntry: false })
  } catch (error) {
    return refuse(`no folder can be there: ${whyNoFolder(error)}`)
  }
  if (found === undefined) return null
  if (found.isSymbolicLink()) return refuse('it is a symbolic link')
  if (!found.isDirectory()) return refuse('it is a file')
  const [first] = readdirSync(folder).toSorted()
  return first === undefined ? null : refuse(`it is not empty, it has "${first}". Nothing is overwritten: choose another name`)
}

/** Why the system did not let a folder be there; any other error is thrown again. */
export function whyNoFolder(error: unknown): string {
  const { code } = error as NodeJS.ErrnoException
  if (code === undefined) throw error
  return code === 'ENOTDIR' ? 'a part of its path is a file' : whyUnreadable(code)
}

/** Writes every file, none over another. */
export function writeFolder(folder: string, files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    const path = join(folder, name)
    makeFolder(dirname(path))
    writeFileSync(path, text, { flag: 'wx' })
  }
}
