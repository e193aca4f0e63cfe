import type { SourceProblem } from '../source-problem.ts'
import { isContainer, type ProblemDetails, type SourceDocument, type SourcePath } from '../source-text.ts'

/**
 * A value within an object, as the rules see it: it knows its place and can be complained about.
 *
 * The rules run even where the schema has found mistakes, so that all are told at once. Therefore nothing here trusts a type: what is not
 * of the type asked for counts as absent, since the schema has already said so.
 */
export class Checked {
  readonly value: unknown
  readonly path: SourcePath
  readonly #document: SourceDocument
  readonly #problems: SourceProblem[]

  constructor(document: SourceDocument, path: SourcePath, value: unknown, problems: SourceProblem[]) {
    this.value = value
    this.path = path
    this.#document = document
    this.#problems = problems
  }

  /** The field, or null when it is absent or null. */
  at(...steps: readonly (string | number)[]): Checked | null {
    let value = this.value
    for (const step of steps) {
      if (!isContainer(value) || !Object.hasOwn(value, step)) return null
      value = (value as Record<string | number, unknown>)[step]
    }
    return value === null || value === undefined ? null : this.#child(steps, value)
  }

  /** The items of the list at the field; none when there is no list. */
  items(...steps: readonly string[]): Checked[] {
    const list = this.at(...steps)
    if (list === null || !Array.isArray(list.value)) return []
    return list.value.map((item, index) => list.#child([index], item))
  }

  /** The entries of the map at the field, each under its key. */
  entries(...steps: readonly string[]): { key: string; value: Checked }[] {
    const map = this.at(...steps)
    if (map === null || !isContainer(map.value) || Array.isArray(map.value)) return []
    return Object.entries(map.value).map(([key, value]) => ({ key, value: map.#child([key], value) }))
  }

  text(...steps: readonly string[]): string | null {
    const value = this.at(...steps)?.value
    return typeof value === 'string' ? value : null
  }

  number(...steps: readonly string[]): number | null {
    const value = this.at(...steps)?.value
    return typeof value === 'number' ? value : null
  }

  /** The place of this value. */
  complain(message: string, accepted: string | null = null): void {
    this.#report(this.path, { message, accepted })
  }

  /** The key of this value. */
  complainAtKey(message: string, accepted: string | null = null): void {
    this.#report(this.path, { message, accepted, atKey: true })
  }

  #report(path: SourcePath, details: ProblemDetails): void {
    this.#problems.push(this.#document.problem(path, details))
  }

  #child(steps: SourcePath, value: unknown): Checked {
    return new Checked(this.#document, [...this.path, ...steps], value, this.#problems)
  }
}

/** Says every complaint of a name rule about the text at this place. */
export function complainAbout(place: Checked | null, what: string, rule: (value: string) => readonly string[]): void {
  if (place === null || typeof place.value !== 'string') return
  const complaints = rule(place.value)
  if (complaints.length > 0) place.complain(`Cannot use "${place.value}" as ${what}: it ${complaints.join(', and ')}`)
}

/** Says that the number at the place is outside the range; an absent one is fine. */
export function complainOutside(place: Checked | null, min: number, max = Number.POSITIVE_INFINITY): void {
  if (place === null || typeof place.value !== 'number' || (place.value >= min && place.value <= max)) return
  const field = place.path.findLast((step) => typeof step === 'string')
  const accepted = max === Number.POSITIVE_INFINITY ? `${min} or more` : `${min} to ${max}`
  place.complain(`Cannot use ${place.value} for "${field}"`, accepted)
}

/** Says that a name of the list was used before. */
export function complainTwice(places: readonly (Checked | null)[], what: string): void {
  const seen = new Set<unknown>()
  for (const place of places) {
    if (place === null || place.value === '') continue
    if (seen.has(place.value)) place.complain(`The ${what} "${String(place.value)}" is used twice`)
    seen.add(place.value)
  }
}
