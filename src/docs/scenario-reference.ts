import { type FieldForm, type SchemaField, schemaFields } from '../scenario/schema-fields.ts'
import { code, sentence, table } from './markdown.ts'

const TYPES: Readonly<Record<FieldForm['type'], string>> = {
  string: 'text',
  number: 'number',
  integer: 'whole number',
  boolean: '`true` or `false`',
  object: 'map',
  array: 'list',
  any: 'anything',
}

function formText({ type, choices, least, most }: FieldForm): string {
  if (choices.length > 0) return choices.map((choice) => code(String(choice))).join(', ')
  const range =
    least === null ? (most === null ? '' : `, at most ${most}`) : most === null ? `, at least ${least}` : `, ${least} to ${most}`
  return `${TYPES[type]}${range}`
}

const shown = (value: unknown): string => (value === '' ? '`""`' : code(typeof value === 'object' ? JSON.stringify(value) : String(value)))

function row(field: SchemaField): readonly string[] {
  const name = field.path.slice(field.path.lastIndexOf('.') + 1)
  const fallback = field.required ? 'required' : field.fallback === undefined ? '' : shown(field.fallback)
  const forms = [...new Set(field.forms.map(formText))].join('; or ')
  return [code(name), forms, fallback, sentence(field.description), field.examples.map(shown).join(', ')]
}

/** A heading and a table for each map of a scenario file, in the order of the schema. */
export function scenarioReference(): string {
  const maps = new Map<string, SchemaField[]>()
  for (const field of schemaFields()) {
    const above = field.path.includes('.') ? field.path.slice(0, field.path.lastIndexOf('.')) : ''
    maps.set(above, [...(maps.get(above) ?? []), field])
  }
  return [...maps]
    .map(([path, fields]) => {
      const heading = path === '' ? 'The file' : code(path)
      return `## ${heading}\n\n${table(['key', 'type', 'default', 'meaning', 'examples'], fields.map(row))}`
    })
    .join('\n\n')
}
