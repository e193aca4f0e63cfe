import { createHash } from 'node:crypto'
import { lstatSync, mkdirSync, readdirSync, renameSync, rmdirSync, type Stats, statSync, unlinkSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { readInputText, UnreadableFile, whyUnreadable } from '../report/read/input-file.ts'
import { makeFolder } from './make-folder.ts'
import { chooseResultPlace } from './result-place.ts'

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
    const place = chooseResultPlace(out, refuse)
    if (!place.ok) return place
    const path = join(place.parent, place.name)
    const why = whyNot(path)
    return why === null ? { ok: true, folder: new ImportFolder(out, path) } : refuse(out, why)
  }

  /** Writes the texts and the summary, to which their hashes are added. Gives the reason when it cannot; then everything is as it was. */
  write(texts: Readonly<Record<string, string>>, summary: object): string | null {
    const hashes = Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, hashOf(text)]))
    const all = { ...texts, [SUMMARY]: `${JSON.stringify({ ...summary, files: hashes }, null, 2)}\n` }
    const parent = dirname(this.#path)
    const partial = join(parent, `.${basename(this.#path)}.partial-${process.pid}-import`)
    const old = `${partial}-replaced`
    const refused = (why: string) => refuse(this.shown, why).reason
    const byTheSystem = (error: unknown) => refused(`the system refused it (${(error as NodeJS.ErrnoException).code ?? String(error)})`)
    try {
      makeFolder(parent)
      mkdirSync(partial)
    } catch (error) {
      return byTheSystem(error)
    }
    try {
      for (const [name, text] of Object.entries(all)) writeFileSync(join(partial, name), text)
      const why = whyNot(this.#path)
      if (why !== null) return refused(why)
      const replaces = lstatSync(this.#path, { throwIfNoEntry: false }) !== undefined
      if (replaces) renameSync(this.#path, old)
      renameSync(partial, this.#path)
      if (replaces) remove(old)
      return null
    } catch (error) {
      // Stopped between the two renames: the earlier import is put back.
      if (exists(old) && !exists(this.#path)) renameSync(old, this.#path)
      return byTheSystem(error)
    } finally {
      remove(partial)
    }
  }
}

function refuse(out: string, why: string): { readonly ok: false; readonly reason: string } {
  return { ok: false, reason: `Cannot write the scenario to "${out}": ${why}. Name another folder with --out` }
}

/** Why a folder must not be replaced, or null. */
function whyNot(path: string): string | null {
  let found: Stats | undefined
  try {
    found = lstatSync(path, { throwIfNoEntry: false })
  } catch (error) {
    return whyUnreadable((error as NodeJS.ErrnoException).code ?? String(error))
  }
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
    if (isFile && hashOfFile(file) !== hash) return `"${name}" in it was changed since it was imported`
  }
  return null
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
    const summary = JSON.parse(readInputText(path)) as { tool?: { name?: unknown }; files?: Record<string, unknown> } | null
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

/** null of a file that is too large for an import to have written it. */
function hashOfFile(file: string): string | null {
  try {
    return hashOf(readInputText(file, FILE_BYTES_MAX))
  } catch (error) {
    if (error instanceof UnreadableFile) return null
    throw error
  }
}

/** More than an import of the largest dumps that are read writes. */
const FILE_BYTES_MAX = 256 * 1024 * 1024

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
