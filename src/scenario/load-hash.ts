import { createHash } from 'node:crypto'

/** `sha256:` and 64 hexadecimal digits over texts, which are kept apart: moving a line from one to the next gives another hash. */
export function textsHash(texts: readonly string[]): string {
  return `sha256:${createHash('sha256').update(JSON.stringify(texts)).digest('hex')}`
}
