import { nearest } from '../api/did-you-mean.ts'
import type { Places } from './load-context.ts'
import type { Complaint } from './parse-result.ts'
import { valueAt } from './parse-structure.ts'
import type { Path, Place, PlacePart, YamlSource } from './parse-yaml.ts'
import { scenarioSchema } from './schema.ts'
import { isListAt, keysOf, schemasAt, schemasBelow } from './schema-paths.ts'

/** The value that a field of a scenario takes. */
export interface FieldChange {
  /** Where the value goes, from the root of the scenario file. */
  readonly target: Path
  readonly value: unknown
}

/** One change of a variant, and where the file says so. */
export interface Change extends FieldChange {
  /** Where the change is written: `spec.compare.NAME["dotted.path"]`. */
  readonly origin: Path
}

export interface VariantChanges {
  readonly name: string
  readonly changes: readonly Change[]
}

/** A mistake in a dotted path. */
export interface PathMistake {
  readonly origin: Path
  readonly complaint: Complaint
}

/** The variants of a `compare` block in file order; null when there is none or when it does not have the right form. */
export function readVariants(file: unknown): { readonly variants: readonly VariantChanges[]; readonly mistakes: readonly PathMistake[] } {
  const compare = valueAt(file, ['spec', 'compare'])
  const mistakes: PathMistake[] = []
  if (!isMap(compare)) return { variants: [], mistakes }
  const variants: VariantChanges[] = []
  for (const [name, fields] of Object.entries(compare)) {
    if (!isMap(fields)) continue
    const changes: Change[] = []
    for (const [dotted, value] of Object.entries(fields)) {
      const origin: Path = ['spec', 'compare', name, dotted]
      const target = resolveField(file, dotted)
      if (target.ok) changes.push({ target: target.path, value, origin })
      else mistakes.push({ origin, complaint: target.complaint })
    }
    variants.push({ name, changes })
  }
  return { variants, mistakes }
}

export type ResolvedField = { readonly ok: true; readonly path: Path } | { readonly ok: false; readonly complaint: Complaint }

/**
 * Turns `cluster.kubeProxy.mode` into a path from the root. Entries of a list are named by their `name` where they have one, such as
 * `traffic.shoppers.arrivals`, or by their 0-based position, such as `workloads.0.queue` or `workloads[0].queue`.
 */
export function resolveField(file: unknown, dotted: string): ResolvedField {
  const path: (string | number)[] = ['spec']
  for (const { step, index } of stepsOf(dotted)) {
    const part = { index, length: Math.max(1, step.length) }
    const schemas = schemasAt(scenarioSchema, path)
    if (isListAt(schemas)) {
      const list = valueAt(file, path)
      const position = positionOf(list, step)
      if (position !== null) {
        path.push(position)
        continue
      }
      const of = Array.isArray(list)
        ? 'that the list does not have'
        : `of a list that the scenario does not write: give it ${path.slice(1).join('.')}`
      return refuse(`"${dotted}" names an entry "${step}" ${of}`, entryNames(list), step, part)
    }
    if (path.length === 1 && step === 'compare') return refuse('A variant cannot change the block that it stands in', [], step, part)
    if (path.length === 1 && step === 'seed')
      return refuse('Variants are compared on the same random numbers: none has a seed of its own', [], step, part)
    if (schemas.flatMap((schema) => schemasBelow(schema, step)).length > 0) {
      path.push(step)
      continue
    }
    const known = keysOf(schemas).filter((key) => path.length > 1 || (key !== 'compare' && key !== 'seed'))
    return refuse(`"${dotted}" is not a field of a scenario's spec`, known, step, part)
  }
  return { ok: true, path }
}

/** The steps of a dotted path and where each begins: `nodes[0].count` is `nodes`, `0`, `count`. */
function stepsOf(dotted: string): readonly { readonly step: string; readonly index: number }[] {
  let start = 0
  return dotted.split('.').flatMap((text) => {
    const index = start
    start += text.length + 1
    const bracketed = /^([^[\]]+)((?:\[[^[\]]+\])+)$/.exec(text)
    if (bracketed === null) return [{ step: text, index }]
    const [, name, brackets] = bracketed
    const entries = [...brackets!.matchAll(/\[([^[\]]+)\]/g)].map((match) => ({
      step: match[1]!,
      index: index + name!.length + match.index + 1,
    }))
    return [{ step: name!, index }, ...entries]
  })
}

function refuse(message: string, known: readonly string[], step: string, part: NonNullable<Complaint['part']>): ResolvedField {
  const accepted = known.length === 0 ? null : `here one of ${known.join(', ')}`
  return { ok: false, complaint: { message, accepted, didYouMean: nearest(step, known), part } }
}

function positionOf(list: unknown, step: string): number | null {
  if (!Array.isArray(list)) return null
  const byName = list.findIndex((entry) => isMap(entry) && entry.name === step)
  if (byName >= 0) return byName
  const position = /^\d{1,6}$/.test(step) ? Number(step) : -1
  return position >= 0 && position < list.length ? position : null
}

function entryNames(list: unknown): readonly string[] {
  if (!Array.isArray(list)) return []
  return list.map((entry, index) => (isMap(entry) && typeof entry.name === 'string' ? entry.name : String(index)))
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The scenario file with the changes made and the `compare` block left out. The file itself stays as it is. */
export function applyChanges(file: unknown, changes: readonly FieldChange[]): unknown {
  const copy = structuredClone(file)
  const spec = valueAt(copy, ['spec'])
  if (isMap(spec)) delete spec.compare
  for (const { target, value } of changes) put(copy, target, structuredClone(value))
  return copy
}

/** Writes a value, making the maps on the way that are not there. */
function put(root: unknown, path: Path, value: unknown): void {
  let parent = root as Record<string | number, unknown>
  for (const step of path.slice(0, -1)) {
    const next = parent[step]
    if (typeof next !== 'object' || next === null) parent[step] = {}
    parent = parent[step] as Record<string | number, unknown>
  }
  parent[path.at(-1)!] = value
}

/** Places in a scenario with changes made: what was changed is shown where the change is written, all the rest where it always stood. */
export class VariantPlaces implements Places {
  readonly #source: YamlSource
  readonly #changes: readonly Change[]

  constructor(source: YamlSource, changes: readonly Change[]) {
    this.#source = source
    this.#changes = changes
  }

  place(path: Path, part?: PlacePart): Place {
    return this.#source.place(this.#origin(path), part)
  }

  placeInText(path: Path, part: Complaint['part']): Place {
    return this.#source.placeInText(this.#origin(path), part)
  }

  #origin(path: Path): Path {
    for (const change of this.#changes.toReversed()) {
      const within = change.target.every((step, index) => path[index] === step)
      if (within) return [...change.origin, ...path.slice(change.target.length)]
    }
    return path
  }
}
