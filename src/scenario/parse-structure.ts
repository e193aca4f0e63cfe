import type { z } from 'zod'
import { nearest } from '../api/did-you-mean.ts'
import type { Path, PlacePart } from './parse-yaml.ts'
import { keysOf, schemasAt } from './schema-paths.ts'

/**
 * A value that has the right form as far as it goes: what was wrong is left out, so that the rest can still be read.
 */
export type Draft<T> = T extends readonly (infer Element)[]
  ? readonly (Draft<Element> | undefined)[]
  : T extends object
    ? { readonly [Key in keyof T]?: Draft<T[Key]> | undefined }
    : T

/** A mistake in the form of a scenario file. */
export interface StructureMistake {
  readonly path: Path
  readonly part: PlacePart
  readonly message: string
  readonly accepted: string | null
  readonly didYouMean: string | null
  /** Whether something is absent, rather than there and wrong. */
  readonly missing: boolean
}

type Issue = z.core.$ZodIssue

/** Checks the form of a file; gives every mistake and what remains when they are left out. */
export function checkStructure<File extends object>(
  value: unknown,
  schema: z.ZodType<File>,
): { readonly draft: Draft<File>; readonly mistakes: readonly StructureMistake[] } {
  const result = schema.safeParse(value)
  if (result.success) return { draft: result.data as Draft<File>, mistakes: [] }
  const issues = result.error.issues.flatMap((issue) => flatten(issue, []))
  const mistakes = issues.flatMap((issue) => describe(issue, value, schema))
  const draft = structuredClone(value)
  const root = issues.some((issue) => issue.path.length === 0 && issue.code !== 'unrecognized_keys')
  if (root) return { draft: {} as Draft<File>, mistakes }
  for (const issue of issues) {
    if (issue.code === 'unrecognized_keys') for (const key of issue.keys) leaveOut(draft, [...toPath(issue.path), key])
    else leaveOut(draft, toPath(issue.path))
  }
  return { draft: draft as Draft<File>, mistakes }
}

function toPath(path: readonly PropertyKey[]): Path {
  return path.map((step) => (typeof step === 'symbol' ? String(step) : step))
}

/** Issues of a union become those of the alternative that was most likely meant, with paths from the root. */
function flatten(issue: Issue, above: Path): readonly Issue[] {
  const path = [...above, ...toPath(issue.path)]
  if (issue.code === 'invalid_union') {
    const likely = likeliest(issue.errors)
    if (likely !== null) return likely.flatMap((inner) => flatten(inner, path))
  }
  return [{ ...issue, path }]
}

/**
 * The mistakes of the alternative with the fewest. Where two are as near, those that they share; null when they share none, or when not even
 * the type is right.
 */
function likeliest(errors: readonly (readonly Issue[])[]): readonly Issue[] | null {
  const weights = errors.map((issues) => issues.reduce((sum, issue) => sum + weight(issue), 0))
  const least = Math.min(...weights)
  const [first, ...others] = errors.filter((_, index) => weights[index] === least)
  if (first === undefined || least >= WRONG_TYPE) return null
  const shared = first.filter((issue) => others.every((issues) => issues.some((other) => same(issue, other))))
  return shared.length === 0 ? null : shared
}

function same(a: Issue, b: Issue): boolean {
  const keys = (issue: Issue) => (issue.code === 'unrecognized_keys' ? issue.keys.join() : '')
  return a.code === b.code && a.path.join() === b.path.join() && keys(a) === keys(b)
}

/** More than any sum of other mistakes: the value is not even a map. */
const WRONG_TYPE = 1000

function weight(issue: Issue): number {
  if (issue.code === 'unrecognized_keys') return issue.keys.length
  // What says which alternative it is, is less likely to be wrong than what is missing beside it.
  if (issue.code === 'invalid_value' && issue.path.at(-1) === 'kind') return 2
  return issue.path.length === 0 && issue.code === 'invalid_type' ? WRONG_TYPE : 1
}

