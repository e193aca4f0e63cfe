/**
 * Replays recorded cases against the model: `npm run conformance -- KIND FILE…`.
 *
 * A folder stands for the recordings in it: its `.jsonl` files, less the logs of the API server (`.audit.jsonl`).
 *
 * Exit codes: 0 all that applies passed; 1 a case failed, or none could be checked; 2 the kind is unknown, or a file cannot be read or
 * is not of the kind's form.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { nearest } from '../../src/api/did-you-mean.ts'
import { KINDS } from './kinds/index.ts'
import { type Check, FormError, type NotApplicable, type Outcome } from './kinds/outcome.ts'

/** So many failures are shown in full. */
const SHOWN_FAILURES = 20
/** So many ids stand beside each reason why cases do not apply. */
const SHOWN_IDS = 2

class UsageError extends Error {}

/** Gives the exit code. */
export function main(words: readonly string[], print: (line: string) => void, complain: (line: string) => void): number {
  try {
    return replay(words, print)
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    complain(error.message)
    return 2
  }
}

function replay(words: readonly string[], print: (line: string) => void): number {
  const [kind, ...paths] = words
  const known = [...KINDS.keys()].sort()
  if (kind === undefined || paths.length === 0) throw new UsageError(`Usage: npm run conformance -- KIND FILE…\nKinds: ${known.join(', ')}`)
  const check = KINDS.get(kind)
  if (check === undefined) {
    const near = nearest(kind, known)
    throw new UsageError(`Unknown kind "${kind}": expected one of ${known.join(', ')}${near === null ? '' : `\nDid you mean "${near}"?`}`)
  }
  const files = paths.flatMap(filesIn)
  const contents = files.map((path) => ({ path, content: contentOf(path) }))
  const outcomes = contents.map(({ path, content }) => ({ path, outcome: outcomeOf(kind, check, path, content) }))
  let passed = 0
  let failed = 0
  let unchecked = 0
  for (const { path, outcome } of outcomes) {
    describe(kind, path, outcome, print)
    passed += outcome.passed
    failed += outcome.failed.length
    if (outcome.passed + outcome.failed.length === 0) unchecked++
  }
  print('')
  if (unchecked > 0) print(`${unchecked} of ${files.length} ${files.length === 1 ? 'file' : 'files'} had nothing to check`)
  print(`${passed} passed, ${failed} failed`)
  return failed > 0 || unchecked > 0 ? 1 : 0
}

/** The file itself, or the recordings of a folder in the order of their names. */
function filesIn(path: string): string[] {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) return [path]
  const names = readdirSync(path).filter((name) => name.endsWith('.jsonl') && !name.endsWith('.audit.jsonl'))
  if (names.length === 0) throw new UsageError(`Cannot read "${path}": the folder has no .jsonl files`)
  return names.sort().map((name) => join(path, name))
}

function contentOf(path: string): unknown {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    throw new UsageError(`Cannot read "${path}": ${(error as Error).message}`)
  }
  try {
    return path.endsWith('.jsonl') ? jsonLines(text) : JSON.parse(text)
  } catch (error) {
    throw new UsageError(`Cannot read "${path}": ${(error as Error).message}`)
  }
}

function jsonLines(text: string): unknown[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))
}

function outcomeOf(kind: string, check: Check, path: string, content: unknown): Outcome {
  try {
    return check(content)
  } catch (error) {
    if (error instanceof FormError) throw new UsageError(`${path} is not of the form of "${kind}": ${error.message}`)
    throw error
  }
}

function describe(kind: string, path: string, outcome: Outcome, print: (line: string) => void): void {
  const { passed, failed, notApplicable } = outcome
  print(`${kind} ${path}: ${passed} passed, ${failed.length} failed, ${notApplicable.length} not applicable`)
  for (const { id, message } of failed.slice(0, SHOWN_FAILURES)) print(`  failed ${id}: ${message}`)
  if (failed.length > SHOWN_FAILURES) print(`  … and ${failed.length - SHOWN_FAILURES} more`)
  for (const [reason, ids] of byReason(notApplicable)) {
    print(`  not applicable, ${ids.length} × ${reason} (${ids.slice(0, SHOWN_IDS).join(', ')}${ids.length > SHOWN_IDS ? ', …' : ''})`)
  }
}

/** The most frequent reason first. */
function byReason(notApplicable: readonly NotApplicable[]): [string, string[]][] {
  const ids = new Map<string, string[]>()
  for (const { id, mode, reason } of notApplicable) {
    const key = mode === '' ? reason : `${mode}: ${reason}`
    const list = ids.get(key)
    if (list === undefined) ids.set(key, [id])
    else list.push(id)
  }
  return [...ids].sort((a, b) => b[1].length - a[1].length)
}
