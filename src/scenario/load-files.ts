import { invariant } from '../invariant.ts'

/** What is at a path. */
export type FileContent =
  | { readonly kind: 'file'; readonly text: string }
  /** Names of the entries, in any order. */
  | { readonly kind: 'folder'; readonly names: readonly string[] }
  | { readonly kind: 'missing' }
  | { readonly kind: 'unreadable'; readonly reason: string }

/** The only way in which loading a scenario reaches files, so that it can do without a disk. */
export interface FileReader {
  read(path: string): Promise<FileContent>
}

/** A reader of files that exist only in memory, by path with `/`; folders are where files are. */
export function memoryFiles(files: Readonly<Record<string, string>>): FileReader {
  return {
    async read(path) {
      const text = files[path]
      if (text !== undefined) return { kind: 'file', text }
      const inside = Object.keys(files).filter((name) => name.startsWith(`${path}/`))
      if (inside.length === 0) return { kind: 'missing' }
      return { kind: 'folder', names: [...new Set(inside.map((name) => name.slice(path.length + 1).split('/')[0]!))] }
    },
  }
}

/** What was found at each path that was asked for: plain data. */
export type RecordedFiles = Readonly<Record<string, FileContent>>

/** A reader that remembers what it has read, so that the same can be read again without the disk: see {@link recordedFiles}. */
export class RecordingFiles implements FileReader {
  readonly #files: FileReader
  readonly #contents = new Map<string, FileContent>()

  constructor(files: FileReader) {
    this.#files = files
  }

  get contents(): RecordedFiles {
    return Object.fromEntries(this.#contents)
  }

  async read(path: string): Promise<FileContent> {
    const content = this.#contents.get(path) ?? (await this.#files.read(path))
    this.#contents.set(path, content)
    return content
  }
}

/** A reader of what was recorded. To ask for anything else is a mistake of ours. */
export function recordedFiles(contents: RecordedFiles): FileReader {
  return {
    async read(path) {
      invariant(Object.hasOwn(contents, path), 'what is read again was read before')
      return contents[path]!
    },
  }
}
