import { expect, test } from 'vitest'
import { measure } from './raw-export.ts'

test('the smoke size writes every row in every way, and the same bytes as csv-stringify', async () => {
  const rows = await measure('smoke')
  expect(rows.map(({ variant }) => variant)).toEqual(['csv-stringify', 'csv', 'parquet'])
  expect(rows[1]!.checksum).toBe(rows[0]!.checksum)
  for (const row of rows) expect(row.rowsPerCpuSecond).toBeGreaterThan(0)
})
