import { lstatSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'

/** A file that the user has named to be written, and replaced when it is there. */
export class OutputFile {
  readonly #path: string

  constructor(path: string) {
    this.#path = path
  }

  /** Refuses what is no file, and a folder that is not there. Nothing is made or replaced yet. */
  static choose(path: string): { readonly ok: true; readonly file: OutputFile } | { readonly ok: false; readonly reason: string } {
    const refuse = (why: string) => ({ ok: false as const, reason: `Cannot write "${path}": ${why}` })
    if (path.trim() === '' || path.includes('\0')) return refuse('it is not the name of a file')
    const folder = dirname(path)
    if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true) return refuse(`there is no folder "${folder}"`)
    const found = lstatSync(path, { throwIfNoEntry: false })
    if (found !== undefined && !found.isFile())
      return refuse(found.isDirectory() ? 'it is a folder' : 'it is there and not an ordinary file')
    return { ok: true, file: new OutputFile(path) }
  }

  /** As a whole or not at all: a reader never sees half of it. */
  write(text: string): void {
    const partial = join(dirname(this.#path), `.${basename(this.#path)}.partial-${process.pid}`)
    try {
      writeFileSync(partial, text)
      renameSync(partial, this.#path)
    } finally {
      rmSync(partial, { force: true })
    }
  }
}
