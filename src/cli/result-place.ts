import { accessSync, constants, realpathSync, type Stats, statSync } from 'node:fs'
import { basename, dirname, join, resolve, sep } from 'node:path'

export type ResultPlace =
  | { readonly ok: true; readonly parent: string; readonly name: string }
  | { readonly ok: false; readonly reason: string }

export function refuseResultPlace(out: string, why: string): { readonly ok: false; readonly reason: string } {
  return { ok: false, reason: `Cannot write results to "${out}": ${why}` }
}

/**
 * Where a folder of results may stand, with symbolic links above it followed, or why not there. What is in that place is not looked at.
 *
 * `refuse` puts the reason into a sentence.
 */
export function chooseResultPlace(out: string, refuse = refuseResultPlace): ResultPlace {
  if (out.trim() === '' || out.includes('\0')) return refuse(out, 'it is not the name of a folder')
  if (goesBackUp(out)) return refuse(out, 'it goes back up with ".." after going down')
  const path = resolve(out)
  const parent = realPath(dirname(path))
  const name = basename(path)
  const whole = join(parent, name)
  if (name === '' || isWithin(process.cwd(), whole)) return refuse(out, 'it is the folder you are in, or one around it')
  const why = whyNoFolder(parent)
  return why === null ? { ok: true, parent, name } : refuse(out, why)
}

/** `a/../b` is not `b` when `a` is a symbolic link, so that a reader of the command could be wrong about where it writes. */
export function goesBackUp(path: string): boolean {
  const steps = path.split(/[/\\]/)
  return steps.slice(0, Math.max(0, steps.lastIndexOf('..'))).some((step) => step !== '..' && step !== '.' && step !== '')
}

/** The path with symbolic links followed as far as it exists. */
function realPath(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    const above = dirname(path)
    return above === path ? path : join(realPath(above), basename(path))
  }
}

function isWithin(inner: string, outer: string): boolean {
  const real = realPath(inner)
  return real === outer || real.startsWith(outer.endsWith(sep) ? outer : outer + sep)
}

/** Why nothing can be made in there, or null: the nearest part of the path that exists must be a folder that may be written to. */
function whyNoFolder(path: string): string | null {
  let existing = path
  let found = stat(existing)
  while (found === undefined && dirname(existing) !== existing) {
    existing = dirname(existing)
    found = stat(existing)
  }
  if (found === undefined || !found.isDirectory()) return `"${existing}" is not a folder`
  try {
    accessSync(existing, constants.W_OK)
    return null
  } catch {
    return `"${existing}" may not be written to`
  }
}

/** Undefined also where a part of the path is no folder. */
function stat(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false })
  } catch {
    return undefined
  }
}

/** Whether a process of this machine runs. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