function describe(issue: Issue, root: unknown, schema: z.ZodType): readonly StructureMistake[] {
  const path = toPath(issue.path)
  if (issue.code === 'unrecognized_keys') {
    const known = keysOf(schemasAt(schema, path))
    return issue.keys.map((key) => ({
      path: [...path, key],
      part: 'key',
      message: `Unknown key "${key}"`,
      accepted: `one of ${known.join(', ')}`,
      didYouMean: nearest(key, known),
      missing: false,
    }))
  }
  const value = valueAt(root, path)
  if (value === undefined || (value === null && path.length === 0)) {
    const key = String(path.at(-1) ?? '')
    return [
      {
        path,
        part: 'key',
        message: path.length === 0 ? 'The file is empty' : `"${key}" is missing`,
        accepted: expectation(issue, path, schema),
        didYouMean: null,
        missing: true,
      },
    ]
  }
  if (issue.code === 'invalid_key') {
    const accepted = 'letters, digits, "-", "_" and ".", at most 63, beginning with a letter or digit'
    return [{ path, part: 'key', message: `Cannot use "${String(path.at(-1))}" as a name`, accepted, didYouMean: null, missing: false }]
  }
  if (issue.code === 'too_small' && issue.origin !== 'number' && issue.origin !== 'int') {
    const message = issue.origin === 'array' ? 'The list is empty' : 'The text is empty'
    return [{ path, part: 'value', message, accepted: null, didYouMean: null, missing: false }]
  }
  const accepted = expectation(issue, path, schema)
  const suggestion =
    issue.code === 'invalid_value' && typeof value === 'string' ? likely(value, issue.values.map(String)) : numberAsText(issue, value)
  const message = value === null ? `"${String(path.at(-1))}" is empty` : `Cannot use ${show(value)} here`
  return [{ path, part: value === null ? 'key' : 'value', message, accepted, didYouMean: suggestion, missing: value === null }]
}

/** Short words are easily typed with letters swapped, which counts as two edits: the same letters in another order are near, too. */
function likely(word: string, candidates: readonly string[]): string | null {
  const letters = (text: string) => [...text.toLowerCase()].toSorted().join('')
  return nearest(word, candidates) ?? candidates.find((candidate) => letters(candidate) === letters(word)) ?? null
}

/** A number where a length of time is expected most likely lacks its unit. */
function numberAsText(issue: Issue, value: unknown): string | null {
  return typeof value === 'number' && issue.message.includes('a length of time') ? `${value}s` : null
}

function expectation(issue: Issue, path: Path, schema: z.ZodType): string | null {
  if (issue.code === 'invalid_value') return issue.values.length === 1 ? String(issue.values[0]) : `one of ${issue.values.join(', ')}`
  if (issue.code === 'invalid_format') return 'lower-case letters, digits and "-", at most 63, beginning and ending with a letter or digit'
  if (issue.code === 'too_small') return `a number ${issue.inclusive ? 'from' : 'above'} ${issue.minimum}`
  if (issue.code === 'too_big') return `a number up to ${issue.maximum}`
  if (issue.code === 'invalid_union') return unionExpectation(issue.errors, path, schema)
  if (issue.code === 'invalid_type') {
    const own = /^expected (.*)$/.exec(issue.message)?.[1]
    return own ?? typeName(issue.expected)
  }
  return null
}

function unionExpectation(errors: readonly (readonly Issue[])[], path: Path, schema: z.ZodType): string {
  const whole = errors.flat().filter((issue) => issue.path.length === 0 && issue.code !== 'unrecognized_keys')
  const keys = keysOf(schemasAt(schema, path))
  if (whole.length === 0 || keys.length > 0) {
    if (keys.includes('kubectl')) return 'at, and one of kubectl, fault'
    if (keys.includes('external')) return 'either external: true or pods with a label selector'
  }
  return [...new Set(whole.map((issue) => expectation(issue, path, schema) ?? 'another value'))].join(' or ')
}

function typeName(expected: string): string {
  if (expected === 'object' || expected === 'record') return 'a map of keys and values'
  if (expected === 'array') return 'a list'
  if (expected === 'string') return 'a text'
  if (expected === 'int') return 'a whole number'
  if (expected === 'boolean') return 'true or false'
  return `a ${expected}`
}

/** The value for a message: short, in quotes when it is one word or line. */
function show(value: unknown): string {
  if (Array.isArray(value)) return 'a list'
  if (value === null) return 'nothing'
  if (typeof value === 'object') return 'a map'
  const text = String(value)
  return `"${text.length > 60 ? `${text.slice(0, 57)}…` : text}"`
}

export function valueAt(root: unknown, path: Path): unknown {
  let value = root
  for (const step of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined
    value = (value as Record<string | number, unknown>)[step]
  }
  return value
}

/** Takes the value at a path out of its map, or leaves a hole in its list so that the others keep their places. */
function leaveOut(root: unknown, path: Path): void {
  const parent = valueAt(root, path.slice(0, -1))
  const last = path.at(-1)
  if (typeof parent !== 'object' || parent === null || last === undefined) return
  if (Array.isArray(parent)) parent[Number(last)] = undefined
  else delete (parent as Record<string, unknown>)[String(last)]
}
