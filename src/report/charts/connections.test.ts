import { describe, expect, test } from 'vitest'
import { LANGUAGES } from '../language/index.ts'
import { connections } from './connections.ts'
import { tableFrom } from './sample-tables.fixture.ts'
import { plainText } from './sentence.ts'
import type { ColumnTable, TableName } from './tables.ts'
import { THEMES } from './theme.ts'

const COLUMNS = ['variant', 'interval_start_s', 'interval_s', 'namespace', 'pod', 'state', 'connections_open']
type Row = readonly [variant: string, second: number, pod: string, state: string, open: number]

const chartOf = (rows: readonly Row[], more: readonly (readonly [TableName, ColumnTable])[] = [], points?: number) =>
  connections.prepare(
    new Map<TableName, ColumnTable>([
      [
        'connections',
        tableFrom(
          'connections',
          COLUMNS,
          rows.map(([variant, second, pod, state, open]) => [variant, second, 1, 'shop', pod, state, open]),
        ),
      ],
      ...more,
    ]),
    points === undefined ? {} : { points },
  )

const LOOK = { theme: THEMES.light, words: LANGUAGES.en.charts, width: 900, height: 460, interactive: false, heading: true }

/** Of each pod its cells as `from-to: value`. */
function cells(chart: ReturnType<typeof chartOf>): Record<string, string[]> {
  const { series } = chart.option(LOOK) as unknown as { series: { data: { name: string; value: number[] }[] }[] }
  const found: Record<string, string[]> = {}
  for (const { name, value } of series.flatMap(({ data }) => data)) {
    found[name] ??= []
    found[name].push(`${value[0]}-${value[1]}: ${value[4]}`)
  }
  return found
}

const finding = (chart: ReturnType<typeof chartOf>): string => plainText(chart.finding(LANGUAGES.en.charts))

describe('a pod that has no row', () => {
  const rows: Row[] = [
    ['a', 2, 'web-0', 'listening', 0],
    ['a', 4, 'web-0', 'listening', 3],
    ['a', 5, 'web-0', 'listening', 0],
    ['a', 8, 'web-0', 'gone', 0],
    ['a', 0, 'web-1', 'listening', 1],
  ]

  test('has what its last row says, and is not there before the first nor once it is gone', () => {
    // Cells of 0 that stand side by side are one.
    expect(cells(chartOf(rows))).toEqual({ 'web-0': ['2-4: 0', '4-5: 3', '5-8: 0'], 'web-1': ['0-9: 1'] })
  })

  test('is drawn to the end of the run, which requests tell', () => {
    const columns = 'variant interval_start_s interval_s phase traffic sent ok latency_ms_p50 latency_ms_p90 latency_ms_p99'.split(' ')
    const requests = tableFrom('requests', columns, [['a', 19, 1, 'measured', 't', 1, 1, 1, 1, 1]])
    expect(cells(chartOf(rows, [['requests', requests]]))['web-1']).toEqual(['0-20: 1'])
  })

  test('has the largest number of a cell where there are more intervals than cells', () => {
    expect(cells(chartOf(rows, [], 3))).toEqual({ 'web-0': ['0-3: 0', '3-6: 3', '6-9: 0'], 'web-1': ['0-9: 1'] })
  })
})

test('the finding compares the pods that listen at the end, of the workload and variant with the widest spread', () => {
  const chart = chartOf([
    ['kept', 0, 'api-0', 'listening', 16],
    ['kept', 0, 'api-1', 'listening', 0],
    ['kept', 0, 'api-2', 'draining', 99],
    ['kept', 0, 'db-0', 'listening', 50],
    ['kept', 0, 'db-1', 'listening', 50],
    ['short', 0, 'api-0', 'listening', 8],
    ['short', 0, 'api-1', 'listening', 7],
    ['short', 0, 'db-0', 'listening', 50],
    ['short', 0, 'db-1', 'listening', 51],
  ])
  expect(finding(chart)).toBe('At the end pods of api have 0 to 16 connections each in kept, and 7 to 8 in short')
})

test('the finding is the most there was where no two pods are left', () => {
  expect(finding(chartOf([['a', 0, 'web-0', 'listening', 7]]))).toBe('At most 7 connections, of web-0')
  expect(finding(chartOf([['a', 0, 'web-0', 'listening', 0]]))).toBe('No pod had a connection')
})

test('workloads without a connection are not drawn, and the busiest come first', () => {
  const chart = chartOf([
    ['a', 0, 'client-0', 'listening', 0],
    ['a', 0, 'web-0', 'listening', 1],
    ['a', 0, 'db-0', 'listening', 2],
  ])
  expect(Object.keys(cells(chart))).toEqual(['db-0', 'web-0'])
})

test('pods of the workloads with the most connections are drawn where there are too many', () => {
  const rows = Array.from({ length: 50 }, (_, index): Row[] => [
    ['a', 0, `web-${index}`, 'listening', 1],
    ['a', 0, `db-${index}`, 'listening', 2],
  ]).flat()
  expect(Object.keys(cells(chartOf(rows))).every((pod) => pod.startsWith('db-'))).toBe(true)
})
