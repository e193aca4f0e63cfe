import { readFileSync, type Stats, statSync } from 'node:fs'

/** A file that cannot be read as what it should be: which one, where in it, and why. Its message has all three. */
export class UnreadableFile extends Error {
  readonly file: string
  readonly why: string

  /** `line` counts from 1. */
  constructor(file: string, why: string, line: number | null = null) {
    super(`${line === null ? file : `${file}:${line}`}: ${why}`)
    this.file = file
    this.why = why
  }
}

/** Why the system did not let something be read, by the code of its error. */
export function whyUnreadable(code: string): string {
  return REASONS.get(code) ?? `the system refused it (${code})`
}

const REASONS: ReadonlyMap<string, string> = new Map([
  ['EACCES', 'permission was denied'],
  ['EPERM', 'permission was denied'],
  ['ELOOP', 'its symbolic links lead in a circle'],
  ['ENAMETOOLONG', 'no file can have so long a name'],
  ['ERR_INVALID_ARG_VALUE', 'no file can have such a name'],
])

/**
 * What is at a path; undefined where nothing is.
 *
 * @throws {UnreadableFile} when that cannot be known, as of a symbolic link to itself.
 */
export function statInput(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === undefined) throw error
    // A part of the path is a file.
    if (code === 'ENOTDIR') return undefined
    throw new UnreadableFile(path, whyUnreadable(code))
  }
}

/**
 * Refuses what is not there, and what is no regular file: a pipe or a device could have no end.
 *
 * @throws {UnreadableFile} in either case, and when it is larger than `bytesMax`.
 */
export function needFile(path: string, bytesMax = Number.POSITIVE_INFINITY): void {
  const found = statInput(path)
  if (found === undefined) throw new UnreadableFile(path, 'there is no such file')
  if (found.isDirectory()) throw new UnreadableFile(path, 'it is a folder and not a file')
  if (!found.isFile()) throw new UnreadableFile(path, 'it is neither a file nor a folder')
  if (found.size > bytesMax) throw new UnreadableFile(path, `it is larger than ${bytesMax / MIB} MiB`)
}

const MIB = 1024 * 1024

/** Of a summary, or of the cell of a sweep. */
const TEXT_BYTES_MAX = 64 * MIB

/**
 * The text of a regular file.
 *
 * @throws {UnreadableFile} when there is none, or it is larger than `bytesMax`.
 */
export function readInputText(path: string, bytesMax = TEXT_BYTES_MAX): string {
  needFile(path, bytesMax)
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === undefined) throw error
    throw new UnreadableFile(path, whyUnreadable(code))
  }
}
