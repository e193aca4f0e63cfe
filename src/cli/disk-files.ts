import { readdir, readFile, stat } from 'node:fs/promises'
import type { FileContent, FileReader } from '../scenario/load-files.ts'

/** More than any scenario or manifest can be; YAML of this size takes minutes to read. */
const SIZE_MAX_BYTES = 256 * 1024 * 1024

/** The files of this machine, relative to the working directory. */
export const diskFiles: FileReader = {
  async read(path): Promise<FileContent> {
    try {
      const found = await stat(path)
      if (found.isDirectory()) return { kind: 'folder', names: await readdir(path) }
      if (!found.isFile()) return { kind: 'unreadable', reason: 'it is neither a file nor a folder' }
      if (found.size > SIZE_MAX_BYTES) return { kind: 'unreadable', reason: 'it is larger than 256 MiB' }
      return { kind: 'file', text: await readFile(path, 'utf8') }
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code
      if (code === 'ENOENT' || code === 'ENOTDIR') return { kind: 'missing' }
      if (code === 'EACCES' || code === 'EPERM') return { kind: 'unreadable', reason: 'permission was denied' }
      return { kind: 'unreadable', reason: code ?? String(error) }
    }
  },
}
