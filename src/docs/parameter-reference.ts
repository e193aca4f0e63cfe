import type { Provenance } from '../control-plane/latencies.ts'
import { FIELD_ORIGINS } from '../parameters/field-origins.ts'
import { parameterFields, quantityOf } from '../parameters/field-parameters.ts'
import { PARAMETER_GROUPS, type Parameter } from '../parameters/index.ts'
import type { Quantity } from '../parameters/quantity.ts'
import { code, sentence, table } from './markdown.ts'

const LONGEST = 80

function valueText({ value, unit }: Quantity): string {
  const text = String(value)
  // Curves of many points stand in the profile and in parameters.csv.
  const points = text.split(' ')
  const shown = text.length > LONGEST && text.includes(':') ? `${points[0]} … ${points.at(-1)} (${points.length} points)` : text
  return unit === '' ? shown : `${shown} ${unit}`
}

function row(parameter: Parameter): readonly string[] {
  const { name, provenance, source, note, when } = parameter
  const condition = when === null ? '' : `Only ${when.text}.`
  const words = [sentence(note), condition].filter((text) => text !== '').join(' ')
  return [code(name), valueText(parameter), provenance, source.replace(/^assumption: /, ''), words]
}

/** A heading and a table for each group. */
export function parameterTables(): string {
  return PARAMETER_GROUPS.map(
    ({ title, parameters }) => `## ${title}\n\n${table(['parameter', 'value', 'provenance', 'source', 'note'], parameters.map(row))}`,
  ).join('\n\n')
}

/** How many there are of each provenance. */
export function provenanceCounts(): string {
  const fixed = PARAMETER_GROUPS.flatMap(({ parameters }) => parameters)
  const defaults = Object.values(FIELD_ORIGINS)
  const count = (list: readonly { readonly provenance: Provenance }[], wanted: Provenance) =>
    String(list.filter(({ provenance }) => provenance === wanted).length)
  const kinds: readonly Provenance[] = ['measured', 'cited', 'assumed']
  return table(
    ['', ...kinds, 'in all'],
    [
      ['that no field changes', ...kinds.map((kind) => count(fixed, kind)), String(fixed.length)],
      ['defaults of fields', ...kinds.map((kind) => count(defaults, kind)), String(defaults.length)],
    ],
  )
}

/** The default of every field of a scenario that has one, and where it comes from. */
export function fieldDefaults(): string {
  const rows = parameterFields().flatMap((field) => {
    const origin = FIELD_ORIGINS[field.path]
    if (origin === undefined) return []
    const fallback = field.fallback as string | number | boolean
    return [[code(field.path), valueText(quantityOf(field, fallback)), origin.provenance, origin.source.replace(/^assumption: /, '')]]
  })
  return table(['field', 'default', 'provenance', 'source'], rows)
}
