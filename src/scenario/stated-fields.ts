/** What stands at a place of the file; null for a map or a list of maps. */
export type StatedValue = string | number | boolean | null

/**
 * The fields that a scenario file states, with their values as they are written there: by dotted path under `spec`, entries of lists by their `name`
 * where they have one and else by their 0-based position, as in `compare`. In file order, maps before what is in them; a list of plain values is one
 * value.
 */
export type StatedFields = readonly (readonly [path: string, value: StatedValue])[]

export function statedFields(file: unknown): StatedFields {
  const found: (readonly [string, StatedValue])[] = []
  const visit = (value: unknown, path: string): void => {
    if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') found.push([path, value])
    else if (Array.isArray(value) && value.every((entry) => typeof entry !== 'object')) found.push([path, value.join(', ')])
    else if (Array.isArray(value)) {
      found.push([path, null])
      for (const [index, entry] of value.entries()) visit(entry, below(path, nameOf(entry) ?? String(index)))
    } else if (isMap(value)) {
      if (path !== '') found.push([path, null])
      for (const [key, entry] of Object.entries(value)) visit(entry, below(path, key))
    }
  }
  if (isMap(file)) visit(file.spec, '')
  return found
}

const below = (path: string, step: string): string => (path === '' ? step : `${path}.${step}`)

function nameOf(entry: unknown): string | null {
  return isMap(entry) && typeof entry.name === 'string' ? entry.name : null
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
