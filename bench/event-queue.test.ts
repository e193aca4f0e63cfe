import { expect, test } from 'vitest'
import main from './event-queue.ts'
import { disagreements, rowsNamed } from './harness/row.ts'

test('all variants of a question give the same events in the same order', async () => {
  const rows = await main('smoke')
  expect(disagreements(rows)).toEqual([])
  expect(new Set(rows.filter(({ checksum }) => checksum !== null).map(({ question }) => question))).toEqual(
    new Set(['hold', 'time-out set and cancelled']),
  )
  for (const { checksum } of rows) expect(checksum).not.toBe('00000000')
})

test('the wheel forgets what is cancelled at once, an event takes 32 bytes', async () => {
  const rows = await main('smoke')
  const wheelValue = (question: string) => rowsNamed(rows, { question, variant: 'radix wheel' })[0]?.value
  expect(wheelValue('time-outs that stay after their cancel')).toBe(0)
  expect(wheelValue('memory an event')).toBe(32)
})
