import { existsSync, lstatSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { makeFolder } from './make-folder.ts'

/** Every file that a benchmark writes; the summary last, so that what it tells of is there. */
export const BENCH_FILES = [
  'lookup.csv',
  'first-packet.csv',
  'pick.csv',
  'update.csv',
  'lookup.svg',
  'lookup.png',
  'summary.csv',
  'summary.json',
] as const

export type BenchFile = (typeof BENCH_FILES)[number]

const SUMMARY: BenchFile = 'summary.json'

/** Why the files of a benchmark must not be written into this folder, or null. Nothing is made or removed. */
export function whyNotInto(folder: string): string | null {
  const refuse = (why: string): string => `Cannot write results to "${folder}": ${why}`
  if (folder.trim() === '' || folder.includes('\0')) return refuse('it is not the name of a folder')
  const found = lstatSync(folder, { throwIfNoEntry: false })
  if (found === undefined) return null
  if (found.isSymbolicLink()) return refuse('it is a symbolic link')
  if (!found.isDirectory()) return refuse('it is not a folder')
  const taken = BENCH_FILES.filter((name) => existsSync(join(folder, name)))
  if (taken.length === 0 || isOurs(join(folder, SUMMARY))) return null
  return refuse(`it has a file "${taken[0]}" that is not from a benchmark of Towtank`)
}

/** Writes all files whole, under names of their own first. What else is in the folder stays. */
export function writeFiles(folder: string, files: Readonly<Record<BenchFile, string | Uint8Array>>): void {
  makeFolder(folder)
  const partial = (name: string): string => join(folder, `.${name}.partial-${process.pid}`)
  try {
    for (const name of BENCH_FILES) writeFileSync(partial(name), files[name], { flag: 'wx' })
    for (const name of BENCH_FILES) renameSync(partial(name), join(folder, name))
  } finally {
    for (const name of BENCH_FILES) rmSync(partial(name), { force: true })
  }
}

function isOurs(file: string): boolean {
  try {
    const summary = JSON.parse(readFileSync(file, 'utf8')) as { tool?: { name?: unknown }; command?: unknown } | null
    return summary?.tool?.name === 'towtank' && summary.command === 'bench'
  } catch {
    return false
  }
}
