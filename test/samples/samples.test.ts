import { describe, expect, test } from 'vitest'
import type { Scenario } from '../../src/scenario/scenario.ts'
import { simulate } from '../../src/scenario/simulate.ts'
import { partsBelow, type Row, randomScenarioOf, requestsOf, scenarioOf, texts } from './testing.ts'

/**
 * Watching must change nothing: each scenario is run with and without samples. What is kept must be true: the parts of a request follow each other
 * from its start to its end without a gap, and nothing that it is the cause of begins before it.
 */
const FILES = [
  'scenarios/hello.yaml',
  'scenarios/concepts/ingress.yaml',
  'scenarios/incidents/dns-race.yaml',
  'scenarios/incidents/retry-storm.yaml',
  'scenarios/incidents/keep-alive.yaml',
]
const SEEDS = Array.from({ length: 8 }, (_, index) => `samples-${index}`)

const CASES: readonly (readonly [string, () => Promise<Scenario>])[] = [
  ...FILES.map((file) => [file, () => scenarioOf(file)] as const),
  ...SEEDS.map((seed) => [`the random scenario ${seed}`, () => randomScenarioOf(seed)] as const),
]

function tile(rows: readonly Row[], whole: Row): void {
  const parts = partsBelow(rows, whole.step)
  let at = whole.started
  for (const part of parts) {
    expect(part.started, `${whole.name} ${whole.request} of ${whole.traffic}: ${part.name}`).toBe(at)
    expect(part.ended).toBeGreaterThanOrEqual(part.started)
    at = part.ended
  }
  if (parts.length > 0) expect(at, `${whole.name} ${whole.request} of ${whole.traffic}`).toBe(whole.ended)
}

describe.each(CASES)('samples of %s', (_name, load) => {
  test('change nothing else, and tell every nanosecond once', async () => {
    const scenario = await load()
    const without = simulate(scenario, { variant: 'a' })
    const withSamples = simulate(scenario, { variant: 'a', samples: { count: 5 } })
    for (const name of ['requests', 'objects', 'proxy', 'pods', 'nodes', 'failures', 'events'] as const)
      expect(texts(withSamples[name]), name).toEqual(texts(without[name]))
    expect(withSamples.summary).toEqual(without.summary)
    expect(without.samples).toBeUndefined()
    const requests = requestsOf(withSamples.samples!)
    for (const rows of requests) {
      const root = rows[0]!
      expect(root.parent).toBeNull()
      for (const row of rows) {
        if (row.name === 'request' || row.name === 'try' || row.name === 'call' || row.name === 'dns query' || row.name === 'upstream try')
          tile(rows, row)
        if (row.parent === null) continue
        const parent = rows[row.parent]!
        expect(row.started).toBeGreaterThanOrEqual(parent.started)
        expect(row.ended, `${row.name} in ${parent.name} of ${row.traffic} ${row.request}`).toBeLessThanOrEqual(root.ended)
      }
    }
    const slow = requests.filter(([root]) => root!.kept.includes('slowest')).map(([root]) => root!)
    for (const { traffic, latencyMs, from } of withSamples.summary.traffic) {
      if (from !== undefined) continue
      const latencies = slow.filter((root) => root.traffic === traffic).map(({ started, ended }) => (ended - started) / 1e6)
      expect(latencies.length === 0 ? null : Math.max(...latencies), traffic).toBe(latencyMs.max)
    }
  })
})
