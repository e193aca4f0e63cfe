import { createHash } from 'node:crypto'
import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmdirSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { basename, dirname, join, resolve, sep } from 'node:path'
import { makeFolder } from './make-folder.ts'
import { goesBackUp } from './result-place.ts'

/** What an import writes; `import.json` says with what content, so that a file that was edited since is not written over. */
export const IMPORT_FILES = ['scenario.yaml', 'manifests.yaml', 'import.json'] as const

const SUMMARY = 'import.json'

/**
 * The folder that an import is written to: one that is not there, is empty, or is an earlier import that nobody has touched. Written beside it first
 * and put in place by renames, so that it is there as a whole or as it was.
 */
export class ImportFolder {
  /** As the user wrote it, for messages. */
  readonly shown: string
  readonly #path: string

  private constructor(shown: string, path: string) {
    this.shown = shown
    this.#path = path
  }

  static choose(out: string): { readonly ok: true; readonly folder: ImportFolder } | { readonly ok: false; readonly reason: string } {
    const refuse = (why: string) => ({
      ok: false as const,
      reason: `Cannot write the scenario to "${out}": ${why}. Name another folder with --out`,
    })
    if (out.trim() === '' || out.includes('\0')) return refuse('it is not the name of a folder')
    if (goesBackUp(out)) return refuse('it goes back up with ".." after going down')
    const path = resolve(out)
    const here = realpathSync(process.cwd())
    if (basename(path) === '' || here === path || here.startsWith(path + sep))
      return refuse('it is the folder you are in, or one around it')
    const why = whyNot(path)
    return why === null ? { ok: true, folder: new ImportFolder(out, path) } : refuse(why)
  }

  /** Writes the texts and the summary, to which their hashes are added. Gives the reason when it cannot; then everything is as it was. */
  write(texts: Readonly<Record<string, string>>, summary: object): string | null {
    const hashes = Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, hashOf(text)]))
    const all = { ...texts, [SUMMARY]: `${JSON.stringify({ ...summary, files: hashes }, null, 2)}\n` }
    const parent = dirname(this.#path)
    const partial = join(parent, `.${basename(this.#path)}.partial-${process.pid}-import`)
    const old = `${partial}-replaced`
    const refuse = (why: string) => `Cannot write the scenario to "${this.shown}": ${why}`
    try {
      makeFolder(parent)
      mkdirSync(partial)
    } catch (error) {
      return refuse((error as NodeJS.ErrnoException).code ?? String(error))
    }
    try {
      for (const [name, text] of Object.entries(all)) writeFileSync(join(partial, name), text)
      const why = whyNot(this.#path)
      if (why !== null) return refuse(why)
      const replaces = lstatSync(this.#path, { throwIfNoEntry: false }) !== undefined
      if (replaces) renameSync(this.#path, old)
      renameSync(partial, this.#path)
      if (replaces) remove(old)
      return null
    } catch (error) {
      // Stopped between the two renames: the earlier import is put back.
      if (exists(old) && !exists(this.#path)) renameSync(old, this.#path)
      return refuse((error as NodeJS.ErrnoException).code ?? String(error))
    } finally {
      remove(partial)
    }
  }
}

/** Why a folder must not be replaced, or null. */
function whyNot(path: string): string | null {
  const parent = existing(dirname(path))
  if (!statSync(parent).isDirectory()) return `"${parent}" is not a folder`
  const found = lstatSync(path, { throwIfNoEntry: false })
  if (found === undefined) return null
  if (found.isSymbolicLink()) return 'it is a symbolic link'
  if (!found.isDirectory()) return 'it is not a folder'
  const names = readdirSync(path)
  if (names.length === 0) return null
  const foreign = names.find((name) => !(IMPORT_FILES as readonly string[]).includes(name))
  const hashes = ourHashes(join(path, SUMMARY))
  if (hashes === null) return 'it is not empty and not an import of Towtank'
  if (foreign !== undefined) return `it also has files that an import did not write, such as "${foreign}"`
  for (const [name, hash] of Object.entries(hashes)) {
    const file = join(path, name)
    const isFile = lstatSync(file, { throwIfNoEntry: false })?.isFile() === true
    if (isFile && hashOf(readFileSync(file, 'utf8')) !== hash) return `"${name}" in it was changed since it was imported`
  }
  return null
}

/** The nearest part of a path that exists. */
function existing(path: string): string {
  let found = path
  while (!exists(found) && dirname(found) !== found) found = dirname(found)
  return found
}

/** False also where a part of the path is no folder. */
function exists(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false }) !== undefined
  } catch {
    return false
  }
}

/** The hashes in an import.json of ours, of the files that an import writes; null when it is none. */
function ourHashes(path: string): Record<string, string> | null {
  try {
    if (!lstatSync(path).isFile()) return null
    const summary = JSON.parse(readFileSync(path, 'utf8')) as { tool?: { name?: unknown }; files?: Record<string, unknown> } | null
    if (summary?.tool?.name !== 'towtank' || typeof summary.files !== 'object') return null
    return Object.fromEntries(
      Object.entries(summary.files).filter(
        (entry): entry is [string, string] => typeof entry[1] === 'string' && (IMPORT_FILES as readonly string[]).includes(entry[0]),
      ),
    )
  } catch {
    return null
  }
}

function hashOf(text: string): string {
  return `sha256:${createHash('sha256').update(text).digest('hex')}`
}

/** Removes the files that an import writes, and the folder if nothing else is in it. */
function remove(path: string): void {
  if (lstatSync(path, { throwIfNoEntry: false }) === undefined) return
  for (const name of IMPORT_FILES)
    if (lstatSync(join(path, name), { throwIfNoEntry: false })?.isFile() === true) unlinkSync(join(path, name))
  if (readdirSync(path).length === 0) rmdirSync(path)
}
