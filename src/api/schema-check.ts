import { nearest } from './did-you-mean.ts'
import { acceptedValues } from './enumerations.ts'
import type { KnownKind } from './known-kinds.ts'
import { fieldsAddedSince } from './newer-fields.ts'
import { parseQuantity } from './quantity.ts'
import { type Lookups, pointer, runSchema, type SchemaError } from './schema-validator.ts'
import type { SourceProblem } from './source-problem.ts'
import { isContainer, type ProblemDetails, type SourcePath } from './source-text.ts'
import { fieldName, QUANTITY, shown } from './wording.ts'

type Report = (path: SourcePath, details: ProblemDetails) => SourceProblem

/**
 * Checks an object against the published schema of its kind, as strictly as the API server does for `kubectl apply`: unknown fields are
 * refused. `report` makes a problem of a place within the value.
 */
export async function checkSchema(known: KnownKind, value: object, report: Report): Promise<SourceProblem[]> {
  const { errors, lookups } = await runSchema(known, value)
  const unknown = unknownFields(known.kind, lookups)
  const misspelt = new Set(unknown.map((field) => pointer([...field.parent, field.suggestion ?? ''])))
  return [
    ...unknown.map((field) => unknownFieldProblem(known, field, report)),
    ...schemaProblems(value, errors, misspelt, report),
    ...enumerationProblems(known.kind, lookups, report),
  ]
}

interface UnknownField {
  readonly parent: SourcePath
  readonly name: string
  readonly fields: readonly string[]
  readonly suggestion: string | null
}

function unknownFields(kind: string, lookups: readonly Lookups[]): UnknownField[] {
  return lookups.flatMap((record) => {
    if (record.fields.size === 0) return []
    const present = Object.keys(record.target)
    const fields = [...record.fields, ...fieldsAddedSince(kind, names(record.path))]
    const absent = fields.filter((field) => !present.includes(field))
    return present
      .filter((name) => !fields.includes(name))
      .map((name) => ({ parent: record.path, name, fields, suggestion: nearest(name, absent) ?? nearest(name, fields) }))
  })
}

/** Up to this many known fields are listed; more do not help. */
const FIELDS_LISTED_MAX = 12

function unknownFieldProblem(known: KnownKind, field: UnknownField, report: Report): SourceProblem {
  const owner = names(field.parent)
  return report([...field.parent, field.name], {
    atKey: true,
    message: `"${field.name}" is not a field of ${owner.length === 0 ? `a ${known.kind}` : `"${owner[owner.length - 1]}"`}`,
    accepted: field.fields.length <= FIELDS_LISTED_MAX ? `one of ${[...field.fields].sort().join(', ')}` : null,
    didYouMean: field.suggestion,
  })
}

/**
 * Several errors at one place are one mistake: a value that is neither of two types. An empty text in place of one of several values stands for
 * the default, as it does for the API server.
 */
function schemaProblems(value: object, errors: readonly SchemaError[], misspelt: ReadonlySet<string>, report: Report): SourceProblem[] {
  const problems: SourceProblem[] = []
  const places = new Map<string, SchemaError[]>()
  for (const error of errors) {
    const path = stepsOf(value, error.instancePath)
    const missing = error.params.missingProperty
    if (error.keyword !== 'required' || missing === undefined) {
      places.set(error.instancePath, [...(places.get(error.instancePath) ?? []), error])
    } else if (!misspelt.has(pointer([...path, missing]))) {
      problems.push(report(path, { atKey: true, message: `"${missing}" is missing` }))
    }
  }
  for (const [place, found] of places) {
    const path = stepsOf(value, place)
    const wrong = valueAt(value, path)
    const values = found.flatMap((error) => error.params.allowedValues ?? [])
    if (values.length > 0 && wrong === '') continue
    if (found.some((error) => error.params.format === 'quantity') && isQuantity(wrong)) continue
    const didYouMean = typeof wrong === 'string' ? nearest(wrong, values) : null
    problems.push(
      report(path, { message: `Cannot use ${shown(wrong)} for ${fieldName(path)}`, accepted: acceptedBy(values, found), didYouMean }),
    )
  }
  return problems
}

/** The validator's idea of a quantity is narrower than the API's. */
function isQuantity(value: unknown): boolean {
  return (typeof value === 'string' || typeof value === 'number') && parseQuantity(String(value)).ok
}

const TYPE_NAMES: Readonly<Record<string, string>> = {
  array: 'a list',
  boolean: 'true or false',
  integer: 'a whole number',
  number: 'a number',
  object: 'a map',
  string: 'a text',
}

const FORMAT_NAMES: Readonly<Record<string, string>> = {
  byte: 'a text in base64',
  'date-time': 'a time such as 2026-01-31T12:00:00Z',
  int32: 'a whole number from -2147483648 to 2147483647',
  int64: 'a whole number of 64 bits',
  quantity: QUANTITY,
}

function acceptedBy(values: readonly string[], errors: readonly SchemaError[]): string {
  if (values.length > 0) return `one of ${values.join(', ')}`
  const formats = errors.flatMap((error) => error.params.format ?? [])
  const types = errors.flatMap((error) => error.params.type ?? [])
  const wanted = formats.includes('quantity') ? formats : [...types, ...formats]
  const phrases = wanted.map((name) => FORMAT_NAMES[name] ?? TYPE_NAMES[name] ?? `a value of format ${name}`)
  return [...new Set(phrases)].join(', or ')
}

function enumerationProblems(kind: string, lookups: readonly Lookups[], report: Report): SourceProblem[] {
  const problems: SourceProblem[] = []
  for (const record of lookups) {
    for (const [key, value] of Object.entries(record.target)) {
      if (!record.fields.has(key)) continue
      const accepted = acceptedValues(kind, names([...record.path, key]))
      if (accepted === null) continue
      if (typeof value !== 'string' || value === '' || accepted.includes(value)) continue
      const path = [...record.path, key]
      const message = `Cannot use ${shown(value)} for ${fieldName(path)}`
      problems.push(report(path, { message, accepted: `one of ${accepted.join(', ')}`, didYouMean: nearest(value, accepted) }))
    }
  }
  return problems
}

function names(path: SourcePath): string[] {
  return path.filter((step) => typeof step === 'string')
}

function valueAt(value: unknown, path: SourcePath): unknown {
  return path.reduce<unknown>((at, step) => (isContainer(at) ? (at as Record<string | number, unknown>)[step] : undefined), value)
}

function stepsOf(value: object, instancePath: string): SourcePath {
  const steps: (string | number)[] = []
  let at: unknown = value
  for (const part of instancePath.split('/').slice(1)) {
    const step = part.replaceAll('~1', '/').replaceAll('~0', '~')
    steps.push(Array.isArray(at) ? Number(step) : step)
    at = valueAt(at, [steps[steps.length - 1]!])
  }
  return steps
}
