import type { FieldTable, Picked } from './modelled-fields.ts'
import { isContainer, type SourcePath } from './source-text.ts'

/** A field that the table does not have, as deep as the table goes. */
export interface LeftOutField {
  readonly path: SourcePath
  readonly value: unknown
}

/**
 * Takes out of a manifest what the table names. Fields that are null count as absent, as they do for the API server.
 *
 * The value has passed the schema, so that its types are those of the table.
 */
export function pickFields<T extends FieldTable>(
  value: unknown,
  table: T,
): { readonly picked: Picked<T>; readonly leftOut: readonly LeftOutField[] } {
  const leftOut: LeftOutField[] = []
  const picked = pickMap(value, table, [], leftOut) as Picked<T>
  return { picked, leftOut }
}

function pickMap(value: unknown, table: FieldTable, path: SourcePath, leftOut: LeftOutField[]): Record<string, unknown> {
  const picked: Record<string, unknown> = {}
  if (!isContainer(value)) return picked
  for (const [key, child] of Object.entries(value)) {
    if (child === null) continue
    const childPath = [...path, key]
    const shape = Object.hasOwn(table, key) ? table[key] : undefined
    if (shape === undefined) leftOut.push({ path: childPath, value: child })
    else if (typeof shape === 'string') picked[key] = child
    else if (isList(shape)) picked[key] = pickList(child, shape[0], childPath, leftOut)
    else picked[key] = pickMap(child, shape, childPath, leftOut)
  }
  return picked
}

function pickList(value: unknown, table: FieldTable, path: SourcePath, leftOut: LeftOutField[]): Record<string, unknown>[] {
  if (!Array.isArray(value)) return []
  return value.map((item, index) => pickMap(item, table, [...path, index], leftOut))
}

function isList(shape: FieldTable | readonly [FieldTable]): shape is readonly [FieldTable] {
  return Array.isArray(shape)
}
