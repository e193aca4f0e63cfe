import { z } from 'zod'
import type { Path } from './parse-yaml.ts'

type Schema = z.core.$ZodType

/** The schema without the wrapping that says "may be absent". */
function unwrap(schema: Schema): Schema {
  return schema instanceof z.ZodOptional ? unwrap(schema.unwrap()) : schema
}

/** The forms that a schema accepts: itself, or the alternatives of a union. */
function alternatives(schema: Schema): readonly Schema[] {
  const plain = unwrap(schema)
  return plain instanceof z.ZodUnion ? plain.options.flatMap((option) => alternatives(option)) : [plain]
}

/** The schemas that may apply one step further down. */
export function schemasBelow(schema: Schema, step: string | number): readonly Schema[] {
  return alternatives(schema).flatMap((plain): readonly Schema[] => {
    if (plain instanceof z.ZodObject) return Object.hasOwn(plain.shape, step) ? [plain.shape[step] as Schema] : []
    if (plain instanceof z.ZodRecord) return [plain.valueType as Schema]
    if (plain instanceof z.ZodArray && typeof step === 'number') return [plain.element as Schema]
    return []
  })
}

/** The schemas that may apply at a path; none when the form has no such place. */
export function schemasAt(root: Schema, path: Path): readonly Schema[] {
  let current: readonly Schema[] = [root]
  for (const step of path) current = current.flatMap((schema) => schemasBelow(schema, step))
  return current
}

/** The keys that maps at this place may have, in the order of the schema. */
export function keysOf(schemas: readonly Schema[]): readonly string[] {
  const keys = schemas.flatMap((schema) =>
    alternatives(schema).flatMap((plain) => (plain instanceof z.ZodObject ? Object.keys(plain.shape) : [])),
  )
  return [...new Set(keys)]
}

/** Whether a list may stand at this place. */
export function isListAt(schemas: readonly Schema[]): boolean {
  return schemas.some((schema) => alternatives(schema).some((plain) => plain instanceof z.ZodArray))
}
