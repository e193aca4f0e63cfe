import { lstatSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { whyUnreadable } from '../report/read/input-file.ts'

/** A file that the user has named to be written, and replaced when it is there. As a whole or not at all: a reader never sees half of it. */
export class OutputFile {
  readonly #path: string

  constructor(path: string) {
    this.#path = path
  }

  /** Refuses what is no file, and a folder that is not there. Nothing is made or replaced yet. */
  static choose(path: string): { readonly ok: true; readonly file: OutputFile } | { readonly ok: false; readonly reason: string } {
    const why = whyNot(path)
    return why === null ? { ok: true, file: new OutputFile(path) } : { ok: false, reason: `Cannot write "${path}": ${why}` }
  }

  /** A name beside it that is written to first. */
  get partial(): string {
    return join(dirname(this.#path), `.${basename(this.#path)}.partial-${process.pid}`)
  }

  /** Puts what was written under the name beside it in its place. */
  commit(): void {
    renameSync(this.partial, this.#path)
  }

  /** Removes what was written and not put in its place. */
  discard(): void {
    rmSync(this.partial, { force: true })
  }

  write(text: string): void {
    try {
      writeFileSync(this.partial, text)
      this.commit()
    } finally {
      this.discard()
    }
  }
}

/** Why no file may be written there, or null. */
function whyNot(path: string): string | null {
  if (path.trim() === '' || path.includes('\0')) return 'it is not the name of a file'
  const folder = dirname(path)
  try {
    if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true) return `there is no folder "${folder}". Make it first`
    const found = lstatSync(path, { throwIfNoEntry: false })
    if (found === undefined || found.isFile()) return null
    return found.isDirectory() ? 'it is a folder. Give the name of a file' : 'it is there and not an ordinary file'
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === undefined) throw error
    return code === 'ENOTDIR' ? `"${folder}" is not a folder` : whyUnreadable(code)
  }
}
