import { readdirSync, rmSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { isAlive } from '../result-place.ts'

/** The lock of a process in a folder: `.lock-HOST-PID`. */
export const LOCK_FILE = /^\.lock-(.+)-(\d+)$/

/** Locks of this process. A file of its number that is not among them was left by an earlier process that had the same one. */
const held = new Set<string>()

/**
 * Makes this process the only one that writes into a folder.
 *
 * Each process first makes a lock of its own and then looks for others, so that of two at the same moment at least one sees the other, and gives
 * way. Locks of processes of this machine that are no more are removed; of another machine that cannot be known.
 */
export function lockFolder(
  folder: string,
): { readonly ok: true; readonly release: () => void } | { readonly ok: false; readonly reason: string } {
  const host = hostname().replace(/[^A-Za-z0-9.-]/g, '_') || 'localhost'
  const own = `.lock-${host}-${process.pid}`
  const path = join(folder, own)
  if (held.has(path)) return { ok: false, reason: 'this process is writing to it already' }
  writeFileSync(path, '')
  held.add(path)
  const release = (): void => {
    held.delete(path)
    rmSync(path, { force: true })
  }
  for (const name of readdirSync(folder)) {
    const match = LOCK_FILE.exec(name)
    if (match === null || name === own) continue
    if (match[1] === host && !isAlive(Number(match[2]))) {
      rmSync(join(folder, name), { force: true })
      continue
    }
    release()
    const where = match[1] === host ? `process ${match[2]}` : `process ${match[2]} of the machine "${match[1]}"`
    return { ok: false, reason: `${where} is writing to it. Wait for it to end; if it is no more, remove the file "${name}" in there` }
  }
  return { ok: true, release }
}
