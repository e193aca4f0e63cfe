import { describe, expect, test } from 'vitest'
import { type DivergenceTable, firstDivergence, type TableRows } from './divergence.ts'

type Tables = Partial<Record<DivergenceTable, TableRows>>
const HOP = ['hop', 'ended_s', 'actor', 'action', 'object', 'detail']
const hops = (...rows: string[][]): TableRows => ({ columns: HOP, rows })
const walk = (a: Tables, b: Tables) =>
  firstDivergence(
    (table) => a[table] ?? null,
    (table) => b[table] ?? null,
  )

const first = ['0', '1', 'kubectl', 'created', 'Deployment/web', '']
const second = ['1', '2.5', 'scheduler', 'bound', 'Pod/web-1', 'to worker-1']

describe('where two runs part', () => {
  test('is nowhere when all is the same', async () => {
    expect(await walk({ objects: hops(first, second) }, { objects: hops(first, second) })).toBeNull()
  })

  test('is the first hop that differs, with those before it', async () => {
    const other = ['1', '2.25', 'scheduler', 'bound', 'Pod/web-1', 'to worker-2']
    const after = ['2', '9', 'kubelet/worker-2', 'started', 'Pod/web-1', '']
    expect(await walk({ objects: hops(first, second) }, { objects: hops(first, other, after) })).toEqual({
      table: 'objects',
      rowsSame: 1,
      atSeconds: 2.25,
      a: { hop: '1', ended_s: '2.5', actor: 'scheduler', action: 'bound', object: 'Pod/web-1', detail: 'to worker-1' },
      b: { hop: '1', ended_s: '2.25', actor: 'scheduler', action: 'bound', object: 'Pod/web-1', detail: 'to worker-2' },
      columns: ['ended_s', 'detail'],
      before: [{ hop: '0', ended_s: '1', actor: 'kubectl', action: 'created', object: 'Deployment/web', detail: '' }],
    })
  })

  test('is the end of the one that stops earlier', async () => {
    expect(await walk({ objects: hops(first) }, { objects: hops(first, second) })).toMatchObject({ rowsSame: 1, atSeconds: 2.5, a: null })
    expect(await walk({ objects: hops(first, second) }, { objects: hops(first) })).toMatchObject({ rowsSame: 1, b: null })
  })

  test('shows at most three hops before', async () => {
    const five = [1, 2, 3, 4, 5].map((n) => [String(n), String(n), 'a', 'b', 'c', ''])
    const found = await walk({ objects: hops(...five, first) }, { objects: hops(...five, second) })
    expect(found!.before.map((row) => row.hop)).toEqual(['3', '4', '5'])
  })

  test('is looked for in requests when the hops are the same: the earliest second, whichever traffic it is of', async () => {
    const requests = (shoppers: string, late: string, early: string): TableRows => ({
      columns: ['interval_start_s', 'traffic', 'ok'],
      rows: [
        ['30', 'shoppers', '500'],
        ['31', 'shoppers', shoppers],
        ['90', 'shoppers', late],
        ['30', 'browse', early],
      ],
    })
    const found = await walk(
      { objects: hops(first), requests: requests('7', '9', '1') },
      { objects: hops(first), requests: requests('7', '8', '2') },
    )
    expect(found).toMatchObject({
      table: 'requests',
      atSeconds: 30,
      a: { traffic: 'browse', ok: '1' },
      b: { ok: '2' },
      columns: ['ok'],
      before: [],
    })
  })

  test('compares columns that both have, by name, and passes over a table that one lacks', async () => {
    const wide: TableRows = { columns: ['new', ...HOP.toReversed()], rows: [['x', ...first.toReversed()]] }
    expect(await walk({ objects: hops(first) }, { objects: wide })).toBeNull()
    expect(await walk({ objects: hops(first) }, {})).toBeNull()
  })

  test('reads no further than it must', async () => {
    let read = 0
    function* endless(): Generator<string[]> {
      for (;;) {
        read++
        yield read === 3 ? second : first
      }
    }
    await walk({ objects: { columns: HOP, rows: endless() } }, { objects: hops(first, first, first) })
    expect(read).toBe(3)
  })
})
