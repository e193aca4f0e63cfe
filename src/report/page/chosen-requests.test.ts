import { expect, test } from 'vitest'
import { ColumnTable } from '../read/column-table.ts'
import { chosenRequests } from './chosen-requests.ts'

const COLUMNS = ['variant', 'traffic', 'request', 'kept', 'step', 'parent_step', 'name', 'started_s', 'ended_s', 'where', 'detail']

/** Each request as `traffic number kept milliseconds outcome`, with one step below it. */
function samples(...requests: readonly string[]): ColumnTable {
  const table = new ColumnTable(COLUMNS, new Set(['variant', 'traffic', 'kept', 'name', 'where', 'detail']))
  for (const one of requests) {
    const [variant, traffic, number, kept, ms, outcome] = one.split('|') as [string, string, string, string, string, string]
    const ended = String(10 + Number(ms) / 1000)
    table.push([variant, traffic, number, kept, '0', '', 'request', '10', ended, 'client 1.2.3.4', outcome])
    table.push([variant, traffic, number, kept, '1', '0', 'try', '10', ended, '', ''])
    table.push([variant, traffic, number, kept, '2', '1', 'network', '10', ended, '', ''])
    table.push([variant, traffic, number, kept, '3', '0', 'network', ended, ended, '', ''])
  }
  return table
}

const told = (table: ColumnTable, variant = 'a') =>
  chosenRequests(table, variant).map(({ traffic, requests }) => [traffic, ...requests.map(({ number, why }) => `${number}: ${why.join()}`)])

test('the slowest answered, the first of each cause of failure, and the middle of those that are spread', () => {
  const table = samples(
    'a|users|1|spread|5|ok',
    'a|users|2|failed|900|failed: reset; on a kept connection',
    'a|users|3|failed|800|failed: timeout',
    'a|users|4|failed|700|failed: reset',
    'a|users|5|spread|7|ok; on a kept connection',
    'a|users|6|slowest|90|ok; 2 SYNs repeated',
    'a|users|7|spread slowest|80|ok',
    'a|users|8|spread|2|on its way',
    'a|robots|1|spread slowest|3|ok',
    'b|users|1|spread|1|ok',
  )
  expect(told(table)).toEqual([
    ['users', '6: slowest', '2: failed reset', '3: failed timeout', '5: typical'],
    ['robots', '1: slowest,typical'],
  ])
  expect(told(table, 'b')).toEqual([['users', '1: typical']])
})

test('of an even number the faster of the two in the middle is typical', () => {
  expect(told(samples('a|users|1|spread|4|ok', 'a|users|2|spread|2|ok', 'a|users|3|spread|3|ok', 'a|users|4|spread|1|ok'))).toEqual([
    ['users', '2: typical'],
  ])
})

test('steps keep their times to the nanosecond and how deep they are', () => {
  const [traffic] = chosenRequests(samples('a|users|1|spread|0.000123|ok'), 'a')
  const { steps } = traffic!.requests[0]!
  expect(steps.map(({ name, depth }) => `${name} ${depth}`)).toEqual(['request 0', 'try 1', 'network 2', 'network 1'])
  expect(steps.map(({ started, ended }) => ended - started)).toEqual([123, 123, 123, 0])
})
