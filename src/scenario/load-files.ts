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
