import { describe, expect, test } from 'vitest'
import { isMet, NO_ROWS, type RatioRow } from './rows.ts'
import { checksumOf, tablesOf } from './tables.ts'

const ratio = (value: number, target: RatioRow['target']): RatioRow => ({
  question: 'lookup at 50,000 against 10',
  numerator: 'many',
  denominator: 'few',
  numeratorNs: 30.04,
  denominatorNs: 10,
  ratio: value,
  target,
})

describe('a target', () => {
  test.each([
    [3, 'at most', 3, true],
    [3.01, 'at most', 3, false],
    [5, 'at least', 5, true],
    [4.99, 'at least', 5, false],
  ] as const)('of a ratio of %d, %s %d, is met: %s', (value, kind, limit, expected) => {
    expect(isMet(ratio(value, { kind, value: limit }))).toBe(expected)
  })

  test('that is not there is neither met nor missed', () => {
    expect(isMet(ratio(300, null))).toBeNull()
  })
})

test('the summary tells each ratio with its target and whether it is met', () => {
  const ratios = [ratio(3, { kind: 'at most', value: 3 }), ratio(4.9, { kind: 'at least', value: 5 }), ratio(300, null)]
  const summary = tablesOf({ ...NO_ROWS, ratios }).find(({ name }) => name === 'summary')
  expect(summary?.rows).toEqual([
    ['lookup at 50,000 against 10', 'many', 30, 'few', 10, 3, '<= 3', 'yes'],
    ['lookup at 50,000 against 10', 'many', 30, 'few', 10, 4.9, '>= 5', 'no'],
    ['lookup at 50,000 against 10', 'many', 30, 'few', 10, 300, null, null],
  ])
})

test('every row of a table has as many cells as there are columns', () => {
  const lookup = {
    mode: 'ipvs',
    structure: 'hash table',
    services: 1,
    position: 'first',
    ns: 1,
    examined: 1,
    checksum: '0000000a',
  } as const
  const pick = { mode: 'ipvs', scheduler: 'rr', method: 'scheduler', endpoints: 1, ns: 1, examined: null, checksum: '0000000b' }
  const firstPacket = { mode: 'ipvs', scheduler: 'rr', services: 1, endpoints: 1, ns: 1, examined: 1, checksum: '0000000c' }
  const update = { mode: 'ipvs', scheduler: null, change: 'service', services: 1, endpoints: null, ns: 1, checksum: '0000000d' } as const
  const rows = { lookup: [lookup], pick: [pick], firstPacket: [firstPacket], update: [update], ratios: [ratio(1, null)] }
  for (const table of tablesOf(rows))
    for (const row of table.rows) expect([table.name, row.length]).toEqual([table.name, table.columns.length])
  expect(tablesOf(rows).every((table) => table.rows.length === 1)).toBe(true)
  expect(checksumOf(rows)).not.toBe(checksumOf({ ...rows, update: [{ ...update, checksum: '0000000e' }] }))
})
