import { lstatSync, mkdirSync, readdirSync, renameSync, rmdirSync, type Stats, unlinkSync } from 'node:fs'
import { join } from 'node:path'
import { COMPARISON_FILE, COMPARISON_FILES } from '../report/comparison/comparison-files.ts'
import { readInputText } from '../report/read/input-file.ts'
import { RESULT_FILES, SUMMARY_FILE } from '../report/result-files.ts'
import { ROLLOUT_FILES } from '../report/rollout-files.ts'
import { SUMMARY_SCHEMA_VERSION } from '../report/run-summary.ts'
import { makeFolder } from './make-folder.ts'
import { chooseResultPlace, isAlive, refuseResultPlace } from './result-place.ts'

/**
 * A folder of results that is there as a whole or not at all.
 *
 * Everything is written into a hidden folder beside it, `.NAME.partial-PID-new`, which takes its place in one rename at the end. Only files
 * that Towtank itself writes are ever removed, by name: a folder with anything else in it is left alone.
 */
export class ResultFolder {
  /** As the user wrote it, for messages. */
  readonly shown: string
  readonly #parent: string
  readonly #name: string
  #partial: string | null = null

  constructor(shown: string, parent: string, name: string) {
    this.shown = shown
    this.#parent = parent
    this.#name = name
  }

  /** The folder that results may be written to, or why not. Nothing is made or removed yet. */
  static choose(out: string): { readonly ok: true; readonly folder: ResultFolder } | { readonly ok: false; readonly reason: string } {
    const place = chooseResultPlace(out)
    if (!place.ok) return place
    const { parent, name } = place
    const why = whyNotReplaceable(join(parent, name))
    return why === null ? { ok: true, folder: new ResultFolder(out, parent, name) } : refuseResultPlace(out, why)
  }

  get path(): string {
    return join(this.#parent, this.#name)
  }

  /** Makes the folder to write into, and removes what earlier runs that were killed have left. */
  begin(): string {
    makeFolder(this.#parent)
    this.removeStale()
    const partial = join(this.#parent, `${this.#prefix}${process.pid}-new`)
    mkdirSync(partial)
    this.#partial = partial
    return partial
  }

  /** Puts what was written in its place. Throws, and leaves everything as it was, when that has been taken by something else meanwhile. */
  commit(): void {
    const partial = this.#partial
    if (partial === null) return
    const why = whyNotReplaceable(this.path)
    if (why !== null) throw new Error(`Cannot replace "${this.shown}": ${why}`)
    const old = join(this.#parent, `${this.#prefix}${process.pid}${REPLACED}`)
    const replaces = exists(this.path)
    if (replaces) renameSync(this.path, old)
    renameSync(partial, this.path)
    this.#partial = null
    if (replaces) removeResultFolder(old)
  }

  /** Removes what was written. */
  discard(): void {
    if (this.#partial !== null) removeResultFolder(this.#partial)
    this.#partial = null
  }

  /** Removes what is left of processes that are no more, and of this one. */
  removeStale(): void {
    if (!exists(this.#parent)) return
    for (const entry of readdirSync(this.#parent, { withFileTypes: true })) {
      if (!entry.isDirectory() || !entry.name.startsWith(this.#prefix)) continue
      const pid = Number(/^(\d+)-/.exec(entry.name.slice(this.#prefix.length))?.[1] ?? Number.NaN)
      if (Number.isNaN(pid) || (pid !== process.pid && isAlive(pid))) continue
      const stale = join(this.#parent, entry.name)
      // Stopped between the two renames of a replacement: the earlier result is put back.
      if (entry.name.endsWith(REPLACED) && !exists(this.path)) renameSync(stale, this.path)
      else removeResultFolder(stale)
    }
  }

  get #prefix(): string {
    return `.${this.#name}.partial-`
  }
}

/** Every file that a command writes into a folder of results. */
const OUR_FILES: readonly string[] = [...RESULT_FILES, ...ROLLOUT_FILES, ...COMPARISON_FILES]

/** One of these says that a folder is a result of ours. */
const MARKS: readonly string[] = [SUMMARY_FILE, COMPARISON_FILE]

/** The end of the name that an earlier result has for the instant in which a new one takes its place. */
const REPLACED = '-replaced'

function exists(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined
}

/** Why a folder must not be replaced, or null when it is absent, empty, or a result of ours with nothing added to it. */
function whyNotReplaceable(path: string): string | null {
  let found: Stats | undefined
  try {
    found = lstatSync(path, { throwIfNoEntry: false })
  } catch (error) {
    return `no folder can be there (${(error as NodeJS.ErrnoException).code})`
  }
  if (found === undefined) return null
  if (found.isSymbolicLink()) return 'it is a symbolic link'
  if (!found.isDirectory()) return 'it is not a folder'
  const names = readdirSync(path)
  if (names.length === 0) return null
  const foreign = names.filter((name) => !OUR_FILES.includes(name) || lstatSync(join(path, name)).isDirectory())
  const mark = MARKS.find((name) => names.includes(name))
  if (mark === undefined || !isOurSummary(join(path, mark))) return 'it is not empty and not a result of Towtank'
  return foreign.length === 0 ? null : `it also has files that Towtank did not write, such as "${foreign[0]}"`
}

function isOurSummary(path: string): boolean {
  return readSummary(path) !== null
}

/** A summary that Towtank has written, or null. */
export function readSummary(path: string): object | null {
  try {
    if (!lstatSync(path).isFile()) return null
    const summary: unknown = JSON.parse(readInputText(path))
    if (typeof summary !== 'object' || summary === null) return null
    const { schemaVersion, tool } = summary as { schemaVersion?: unknown; tool?: { name?: unknown } | null }
    return schemaVersion === SUMMARY_SCHEMA_VERSION && tool?.name === 'towtank' ? summary : null
  } catch {
    return null
  }
}

/** Removes the files that we write, and the folder if nothing else is in it. */
function removeResultFolder(path: string): void {
  const names = readdirSync(path, { withFileTypes: true })
  for (const entry of names) if (OUR_FILES.includes(entry.name) && !entry.isDirectory()) unlinkSync(join(path, entry.name))
  if (names.every((entry) => OUR_FILES.includes(entry.name) && !entry.isDirectory())) rmdirSync(path)
}
