import { expect, test } from 'vitest'
import { measure } from './lookup.ts'

test('all variants of a question give the same answers', () => {
  const rows = measure('smoke')
  expect(new Set(rows.map((row) => `${row.question} ${row.size}`)).size).toBe(4)
  for (const row of rows) {
    const baseline = rows.find((other) => other.question === row.question && other.size === row.size)
    expect([row.variant, row.checksum]).toEqual([row.variant, baseline?.checksum])
    expect(row.checksum).not.toBe('00000000')
    expect(row.nsPerOp).toBeGreaterThan(0)
  }
})
