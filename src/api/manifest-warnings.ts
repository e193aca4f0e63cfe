import { classOf, fieldPath } from './left-out-fields.ts'
import type { LeftOutField } from './pick-fields.ts'
import type { SourceObject } from './source-object.ts'
import type { SourceWarning } from './source-problem.ts'

/** One thing to be warned of: where it was first seen, and how often since. */
interface Sighting {
  readonly kind: SourceWarning['kind']
  readonly file: string
  readonly line: number
  readonly text: string
  /** What is counted, in the plural. */
  readonly unit: string
  count: number
}

const ORDER: readonly SourceWarning['kind'][] = ['unmodelled-kind', 'unmodelled-field', 'inert-field']

/** Collects warnings, one for a kind and one for a field path of a kind, however often they occur. */
export class ManifestWarnings {
  readonly #sightings = new Map<string, Sighting>()

  /** An object of a kind that the model does not act on. */
  addKind(object: SourceObject, what: string): void {
    const text = `${object.kind} ${what}`
    this.#add(`${object.apiVersion} ${object.kind}`, object, [], { kind: 'unmodelled-kind', text, unit: 'objects' })
  }

  /** A field that the model does not act on. Fields that make no difference are dropped. */
  addField(object: SourceObject, field: LeftOutField): void {
    const kind = classOf(object.kind, field)
    if (kind === 'silent') return
    const path = fieldPath(field.path)
    const effect = kind === 'inert-field' ? 'changes neither timing nor traffic and is not read' : 'has no effect in the model'
    this.#add(`${object.kind} ${path}`, object, field.path, { kind, text: `${object.kind} ${path} ${effect}`, unit: 'uses' })
  }

  /** A field that the model reads and cannot do justice to; `text` says what comes of it. */
  addLimit(object: SourceObject, path: LeftOutField['path'], text: string): void {
    const place = fieldPath(path)
    this.#add(`${object.kind} ${place} ${text}`, object, path, {
      kind: 'unmodelled-field',
      text: `${object.kind} ${place}: ${text}`,
      unit: 'uses',
    })
  }

  /** Kinds first, then fields that may change the answer, then those that cannot; each in the order of first use. */
  list(): SourceWarning[] {
    const sightings = [...this.#sightings.values()]
    return ORDER.flatMap((kind) => sightings.filter((sighting) => sighting.kind === kind)).map(
      ({ kind, file, line, text, unit, count }) => ({
        kind,
        file,
        line,
        message: count === 1 ? text : `${text} (${count} ${unit})`,
      }),
    )
  }

  #add(key: string, object: SourceObject, path: LeftOutField['path'], sighting: Pick<Sighting, 'kind' | 'text' | 'unit'>): void {
    const known = this.#sightings.get(key)
    if (known !== undefined) {
      known.count += 1
      return
    }
    const line = object.document.lineOf([...object.base, ...path], path.length > 0)
    this.#sightings.set(key, { ...sighting, file: object.document.file.path, line, count: 1 })
  }
}
