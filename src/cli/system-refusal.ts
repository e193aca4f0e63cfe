import { getHeapStatistics } from 'node:v8'
import { UnreadableFile } from '../report/read/input-file.ts'

/** Something outside the program did not allow the work, such as a queue that cannot be reached: nobody's bug. The message is for the user. */
export class Refusal extends Error {}

/** A file that cannot be read, or what the system of this machine did not allow, such as a file on a full disk: nobody's bug. null for any other error. */
export function systemRefusal(error: unknown): string | null {
  if (error instanceof Refusal || error instanceof UnreadableFile) return error.message
  if (!(error instanceof Error)) return null
  const { code, syscall, path } = error as NodeJS.ErrnoException
  if (code === 'ERR_WORKER_OUT_OF_MEMORY') return outOfMemory()
  if (code === undefined || syscall === undefined) return null
  const refused = `The system refused to ${syscall}${path === undefined ? '' : ` "${path}"`} (${code})`
  return LOOKING.has(syscall) ? refused : `${refused}: results need a folder that can be written to; choose one with --out`
}

/** Of the thread that does the work. */
function outOfMemory(): string {
  const limit = getHeapStatistics().heap_size_limit / MEGABYTE
  return `The ${Math.round(limit)} MB of memory that Node takes at most are used up: nodes, pods and simulated time need it. Where the machine has more, NODE_OPTIONS=--max-old-space-size=${Math.ceil((2 * limit) / 1000) * 1000} allows more`
}

const MEGABYTE = 1024 * 1024

/** What is done to files without changing them. */
const LOOKING: ReadonlySet<string> = new Set(['stat', 'lstat', 'scandir', 'read', 'readlink', 'realpath', 'access'])
