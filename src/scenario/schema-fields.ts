import { z } from 'zod'
import { scenarioSchema } from './schema.ts'

/** What a field of a scenario may hold, in one of its forms. */
export interface FieldForm {
  readonly type: 'string' | 'number' | 'integer' | 'boolean' | 'object' | 'array' | 'any'
  /** Accepted values, where there is a list of them. */
  readonly choices: readonly (string | number | boolean)[]
  readonly least: number | null
  readonly most: number | null
}

/** A field of a scenario file, as the schema has it. */
export interface SchemaField {
  /** `spec.traffic[].timeout`; `*` stands for a key of the user's choice. */
  readonly path: string
  readonly forms: readonly FieldForm[]
  /** Whether its map needs it in every form that the map has. */
  readonly required: boolean
  readonly description: string
  /** undefined where there is none. */
  readonly fallback: unknown
  readonly examples: readonly unknown[]
}

interface JsonSchema {
  readonly type?: FieldForm['type'] | readonly FieldForm['type'][]
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly additionalProperties?: JsonSchema | boolean
  readonly required?: readonly string[]
  readonly items?: JsonSchema
  readonly anyOf?: readonly JsonSchema[]
  readonly oneOf?: readonly JsonSchema[]
  readonly enum?: readonly (string | number | boolean)[]
  readonly const?: string | number | boolean
  readonly description?: string
  readonly default?: unknown
  readonly examples?: readonly unknown[]
  readonly minimum?: number
  readonly maximum?: number
}

/**
 * Every field of a scenario file, maps and lists before what is in them, in the order of the schema. Fields of the same path in several forms of a
 * map (the kinds of faults, the sources of traffic) are one, with the choices of all.
 */
export function schemaFields(): readonly SchemaField[] {
  const fields = new Map<string, SchemaField>()
  walk(z.toJSONSchema(scenarioSchema) as unknown as JsonSchema, '', () => true, fields)
  return [...fields.values()]
}

const alternativesOf = ({ anyOf, oneOf }: JsonSchema): readonly JsonSchema[] => anyOf ?? oneOf ?? []

function walk(schema: JsonSchema, path: string, required: (key: string) => boolean, fields: Map<string, SchemaField>): void {
  if (schema.items !== undefined) walk(schema.items, `${path}[]`, () => true, fields)
  const options = alternativesOf(schema)
  const shared = options.filter((option) => option.properties !== undefined)
  for (const option of options) walk(option, path, (key) => shared.every((other) => other.required?.includes(key) === true), fields)
  for (const [key, below] of Object.entries(schema.properties ?? {})) {
    const name = path === '' ? key : `${path}.${key}`
    const field = fieldOf(name, below, schema.required?.includes(key) === true && required(key))
    const before = fields.get(name)
    fields.set(name, before === undefined ? field : merged(before, field))
    walk(below, name, () => true, fields)
  }
  const { additionalProperties } = schema
  if (typeof additionalProperties === 'object' && Object.keys(additionalProperties).length > 0) {
    const name = `${path}.*`
    if (additionalProperties.description !== undefined) fields.set(name, fieldOf(name, additionalProperties, false))
    walk(additionalProperties, name, () => true, fields)
  }
}

function fieldOf(path: string, schema: JsonSchema, required: boolean): SchemaField {
  const { description = '', default: fallback, examples = [] } = schema
  return { path, required, forms: formsOf(schema), description, fallback, examples }
}

function formsOf(schema: JsonSchema): readonly FieldForm[] {
  const options = alternativesOf(schema)
  if (options.length > 0) return options.flatMap(formsOf)
  const choices = schema.const !== undefined ? [schema.const] : (schema.enum ?? [])
  const types = schema.type ?? choices.slice(0, 1).map((choice) => typeof choice as FieldForm['type'])
  const bounds = { choices, least: limit(schema.minimum, -1), most: limit(schema.maximum, 1) }
  const all = typeof types === 'string' ? [types] : types
  return (all.length === 0 ? (['any'] as const) : all).map((type) => ({ type, ...bounds }))
}

/** Bounds that only say what a number is (±2^53) are none. */
function limit(bound: number | undefined, sign: number): number | null {
  return bound === undefined || bound === sign * Number.MAX_SAFE_INTEGER ? null : bound
}

function merged(one: SchemaField, other: SchemaField): SchemaField {
  const forms = [...one.forms]
  for (const form of other.forms) {
    const same = forms.findIndex(({ type }) => type === form.type)
    if (same < 0) forms.push(form)
    else forms[same] = { ...forms[same]!, choices: [...new Set([...forms[same]!.choices, ...form.choices])] }
  }
  return { ...one, required: one.required && other.required, forms, examples: one.examples.length > 0 ? one.examples : other.examples }
}
