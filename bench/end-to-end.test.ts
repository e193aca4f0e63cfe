import { expect, test } from 'vitest'
import { measure } from './end-to-end.ts'

test('the smoke size serves every request, makes every pod Ready, and gives the same answers in every round', () => {
  const rows = measure('smoke')
  expect(rows.map((row) => row.question)).toEqual(['pods to Ready', 'requests, iptables', 'requests, ipvs'])
  for (const row of rows) expect(row.perCpuSecond).toBeGreaterThan(0)
})
