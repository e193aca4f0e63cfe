import { lstatSync, readdirSync, renameSync, rmSync, type Stats, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { readInputText, statInput, UnreadableFile, whyUnreadable } from '../../report/read/input-file.ts'
import { manifestText, SWEEP_CELLS, SWEEP_MANIFEST, SWEEP_TABLES } from '../../report/sweep-files.ts'
import { isSameSweep, type ManifestCell, type SweepManifest, sweepManifestSchema } from '../../report/sweep-manifest.ts'
import type { VariantSummary } from '../../scenario/run-result.ts'
import { makeFolder } from '../make-folder.ts'
import { chooseResultPlace, refuseResultPlace } from '../result-place.ts'
import { CELL_TEMPORARY, type ReadCell, readCell, writeCell } from './cell-file.ts'
import { LOCK_FILE, lockFolder } from './folder-lock.ts'

const OUR_FILES: readonly string[] = [SWEEP_MANIFEST, ...SWEEP_TABLES]
const CELL_FILE = /^[0-9a-f]{32}\.json$/
const TEMPORARY = /^\.sweep[a-z-]*\.(json|csv)\.\d+\.tmp$/

type Refusal = { readonly ok: false; readonly reason: string }

/**
 * The folder of a sweep, which grows cell by cell: what is in it is whole at any moment, and a later sweep goes on from there.
 *
 * Every file is written under another name and renamed. Only files that a sweep writes are ever replaced or removed, by name: a folder with
 * anything else in it is left alone.
 */
export class SweepFolder {
  /** As the user wrote it, for messages. */
  readonly shown: string
  readonly path: string

  constructor(shown: string, path: string) {
    this.shown = shown
    this.path = path
  }

  /** The folder that a sweep may write to, or why not. Nothing is made or removed yet. */
  static choose(out: string): { readonly ok: true; readonly folder: SweepFolder } | Refusal {
    const place = chooseResultPlace(out)
    if (!place.ok) return place
    const path = join(place.parent, place.name)
    const why = whyNotOurs(path)
    return why === null ? { ok: true, folder: new SweepFolder(out, path) } : refuseResultPlace(out, why)
  }

  /** The folder of an earlier sweep to read from, with what it is, or why not. */
  static read(shown: string): { readonly ok: true; readonly folder: SweepFolder; readonly manifest: SweepManifest } | Refusal {
    const refuse = (why: string): Refusal => ({ ok: false, reason: `Cannot read "${shown}" as the folder of a sweep: ${why}` })
    const file = join(shown, SWEEP_MANIFEST)
    try {
      const found = statInput(shown)
      if (found === undefined) return refuse('there is no such folder. "towtank sweep FILE" writes one and says where')
      if (!found.isDirectory()) return refuse('it is not a folder. Give the one that "towtank sweep" wrote')
      if (statInput(file) === undefined) return refuse(`it has no ${SWEEP_MANIFEST}. Give the folder that "towtank sweep" wrote`)
    } catch (error) {
      if (error instanceof UnreadableFile) return refuse(error.why)
      throw error
    }
    const manifest = readManifest(shown)
    if (manifest === null) return refuse(`its ${SWEEP_MANIFEST} is damaged, or of another version. Run its shard again in another folder`)
    return { ok: true, folder: new SweepFolder(shown, shown), manifest }
  }

  /** Makes the folder, for this process alone until it is released. */
  open(): { readonly ok: true; readonly release: () => void } | Refusal {
    makeFolder(this.#cells)
    const locked = lockFolder(this.path)
    if (!locked.ok) return refuseResultPlace(this.shown, locked.reason)
    for (const name of readdirSync(this.#cells)) if (CELL_TEMPORARY.test(name)) rmSync(join(this.#cells, name), { force: true })
    for (const name of readdirSync(this.path)) if (TEMPORARY.test(name)) rmSync(join(this.path, name), { force: true })
    return locked
  }

  /** Says which sweep the folder is of. Tables of another one are removed; its cells stay, as this one may have some of them, too. */
  begin(manifest: SweepManifest): void {
    const before = readManifest(this.path)
    if (before !== null && isSameSweep(before, manifest)) return
    for (const name of SWEEP_TABLES) rmSync(join(this.path, name), { force: true })
    this.#replace(SWEEP_MANIFEST, manifestText(manifest))
  }

  /** Puts the tables and at last the manifest in their places. */
  finish(texts: Readonly<Record<string, string>>): void {
    for (const [name, text] of Object.entries(texts)) this.#replace(name, text)
  }

  readCell(cell: ManifestCell, tool: SweepManifest['tool']): ReadCell {
    return readCell(this.#cells, cell, tool)
  }

  writeCell(cell: ManifestCell, tool: SweepManifest['tool'], summary: VariantSummary): void {
    writeCell(this.#cells, cell, tool, summary)
  }

  get #cells(): string {
    return join(this.path, SWEEP_CELLS)
  }

  #replace(name: string, text: string): void {
    const temporary = join(this.path, `.${name}.${process.pid}.tmp`)
    writeFileSync(temporary, text)
    renameSync(temporary, join(this.path, name))
  }
}

/** A sweep has up to 100 000 cells, with some hundreds of bytes each. */
const MANIFEST_BYTES_MAX = 256 * 1024 * 1024

/** What the sweep of a folder is; null when it is none. */
function readManifest(path: string): SweepManifest | null {
  try {
    const read = sweepManifestSchema.safeParse(JSON.parse(readInputText(join(path, SWEEP_MANIFEST), MANIFEST_BYTES_MAX)))
    return read.success ? read.data : null
  } catch {
    return null
  }
}

/** Why a sweep must not write there, or null when it is absent, empty, or of an earlier sweep with nothing added to it. */
function whyNotOurs(path: string): string | null {
  let found: Stats | undefined
  try {
    found = lstatSync(path, { throwIfNoEntry: false })
  } catch (error) {
    return whyUnreadable((error as NodeJS.ErrnoException).code ?? String(error))
  }
  if (found === undefined) return null
  if (found.isSymbolicLink()) return 'it is a symbolic link'
  if (!found.isDirectory()) return 'it is not a folder'
  const entries = readdirSync(path, { withFileTypes: true })
  const foreign = entries.find((entry) =>
    entry.name === SWEEP_CELLS
      ? !entry.isDirectory()
      : !(entry.isFile() && (OUR_FILES.includes(entry.name) || LOCK_FILE.test(entry.name) || TEMPORARY.test(entry.name))),
  )
  const ours = entries.some(({ name }) => name === SWEEP_MANIFEST)
  // A sweep that was killed before it wrote its manifest leaves a folder without any result.
  const hasResults =
    entries.some(({ name }) => OUR_FILES.includes(name)) ||
    cellsOf(
      path,
      entries.some(({ name }) => name === SWEEP_CELLS),
    ).length > 0
  if (foreign !== undefined && !ours) return 'it is not empty and not the result of a sweep'
  if (foreign !== undefined) return `it also has files that a sweep does not write, such as "${foreign.name}"`
  if (hasResults && readManifest(path) === null) return `its ${SWEEP_MANIFEST} cannot be read. Remove the folder, or choose another`
  const stranger = cellsOf(
    path,
    entries.some(({ name }) => name === SWEEP_CELLS),
  ).find((name) => !CELL_FILE.test(name) && !CELL_TEMPORARY.test(name))
  return stranger === undefined ? null : `it also has files that a sweep does not write, such as "${SWEEP_CELLS}/${stranger}"`
}

function cellsOf(path: string, exist: boolean): readonly string[] {
  return exist ? readdirSync(join(path, SWEEP_CELLS)) : []
}
