import { posix } from 'node:path'
import { invariant } from '../invariant.ts'

/** What is at a path. */
export type FileContent =
  | { readonly kind: 'file'; readonly text: string }
  /** Names of the entries, in any order. */
  | { readonly kind: 'folder'; readonly names: readonly string[] }
  | { readonly kind: 'missing' }
  /** `place`: where in the file it stops being readable. Both 1-based. */
  | { readonly kind: 'unreadable'; readonly reason: string; readonly place?: { readonly line: number; readonly column: number } }

/** The only way in which loading a scenario reaches files, so that it can do without a disk. */
export interface FileReader {
  /** A file with more than `bytesMax` is unreadable, and is not read. */
  read(path: string, bytesMax?: number): Promise<FileContent>
}

/** The path of a file that is named in another. */
export function besideFile(file: string, name: string): string {
  return posix.isAbsolute(name) ? posix.normalize(name) : posix.join(posix.dirname(file), name)
}

const MEBIBYTE = 1024 * 1024

/**
 * The largest files that are read, by what is in them: far more than people write, and little enough to be read within seconds and a few hundred
 * megabytes of memory. Own bounds.
 */
export const BYTES_MAX = { scenario: 2 * MEBIBYTE, manifests: 8 * MEBIBYTE, arrivals: 64 * MEBIBYTE } as const

/** A reader of files that exist only in memory, by path with `/`; folders are where files are. */
export function memoryFiles(files: Readonly<Record<string, string>>): FileReader {
  return {
    async read(path) {
      const text = files[path]
      if (text !== undefined) return { kind: 'file', text }
      const inside = Object.keys(files).filter((name) => path === '.' || name.startsWith(`${path}/`))
      if (inside.length === 0) return { kind: 'missing' }
      const above = path === '.' ? 0 : path.length + 1
      return { kind: 'folder', names: [...new Set(inside.map((name) => name.slice(above).split('/')[0]!))] }
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

  async read(path: string, bytesMax?: number): Promise<FileContent> {
    const content = this.#contents.get(path) ?? (await this.#files.read(path, bytesMax))
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
