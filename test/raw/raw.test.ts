import { describe, expect, test } from 'vitest'
import { BLAME_PARTS } from '../../src/metrics/blame.ts'
import type { Cell, Table } from '../../src/metrics/table.ts'
import type { Scenario } from '../../src/scenario/scenario.ts'
import { simulate } from '../../src/scenario/simulate.ts'
import { randomScenarioOf, scenarioOf, texts } from '../samples/testing.ts'
import { KeptRows, type RawRow } from './testing.ts'

/**
 * Every request is told once, and nothing else changes: the rows are counted and summed up as requests.csv has it, interval by interval. All sums are of
 * whole nanoseconds, so they must agree to the last bit. Of every request that is over, also of failed ones, the parts sum to its latency.
 */
const FILES = [
  'scenarios/hello.yaml',
  'scenarios/concepts/ingress.yaml',
  'scenarios/incidents/dns-race.yaml',
  'scenarios/incidents/retry-storm.yaml',
  'scenarios/incidents/keep-alive.yaml',
  'scenarios/incidents/half-open.yaml',
]
const SEEDS = Array.from({ length: 6 }, (_, index) => `raw-${index}`)

const CASES: readonly (readonly [string, () => Promise<Scenario>])[] = [
  ...FILES.map((file) => [file, () => scenarioOf(file)] as const),
  ...SEEDS.map((seed) => [`the random scenario ${seed}`, () => randomScenarioOf(seed)] as const),
]

/** The rows that were to be sent in the interval of a row of requests.csv, by the traffic and the interval's start. */
function byInterval(rows: readonly RawRow[], table: readonly Readonly<Record<string, Cell>>[]): Map<string, RawRow[]> {
  const starts = new Map<string, number[]>()
  for (const { traffic, interval_start_s } of table) {
    const known = starts.get(traffic as string) ?? []
    starts.set(traffic as string, [...known, Math.round((interval_start_s as number) * 1e9)])
  }
  const found = new Map<string, RawRow[]>()
  for (const row of rows) {
    const start = starts.get(row.traffic)!.findLast((at) => at <= row.sentAt)!
    const key = `${row.traffic} ${start}`
    const known = found.get(key)
    if (known === undefined) found.set(key, [row])
    else known.push(row)
  }
  return found
}

function records(table: Table): readonly Readonly<Record<string, Cell>>[] {
  return [...table.rows].map((row) => Object.fromEntries(table.columns.map((column, index) => [column, row[index]!])))
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)

describe.each(CASES)('all requests of %s', (_name, load) => {
  test('are told once in the order of their ends, and sum up to requests.csv', async () => {
    const scenario = await load()
    const without = simulate(scenario, { variant: 'a' })
    const sink = new KeptRows()
    const result = simulate(scenario, { variant: 'a', requests: sink })
    for (const name of ['requests', 'objects', 'proxy', 'pods', 'nodes', 'failures', 'events'] as const)
      expect(texts(result[name]), name).toEqual(texts(without[name]))
    expect(result.summary).toEqual(without.summary)
    const table = records(without.requests)
    const intervals = byInterval(sink.rows, table)
    for (const row of table) {
      const requests = intervals.get(`${row['traffic']} ${Math.round((row['interval_start_s'] as number) * 1e9)}`) ?? []
      const ok = requests.filter(({ outcome }) => outcome === 'ok')
      expect(requests.length).toBe(row['sent'])
      expect(ok.length).toBe(row['ok'])
      for (const [column, count] of Object.entries(row)) {
        if (!column.startsWith('failed_')) continue
        const cause = column.slice('failed_'.length).replaceAll('_', '-')
        expect(requests.filter(({ outcome }) => outcome === cause).length, cause).toBe(count)
      }
      if (ok.length === 0) continue
      expect(sum(ok.map(({ latency }) => latency!)) / ok.length / 1e6).toBe(row['latency_ms_mean'])
      for (const [part, name] of BLAME_PARTS.entries())
        expect(sum(ok.map(({ parts }) => parts![part]!)) / ok.length / 1e6, name).toBe(row[`${name.replaceAll('-', '_')}_ms_mean`])
      expect(Math.max(...ok.map(({ latency }) => latency!)) / 1e6).toBe(row['latency_ms_max'])
      expect(sum(requests.map(({ tries }) => Math.max(0, tries - 1)))).toBe((row['retries'] as number) + (row['hedges'] as number))
    }
    let last = 0
    for (const row of sink.rows) {
      if (row.latency === null) {
        expect(row.parts).toBeNull()
        expect(row.outcome).toBe('in-flight')
        last = Number.POSITIVE_INFINITY
        continue
      }
      const ended = row.sentAt + row.latency
      expect(ended).toBeGreaterThanOrEqual(last)
      last = ended
      const parts = row.parts!
      if (sum(parts) !== row.latency || parts.some((part) => part < 0 || !Number.isInteger(part)))
        expect.fail(`${JSON.stringify(row)}: parts do not make up the latency`)
      expect(row.connection === null ? row.pod : row.client).toBe(row.connection === null ? null : row.client)
    }
  })
})
