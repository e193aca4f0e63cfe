import { parse } from 'yaml'
import { readSetOptions } from '../../experiment/sweep/read-set-options.ts'
import { valueText } from '../../experiment/sweep/setting.ts'
import type { PlannedCell } from '../../experiment/sweep/sweep-plan.ts'

/** The command that runs one cell of a sweep alone. */
export function cellCommand({ input, combination, seed }: PlannedCell): string {
  const { variant, settings } = combination
  const words = ['towtank', 'sweep', input.path]
  if (variant === null) words.push('--no-variants')
  else words.push('--variant', variant)
  for (const { field, value } of settings) words.push('--set', `${field}=${optionText(value)}`)
  words.push('--seed', seed, '--out', 'results/cell')
  return words.map(quoted).join(' ')
}

/** A value as `--set` reads it back. */
function optionText(value: unknown): string {
  const text = valueText(value)
  if (typeof value !== 'string') return text
  const [axis] = readSetOptions([`field=${text}`]).axes
  const plain = axis?.values.length === 1 && axis.values[0]!.value === value && readsAs(text, value)
  return plain ? text : JSON.stringify(value)
}

function readsAs(text: string, value: string): boolean {
  try {
    return parse(text) === value
  } catch {
    return false
  }
}

function quoted(word: string): string {
  return /^[\w./=:@%+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
}
