import { SECOND } from '../units.ts'
import type { ManifestLibrary } from './load-manifests.ts'
import { parseArrivals } from './parse-arrivals.ts'
import { complain, type Parsed, parsed } from './parse-result.ts'

/** The times of a replay, ns after the start, by the file as it is written. */
export type ArrivalFiles = (file: string) => Parsed<readonly number[]>

/** Reads the files that `replay(FILE)` names. */
export async function readArrivalFiles(
  traffic: readonly ({ readonly arrivals?: string | undefined } | undefined)[],
  library: ManifestLibrary,
): Promise<ArrivalFiles> {
  const found = new Map<string, Parsed<readonly number[]>>()
  for (const entry of traffic) {
    const arrivals = entry?.arrivals === undefined ? null : parseArrivals(entry.arrivals)
    if (arrivals === null || !arrivals.ok || arrivals.value.kind !== 'replay') continue
    const { file } = arrivals.value
    const text = await library.readText(file)
    found.set(file, text.ok ? parseTimes(text.value, file) : text)
  }
  return (file) => found.get(file)!
}

/**
 * One time a line, in seconds after the start, ascending; a first line that is no number is a heading, what follows a comma is not looked at, and
 * empty lines are passed over.
 */
export function parseTimes(text: string, file: string): Parsed<readonly number[]> {
  const times: number[] = []
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    const cell = line.split(',', 1)[0]!.trim()
    if (line.trim() === '') continue
    const isNumber = /^\d+(\.\d+)?([eE][+-]?\d+)?$/.test(cell)
    if (!isNumber && index === 0) continue
    const where = `"${file}" line ${index + 1}`
    if (!isNumber) return complain(`Cannot read "${cell}" in ${where} as a time`, { accepted: 'seconds after the start, such as 12.25' })
    const time = Math.round(Number(cell) * SECOND)
    if (!Number.isSafeInteger(time)) return complain(`The time ${cell} in ${where} is beyond what a run can have`)
    if (times.length > 0 && time < times.at(-1)!)
      return complain(`The time ${cell} in ${where} is before the one above it`, { accepted: 'times in ascending order' })
    times.push(time)
  }
  return times.length === 0
    ? complain(`"${file}" has no times`, { accepted: 'one time a line, in seconds after the start' })
    : parsed(times)
}
