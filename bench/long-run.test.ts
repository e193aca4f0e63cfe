import { expect, test } from 'vitest'
import main from './long-run.ts'

test('the smoke size runs both lengths', async () => {
  const rows = await main('smoke')
  expect(rows.map(({ question, variant }) => `${question}, ${variant}`)).toEqual([
    'a cluster under load, once the duration',
    'peak memory, once the duration',
    'a cluster under load, 10 times the duration',
    'peak memory, 10 times the duration',
  ])
  for (const { value } of rows) expect(value).toBeGreaterThan(0)
})
