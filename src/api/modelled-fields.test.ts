import { describe, expect, test } from 'vitest'
import { convert } from './convert/convert.ts'
import { type FieldTable, type Leaf, type ManifestKind, MODELLED_FIELDS, type PickedObject } from './modelled-fields.ts'
import { pickFields } from './pick-fields.ts'

/** The text is a type of address, since of a node's addresses only the internal one is looked at. */
const SAMPLES: Readonly<Record<Leaf, unknown>> = {
  text: 'InternalIP',
  number: 3,
  flag: true,
  numberOrText: 3,
  texts: ['x'],
  numbers: [1],
  map: { a: 'b' },
  quantities: { cpu: '1' },
}

/** Alternatives: each of these, given, keeps others from being looked at. So every table is tried without them too. */
const HIDING = [
  [],
  ['httpGet'],
  ['httpGet', 'tcpSocket'],
  ['sleep'],
  ['serviceAccountName'],
  ['averageUtilization'],
  ['resource'],
  ['resource', 'averageUtilization'],
  ['resource', 'containerResource'],
  ['resource', 'containerResource', 'pods'],
  ['resource', 'containerResource', 'pods', 'object'],
]

/** An object with every field of the table, but for those left out, that notes which leaves are read. */
function recorded(table: FieldTable, without: readonly string[], path: string, read: Set<string>): object {
  const value: Record<string, unknown> = {}
  for (const [field, shape] of Object.entries(table)) {
    if (without.includes(field)) continue
    const at = `${path}.${field}`
    if (typeof shape === 'string') Object.defineProperty(value, field, { enumerable: true, get: noting(at, SAMPLES[shape], read) })
    else if (Array.isArray(shape)) value[field] = [recorded(shape[0] as FieldTable, without, at, read)]
    else value[field] = recorded(shape as FieldTable, without, at, read)
  }
  return value
}

function noting(at: string, sample: unknown, read: Set<string>): () => unknown {
  return () => {
    read.add(at)
    return sample
  }
}

function leaves(table: FieldTable, path: string): string[] {
  return Object.entries(table).flatMap(([field, shape]) => {
    const at = `${path}.${field}`
    if (typeof shape === 'string') return [at]
    return leaves((Array.isArray(shape) ? shape[0] : shape) as FieldTable, at)
  })
}

const CLUSTER_SCOPED: readonly ManifestKind[] = [
  'ClusterRole',
  'ClusterRoleBinding',
  'GatewayClass',
  'IngressClass',
  'Namespace',
  'Node',
  'PriorityClass',
]

const KINDS = Object.keys(MODELLED_FIELDS) as ManifestKind[]

describe('the tables of modelled fields', () => {
  test.each(KINDS)('every field of a %s is really read', (kind) => {
    const read = new Set<string>()
    for (const without of HIDING) {
      const fields = recorded(MODELLED_FIELDS[kind], without, '', read)
      convert(kind, fields as PickedObject<typeof kind>)
    }
    const ignored = leaves(MODELLED_FIELDS[kind], '').filter((leaf) => !read.has(leaf))
    // The kind has chosen the table; a cluster-scoped object has no namespace.
    const expected = ['.apiVersion', '.kind', ...(CLUSTER_SCOPED.includes(kind) ? ['.metadata.namespace'] : [])]
    expect(ignored).toEqual(expected)
  })

  test('what a table does not name is left out and told, as deep as the table goes', () => {
    const table = { a: 'text', b: [{ c: 'number' }], d: { e: 'flag' } } as const
    const value = { a: 'x', b: [{ c: 1 }, { c: 2, z: { y: 1 } }], d: { e: null, f: 0 }, g: null }
    const { picked, leftOut } = pickFields(value, table)
    expect(picked).toEqual({ a: 'x', b: [{ c: 1 }, { c: 2 }], d: {} })
    expect(leftOut).toEqual([
      { path: ['b', 1, 'z'], value: { y: 1 } },
      { path: ['d', 'f'], value: 0 },
    ])
  })
})
