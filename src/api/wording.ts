import { isContainer, type SourcePath } from './source-text.ts'

/** How problems speak of values, wherever they are found: the same mistake is then told once. */

export const QUANTITY = 'a quantity such as 500m, 2, 64Mi or 1Gi'

/** `"replicas"`; an item of a list is named by the list. */
export function fieldName(path: SourcePath): string {
  const field = path.findLast((step) => typeof step === 'string')
  if (field === undefined) return 'the object'
  return typeof path.at(-1) === 'number' ? `an item of "${field}"` : `"${field}"`
}

/** The value as the user would recognise it, not longer than a line. */
export function shown(value: unknown): string {
  if (Array.isArray(value)) return 'a list'
  if (isContainer(value)) return 'a map'
  if (value === undefined) return 'nothing'
  const text = String(value)
  return typeof value === 'string' ? `"${text.length > 60 ? `${text.slice(0, 57)}...` : text}"` : text
}
