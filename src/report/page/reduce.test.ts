import { expect, test } from 'vitest'
import { reduced } from './reduce.ts'

const requests = {
  name: 'requests',
  length: 4,
  columns: [
    { name: 'variant', texts: ['a'], places: [0, 0, 0, 0] },
    { name: 'phase', texts: ['warm-up', 'measured'], places: [0, 1, 1, 1] },
    { name: 'traffic', texts: ['users'], places: [0, 0, 0, 0] },
    { name: 'interval_start_s', numbers: [0, 1, 2, 3] },
    { name: 'interval_s', numbers: [1, 1, 1, 0.5] },
    { name: 'sent', numbers: [5, 7, 9, 1] },
    { name: 'ok', numbers: [5, 1, 3, 0] },
    { name: 'latency_ms_p99', numbers: [10, 20, 40, Number.NaN] },
    { name: 'latency_ms_max', numbers: [10, 90, 40, Number.NaN] },
  ],
}

test('counts are sums, latencies means by answered requests, maxima maxima, and phases stay apart', () => {
  const table = reduced(requests, 10)
  const numbers = Object.fromEntries(table.columns.flatMap((column) => ('numbers' in column ? [[column.name, [...column.numbers]]] : [])))
  expect(table.length).toBe(2)
  expect(numbers).toEqual({
    interval_start_s: [0, 1],
    interval_s: [1, 2.5],
    sent: [5, 17],
    ok: [5, 4],
    latency_ms_p99: [10, (20 + 3 * 40) / 4],
    latency_ms_max: [10, 90],
  })
})

test('of syncs the one with the oldest change stays, whole', () => {
  const proxy = {
    name: 'proxy',
    length: 3,
    columns: [
      { name: 'variant', texts: ['a'], places: [0, 0, 0] },
      { name: 'node', texts: ['n1', 'n2'], places: [0, 1, 0] },
      { name: 'sync_start_s', numbers: [1, 2, 11] },
      { name: 'oldest_change_age_ms', numbers: [5, 9, 3] },
    ],
  }
  expect(reduced(proxy, 10).columns.map((column) => [...('numbers' in column ? column.numbers : column.places)])).toEqual([
    [0, 0],
    [1, 0],
    [2, 11],
    [9, 3],
  ])
})

test('the share of the busiest core is that of the busiest second', () => {
  const nodes = {
    name: 'nodes',
    length: 2,
    columns: [
      { name: 'variant', texts: ['a'], places: [0, 0] },
      { name: 'phase', texts: ['measured'], places: [0, 0] },
      { name: 'node', texts: ['n'], places: [0, 0] },
      { name: 'interval_start_s', numbers: [0, 1] },
      { name: 'interval_s', numbers: [1, 1] },
      { name: 'busiest_core_ms', numbers: [100, 900] },
    ],
  }
  const busiest = reduced(nodes, 10).columns.at(-1)!
  expect('numbers' in busiest && [...busiest.numbers]).toEqual([1800])
})
