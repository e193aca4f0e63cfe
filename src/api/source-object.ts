import type { SourceProblem } from './source-problem.ts'
import { isContainer, type ProblemDetails, type SourceDocument, type SourcePath } from './source-text.ts'

/** One object of a document: the document itself, or an item of its list. */
export interface SourceObject {
  readonly document: SourceDocument
  /** Where in the document. */
  readonly base: SourcePath
  readonly value: Readonly<Record<string, unknown>>
  readonly apiVersion: string
  readonly kind: string
}

/**
 * The objects of a document. `kind: List` and the lists of a kind (`DeploymentList`) are opened; lists within lists are refused, as `kubectl`
 * does.
 */
export function objectsOf(document: SourceDocument): { objects: SourceObject[]; problems: SourceProblem[] } {
  const problems: SourceProblem[] = []
  const outer = objectAt(document, [], document.value, null, problems)
  if (outer === null) return { objects: [], problems }
  const items = outer.value.items
  if (!outer.kind.endsWith('List') || (items !== undefined && items !== null && !Array.isArray(items))) {
    if (outer.kind !== 'List') return { objects: [outer], problems }
    problems.push(document.problem(['items'], { message: 'The items of a List are not a list', accepted: 'a list of objects' }))
    return { objects: [], problems }
  }
  const itemKind = outer.kind === 'List' ? null : { apiVersion: outer.apiVersion, kind: outer.kind.slice(0, -'List'.length) }
  const objects: SourceObject[] = []
  for (const [index, item] of (Array.isArray(items) ? items : []).entries()) {
    const object = objectAt(document, ['items', index], item, itemKind, problems)
    if (object === null) continue
    if (object.kind.endsWith('List') && Array.isArray(object.value.items)) {
      problems.push(problemOf(object, ['kind'], { message: 'A list within a list cannot be applied' }))
    } else {
      objects.push(object)
    }
  }
  return { objects, problems }
}

/** A problem at a path within the object. */
export function problemOf(object: SourceObject, path: SourcePath, details: ProblemDetails): SourceProblem {
  return object.document.problem([...object.base, ...path], details)
}

/** `implied` is what the items of a list of a kind need not say again. */
function objectAt(
  document: SourceDocument,
  base: SourcePath,
  value: unknown,
  implied: { readonly apiVersion: string; readonly kind: string } | null,
  problems: SourceProblem[],
): SourceObject | null {
  if (!isContainer(value) || Array.isArray(value)) {
    problems.push(document.problem(base, { message: 'This is no Kubernetes object', accepted: 'a map with apiVersion, kind and metadata' }))
    return null
  }
  const object = value as Readonly<Record<string, unknown>>
  const found = problems.length
  const texts = (['apiVersion', 'kind'] as const).map((field) => {
    const text = Object.hasOwn(object, field) ? (object[field] ?? implied?.[field]) : implied?.[field]
    if (typeof text === 'string' && text !== '') return text
    if (text === undefined || text === null || text === '') {
      problems.push(document.problem(base, { message: `"${field}" is missing`, atKey: base.length > 0 }))
    } else {
      problems.push(document.problem([...base, field], { message: `Cannot use ${String(text)} for "${field}"`, accepted: 'a text' }))
    }
    return ''
  })
  return problems.length === found ? { document, base, value: object, apiVersion: texts[0]!, kind: texts[1]! } : null
}
