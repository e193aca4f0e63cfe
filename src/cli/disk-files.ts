import { open, readdir, stat } from 'node:fs/promises'
import { whyUnreadable } from '../report/read/input-file.ts'
import { BYTES_MAX, type FileContent, type FileReader } from '../scenario/load-files.ts'

/** The files of this machine, relative to the working directory. Only regular files are opened: a pipe or a device could have no end. */
export const diskFiles: FileReader = {
  async read(path, bytesMax = BYTES_MAX.arrivals): Promise<FileContent> {
    if (path.includes('\0')) return { kind: 'unreadable', reason: 'no file can have such a name' }
    try {
      const found = await stat(path)
      if (found.isDirectory()) return { kind: 'folder', names: await readdir(path) }
      if (!found.isFile()) return { kind: 'unreadable', reason: 'it is neither a file nor a folder' }
      const tooLarge: FileContent = { kind: 'unreadable', reason: `it is larger than ${bytesMax / 1024 / 1024} MiB` }
      if (found.size > bytesMax) return tooLarge
      return decode(await readAtMost(path, bytesMax + 1), bytesMax) ?? tooLarge
    } catch (error) {
      return whyNot((error as NodeJS.ErrnoException).code ?? String(error))
    }
  },
}

/** Some files of the system say that they have no size, and others grow: a bound holds all the same. */
async function readAtMost(path: string, bytesMax: number): Promise<Buffer> {
  const file = await open(path, 'r')
  try {
    const chunks: Buffer[] = []
    for (let total = 0; total < bytesMax; ) {
      const { bytesRead, buffer } = await file.read(Buffer.alloc(Math.min(CHUNK_BYTES, bytesMax - total)))
      if (bytesRead === 0) break
      chunks.push(buffer.subarray(0, bytesRead))
      total += bytesRead
    }
    return Buffer.concat(chunks)
  } finally {
    await file.close()
  }
}

const CHUNK_BYTES = 1024 * 1024

/** Text in UTF-8, or at which place it is none; null when there are more bytes than that. */
function decode(bytes: Buffer, bytesMax: number): FileContent | null {
  if (bytes.length > bytesMax) return null
  const mark = bytes.subarray(0, 2).toString('hex')
  if (mark === 'fffe' || mark === 'feff') return { kind: 'unreadable', reason: 'it is written in UTF-16: save it as UTF-8' }
  const text = bytes.toString('utf8')
  const nul = text.indexOf('\0')
  if (nul >= 0) return { kind: 'unreadable', reason: 'it is not a text file: it has a NUL byte', place: placeIn(text.slice(0, nul)) }
  if (!text.includes(REPLACEMENT)) return { kind: 'file', text }
  const again = Buffer.from(text, 'utf8')
  if (again.equals(bytes)) return { kind: 'file', text }
  let same = 0
  while (again[same] === bytes[same]) same++
  const reason = `it is not written in UTF-8: the byte 0x${bytes[same]?.toString(16) ?? '??'} begins no character`
  return { kind: 'unreadable', reason, place: placeIn(bytes.subarray(0, same).toString('utf8')) }
}

/** What the decoder writes for bytes that are no UTF-8. */
const REPLACEMENT = '\uFFFD'

function placeIn(before: string): { readonly line: number; readonly column: number } {
  const lines = before.split(/\r\n|\r|\n/)
  return { line: lines.length, column: lines.at(-1)!.length + 1 }
}

function whyNot(code: string): FileContent {
  return code === 'ENOENT' || code === 'ENOTDIR' ? { kind: 'missing' } : { kind: 'unreadable', reason: whyUnreadable(code) }
}
