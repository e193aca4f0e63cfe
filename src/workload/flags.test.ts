import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'

/** Files with a column of flags, and what besides flags they call by a number > 0. */
const TABLES: readonly (readonly [file: string, others: readonly string[]])[] = [
  ['request-table.ts', ['CAPACITY']],
  ['connection-table.ts', ['CAPACITY']],
  ['calls.ts', ['CAPACITY']],
  ['datagrams/udp-flows.ts', ['CAPACITY']],
]

/** The constants that a file sets to a number > 0. */
function constants(text: string): [name: string, value: number][] {
  return [...text.matchAll(/^(?:export )?const ([A-Z_]+) = ([\d_]+)$/gm)].map(([, name, value]) => [
    name!,
    Number(value!.replaceAll('_', '')),
  ])
}

describe.each(TABLES)('flags of %s', (file, others) => {
  const text = readFileSync(new URL(file, import.meta.url), 'utf8')
  const flags = constants(text).filter(([name]) => !others.includes(name))

  test('are single bits that differ from each other', () => {
    expect(flags.length).toBeGreaterThanOrEqual(3)
    for (const [name, bit] of flags) expect(bit & (bit - 1), name).toBe(0)
    expect(new Set(flags.map(([, bit]) => bit)).size).toBe(flags.length)
  })

  test('fit into their column, before it grows and after', () => {
    const widths = [...text.matchAll(/(?:flags = |grown\(this\.#?flags, )new (U?[Ii]nt(?:8|16|32))Array/g)].map(([, type]) => type!)
    expect(widths.length).toBe(2)
    for (const type of widths) {
      const most = type.startsWith('Int') ? 2 ** (Number(type.slice(3)) - 1) : 2 ** Number(type.slice(4))
      for (const [name, bit] of flags) expect(bit, name).toBeLessThan(most)
    }
  })
})
