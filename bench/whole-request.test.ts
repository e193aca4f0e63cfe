import { expect, test } from 'vitest'
import { measure } from './whole-request.ts'

test('every mode carries requests, on connections of their own and on kept ones, and gives the same answers twice', () => {
  const rows = measure('smoke')
  expect(rows.map(({ variant }) => variant)).toEqual([
    'by hand',
    ...['iptables', 'ipvs', 'nftables'].flatMap((mode) => [`${mode}, one request a connection`, `${mode}, kept connections`]),
  ])
  for (const row of rows) expect(row.value).toBeGreaterThan(0)
  const checksums = rows.flatMap(({ checksum }) => checksum ?? [])
  expect(new Set(checksums).size).toBe(6)
  expect(measure('smoke').flatMap(({ checksum }) => checksum ?? [])).toEqual(checksums)
})
