import { invariant } from '../invariant.ts'
import type { KnownKind } from './known-kinds.ts'
import { isContainer, type SourcePath } from './source-text.ts'

/**
 * Runs the published schema of a kind against a value, and learns which fields the schema knows.
 *
 * The schema is kubernetes-models' compiled validator. It does not report unknown fields and cannot be asked for the known ones; but it looks
 * up each field it knows on the object it is given. So it is given a recording stand-in, and afterwards a field that nobody looked up is
 * unknown. In a map with free keys (labels) each key is looked up, so that none is unknown; of a value of free form nothing is, so that all is
 * allowed where nothing was looked up.
 */
export async function runSchema(known: KnownKind, value: object): Promise<{ errors: readonly SchemaError[]; lookups: readonly Lookups[] }> {
  return runValidator(await loadValidator(known), value)
}

/** One error as the compiled validators report it. */
export interface SchemaError {
  readonly instancePath: string
  readonly keyword: string
  readonly params: {
    readonly type?: string
    readonly format?: string
    readonly missingProperty?: string
    readonly allowedValues?: readonly string[]
  }
}

/** Which fields of one map the validator asked for. */
export interface Lookups {
  readonly path: SourcePath
  readonly target: object
  readonly fields: Set<string>
}

type Validate = (this: object) => void

async function loadValidator(known: KnownKind): Promise<Validate> {
  const loaded = (await known.load()) as Readonly<Record<string, { readonly prototype: { readonly validate: Validate } } | undefined>>
  const model = loaded[known.kind]
  invariant(model !== undefined, `kubernetes-models has no ${known.apiVersion} ${known.kind}`)
  return model.prototype.validate
}

function runValidator(validate: Validate, value: object): { errors: readonly SchemaError[]; lookups: readonly Lookups[] } {
  const lookups = new Map<string, Lookups>()
  try {
    validate.call(recording(value, [], lookups))
    return { errors: [], lookups: [...lookups.values()] }
  } catch (error) {
    const { errors } = error as { errors?: readonly SchemaError[] }
    if (!Array.isArray(errors)) throw error
    return { errors, lookups: [...lookups.values()] }
  }
}

/** A stand-in for the value that notes which fields of it, and of everything below it, are looked up. */
function recording(value: object, path: SourcePath, lookups: Map<string, Lookups>): object {
  const record = Array.isArray(value) ? null : { path, target: value, fields: new Set<string>() }
  if (record !== null) lookups.set(pointer(path), record)
  const children = new Map<string, object>()
  return new Proxy(value, {
    get(target, key) {
      if (typeof key === 'symbol') return Reflect.get(target, key)
      record?.fields.add(key)
      if (!Object.hasOwn(target, key)) return Array.isArray(target) ? Reflect.get(target, key) : undefined
      const child: unknown = Reflect.get(target, key)
      if (!isContainer(child)) return child
      const known = children.get(key) ?? recording(child, [...path, Array.isArray(target) ? Number(key) : key], lookups)
      children.set(key, known)
      return known
    },
  })
}

/** JSON pointer, RFC 6901. */
export function pointer(path: SourcePath): string {
  return path.map((step) => `/${String(step).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
}
